"""What a calendar's weeks look like, day by day, on the team's own wall clock.

Pure: no Django. Reasons are codes; wording is for the presenter.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sla.business_time import BusinessCalendar
from sla.opening_hours import WEEKDAYS
from sla.receipts import DayLine, HoursFrom, Skipped

WEEKS_AHEAD = 8
WEEK = timedelta(days=7)
_MINUTES = 24 * 60

# Opening and closing as minutes of the day.
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ShownDay:
    """One date: its hours as minutes of the local day, or why it has none, and the name of the holiday it is."""

    day: date
    spans: Spans
    hours_from: HoursFrom
    skipped: Skipped | None
    name: str
    is_today: bool = False
    is_past: bool = False

    @property
    def is_own(self) -> bool:
        """Decided by the date itself, not by the week."""
        return self.hours_from != HoursFrom.WEEK


@dataclass(frozen=True)
class ShownWeek:
    """Monday to Sunday, with what it is open, in seconds of real time."""

    monday: date
    days: tuple[ShownDay, ...]
    seconds: float


def next_weeks(calendar: BusinessCalendar, now: datetime, weeks: int = WEEKS_AHEAD) -> list[ShownWeek]:
    """The week of `now` in the calendar's zone and those after it."""
    today = now.astimezone(calendar.zone).date()
    monday = today - timedelta(days=today.weekday())
    return [_week(calendar, monday + number * WEEK, today) for number in range(weeks)]


def typical_week(week: dict[str, list[list[str]]]) -> list[tuple[str, Spans]]:
    """Each weekday's code with its spans as the calendar writes them; for drawing hours that `BusinessCalendar` has checked."""
    return [
        (day, tuple((_minute(start), _minute(end)) for start, end in sorted(week.get(day, []))))
        for day in WEEKDAYS
    ]


def weekly_minutes(week: dict[str, list[list[str]]]) -> int:
    """Open minutes of a week without holidays and clock changes."""
    return sum(end - start for _, spans in typical_week(week) for start, end in spans)


def _week(calendar: BusinessCalendar, monday: date, today: date) -> ShownWeek:
    lines = [calendar.day(monday + timedelta(days=number)) for number in range(7)]
    days = tuple(_day(calendar, line, today) for line in lines)
    return ShownWeek(monday, days, sum(line.seconds for line in lines))


def _day(calendar: BusinessCalendar, line: DayLine, today: date) -> ShownDay:
    spans = tuple(
        (_local_minute(calendar, span.start, line.day), _local_minute(calendar, span.end, line.day))
        for span in line.spans
    )
    return ShownDay(
        day=line.day,
        spans=spans,
        hours_from=line.hours_from,
        skipped=line.skipped,
        name=line.holiday,
        is_today=line.day == today,
        is_past=line.day < today,
    )


def _local_minute(calendar: BusinessCalendar, at: datetime, day: date) -> int:
    local = at.astimezone(calendar.zone)
    return _MINUTES if local.date() > day else local.hour * 60 + local.minute


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)
