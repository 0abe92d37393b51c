"""Ladders on clocks: planned when a clock starts, moved when its due time moves, closed when it ends; always in the
transaction that does so."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery

from leads.bulk import update_values
from sla.business_time import BusinessCalendar
from sla.clock import Stretch
from sla.defaults import default_ladder
from sla.ladder import planned_at
from sla.models import Clock, ClockOutcome, Escalation, EscalationState, Handoff, LadderStep, Promise
from sla.querysets import EscalationQuerySet
from sla.services.terms import calendar_of, target_of

ENDED, NEVER, TOO_LATE = "ended", "never", "too_late"


def give_default_ladder(*, promises: Sequence[Promise]) -> None:
    """Write the standard steps of saved promises that have none yet."""
    LadderStep.objects.bulk_create(
        LadderStep(promise=promise, position=position, **step)
        for promise in promises
        for position, step in enumerate(
            default_ladder(promise.kind, promise.tier, promise.warn_percent), start=1
        )
    )


def plan(*, clocks: Sequence[Clock]) -> None:
    """Plan every step of clocks that were just started: one query and one insert, whatever their number.

    A step that would come at the start or before it is none (case 38).
    """
    steps: dict[int, list[LadderStep]] = {}
    promises = {clock.promise_id for clock in clocks}
    for step in LadderStep.objects.filter(promise__in=promises).order_by("position"):
        steps.setdefault(step.promise_id, []).append(step)
    rows = []
    for clock in clocks:
        for step in steps.get(clock.promise_id, ()):
            at = time_of(step, clock)
            if at is not None:
                rows.append(Escalation(clock=clock, step=step, position=step.position, at=at))
    Escalation.objects.bulk_create(rows, batch_size=1000)


def time_of(step: LadderStep, clock: Clock, pauses: Sequence[Stretch] = ()) -> datetime | None:
    """When a step comes on a clock, by sla.ladder; None for never."""
    calendar, target = _law(clock)
    return planned_at(step.rung, calendar, clock.started_at, target, pauses)


def replan(*, clocks: Sequence[Clock], pauses: dict[int, list[Stretch]], now: datetime) -> None:
    """Move what is planned on clocks whose due time was computed anew; a step that was done is never repeated.

    A reminder that was left out because the time was over comes after all where there is time again. `pauses` are those of
    each clock, which is saved. Rows that the drain works on this very moment are left to it. Reads columns and no objects, and
    lets the database copy the time where a step comes with the clock's own due or warning time, as nearly all do: a correction
    of a calendar moves five steps for each of ten thousand clocks.
    """
    running = {clock.pk: clock for clock in clocks}
    rows = Escalation.objects.filter(clock__in=running)
    for column in ("due_at", "warn_at"):
        own = Clock.objects.filter(pk=OuterRef("clock")).values(column)
        stale = rows.planned().coming_with(column).exclude(at=F(f"clock__{column}"))
        locked = stale.select_for_update(skip_locked=True, of=("self",))
        Escalation.objects.filter(pk__in=locked.values("pk")).update(at=Subquery(own))
    _move(rows.coming_otherwise(), running, pauses, now)


def _move(
    rows: EscalationQuerySet, running: Mapping[int, Clock], pauses: dict[int, list[Stretch]], now: datetime
) -> None:
    """Steps with times of their own, and those that were left out: each by the law."""
    locked = rows.select_for_update(skip_locked=True, of=("self",))
    found = list(locked.values_list("pk", "clock_id", "step_id", "at", "state"))
    steps = LadderStep.objects.filter(pk__in={step for _pk, _clock, step, *_ in found})
    rungs = {row.pk: row.rung for row in steps} if found else {}
    laws: dict[int, tuple[BusinessCalendar, int | float]] = {}
    moved: dict[int, list[datetime]] = {}
    turned: dict[int, list[Any]] = {}
    for number, clock_id, step_id, before, state in found:
        clock = running[clock_id]
        if clock_id not in laws:
            laws[clock_id] = _law(clock)
        calendar, target = laws[clock_id]
        at = planned_at(rungs[step_id], calendar, clock.started_at, target, pauses.get(clock_id, ()))
        if state == EscalationState.SKIPPED:
            if at is not None and at > now:
                turned[number] = [at, EscalationState.PLANNED, None, ""]
        elif at is None:
            turned[number] = [before, EscalationState.SKIPPED, now, NEVER]
        elif at != before:
            moved[number] = [at]
    update_values(Escalation, ["at"], moved)
    update_values(Escalation, ["at", "state", "done_at", "detail"], turned)


def _law(clock: Clock) -> tuple[BusinessCalendar, int | float]:
    """The hours that a clock counts, and how many seconds of them are promised."""
    calendar = calendar_of(clock.promise, clock.calendar_version)
    return calendar, target_of(clock.promise, clock.calendar_version, clock.started_at)


def close(*, clocks: Sequence[Clock], now: datetime) -> None:
    """Leave out what is still planned on clocks that have just ended and been saved, but for the notices of a late end.

    Set-based. Rows that the drain works on this very moment are left to it: it looks at the clock itself.
    """
    if not clocks:
        return
    rows = Escalation.objects.planned().filter(clock__in=clocks)
    if any(clock.outcome == ClockOutcome.MISSED for clock in clocks):
        rows = rows.without_those_still_told()
    free = rows.order_by().select_for_update(skip_locked=True, of=("self",))
    keys = list(free.values_list("pk", flat=True))
    if keys:
        Escalation.objects.filter(pk__in=keys).planned().update(
            state=EscalationState.SKIPPED, done_at=now, detail=ENDED
        )
    first = [clock.handoff_id for clock in clocks if clock.handoff.put_first_at is not None]
    if first:
        Handoff.objects.filter(pk__in=first).update(put_first_at=None)
