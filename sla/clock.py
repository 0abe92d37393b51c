"""The law of a clock (pure): its due time, its outcome, and how it looks at any moment. Every write and every page asks here."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache

from sla.business_time import BusinessCalendar, NeverOpen


@dataclass(frozen=True)
class Times:
    """When a clock is due and when it warns."""

    due_at: datetime
    warn_at: datetime


@dataclass(frozen=True, order=True)
class Stretch:
    """A stretch of time in which a clock stands still, from inclusive, until exclusive."""

    start: datetime
    end: datetime


def times(
    calendar: BusinessCalendar,
    start: datetime,
    target_seconds: int | float,
    warn_percent: int,
    pauses: Sequence[Stretch] = (),
) -> Times:
    """Due and warning time of a promise of `target_seconds` of the calendar's hours, pauses left out. Raises NeverOpen."""
    return Times(
        due_at=add(calendar, start, target_seconds, pauses),
        warn_at=add(calendar, start, target_seconds * warn_percent // 100, pauses),
    )


def add(
    calendar: BusinessCalendar, start: datetime, seconds: int | float, pauses: Sequence[Stretch] = ()
) -> datetime:
    """The instant at which `seconds` of the calendar's hours after `start` have elapsed, those in pauses not counted.

    Each pause counts once, in business time, wherever pauses overlap and in whatever order they are given (case 22).
    """
    at: datetime = start
    left: float = seconds
    for pause in merged(pauses):
        if pause.end <= at:
            continue
        worked = calendar.between(at, pause.start)
        if worked >= left:
            break
        # To the microsecond, as calendars count: a difference of floats is a little off.
        at, left = pause.end, round(left - worked, 6)
    return calendar.add(at, left)


def seconds_of_days(calendar: BusinessCalendar, start: datetime, days: int) -> int | float:
    """What `days` business days from `start` are in the calendar's seconds: until the close of the `days`-th open local date
    after the start's own, which does not count, however early it is. Exact to the microsecond. Raises NeverOpen.

    In seconds, so that pauses, warnings and receipts of days follow the same law as all others.
    """
    return calendar.between(start, _close(calendar, start.astimezone(calendar.zone).date(), days))


@lru_cache(maxsize=4096)
def _close(calendar: BusinessCalendar, day: date, days: int) -> datetime:
    """The close of the `days`-th open date after `day`. A date is open where any of its hours really pass."""
    close = datetime.combine(day, time(12), calendar.zone)
    for _number in range(days):
        opening = calendar.opens_at(close)
        while (found := opening.astimezone(calendar.zone).date()) <= day:
            opening = calendar.opens_at(calendar.day(found).spans[-1].end)
        day, close = found, calendar.day(found).spans[-1].end
    return close


def between(
    calendar: BusinessCalendar, start: datetime, end: datetime, pauses: Sequence[Stretch] = ()
) -> int:
    """Whole seconds of the calendar's hours in [start, end), those in pauses not counted."""
    paused = sum(calendar.between(max(pause.start, start), min(pause.end, end)) for pause in merged(pauses))
    return int(round(calendar.between(start, end) - paused, 6))


def tried_enough_at(touches: Iterable[tuple[datetime, bool]], count: int) -> datetime | None:
    """When a lead was tried often enough: by the `count`-th touch, or by the first one that reached it, in the order of their
    times, not of their arrival. `touches` are (time, whether it reached the lead). None where neither has happened."""
    in_order = sorted(touches)
    times_of_all = [at for at, _reached in in_order[count - 1 : count]]
    return min(times_of_all + [at for at, reached in in_order if reached][:1], default=None)


def merged(pauses: Sequence[Stretch]) -> list[Stretch]:
    """The same time in stretches that do not overlap, the earliest first."""
    found: list[Stretch] = []
    for pause in sorted(pauses):
        if found and pause.start <= found[-1].end:
            found[-1] = Stretch(found[-1].start, max(found[-1].end, pause.end))
        else:
            found.append(pause)
    return found


def is_late(due_at: datetime, at: datetime) -> bool:
    """At the due second exactly a clock is in time (case 13 of the acceptance cases)."""
    return at > due_at


@dataclass(frozen=True)
class Lateness:
    """How late a running clock is: `seconds` of its hours as of a moment, growing from `grows_from` until `grows_until`.

    Before and after that stretch nobody works, so nobody gets later. None: it goes on growing.
    """

    seconds: int
    grows_from: datetime
    grows_until: datetime | None


def lateness(calendar: BusinessCalendar, due_at: datetime, now: datetime) -> Lateness:
    """How late a clock due at `due_at` is at `now`, in the calendar's hours; 0 before."""
    start = max(due_at, now)
    seconds = int(calendar.between(due_at, now))
    try:
        opening = calendar.opens_at(start)
    except NeverOpen:
        return Lateness(seconds, start, start)
    return Lateness(seconds, opening, closes_at(calendar, opening))


def closes_at(calendar: BusinessCalendar, at: datetime) -> datetime | None:
    """When the hours end that are open at a moment; None where they go on for a week or more, as round the clock."""
    end = at
    while end - at < timedelta(days=7):
        spans = calendar.day(end.astimezone(calendar.zone).date()).spans
        end = next(span.end for span in spans if span.start <= end < span.end)
        if not calendar.is_open(end):
            return end
    return None


class Look(StrEnum):
    """What a clock shows. Each has one colour, icon and word everywhere."""

    ON_TIME = "on_time"
    WARNING = "warning"
    LATE = "late"
    PAUSED = "paused"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"
    WAIVED = "waived"


def look(
    *,
    due_at: datetime,
    warn_at: datetime,
    ended_at: datetime | None,
    now: datetime,
    cancelled: bool = False,
    waived: bool = False,
    paused_until: datetime | None = None,
) -> Look:
    """How a clock looks at `now`, from facts alone, whether or not a sweep ran."""
    if waived:
        return Look.WAIVED
    if cancelled:
        return Look.CANCELLED
    if ended_at is not None:
        return Look.MISSED if is_late(due_at, ended_at) else Look.KEPT
    if is_late(due_at, now):
        return Look.LATE
    if paused_until is not None and now < paused_until:
        return Look.PAUSED
    return Look.WARNING if now >= warn_at else Look.ON_TIME
