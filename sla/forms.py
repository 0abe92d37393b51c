"""Forms of the verbs that sales has."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django import forms
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.forms import fields_only
from accounts.models import User
from leads.models import OpportunityState
from leads.stages import Stage
from sla.models import Clock, ClockOutcome, Handoff, PauseReason, Reason, ReasonClass, TouchKind
from sla.reports.wording import whose
from sla.services.passing import takers
from sla.services.pausing import can_be_waived
from sla.services.returned import PickedUp
from sla.services.routing import refusers


class VerbForm(forms.Form):
    """A small form of one verb; its buttons are the page's. `handoff` and `reader` shape the choices."""

    def __init__(self, *args: Any, handoff: Handoff, reader: User, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.handoff = handoff
        self.reader = reader
        self.now = now
        self.helper = fields_only()
        self.shape()

    def shape(self) -> None:
        """Fit the fields to the handoff; nothing by default."""


class ReasonForm(VerbForm):
    """A reason, and a note where the reason needs one."""

    empty_reason: ClassVar[Any] = _("Choose a reason.")

    reason = forms.ChoiceField(label=_("Why?"), widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def shape(self) -> None:
        """The reasons that are offered."""
        self.reasons = {str(row.pk): row for row in self.offered()}
        field = self.fields["reason"]
        field.choices = self.choices(self.reasons.values())  # type: ignore[attr-defined]
        field.error_messages["required"] = self.empty_reason

    def offered(self) -> QuerySet[Reason]:
        """Which reasons may be chosen."""
        raise NotImplementedError

    def choices(self, reasons: Iterable[Reason]) -> list[Any]:
        """The choices of the radio buttons."""
        return [(str(row.pk), _label(row)) for row in reasons]

    def clean(self) -> dict[str, Any]:
        """Put the reason itself in place of its number, and ask for the note that some reasons need."""
        data = super().clean() or {}
        reason = self.reasons.get(str(data.get("reason", "")))
        data["reason"] = reason
        if reason is not None and reason.needs_note and not str(data.get("note", "")).strip():
            self.add_error("note", _("“%s” needs a note that says more.") % reason.label)
        return data


class RejectForm(ReasonForm):
    """Why sales gives a lead back, by class."""

    empty_reason = _("Choose why you reject this lead: marketing can only mend what it is told.")

    def offered(self) -> QuerySet[Reason]:
        """Reasons of a rejection."""
        return Reason.objects.for_rejection(self.handoff.agreement_version_id)

    def choices(self, reasons: Iterable[Reason]) -> list[Any]:
        """Grouped by class: whose mistake the reason points to."""
        groups: dict[str, list[tuple[str, Any]]] = {}
        for row in reasons:
            groups.setdefault(row.reason_class, []).append((str(row.pk), _label(row)))
        return [(ReasonClass(name).label, rows) for name, rows in groups.items()]


class DisqualifyForm(ReasonForm):
    """Why a lead is none."""

    empty_reason = _("Choose why this lead is disqualified.")

    def offered(self) -> QuerySet[Reason]:
        """Reasons of a disqualification."""
        return Reason.objects.for_disqualification(self.handoff.agreement_version_id)

    def shape(self) -> None:
        """Say how many of the agreed attempts are made."""
        super().shape()
        if any(row.needs_attempts for row in self.reasons.values()):
            self.fields["reason"].help_text = _("%(made)d of %(agreed)d agreed attempts are logged.") % {
                "made": self.handoff.touches.count(),
                "agreed": self.handoff.agreement_version.attempts_before_unreachable,
            }


class TouchForm(VerbForm):
    """One thing a rep did to reach the lead."""

    kind = forms.ChoiceField(
        label=_("What did you do?"),
        choices=TouchKind.choices,
        initial=TouchKind.CALL,
        widget=forms.RadioSelect,
    )
    reached = forms.BooleanField(label=_("I reached them"), required=False)
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )
    at = forms.DateTimeField(
        label=_("When"),
        required=False,
        help_text=_("In your time zone. Empty: now."),
        error_messages={"invalid": _("Write a date and a time, such as 2026-03-04 14:30.")},
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
    )


class QualifyForm(VerbForm):
    """BANT: all four."""

    budget = forms.CharField(label=_("Budget"), max_length=300, help_text=_("What they can spend."))
    authority = forms.CharField(label=_("Authority"), max_length=300, help_text=_("Who decides."))
    need = forms.CharField(label=_("Need"), max_length=300, help_text=_("What it has to solve."))
    timeline = forms.CharField(label=_("Timeline"), max_length=300, help_text=_("By when."))


class RecycleForm(VerbForm):
    """Not now: when to look again."""

    until = forms.DateField(
        label=_("Look again on"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def shape(self) -> None:
        """Offer the day that was agreed."""
        version = self.handoff.agreement_version
        agreed = localtime(self.now).date() + timedelta(days=version.recycle_after_days)
        self.fields["until"].initial = agreed
        self.fields["until"].help_text = _(
            "Agreed: after %(days)d days; at most %(limit)d times per lead."
        ) % {
            "days": version.recycle_after_days,
            "limit": version.recycle_limit,
        }


class AssignForm(VerbForm):
    """To whom a manager gives the lead."""

    to = forms.ModelChoiceField(
        label=_("Rep"), queryset=User.objects.none(), empty_label=_("Choose a rep"), required=True
    )
    # How the lead stood when the form was shown: who decides by what is no longer so is told.
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def shape(self) -> None:
        """Who may be given leads of the team by hand, without the one who has this one and those who refused it."""
        refused = refusers([self.handoff.lead_id]).get(self.handoff.lead_id, set())
        reps = takers([self.handoff.team_id], self.now).exclude(
            pk__in={self.handoff.owner_id, *refused} - {None}
        )
        field = self.fields["to"]
        field.queryset = reps  # type: ignore[attr-defined]
        if not reps:
            field.help_text = _("No other rep of the team is there to take it.")
        self.fields["seen"].initial = stands(self.handoff)


def stands(handoff: Handoff) -> str:
    """Who has a handoff and whether they answered, as one word."""
    return f"{handoff.state}:{handoff.owner_id or ''}"


class GiveBackForm(VerbForm):
    """Why the new owner cannot take a lead on."""

    why = forms.CharField(
        label=_("Why?"),
        max_length=300,
        help_text=_("Your manager reads it, and passes the lead on by it."),
        error_messages={
            "required": _("Write why you cannot take this lead: your manager passes it on by that.")
        },
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class OpenDealForm(VerbForm):
    """What the deal may bring."""

    amount = forms.DecimalField(
        label=_("Amount"), required=False, min_value=0, max_digits=14, decimal_places=2
    )


class CloseDealForm(OpenDealForm):
    """Won or lost."""

    field_order = ["state", "amount"]
    state = forms.ChoiceField(
        label=_("How did it end?"),
        choices=[(OpportunityState.WON.value, _("Won")), (OpportunityState.LOST.value, _("Lost"))],
        widget=forms.RadioSelect,
    )

    def shape(self) -> None:
        """The amount is the one agreed in the end."""
        self.fields["amount"].help_text = _("Empty: as when it was opened.")


class PauseForm(VerbForm):
    """Why nobody can work on the lead, and until when."""

    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=PauseReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why the clocks pause: it stands in their receipt.")},
    )
    until = forms.DateTimeField(
        label=_("Until"),
        help_text=_("In your time zone. The clocks go on by themselves then."),
        error_messages={
            "required": _("Choose an end: a pause without one would never be anybody’s promise again."),
            "invalid": _("Write a date and a time, such as 2026-03-04 14:30."),
        },
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": "60"}, format="%Y-%m-%dT%H:%M"),
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class ResumeForm(VerbForm):
    """Nothing to fill in: the page says what happens."""


class WaiveForm(VerbForm):
    """Which promise, and why nobody is to be blamed for it."""

    clock = forms.ChoiceField(
        label=_("Which promise?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the promise to waive."),
            "invalid_choice": _("That promise cannot be waived (any more)."),
        },
    )
    reason = forms.CharField(
        label=_("Why?"),
        max_length=300,
        help_text=_("It is shown wherever the promise is counted."),
        error_messages={
            "required": _("Write why this promise is waived: it is shown wherever the promise is counted.")
        },
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def shape(self) -> None:
        """The promises that run or were missed; the only one is chosen already."""
        self.waivable = {str(clock.pk): clock for clock in self.handoff.clocks.all() if can_be_waived(clock)}
        field = self.fields["clock"]
        field.choices = [  # type: ignore[attr-defined]
            (key, _clock_label(clock)) for key, clock in self.waivable.items()
        ]
        if len(self.waivable) == 1:
            field.initial = next(iter(self.waivable))

    def clean_clock(self) -> Clock:
        """The clock itself in place of its number."""
        return self.waivable[self.cleaned_data["clock"]]


class PickUpForm(VerbForm):
    """What marketing does with a returned lead."""

    done = forms.ChoiceField(
        label=_("What do you do with it?"),
        choices=PickedUp.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what you do with this lead.")},
    )
    until = forms.DateField(
        label=_("Look again on"),
        required=False,
        help_text=_("For nurture: on this day the lead comes back by itself."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    note = forms.CharField(
        label=_("Note"),
        required=False,
        max_length=2000,
        help_text=_("A disqualification needs one."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def shape(self) -> None:
        """What one click would do is chosen already (sla.services.returned.suggested)."""
        rests = self.handoff.lead.stage == Stage.NURTURE
        self.fields["done"].initial = PickedUp.NURTURE if rests else PickedUp.REQUALIFIED
        self.fields["until"].initial = self.handoff.lead.nurture_until

    def clean(self) -> dict[str, Any]:
        """Nurture needs a day, a disqualification a note."""
        data = super().clean() or {}
        if data.get("done") == PickedUp.NURTURE and not data.get("until"):
            self.add_error("until", _("Choose the day on which marketing looks at this lead again."))
        if data.get("done") == PickedUp.DISQUALIFIED and not str(data.get("note", "")).strip():
            self.add_error("note", _("Write why: the next reader of its page will ask."))
        return data


def _clock_label(clock: Clock) -> str:
    words = {
        "promise": clock.get_kind_display(),
        "who": whose(clock, gettext("the team, in its queue")),
        "due": date_format(localtime(clock.due_at), "D j M, H:i"),
    }
    if clock.outcome == ClockOutcome.MISSED:
        return gettext("%(promise)s, missed: was due %(due)s (%(who)s)") % words
    return gettext("%(promise)s, running: due %(due)s (%(who)s)") % words


def _label(reason: Reason) -> Any:
    return _("%s (needs a note)") % reason.label if reason.needs_note else reason.label
