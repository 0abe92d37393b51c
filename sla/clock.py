"""The law of a clock (pure): its due time, its outcome, and how it looks at any moment. Every write and every page asks here."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sla.business_time import BusinessCalendar


@dataclass(frozen=True)
class Times:
    """When a clock is due and when it warns."""

    due_at: datetime
    warn_at: datetime


def times(calendar: BusinessCalendar, start: datetime, target_seconds: int, warn_percent: int) -> Times:
    """Due and warning time of a promise of `target_seconds` of the calendar's hours. Raises NeverOpen."""
    return Times(
        due_at=calendar.add(start, target_seconds),
        warn_at=calendar.add(start, target_seconds * warn_percent // 100),
    )


def is_late(due_at: datetime, at: datetime) -> bool:
    """At the due second exactly a clock is in time (case 13 of the acceptance cases)."""
    return at > due_at


class Look(StrEnum):
    """What a clock shows. Each has one colour, icon and word everywhere."""

    ON_TIME = "on_time"
    WARNING = "warning"
    LATE = "late"
    KEPT = "kept"
    MISSED = "missed"
    CANCELLED = "cancelled"


def look(
    *, due_at: datetime, warn_at: datetime, ended_at: datetime | None, cancelled: bool, now: datetime
) -> Look:
    """How a clock looks at `now`, from facts alone, whether or not a sweep ran."""
    if cancelled:
        return Look.CANCELLED
    if ended_at is not None:
        return Look.MISSED if is_late(due_at, ended_at) else Look.KEPT
    if is_late(due_at, now):
        return Look.LATE
    return Look.WARNING if now >= warn_at else Look.ON_TIME
