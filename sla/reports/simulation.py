"""What would happen: every deadline of an agreement's promises from a given start, and each step of their ladders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log1p

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreements.reading import target_of as target_in_words
from sla.agreements.steps import say_action, say_when
from sla.agreements.targets import say
from sla.business_time import NeverOpen
from sla.clock import add
from sla.ladder import planned_at
from sla.models import CalendarVersion, LadderStep, Promise, PromiseKind
from sla.reports.receipts import ReceiptLine, lines_of
from sla.reports.wording import target_words, to_the_second
from sla.services.terms import calendar_of, target_of

# From when each promise runs. The simulation lets all of them begin at the given start.
FROM_WHEN = {
    PromiseKind.ACCEPT: gettext_lazy("from the handoff"),
    PromiseKind.FIRST_TOUCH: gettext_lazy("from the acceptance, as if accepted at once"),
    PromiseKind.ATTEMPTS: gettext_lazy("from the acceptance, as if accepted at once"),
    PromiseKind.DISPOSITION: gettext_lazy("from the acceptance, as if accepted at once"),
    PromiseKind.ROUTING: gettext_lazy("from being ready for sales"),
    PromiseKind.COMPLETENESS: gettext_lazy("at the handoff"),
    PromiseKind.PICK_UP: gettext_lazy("from its return, as if it came back at once"),
}
# Where the line of time begins and ends, in percent of its width.
_LEFT, _WIDTH = 3.0, 94.0
_TICKS = (
    (timedelta(minutes=10), gettext_lazy("10 min")),
    (timedelta(hours=1), gettext_lazy("1 h")),
    (timedelta(days=1), gettext_lazy("1 day")),
    (timedelta(days=7), gettext_lazy("1 week")),
    (timedelta(days=28), gettext_lazy("4 weeks")),
)


@dataclass(frozen=True)
class Mark:
    """Something at a time, for templates/components/time_line.html: `kind` is start, step or due."""

    at: datetime
    kind: str
    label: str
    what: str


@dataclass(frozen=True)
class SimulatedStep:
    """One step of a ladder; `at` is None where it does not come on such a clock."""

    when: str
    action: str
    at: datetime | None


@dataclass(frozen=True)
class SimulatedPromise:
    """One promise: its deadline with the receipt, and its ladder. Without `due_at` its time never comes."""

    promise: Promise
    target: str
    from_when: str
    due_at: datetime | None
    zone: str
    lines: Sequence[ReceiptLine]
    total: str
    steps: Sequence[SimulatedStep]


def simulate(
    *, promises: Sequence[Promise], calendar_version: CalendarVersion, start: datetime
) -> list[SimulatedPromise]:
    """Every promise (with its ladder prefetched) as if it began at `start` on this calendar."""
    return [_simulated(promise, calendar_version, start) for promise in promises]


def _simulated(promise: Promise, version: CalendarVersion, start: datetime) -> SimulatedPromise:
    calendar = calendar_of(promise, version)
    row = {name: getattr(promise, name) for name in ("target_seconds", "target_days", "count", "hours")}
    told = say(target_in_words({**row, "warn_percent": promise.warn_percent}))
    if promise.kind == PromiseKind.COMPLETENESS:
        told = target_words(promise)
    try:
        target = target_of(promise, version, start)
        due_at: datetime | None = add(calendar, start, target)
        receipt = calendar.explain(start, target)
        lines, total = lines_of(receipt), to_the_second(int(receipt.total))
    except NeverOpen:
        due_at, lines, total = None, (), ""
    steps = [
        SimulatedStep(
            say_when(step.when, step.amount, step.hours),
            say_action(step.action),
            planned_at(step.rung, calendar, start, target) if due_at else None,
        )
        for step in promise.ladder.all()
    ]
    from_when = str(FROM_WHEN[PromiseKind(promise.kind)])
    return SimulatedPromise(promise, told, from_when, due_at, calendar.tz, lines, total, steps)


def marks_of(found: Sequence[SimulatedPromise], start: datetime) -> list[Mark]:
    """Start, deadlines and steps of all promises, in the order in which they come."""
    marks = [Mark(start, "start", _("Start"), "")]
    for one in found:
        label = str(one.promise.get_kind_display())
        if one.due_at is not None:
            marks.append(Mark(one.due_at, "due", label, _("Due")))
        marks += [Mark(step.at, "step", label, step.action) for step in one.steps if step.at is not None]
    order = {"start": 0, "due": 1, "step": 2}
    return sorted(marks, key=lambda mark: (mark.at, order[mark.kind]))


@dataclass(frozen=True)
class Axis:
    """The line of time: places of marks and ticks in percent. Minutes and weeks fit on it, because it grows by powers."""

    marks: Sequence[tuple[str, Mark]]
    ticks: Sequence[tuple[str, str]]


def axis_of(marks: Sequence[Mark]) -> Axis:
    """The places of marks, of which the first is the start."""
    start = marks[0].at
    whole = max((marks[-1].at - start).total_seconds(), 60.0)

    def place(seconds: float) -> str:
        return f"{_LEFT + _WIDTH * log1p(max(0.0, seconds) / 60) / log1p(whole / 60):.2f}%"

    ticks = [
        (place(span.total_seconds()), str(label)) for span, label in _TICKS if span.total_seconds() < whole
    ]
    return Axis([(place((mark.at - start).total_seconds()), mark) for mark in marks], ticks)


def ladder_axis(
    steps: Sequence[LadderStep], promise: Promise, version: CalendarVersion, start: datetime
) -> Axis:
    """The line of one ladder, saved or being written."""
    calendar = calendar_of(promise, version)
    marks = [Mark(start, "start", _("Start"), "")]
    try:
        target = target_of(promise, version, start)
        marks.append(Mark(add(calendar, start, target), "due", _("Due"), ""))
    except NeverOpen:
        return axis_of(marks)
    for step in steps:
        at = planned_at(step.rung, calendar, start, target)
        if at is not None:
            marks.append(Mark(at, "step", say_action(step.action), ""))
    return axis_of(sorted(marks, key=lambda mark: mark.at))
