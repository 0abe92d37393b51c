"""What happened to a handoff, told from the journal: the rows as they were written, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads.events import names_of_rule
from leads.models import JournalEntry
from leads.models.lead import STAGE_CHOICES
from leads.selectors.merged import numbers_of
from leads.services.handing import HAND_RAISE, REQUESTED, THRESHOLD
from sla.agreements.fields import label_of
from sla.models import (
    Clock,
    ClockOutcome,
    Handoff,
    HandoffState,
    HandoffTier,
    PauseReason,
    PromiseKind,
    ReasonClass,
    StepAction,
    Touch,
    TouchKind,
)
from sla.reports.wording import STEP_DETAILS, exact, to_the_second
from sla.services.merging import MERGED
from sla.services.pausing import LEAD_ACTED
from sla.services.returned import PickedUp

# Event of the journal -> (words, icon, one of the five meanings or none). One that is not here is shown by its own name.
EVENTS: dict[str, tuple[Any, str, str]] = {
    "lead.ready": (gettext_lazy("Sales-ready"), "flag", ""),
    "lead.stage_changed": (gettext_lazy("Stage changed"), "signpost-split", ""),
    "handoff.opened": (gettext_lazy("Handed off"), "arrow-left-right", "accent"),
    "handoff.assigned": (gettext_lazy("Given to a rep"), "person-check", ""),
    "handoff.given_back": (gettext_lazy("Given back to the team"), "arrow-counterclockwise", "warning"),
    "handoff.accepted": (gettext_lazy("Accepted"), "hand-thumbs-up", "ontime"),
    "handoff.rejected": (gettext_lazy("Rejected"), "hand-thumbs-down", "warning"),
    "handoff.qualified": (gettext_lazy("Qualified"), "trophy", "ontime"),
    "handoff.recycled": (gettext_lazy("Recycled to nurture"), "recycle", "paused"),
    "handoff.disqualified": (gettext_lazy("Disqualified"), "person-x", "waived"),
    "handoff.withdrawn": (gettext_lazy("Withdrawn by marketing"), "slash-circle", "waived"),
    "handoff.merged": (
        gettext_lazy("Merged: the lead goes on in another handoff"),
        "people",
        "waived",
    ),
    "handoff.incomplete": (gettext_lazy("Agreed fields were missing"), "file-earmark-text", "warning"),
    "handoff.picked_up": (gettext_lazy("Picked up by marketing"), "arrow-counterclockwise", "ontime"),
    "touch.logged": (gettext_lazy("Touch logged"), "telephone-outbound", "ontime"),
    "clock.started": (gettext_lazy("Clock started"), "stopwatch", ""),
    "clock.breached": (gettext_lazy("Breach recorded"), "exclamation-circle-fill", "late"),
    "clock.escalated": (gettext_lazy("Step of the ladder"), "alarm", "warning"),
    "handoff.returned_to_queue": (
        gettext_lazy("Taken back into the queue"),
        "arrow-counterclockwise",
        "warning",
    ),
    "clock.ended": (gettext_lazy("Clock ended"), "check-circle", ""),
    "clock.amended": (gettext_lazy("Clock corrected"), "pencil", "warning"),
    "clock.passed_on": (gettext_lazy("Clock passed on"), "person-check", ""),
    "clock.paused": (gettext_lazy("Clock paused"), "pause-circle-fill", "paused"),
    "clock.resumed": (gettext_lazy("Clock goes on"), "stopwatch", ""),
    "clock.recomputed": (gettext_lazy("Due time computed anew"), "calendar-week", "warning"),
    "clock.began_earlier": (gettext_lazy("Earlier start of a merged lead"), "people", "warning"),
    "clock.waived": (gettext_lazy("Waived"), "slash-circle", "waived"),
}
WHY = {
    "resumed": gettext_lazy("the pause was ended early"),
    LEAD_ACTED: gettext_lazy("the lead did something"),
    "calendar_corrected": gettext_lazy("the calendar was corrected"),
    MERGED: gettext_lazy("two leads were one person"),
    **{f"paused:{reason}": reason.label for reason in PauseReason},
}
LABELS = {
    "action": gettext_lazy("what"),
    "as_of": gettext_lazy("as of"),
    "detail": gettext_lazy("how it went"),
    "is_late": gettext_lazy("after its time"),
    "planned_for": gettext_lazy("planned for"),
    "step": gettext_lazy("step"),
    "agreement_version": gettext_lazy("judged by"),
    "at": gettext_lazy("when"),
    "calendar_version": gettext_lazy("calendar"),
    "class": gettext_lazy("class"),
    "deadline": gettext_lazy("deadline"),
    "due_at": gettext_lazy("due"),
    "from": gettext_lazy("from"),
    "ended_at": gettext_lazy("ended"),
    "done": gettext_lazy("what was done"),
    "kind": gettext_lazy("kind"),
    "missing": gettext_lazy("missing"),
    "into": gettext_lazy("goes on as handoff no."),
    "outcome": gettext_lazy("outcome"),
    "paused_until": gettext_lazy("paused until"),
    "until": gettext_lazy("until"),
    "why": gettext_lazy("why"),
    "owner": gettext_lazy("rep"),
    "ready_at": gettext_lazy("sales-ready"),
    "reason": gettext_lazy("reason"),
    "rule": gettext_lazy("made ready by"),
    "seconds_used": gettext_lazy("time used"),
    "stage": gettext_lazy("stage"),
    "started_at": gettext_lazy("started"),
    "state": gettext_lazy("state"),
    "team": gettext_lazy("team"),
    "tier": gettext_lazy("tier"),
}
READY_RULES = (
    (HAND_RAISE, gettext_lazy("a raised hand")),
    (THRESHOLD, gettext_lazy("the threshold")),
    (REQUESTED, gettext_lazy("marketing’s request")),
)
# What points to rows whose content is told in words instead.
_POINTERS = {"handoff", "touch", "clock", "promise", "pause", "pauses"}
_TOLD_OF_LEADS = ("lead.ready", "lead.stage_changed")


@dataclass(frozen=True)
class Happening:
    """One row of the journal for templates/components/timeline.html; `who` is a person or a rule."""

    title: str
    icon: str
    meaning: str
    at: datetime
    exact: str
    text: str
    who: str
    number: int

    @property
    def by(self) -> str:
        """As the timeline calls it."""
        return self.who


def journal_of(handoff: Handoff, clock_ids: Sequence[int]) -> QuerySet[JournalEntry]:
    """The rows of the journal about the handoff and its clocks, and about its lead's readiness and stages meanwhile."""
    meanwhile = Q(subject_kind="lead", event__in=_TOLD_OF_LEADS, at__gte=handoff.ready_at)
    if handoff.ended_at is not None:
        meanwhile &= Q(at__lte=handoff.ended_at)
    about = (
        Q(subject_kind="handoff", subject_id=handoff.pk)
        | Q(subject_kind="clock", subject_id__in=clock_ids)
        | meanwhile
    )
    # The rows of a lead that was merged into this one stay under its own number.
    leads = numbers_of(handoff.lead_id)
    return JournalEntry.objects.filter(about, lead_id__in=leads).order_by("at", "pk")


