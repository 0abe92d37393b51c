"""Business time: deadlines and elapsed time in a team's opening hours, exact to the microsecond.

Pure: no Django. The rules (source: `cases/README.md` of the shared folder): an instant is open when its
local wall-clock time lies in an interval of its local date. Hence, when clocks go forward, the missing
time is nobody's; when they go back, a repeated time is open both times; business seconds are real seconds.

How it counts: in a stretch of constant offset from UTC the local clock runs evenly, and
`LocalHours` counts any span of it in closed form. A calendar keeps, for each UTC year it was asked
about, the running total at each change of offset (`OpenYear`), so that `add` and `between` are a few
bisections, plus one step for each year between the two ends.

The horizon: a calendar with weekly hours is open for ever, so its deadlines exist up to the last instant
that a `datetime` can hold, at the end of 9999. Without weekly hours only the special dates remain. What lies
beyond is `NeverOpen`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from itertools import takewhile
from math import isfinite
from typing import Any, NoReturn, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sla.open_year import OpenYear
from sla.opening_hours import (
    WEEKDAYS,
    CalendarError,
    Intervals,
    LocalHours,
    parse_holidays,
    parse_special,
    parse_week,
    show_intervals,
)
from sla.receipts import DayLine, HoursFrom, Receipt, Skipped, Span, plain_seconds
from sla.zone_changes import DAY, LAST_YEAR, SECOND, Piece, day_pieces, stretches, year_of, year_start

__all__ = [
    "BusinessCalendar",
    "CalendarError",
    "DayLine",
    "HoursFrom",
    "NeverOpen",
    "Receipt",
    "Skipped",
    "Span",
]

_ORIGIN = datetime.min.replace(tzinfo=UTC)
_HORIZON = year_start(LAST_YEAR + 1)
_FIELDS = ("tz", "week", "holidays", "special")
_MISREAD = {"timezone": "tz", "time_zone": "tz", "zone": "tz"}
# A calendar asked about more years than this forgets them and starts anew: about 1 kB a year.
_YEARS_KEPT = 512
# What clock changes can add to a count on the wall clock: an hour or two every autumn, a day where a
# zone moved over the date line. Used only to see early that a deadline lies beyond the horizon.
_REPEATED_A_YEAR = 3 * 3600 * SECOND
_REPEATED_ONCE = 3 * DAY


class NeverOpen(Exception):
    """The asked-for business time can never be reached in this calendar.

    `code` says why, for callers that word the message themselves: "no_hours", "too_little_left" on the
    special dates, or "beyond_horizon".
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[type["NeverOpen"], tuple[str, str]]:
        return type(self), (self.code, str(self))


