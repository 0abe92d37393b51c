"""Forms of agreements: a new one, the editor of a draft, and the signature."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.forms import fields_only
from sla.agreements.fields import REQUIRABLE
from sla.agreements.reading import facts_from, facts_of, target_of
from sla.agreements.targets import NotATarget, Target, parse, say
from sla.agreements.wording import Facts, Promised
from sla.models import (
    MARKETING_KINDS,
    SALES_KINDS,
    Agreement,
    AgreementVersion,
    HandoffTier,
    Promise,
    PromiseKind,
    Reason,
    ReasonClass,
    ReasonKind,
    Side,
)

AT_HANDOFF = Target(seconds=1)


def _rows(number: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": number})


class NewAgreementForm(forms.Form):
    """The name of a new agreement, and whose text it starts with."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("The team or region it is for, such as “Agreement for the Nordics”."),
    )
    copy_of = forms.ModelChoiceField(
        label=_("Start with the text of"), queryset=AgreementVersion.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        field: Any = self.fields["copy_of"]
        field.queryset = (
            AgreementVersion.objects.in_force(now).select_related("agreement").order_by("agreement_id")
        )

    def clean_name(self) -> str:
        """A name of its own."""
        name = str(self.cleaned_data["name"]).strip()
        if Agreement.objects.filter(name__iexact=name).exists():
            raise ValidationError(_("An agreement has this name already. Choose another one."))
        return name


class TargetField(forms.CharField):
    """A target as people say it; empty where nothing is promised."""

    def __init__(self, *, counted: bool, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=100, **kwargs)
        self.counted = counted

    def clean(self, value: Any) -> Any:
        """A Target, or None. Raises ValidationError with what to write instead."""
        text = super().clean(value)
        if not text:
            return None
        try:
            return parse(text, counted=self.counted)
        except NotATarget as error:
            raise ValidationError(str(error)) from error

    def prepare_value(self, value: Any) -> Any:
        """A target as text."""
        return say(value) if isinstance(value, Target) else value


class DraftForm(forms.ModelForm):
    """All that a draft says. `base`: digest of the draft as it was opened."""

    class Meta:
        model = AgreementVersion
        fields = [
            *(
                "change_note",
                "marketing_party",
                "sales_party",
                "mql_definition",
                "mql_threshold",
                "srl_definition",
            ),
            *("ready_threshold", "sql_definition", "exclusions", "volume_per_rep", "value_per_rep"),
            *("acceptance_percent", "clerical_percent", "attempts_before_unreachable", "recycle_limit"),
            *("recycle_after_days", "route_around", "review_every_months"),
        ]
        widgets = {
            **dict.fromkeys(("mql_definition", "srl_definition", "sql_definition"), _rows(3)),
            **dict.fromkeys(("change_note", "exclusions", "route_around"), _rows(3)),
        }
        help_texts = {"change_note": _("Both sides read this first, and sign it with the rest.")}

    base = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    in_force_on = forms.DateField(
        label=_("In force from"),
        required=False,
        help_text=_("Empty: as soon as both sides have signed. Never before that."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    required_fields = forms.MultipleChoiceField(
        label=_("Filled at handoff"),
        required=False,
        choices=list(REQUIRABLE.items()),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Marketing promises that these are known of every lead."),
    )
    reasons = forms.ModelMultipleChoiceField(
        label=_("Reasons for giving a lead back"),
        required=False,
        queryset=Reason.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("All chosen: reasons that are added later are offered too."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        version = self.instance
        self.zone = ZoneInfo(settings.ORGANISATION_TIME_ZONE)
        if version.in_force_from:
            self.initial["in_force_on"] = version.in_force_from.astimezone(self.zone).date()
        self.initial["required_fields"] = version.required_fields
        self._lay_out_reasons()
        self._lay_out_targets()

    def _lay_out_reasons(self) -> None:
        chosen = list(self.instance.reasons.all())
        in_use = list(Reason.objects.offered())
        self.in_use = {row.pk for row in in_use}
        rows = sorted(
            {*chosen, *in_use}, key=lambda row: (_REASONS.index(row.reason_class or row.kind), row.pk)
        )
        field: Any = self.fields["reasons"]
        field.queryset = Reason.objects.filter(pk__in=[row.pk for row in rows])
        groups: dict[str, list[tuple[int, str]]] = {}
        for row in rows:
            words = ReasonClass(row.reason_class).label if row.reason_class else ReasonKind(row.kind).label
            groups.setdefault(str(words), []).append((row.pk, row.label))
        field.choices = list(groups.items())
        self.initial["reasons"] = [row.pk for row in chosen or in_use]

    def _lay_out_targets(self) -> None:
        known = {(row["kind"], row["tier"]): target_of(row) for row in self.instance.promises.values()}
        self.known_targets = known
        for kind in PromiseKind:
            for tier in HandoffTier:
                target = known.get((kind.value, tier.value))
                label = f"{kind.label}, {tier.label}"
                name = _name(kind, tier)
                if kind == PromiseKind.COMPLETENESS:
                    self.fields[name] = forms.BooleanField(label=label, required=False)
                    self.initial[name] = target is not None
                else:
                    self.fields[name] = TargetField(counted=kind == PromiseKind.ATTEMPTS, label=label)
                    self.initial[name] = target

    def promise_rows(self) -> Iterator[tuple[str, list[tuple[str, list[tuple[str, forms.BoundField]]]]]]:
        """The fields of the targets: for each side, each kind of promise with the name and the field of each tier."""
        for side, kinds in ((Side.SALES, SALES_KINDS), (Side.MARKETING, MARKETING_KINDS)):
            yield (
                str(side.label),
                [
                    (
                        str(kind.label),
                        [(str(tier.label), self[_name(kind, tier)]) for tier in HandoffTier],
                    )
                    for kind in kinds
                ],
            )

    def tiers(self) -> list[str]:
        """The heads of their columns."""
        return [str(tier.label) for tier in HandoffTier]

    def clean_reasons(self) -> list[Reason]:
        """All of them is none in particular."""
        chosen = list(self.cleaned_data["reasons"])
        return [] if {row.pk for row in chosen} == self.in_use else chosen

    def targets(self) -> dict[tuple[str, str], Target]:
        """What is promised, by kind and tier; of a valid form."""
        found = {}
        for kind in PromiseKind:
            for tier in HandoffTier:
                given = self.cleaned_data[_name(kind, tier)]
                place = (kind.value, tier.value)
                if given is True:
                    given = self.known_targets.get(place, AT_HANDOFF)
                if given:
                    found[place] = given
        return found

    def values(self) -> dict[str, Any]:
        """The fields of the version; of a valid form."""
        day = self.cleaned_data["in_force_on"]
        return {name: self.cleaned_data[name] for name in self.Meta.fields} | {
            "required_fields": self.cleaned_data["required_fields"],
            "in_force_from": datetime.combine(day, time(), self.zone) if day else None,
        }

    def facts(self) -> Facts:
        """What the draft would say, before it is saved; of a valid form."""
        version = self.instance
        for name, value in self.values().items():
            setattr(version, name, value)
        rows = [
            Promise(
                kind=kind,
                tier=tier,
                target_seconds=target.seconds,
                target_days=target.days,
                count=target.count,
                hours=target.hours,
                warn_percent=target.warn_percent,
            ).__dict__
            for (kind, tier), target in self.targets().items()
        ]
        reasons = [row.__dict__ for row in self.cleaned_data["reasons"]]
        facts = facts_from(version, rows, sorted(reasons, key=lambda row: (row["kind"], row["id"])))
        kept = facts_of(version)
        return replace(
            facts,
            sales=_with_steps(facts.sales, kept.sales),
            marketing=_with_steps(facts.marketing, kept.marketing),
        )


class SignForm(forms.Form):
    """The digest that was shown, and the will to sign."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agree = forms.BooleanField(
        error_messages={"required": _("Tick the box: a signature is given, not presumed.")}
    )

    def __init__(self, *args: Any, side: Side, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        self.fields["agree"].label = _("I have read this text and sign it for %s") % side.label.lower()


_REASONS = [*ReasonClass.values, *ReasonKind.values]


def _with_steps(written: Iterable[Promised], kept: Iterable[Promised]) -> tuple[Promised, ...]:
    """The steps of escalation are not written here: they stay with the promises that are still made."""
    steps = {promised.key: promised.steps for promised in kept}
    return tuple(
        replace(
            promised,
            steps={tier: found for tier, found in steps[promised.key].items() if tier in promised.targets},
        )
        for promised in written
    )


def _name(kind: PromiseKind, tier: HandoffTier) -> str:
    return f"{kind.value}-{tier.value}"