@dataclass
class _Teller:
    """Turns codes and numbers of the journal into words."""

    handoff: Handoff
    clocks: Mapping[int, Clock]
    touches: Mapping[int, Touch]
    people: Mapping[int, User] = field(default_factory=dict)

    def tell(self, entry: JournalEntry) -> Happening:
        words, icon, meaning = EVENTS.get(entry.event, (entry.event, "journal-text", ""))
        title = str(words)
        if entry.subject_kind == "clock" and entry.subject_id in self.clocks:
            clock = self.clocks[entry.subject_id]
            title = _("%(event)s: %(promise)s") % {"event": title, "promise": clock.get_kind_display()}
        outcome = entry.after.get("outcome")
        if outcome in ("kept", "missed"):
            icon, meaning = (
                ("check-circle-fill", "ontime") if outcome == "kept" else ("x-circle-fill", "late")
            )
        return Happening(
            title, icon, meaning, entry.at, exact(entry.at), self._text(entry), self._who(entry), entry.pk
        )

    def _who(self, entry: JournalEntry) -> str:
        if entry.actor_id is not None:
            return self._person(entry.actor_id)
        return names_of_rule(entry.rule)

    def _person(self, number: int) -> str:
        return str(self.people[number]) if number in self.people else _("person no. %d") % number

    def _text(self, entry: JournalEntry) -> str:
        touch = self.touches.get(entry.after.get("touch") or 0)
        if touch is not None:
            reached = _("reached") if touch.reached else _("not reached")
            told = [str(touch.get_kind_display()), reached, exact(touch.at), touch.note]
            return " · ".join(part for part in told if part)
        keys = [*entry.before, *(key for key in entry.after if key not in entry.before)]
        return " · ".join(
            self._change(key, entry) for key in keys if key not in _POINTERS and self._is_news(key, entry)
        )

    def _is_news(self, key: str, entry: JournalEntry) -> bool:
        """Not what the title or the row's own time says already, and not what was and stays empty."""
        value = entry.after.get(key)
        if entry.event == "clock.started" and key == "kind":
            return False
        return bool(entry.before.get(key)) or not (value in (None, "") or value == entry.at.isoformat())

    def _change(self, key: str, entry: JournalEntry) -> str:
        label = str(LABELS.get(key, key))
        if key in entry.before and key in entry.after:
            return f"{label}: {self._value(key, entry.before[key])} → {self._value(key, entry.after[key])}"
        if key in entry.before:
            return _("%(label)s: was %(value)s") % {
                "label": label,
                "value": self._value(key, entry.before[key]),
            }
        return f"{label}: {self._value(key, entry.after[key])}"

    def _value(self, key: str, value: Any) -> str:
        if value is None or value == "":
            return "–"
        return _SAY[key](self, value) if key in _SAY else str(value)

    def _time(self, value: Any) -> str:
        try:
            return exact(datetime.fromisoformat(value))
        except (TypeError, ValueError):
            return str(value)

    def _team(self, value: Any) -> str:
        return str(self.handoff.team) if value == self.handoff.team_id else _("team no. %s") % value

    def _version(self, value: Any) -> str:
        return (
            str(self.handoff.agreement_version) if value == self.handoff.agreement_version_id else str(value)
        )

    def _calendar(self, value: Any) -> str:
        for clock in self.clocks.values():
            if clock.calendar_version_id == value:
                return str(clock.calendar_version)
        return _("version no. %s") % value

    def _reason(self, value: Any) -> str:
        if value in PauseReason.values:
            return str(PauseReason(value).label)
        reason = self.handoff.reason
        return str(reason) if reason is not None and reason.slug == value else str(value)