class BusinessCalendar:
    """The opening hours of a team in its time zone. Immutable, hashable, safe to share between threads.

    `week` maps "mon" .. "sun" to lists of ("HH:MM", "HH:MM"); `holidays` is a list of dates or a mapping
    of dates to names; `special` maps dates to the hours of that date and beats a holiday. Dates are
    `date` objects or ISO text. Keep a calendar and ask it often: what it learns about a year it keeps.
    Raises `CalendarError` naming the field.
    """

    __slots__ = (
        "_hours",
        "_key",
        "_names",
        "_open_years",
        "_special",
        "_week",
        "_years",
        "tz",
        "zone",
    )

    tz: str
    zone: ZoneInfo
    _week: tuple[Intervals, ...]
    _names: dict[date, str]
    _special: dict[date, Intervals]
    _key: tuple[Any, ...]
    _hours: LocalHours
    _years: dict[int, OpenYear]
    _open_years: tuple[int, ...]

    def __init__(
        self,
        tz: str,
        week: Mapping[str, Iterable[Any]] | None = None,
        holidays: Iterable[Any] | Mapping[Any, str] | None = None,
        special: Mapping[Any, Iterable[Any]] | None = None,
    ) -> None:
        parsed_week = parse_week({} if week is None else week)
        parsed_holidays = parse_holidays(() if holidays is None else holidays)
        parsed_special = parse_special({} if special is None else special)
        own: dict[date, Intervals] = dict.fromkeys((day for day, _ in parsed_holidays), ())
        own.update(parsed_special)
        values = {
            "tz": tz,
            "zone": _zone(tz),
            "_week": parsed_week,
            "_names": dict(parsed_holidays),
            "_special": dict(parsed_special),
            "_key": (tz, parsed_week, parsed_holidays, parsed_special),
            "_hours": LocalHours(parsed_week, own),
            "_years": {},
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "_open_years", self._years_with_hours())

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """The calendar of its JSON form; a missing key means none of it, a missing zone UTC.

        Keys that are not the calendar's are left alone, except likely slips of its own
        ("holiday", "timezone"), which would silently switch a rule off.
        """
        for key in [key for key in data if key not in _FIELDS]:
            meant = _MISREAD.get(key) or next(
                iter(get_close_matches(str(key), _FIELDS, n=1, cutoff=0.8)), None
            )
            if meant:
                raise CalendarError(
                    str(key), "unknown_field", f"unknown field; {meant!r} is meant, it seems."
                )
        return cls(data.get("tz", "UTC"), data.get("week"), data.get("holidays"), data.get("special"))

    @classmethod
    def round_the_clock(cls, tz: str = "UTC") -> Self:
        """The calendar that is always open; business seconds in it are seconds."""
        return cls(tz, {day: [("00:00", "24:00")] for day in WEEKDAYS})

    def to_dict(self) -> dict[str, Any]:
        """The JSON form. Holidays are a list of dates, or a mapping to names as soon as one has a name."""
        holidays = {day.isoformat(): name for day, name in self._names.items()}
        return {
            "tz": self.tz,
            "week": {
                day: show_intervals(rows) for day, rows in zip(WEEKDAYS, self._week, strict=True) if rows
            },
            "holidays": holidays if any(holidays.values()) else list(holidays),
            "special": {day.isoformat(): show_intervals(rows) for day, rows in self._special.items()},
        }

    def add(self, start: datetime, seconds: int | float) -> datetime:
        """The instant, in UTC, at which `seconds` business seconds after `start` have elapsed.

        Exactly at the end of an interval it is that end. 0 seconds give `start` when open, else the next
        opening. A fraction is rounded to the microsecond. Raises `ValueError` for a naive start and for
        negative seconds, `NeverOpen` when that time never comes.
        """
        wanted = _wanted(seconds)
        return _datetime(self._add(_instant(start), wanted) if wanted else self._opens_at(_instant(start)))

    def between(self, start: datetime, end: datetime) -> int | float:
        """Open seconds in [start, end), never negative; an `int` when whole.

        A fraction is exact to the microsecond for spans of up to 272 years of open time, the precision of `float`.
        """
        return plain_seconds(self._between(_instant(start), _instant(end)))

    def is_open(self, at: datetime) -> bool:
        """Whether the team is open at an instant; at the closing instant it is not."""
        instant = _instant(at)
        year = self._year(year_of(instant))
        return self._hours.is_open(instant + year.offset_at(instant))

    def opens_at(self, after: datetime) -> datetime:
        """The first open instant at or after `after`, in UTC. Raises `NeverOpen` when there is none."""
        return _datetime(self._opens_at(_instant(after)))

    def has_any_hours(self) -> bool:
        """Whether there is, was or will be an open instant at all; hours that only fall in a clock change are none."""
        return bool(self._hours.week_total) or any(self._year(year).total for year in self._open_years)

    def explain(self, start: datetime, seconds: int | float) -> Receipt:
        """How `add(start, seconds)` comes about, day by day. `total` and `due` equal the arithmetic exactly.

        Takes some microseconds for each day between the two ends. Raises as `add` does.
        """
        begin, due = _instant(start), _instant(self.add(start, seconds))
        receipt = self._receipt(begin, due)
        if receipt.total:
            return receipt
        # 0 seconds wait for an opening: the days before it were skipped, its own was not
        opening_day = self._local_day(due)
        lines = tuple(line for line in receipt.lines if line.day.toordinal() - 1 != opening_day)
        return Receipt(receipt.tz, receipt.start, receipt.due, lines)

    def explain_between(self, start: datetime, end: datetime) -> Receipt:
        """How `between(start, end)` comes about, day by day; no lines when `end <= start`."""
        return self._receipt(_instant(start), _instant(end))

    def day(self, day: date) -> DayLine:
        """All hours of one local date in real time, or why it has none: for drawing a calendar."""
        number = day.toordinal() - 1
        pieces = day_pieces(self.tz, number)
        return self._line(number, pieces, pieces)

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, BusinessCalendar) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        return f"BusinessCalendar.from_dict({self.to_dict()!r})"

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a BusinessCalendar cannot be changed ({name}); build another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a BusinessCalendar cannot be changed ({name}); build another one")

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return type(self).from_dict, (self.to_dict(),)

    def _add(self, start: int, wanted: int) -> int:
        """The first instant by which `wanted` microseconds, at least 1, of open time have passed."""
        first = year_of(start)
        year = self._year(first)
        total = year.count(start) + wanted
        if total <= year.total:
            return year.find(total)
        self._refuse_beyond_horizon(start, wanted)
        for later in self._years_after(first):
            total -= year.total
            year = self._year(later)
            if total <= year.total:
                return year.find(total)
        raise self._never(start, wanted)

    def _opens_at(self, after: int) -> int:
        # every interval begins and ends on a whole microsecond, so the first open one begins an opening
        return self._add(after, 1) - 1

    def _between(self, start: int, end: int) -> int:
        if end <= start:
            return 0
        first, last = year_of(start), year_of(end)
        before, after = self._year(first).count(start), self._year(last).count(end)
        if first == last:
            return after - before
        years = takewhile(last.__gt__, self._years_after(first))
        return self._year(first).total - before + sum(self._year(year).total for year in years) + after

    def _year(self, number: int) -> OpenYear:
        # Safe without a lock: an OpenYear never changes, and two threads that build the same one agree.
        year = self._years.get(number)
        if year is None:
            if len(self._years) >= _YEARS_KEPT:
                self._years.clear()
            year = self._years[number] = OpenYear(self._hours, stretches(self.tz, number))
        return year

    def _years_after(self, number: int) -> Iterator[int]:
        """The later years that can have open time, in order."""
        if self._hours.week_total:
            return iter(range(number + 1, LAST_YEAR + 1))
        return iter(self._open_years[bisect_right(self._open_years, number) :])

    def _years_with_hours(self) -> tuple[int, ...]:
        """UTC years touched by special hours, wherever their zone is."""
        days = ((day.toordinal() - 1) * DAY for day, rows in self._special.items() if rows)
        return tuple(sorted({year_of(day + shift) for day in days for shift in (-DAY, 2 * DAY)}))

    def _refuse_beyond_horizon(self, start: int, wanted: int) -> None:
        """Raise `NeverOpen` early where walking thousands of years would only find out the same."""
        years = LAST_YEAR - year_of(start) + 1
        on_the_wall = self._hours.opened(_HORIZON + DAY) - self._hours.opened(start - DAY)
        if wanted > min(_HORIZON - start, on_the_wall + years * _REPEATED_A_YEAR + _REPEATED_ONCE):
            raise self._never(start, wanted)

    def _never(self, start: int, wanted: int) -> NeverOpen:
        code = "too_little_left" if self._open_years else "no_hours"
        if self._hours.week_total:
            code = "beyond_horizon"
        after = _datetime(start).isoformat()
        asked = "no opening comes" if wanted == 1 else f"{plain_seconds(wanted)} open seconds never pass"
        return NeverOpen(code, f"{asked} after {after}: {_WHY[code]}.")

    def _receipt(self, start: int, end: int) -> Receipt:
        lines: list[DayLine] = []
        first, last = self._local_day(start), self._local_day(end)
        if min(first, last) < 0 or max(first, last) >= date.max.toordinal():
            raise NeverOpen("beyond_horizon", "a local date lies outside the years 1 to 9999.")
        # one day more at each end: where clocks go back over midnight a date is touched, left and entered again
        for day in range(max(0, first - 1), min(date.max.toordinal(), last + 2)) if start < end else ():
            pieces = day_pieces(self.tz, day)
            within = [(max(low, start), min(high, end), offset) for low, high, offset in pieces]
            within = [piece for piece in within if piece[0] < piece[1]]
            if within or (not pieces and first < day < last):
                lines.append(self._line(day, pieces, within))
        return Receipt(self.tz, _datetime(start), _datetime(max(start, end)), tuple(lines))

    def _line(self, day: int, pieces: list[Piece], within: list[Piece]) -> DayLine:
        local_date = date.fromordinal(day + 1)
        holiday = self._names.get(local_date)
        hours_from = HoursFrom.WEEK if holiday is None else HoursFrom.HOLIDAY
        if local_date in self._special:
            hours_from = HoursFrom.SPECIAL
        spans = self._spans(day, within)
        skipped = None
        if not pieces:
            skipped = Skipped.NO_SUCH_DATE
        elif not self._hours.on(day):
            skipped = _CLOSED[hours_from]
        elif not spans:
            skipped = Skipped.OUTSIDE_HOURS if self._spans(day, pieces) else Skipped.CLOCK_CHANGE
        return DayLine(local_date, hours_from, spans, skipped, holiday or "")

    def _local_day(self, instant: int) -> int:
        return (instant + self._year(year_of(instant)).offset_at(instant)) // DAY

    def _spans(self, day: int, pieces: list[Piece]) -> tuple[Span, ...]:
        """The hours of a local date that lie in the pieces; what touches in real time is one span."""
        found: list[tuple[int, int]] = []
        for low, high, offset in pieces:
            midnight = day * DAY - offset
            for opening, closing in self._hours.on(day):
                begin, end = max(low, midnight + opening), min(high, midnight + closing)
                if begin < end and found and found[-1][1] == begin:
                    found[-1] = found[-1][0], end
                elif begin < end:
                    found.append((begin, end))
        return tuple(Span(_datetime(begin), _datetime(end)) for begin, end in found)


