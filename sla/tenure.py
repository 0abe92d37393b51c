"""Who answers for a promise whose lead changed hands (pure). Every write, page and file asks here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sla.business_time import BusinessCalendar
from sla.clock import Stretch, between


@dataclass(frozen=True)
class Held:
    """A stretch in which somebody had a handoff: the number of a rep, or None for the team's queue. Without an end: until now."""

    who: int | None
    start: datetime
    end: datetime | None = None


def shares(
    calendar: BusinessCalendar,
    start: datetime,
    end: datetime,
    pauses: Sequence[Stretch],
    held: Sequence[Held],
) -> dict[int | None, int]:
    """Whole seconds of the calendar's hours in [start, end), pauses left out, by who had the handoff then.

    They add up to `between(start, end)`. In the order in which each had it last; who had none of it is left out. The first
    stretch reaches back, and the last one on, without a bound.
    """
    found: dict[int | None, int] = {}
    counted = 0
    for one in held:
        until = end if one is held[-1] or one.end is None else min(one.end, end)
        # From the start on each time, so that what is less than a second is lost once and not at every change.
        reached = between(calendar, start, until, pauses) if until > start else 0
        if reached > counted:
            found[one.who] = found.pop(one.who, 0) + reached - counted
            counted = reached
    return found


def answers_for(
    calendar: BusinessCalendar,
    start: datetime,
    due: datetime,
    pauses: Sequence[Stretch],
    held: Sequence[Held],
) -> int | None:
    """Whoever had the handoff for most of the clock's time up to its deadline; of equals the one who had it last.

    So nobody is charged with a promise when somebody else had more of its time, and passing a lead on after its deadline
    changes nothing: that time is not counted.
    """
    total = shares(calendar, start, due, pauses, held)
    if not total:
        return holder_at(held, due)
    most = max(total.values())
    return [who for who, seconds in total.items() if seconds == most][-1]


def holder_at(held: Sequence[Held], at: datetime) -> int | None:
    """Who had the handoff at a time; at the very moment of a change whoever gave it away."""
    for one in held:
        if one.end is None or at <= one.end:
            return one.who
    return held[-1].who