def _one_of(*choices: Iterable[tuple[Any, Any]]) -> Callable[[_Teller, Any], str]:
    labels = {str(key): label for group in choices for key, label in group}
    return lambda _teller, value: str(labels.get(str(value), value))


_SAY: dict[str, Callable[[_Teller, Any], str]] = {
    "action": _one_of(StepAction.choices),
    "detail": lambda _teller, value: str(STEP_DETAILS.get(str(value), value)),
    "is_late": lambda _teller, _value: _("yes"),
    "planned_for": _Teller._time,
    "as_of": _Teller._time,
    "at": _Teller._time,
    "deadline": _Teller._time,
    "due_at": _Teller._time,
    "ended_at": _Teller._time,
    "from": _Teller._time,
    "paused_until": _Teller._time,
    "ready_at": _Teller._time,
    "until": _Teller._time,
    "why": lambda _teller, value: why_words(str(value)),
    "calendar_version": _Teller._calendar,
    "started_at": _Teller._time,
    "owner": lambda teller, value: teller._person(value),
    "team": _Teller._team,
    "agreement_version": _Teller._version,
    "reason": _Teller._reason,
    "seconds_used": lambda _teller, value: to_the_second(int(value)),
    "rule": _one_of(READY_RULES),
    "state": _one_of(HandoffState.choices),
    "outcome": _one_of(ClockOutcome.choices),
    "stage": _one_of(STAGE_CHOICES),
    "tier": _one_of(HandoffTier.choices),
    "class": _one_of(ReasonClass.choices),
    "done": _one_of(PickedUp.choices),
    "missing": lambda _teller, value: ", ".join(map(label_of, value)),
    "kind": _one_of(PromiseKind.choices, TouchKind.choices),
}


def why_words(code: str) -> str:
    """Why a due time was computed anew or a pause ended, in words; the code itself where it has none."""
    return str(WHY.get(code, code))


def happenings(handoff: Handoff, clocks: Sequence[Clock], entries: Sequence[JournalEntry]) -> list[Happening]:
    """The entries in words, in their order; two queries for the people and the touches they name."""
    numbers = {entry.actor_id for entry in entries}
    numbers |= {side.get("owner") for entry in entries for side in (entry.before, entry.after)}
    teller = _Teller(
        handoff,
        {clock.pk: clock for clock in clocks},
        {touch.pk: touch for touch in Touch.objects.filter(handoff=handoff)},
        User.objects.in_bulk([number for number in numbers if number is not None]),
    )
    return [teller.tell(entry) for entry in entries]
