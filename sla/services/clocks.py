"""Starting and ending clocks, and recording breaches: the only place that does."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import User
from leads.bulk import insert_selected, update_rows
from leads.journal import Entry, IsoTime, record, record_selected
from sla.clock import between, is_late
from sla.models import Breach, CalendarVersion, Clock, ClockOutcome, Handoff, Hours, Promise, Side, side_of
from sla.services.ladders import close, plan
from sla.services.tenures import settle
from sla.services.terms import calendar_of, pauses_of, promise_times


@dataclass(frozen=True)
class Start:
    """A clock to start: which promise on which handoff, from when, by whose calendar, and who answers for it."""

    handoff: Handoff
    promise: Promise
    calendar_version: CalendarVersion
    at: datetime
    owner: User | None
    source_id: int


@dataclass(frozen=True)
class End:
    """A clock to end, and the time of the fact that ends it."""

    clock: Clock
    at: datetime


def start_clocks(
    *,
    starts: Sequence[Start],
    now: datetime,
    by: User | None = None,
    rule: str = "",
    with_ladders: bool = True,
) -> list[Clock]:
    """Start clocks with stored due and warning times and their planned ladders; a bounded number of statements, whatever the
    number of clocks. Raises NeverOpen. Without ladders nobody is ever told: what an import brings was over long ago."""
    clocks = [_clock(start) for start in starts]
    Clock.objects.bulk_create(clocks, batch_size=500)
    point_to_next(clocks)
    if with_ladders:
        plan(clocks=clocks)
    record(
        entries=[
            Entry(
                "clock.started",
                "clock",
                clock.pk,
                clock.handoff.lead_id,
                after={
                    "kind": clock.kind,
                    "handoff": clock.handoff_id,
                    "promise": clock.promise_id,
                    "calendar_version": clock.calendar_version_id,
                    "owner": clock.owner_id,
                    "started_at": clock.started_at.isoformat(),
                    "due_at": clock.due_at.isoformat(),
                },
            )
            for clock in clocks
        ],
        at=now,
        by=by,
        rule=rule,
    )
    return clocks


def _clock(start: Start) -> Clock:
    version = None if start.promise.hours == Hours.ROUND_THE_CLOCK else start.calendar_version
    due = promise_times(start.promise, version, start.at)
    return Clock(
        handoff=start.handoff,
        promise=start.promise,
        calendar_version=version,
        owner=start.owner,
        started_at=start.at,
        due_at=due.due_at,
        warn_at=due.warn_at,
        kind=start.promise.kind,
        tier=start.promise.tier,
        team_id=start.handoff.team_id,
        source_id=start.source_id,
    )


def end_clocks(
    *, clocks: Sequence[Clock], at: datetime, now: datetime, by: User | None = None, rule: str = ""
) -> None:
    """End running clocks at the time of the fact that ends them all; see end_each."""
    end_each(ends=[End(clock, at) for clock in clocks], now=now, by=by, rule=rule)


def end_each(*, ends: Sequence[End], now: datetime, by: User | None = None, rule: str = "") -> None:
    """End running clocks, each at its own time; a late end is a breach, whether or not a sweep saw it.

    Where the fact was in time and became known after the sweep, the breach stays and says that it was lifted.
    """
    finish(ends=ends, cancels=[], now=now, by=by, rule=rule)


def cancel_clocks(
    *, clocks: Sequence[Clock], now: datetime, by: User | None = None, rule: str = "", why: str = ""
) -> None:
    """End clocks that nobody kept or missed (the handoff was withdrawn). One that is late already is missed, not cancelled.

    `why` is a code for the journal.
    """
    cancels = [End(clock, now) for clock in clocks]
    finish(ends=[], cancels=cancels, now=now, by=by, rule=rule, why=why)


@transaction.atomic
def finish(
    *,
    ends: Sequence[End],
    cancels: Sequence[End],
    now: datetime,
    by: User | None = None,
    rule: str = "",
    why: str = "",
) -> None:
    """End some running clocks and cancel others, in a bounded number of statements; see end_each and cancel_clocks."""
    running = {end.clock: end.at for end in ends if end.clock.outcome == ClockOutcome.RUNNING}
    void = {end.clock: end.at for end in cancels if end.clock.outcome == ClockOutcome.RUNNING}
    running |= {clock: at for clock, at in void.items() if is_late(clock.due_at, at)}
    cancelled = {clock: at for clock, at in void.items() if clock not in running}
    over = [*running, *cancelled]
    if not over:
        return
    late = [clock for clock, at in running.items() if is_late(clock.due_at, at)]
    record_breaches(clocks=late, now=now, by=by, rule=rule)
    for clock, at in running.items():
        clock.ended_at = at
        clock.outcome = ClockOutcome.MISSED if is_late(clock.due_at, at) else ClockOutcome.KEPT
        clock.seconds_used = seconds_between(clock, clock.started_at, at)
    for clock, at in cancelled.items():
        clock.ended_at, clock.outcome = at, ClockOutcome.CANCELLED
    settle(running)
    update_rows(over, ["ended_at", "outcome", "seconds_used", "owner"])
    point_to_next(over)
    close(clocks=over, now=now)
    _lift([clock for clock in over if clock.breached_at and clock.outcome != ClockOutcome.MISSED], now)
    _record_ends(over, now, by, rule, why)


@transaction.atomic
def amend_end(*, clock: Clock, at: datetime, now: datetime, by: User) -> None:
    """A touch became known that happened before the one that ended the clock: the earlier one ends it (case 18).

    A breach that turns out to have been none stays, marked as lifted.
    """
    before = end_of(clock)
    clock.ended_at = at
    clock.outcome = ClockOutcome.MISSED if is_late(clock.due_at, at) else ClockOutcome.KEPT
    clock.seconds_used = seconds_between(clock, clock.started_at, at)
    settle([clock])
    clock.save(update_fields=["ended_at", "outcome", "seconds_used", "owner"])
    if clock.outcome == ClockOutcome.KEPT:
        _lift([clock], now)
    entry = Entry("clock.amended", "clock", clock.pk, clock.handoff.lead_id, before, end_of(clock))
    record(entries=[entry], at=now, by=by)


def point_to_next(clocks: Iterable[Clock]) -> None:
    """Keep Handoff.next_clock true after these clocks started, ended, moved or passed to somebody else: one statement. Marketing's
    are never the rep's."""
    concerned = {clock.handoff_id for clock in clocks if side_of(clock.kind) == Side.SALES}
    if concerned:
        Handoff.objects.point_to_next_clock(concerned)


