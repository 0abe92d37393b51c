"""How late clocks are in the hours they count, for pages that show them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sla.clock import Lateness, lateness
from sla.models import CalendarVersion, Clock


def lateness_of(clock: Clock, now: datetime) -> Lateness | None:
    """How late a clock is, or was when it ended; None for one that counts round the clock. Reads `calendar_version`."""
    if clock.calendar_version is None:
        return None
    return lateness(clock.calendar_version.business(), clock.due_at, clock.ended_at or now)


def add_lateness(rows: Sequence[Any], now: datetime) -> None:
    """Set `lateness` of rows that have `due_at` and `hours` (a version of a calendar, or None); one statement."""
    versions = CalendarVersion.objects.in_bulk({row.hours for row in rows if row.hours})
    for row in rows:
        row.lateness = lateness(versions[row.hours].business(), row.due_at, now) if row.hours else None
