"""The law of a ladder (pure): when each step of a promise's escalation comes. Plans, editor and simulation ask here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sla.business_time import BusinessCalendar, NeverOpen
from sla.clock import Stretch, add, merged

WHOLE = 100


class Anchor(StrEnum):
    """What the amount of a step counts from."""

    SHARE = "share"  # percent of the target, from the start
    BEFORE = "before"  # seconds before the due time
    AFTER = "after"  # seconds after it; 0 is the due time itself


@dataclass(frozen=True)
class Rung:
    """When a step comes: `amount` percent or seconds by `anchor`, in the promise's own hours or by the wall clock."""

    anchor: Anchor
    amount: int
    by_wall_clock: bool = False

    @property
    def is_before_due(self) -> bool:
        """A reminder: of no use once the time is over."""
        return self.anchor == Anchor.BEFORE or (self.anchor == Anchor.SHARE and self.amount < WHOLE)


def planned_at(
    rung: Rung,
    calendar: BusinessCalendar,
    start: datetime,
    target: int | float,
    pauses: Sequence[Stretch] = (),
) -> datetime | None:
    """When a step comes on a clock of `target` seconds of the calendar's hours, pauses left out.

    None for a step that would come at the start or before it (case 38), and for one that never comes because the calendar
    never opens again. What would fall into a pause by the wall clock comes when the pause is over (case 23).
    """
    at: datetime | None
    try:
        if rung.by_wall_clock:
            at = _by_wall_clock(rung, add(calendar, start, target, pauses), pauses)
        else:
            at = _in_hours(rung, calendar, start, target, pauses)
    except (NeverOpen, OverflowError):
        return None
    return at if at is not None and at > start else None


def _in_hours(
    rung: Rung,
    calendar: BusinessCalendar,
    start: datetime,
    target: int | float,
    pauses: Sequence[Stretch],
) -> datetime | None:
    if rung.anchor == Anchor.SHARE:
        # At 100 the due time to the microsecond; else whole seconds, as the warning time has them (sla.clock.times).
        seconds = target if rung.amount == WHOLE else target * rung.amount // WHOLE
    elif rung.anchor == Anchor.BEFORE:
        seconds = target - rung.amount
    else:
        seconds = target + rung.amount
    return add(calendar, start, seconds, pauses) if seconds > 0 else None


def _by_wall_clock(rung: Rung, due: datetime, pauses: Sequence[Stretch]) -> datetime:
    """From the due time; a share is always one of the promise's hours."""
    sign = -1 if rung.anchor == Anchor.BEFORE else 1
    at = due + timedelta(seconds=sign * rung.amount)
    return next((pause.end for pause in merged(pauses) if pause.start <= at < pause.end), at)