def _lift(clocks: Sequence[Clock], now: datetime) -> None:
    if clocks:
        Breach.objects.filter(clock__in=clocks, lifted_at__isnull=True).update(lifted_at=now)


def record_breaches(*, clocks: Sequence[Clock], now: datetime, by: User | None = None, rule: str = "") -> int:
    """Write the breach of every late clock that has none, and its journal row; returns how many.

    The clocks must be locked by the caller. The unique key on clock and deadline makes a second recorder harmless. Who is
    told of it stands in the ladder of the promise (sla.services.escalating).
    """
    fresh = [clock for clock in clocks if clock.breached_at is None]
    if fresh:
        flag_breaches(keys=[clock.pk for clock in fresh], now=now, by=by, rule=rule)
    for clock in fresh:
        clock.breached_at = clock.due_at
    return len(fresh)


def flag_breaches(*, keys: Sequence[int], now: datetime, by: User | None = None, rule: str = "") -> int:
    """Write breach, journal row and flag of clocks that have none, in three statements whatever their number; returns how
    many. The database makes the rows from the clocks themselves, which the caller has locked and knows to be late."""
    fresh = Clock.objects.filter(pk__in=keys).not_breached()
    insert_selected(
        Breach,
        fresh,
        {
            "clock": F("pk"),
            "deadline": F("due_at"),
            "owner": F("owner_id"),
            "recorded_at": now,
            "lifted_at": None,
        },
        ignore_conflicts=True,
    )
    record_selected(
        rows=fresh,
        event="clock.breached",
        subject_kind="clock",
        lead="handoff__lead_id",
        after={"deadline": IsoTime(F("due_at")), "owner": F("owner_id"), "handoff": F("handoff_id")},
        at=now,
        by=by,
        rule=rule,
    )
    return fresh.mark_breached()


def seconds_between(clock: Clock, start: datetime, end: datetime) -> int:
    """Whole seconds from start to end in the hours of the clock's promise, pauses left out."""
    return between(calendar_of(clock.promise, clock.calendar_version), start, end, pauses_of(clock))


def _record_ends(clocks: Sequence[Clock], now: datetime, by: User | None, rule: str, why: str = "") -> None:
    record(
        entries=[
            Entry(
                "clock.ended",
                "clock",
                clock.pk,
                clock.handoff.lead_id,
                {"outcome": ClockOutcome.RUNNING.value},
                end_of(clock) | ({"why": why} if why else {}),
            )
            for clock in clocks
        ],
        at=now,
        by=by,
        rule=rule,
    )


def end_of(clock: Clock) -> dict[str, Any]:
    """How a clock ended, for the journal."""
    return {
        "outcome": str(clock.outcome),
        "ended_at": clock.ended_at.isoformat() if clock.ended_at else None,
        "owner": clock.owner_id,
        "seconds_used": clock.seconds_used,
    }
