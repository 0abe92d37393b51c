"""The receipt of a stretch of business time: which intervals of which days were counted, and why others were not.

Pure: no Django. Plain facts; wording, translation and folding of long runs are for the presenter.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sla.zone_changes import SECOND


class HoursFrom(StrEnum):
    """Which part of the calendar decides the hours of a date."""

    WEEK = "week"
    HOLIDAY = "holiday"
    SPECIAL = "special"


class Skipped(StrEnum):
    """Why no time of a date was counted."""

    CLOSED_WEEKDAY = "closed_weekday"
    HOLIDAY = "holiday"
    SPECIAL_CLOSED = "special_closed"
    OUTSIDE_HOURS = "outside_hours"  # open that day, but not between the two ends of the receipt
    CLOCK_CHANGE = "clock_change"  # its hours fall in the time that is left out when clocks go forward
    NO_SUCH_DATE = "no_such_date"  # the zone left the date out when it moved over the date line


@dataclass(frozen=True, slots=True)
class Span:
    """An unbroken stretch of open time within one local date, half-open, in UTC."""

    start: datetime
    end: datetime

    @property
    def microseconds(self) -> int:
        """Real elapsed time, exact."""
        elapsed = self.end - self.start
        return (elapsed.days * 86_400 + elapsed.seconds) * SECOND + elapsed.microseconds

    @property
    def seconds(self) -> int | float:
        """Real elapsed seconds; an `int` when whole."""
        return plain_seconds(self.microseconds)


@dataclass(frozen=True, slots=True)
class DayLine:
    """One local date: the spans counted, or why there are none (`skipped`). `holiday` is the holiday's name.

    The name stands also where special hours take the place of the holiday.
    """

    day: date
    hours_from: HoursFrom
    spans: tuple[Span, ...] = ()
    skipped: Skipped | None = None
    holiday: str = ""

    @property
    def microseconds(self) -> int:
        """Time counted on this date, exact."""
        return sum(span.microseconds for span in self.spans)

    @property
    def seconds(self) -> int | float:
        """Seconds counted on this date; an `int` when whole."""
        return plain_seconds(self.microseconds)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Every local date between `start` and `due` (UTC) in the zone `tz`; the lines add up to `total`."""

    tz: str
    start: datetime
    due: datetime
    lines: tuple[DayLine, ...]

    @property
    def total(self) -> int | float:
        """Business seconds counted, the sum of the lines; an `int` when whole."""
        return plain_seconds(sum(line.microseconds for line in self.lines))

    @property
    def skipped(self) -> tuple[DayLine, ...]:
        """The lines of the dates that were not counted at all."""
        return tuple(line for line in self.lines if line.skipped is not None)


def plain_seconds(microseconds: int) -> int | float:
    """Microseconds as seconds: an `int` when whole, else the nearest `float`."""
    whole, rest = divmod(microseconds, SECOND)
    return microseconds / SECOND if rest else whole