_WHY = {
    "no_hours": "the calendar has no opening hours; give it weekly hours or special dates",
    "too_little_left": "without weekly hours, too little time is left on the special dates",
    "beyond_horizon": "the deadline lies after the year 9999",
}
_CLOSED = {
    HoursFrom.WEEK: Skipped.CLOSED_WEEKDAY,
    HoursFrom.HOLIDAY: Skipped.HOLIDAY,
    HoursFrom.SPECIAL: Skipped.SPECIAL_CLOSED,
}


def _zone(tz: object) -> ZoneInfo:
    try:
        if isinstance(tz, str):
            return ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass  # not a name, not a zone, or a folder of zones such as "America"
    raise CalendarError("tz", "unknown_zone", f"{tz!r} is not a time zone; write it like Europe/Berlin.")


def _wanted(seconds: int | float) -> int:
    if seconds < 0:
        raise ValueError(f"{seconds} seconds: a deadline cannot lie before its start; give 0 or more.")
    if isinstance(seconds, int):
        return seconds * SECOND
    if not isfinite(seconds):
        raise ValueError(f"{seconds} seconds: give a finite number.")
    whole = int(seconds)
    return whole * SECOND + round((seconds - whole) * SECOND)


def _instant(at: datetime) -> int:
    try:
        since = at - _ORIGIN
    except TypeError:
        raise ValueError(
            f"{at!r} has no time zone, so it names no instant; make it aware, e.g. with .replace(tzinfo=ZoneInfo(...))."
        ) from None
    return (since.days * 86_400 + since.seconds) * SECOND + since.microseconds


def _datetime(instant: int) -> datetime:
    try:
        return _ORIGIN + timedelta(microseconds=instant)
    except OverflowError:
        raise NeverOpen("beyond_horizon", "the instant lies outside the years 1 to 9999.") from None
