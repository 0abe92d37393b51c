"""Forms of the simulation and of the ladder editor."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.forms import fields_only
from accounts.models import Team
from accounts.zones import check_zone
from sla.agreements.targets import NotATarget, parse_seconds, say_seconds
from sla.models import (
    TAKES_BACK,
    HandoffTier,
    LadderStep,
    Promise,
    PromiseKind,
    StepAction,
    StepHours,
    StepWhen,
)

ROWS = 12


class WallClockField(forms.DateTimeField):
    """A date and time on a wall clock, whichever zone's: it is read in UTC, where every one exists once."""

    def to_python(self, value: Any) -> datetime | None:
        """Aware, in UTC; the form puts the zone that is meant in its place."""
        with timezone.override(UTC):
            return super().to_python(value)


class SimulationForm(forms.Form):
    """A start on the wall clock of a zone, the team whose hours and agreement count, and how urgent the lead is."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), empty_label=None)
    tier = forms.ChoiceField(label=_("Tier"), choices=HandoffTier.choices)
    start = WallClockField(
        label=_("Start"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"),
        input_formats=["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    zone = forms.CharField(label=_("Time zone"), max_length=60, validators=[check_zone])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.helper = fields_only()
        team = self.fields["team"]
        assert isinstance(team, forms.ModelChoiceField)
        team.queryset = Team.objects.filter(territory__isnull=False).order_by("name")

    def clean(self) -> dict[str, Any]:
        """`at`: the instant that the wall clock of the zone shows."""
        values = super().clean() or {}
        start, zone = values.get("start"), values.get("zone")
        if isinstance(start, datetime) and zone:
            values["at"] = start.replace(tzinfo=ZoneInfo(zone))
        return values


class StepForm(forms.Form):
    """One step; a row without an action is none."""

    action = forms.ChoiceField(label=_("What happens"), required=False)
    when = forms.ChoiceField(label=_("When"), choices=StepWhen.choices, required=False)
    amount = forms.CharField(
        label=_("How much"),
        max_length=30,
        required=False,
        help_text=_("75 for a share in %, else a time: 30 min, 4 h"),
    )
    hours = forms.ChoiceField(label=_("Counted"), choices=StepHours.choices, required=False)

    def __init__(self, *args: Any, promise: Promise, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.promise = promise
        action = self.fields["action"]
        assert isinstance(action, forms.ChoiceField)
        # Only a lead that waits for an answer can be taken back; an error of that step says so to whoever writes it anyhow.
        offered = [one for one in StepAction if promise.kind == PromiseKind.ACCEPT or one not in TAKES_BACK]
        action.choices = [("", _("No step")), *((one.value, one.label) for one in offered)]
        action.error_messages["invalid_choice"] = _(
            "Only a lead that nobody answered is taken back: choose this for “accept”."
        )

    def step(self, position: int) -> LadderStep | None:
        """The step as it is written; None for none. Raises ValidationError with what to write instead."""
        values = self.cleaned_data
        if not values.get("action"):
            return None
        step = LadderStep(
            promise=self.promise,
            position=position,
            action=values["action"],
            when=values.get("when") or StepWhen.SHARE,
            hours=values.get("hours") or StepHours.WORKING,
            amount=_amount(values.get("when", ""), values.get("amount", "")),
        )
        step.full_clean(exclude=["promise"], validate_unique=False, validate_constraints=False)
        return step


def _amount(when: str, text: str) -> int:
    text = text.strip().rstrip("%").strip()
    if when == StepWhen.SHARE:
        if not text.isdecimal():
            raise ValidationError(_("Write the share of the time in percent, such as 75."))
        return int(text)
    if when == StepWhen.AFTER and text in ("", "0"):
        return 0
    try:
        return parse_seconds(text)
    except NotATarget as error:
        raise ValidationError(str(error)) from error


def initial_of(steps: list[LadderStep]) -> list[dict[str, Any]]:
    """What the rows of the editor begin with."""
    return [
        {
            "action": step.action,
            "when": step.when,
            "hours": step.hours,
            "amount": str(step.amount) if step.when == StepWhen.SHARE else say_seconds(step.amount) or "0",
        }
        for step in steps
    ]
