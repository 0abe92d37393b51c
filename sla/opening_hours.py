"""Opening hours as people write them: read, checked, and counted on the local wall clock.

Pure: no Django. Nothing here knows of time zones: the local timeline is one unbroken row of 24-hour
days, in whole microseconds since Monday 0001-01-01. `sla.business_time` lays it onto real time.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from itertools import accumulate, pairwise

from sla.zone_changes import DAY, SECOND, WEEK

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Sorted (opening, closing) pairs of one local day, in minutes from 0 to 1440, half-open.
Intervals = tuple[tuple[int, int], ...]

_CLOCK_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_END_OF_DAY = 24 * 60


class CalendarError(ValueError):
    """A calendar that cannot be understood.

    `field` says where ("week.mon", "special.2026-12-24"), `code` names the rule for callers that word
    the message themselves, `message` says what is wrong and what to write instead.
    """

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.code = code
        self.message = message

    def __reduce__(self) -> tuple[type["CalendarError"], tuple[str, str, str]]:
        return type(self), (self.field, self.code, self.message)


def parse_week(week: object) -> tuple[Intervals, ...]:
    """Seven days of intervals, Monday first; a weekday that is not named is closed."""
    if not isinstance(week, Mapping):
        raise CalendarError("week", "not_a_mapping", "give the hours of each weekday, mon to sun.")
    for day in week:
        if day not in WEEKDAYS:
            raise CalendarError(
                "week", "unknown_weekday", f"unknown weekday {day!r}; use {', '.join(WEEKDAYS)}."
            )
    return tuple(parse_intervals(f"week.{day}", week.get(day, ())) for day in WEEKDAYS)


def parse_holidays(holidays: object) -> tuple[tuple[date, str], ...]:
    """Sorted (date, name) pairs from a list of dates or a mapping of dates to names."""
    if isinstance(holidays, str) or not isinstance(holidays, Iterable):
        raise CalendarError("holidays", "not_a_list", "give a list of dates, or a mapping of dates to names.")
    pairs = holidays.items() if isinstance(holidays, Mapping) else ((day, "") for day in holidays)
    return tuple(sorted({parse_date("holidays", day): str(name or "") for day, name in pairs}.items()))


def parse_special(special: object) -> tuple[tuple[date, Intervals], ...]:
    """Sorted (date, intervals) pairs; a date without intervals is closed."""
    if not isinstance(special, Mapping):
        raise CalendarError("special", "not_a_mapping", "give the hours of each date.")
    found: dict[date, Intervals] = {}
    for written, rows in special.items():
        day = parse_date("special", written)
        if day in found:
            raise CalendarError("special", "date_twice", f"{day} is there twice; give all its hours once.")
        found[day] = parse_intervals(f"special.{day}", rows)
    return tuple(sorted(found.items()))


def parse_date(field: str, value: object) -> date:
    """A `date`, or its text as YYYY-MM-DD."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass  # the shape is right, the day does not exist: 2026-02-30
    raise CalendarError(field, "bad_date", f"{value!r} is not a date; write it as YYYY-MM-DD.")


def parse_intervals(field: str, rows: object) -> Intervals:
    """Sorted intervals of one date; they may touch but not overlap, and may end at 24:00."""
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise CalendarError(field, "not_a_list", 'give a list of intervals such as ["09:00", "17:00"].')
    found = sorted(_parse_interval(field, row) for row in rows)
    for (begin, end), (next_begin, next_end) in pairwise(found):
        if next_begin < end:
            first, second = _show(begin, end), _show(next_begin, next_end)
            raise CalendarError(
                field, "overlap", f"{first} and {second} overlap; write them as one interval."
            )
    return tuple(found)


def show_intervals(intervals: Intervals) -> list[list[str]]:
    """The written form of intervals: a list of ["HH:MM", "HH:MM"]."""
    return [[_show_time(begin), _show_time(end)] for begin, end in intervals]


def _parse_interval(field: str, row: object) -> tuple[int, int]:
    if not isinstance(row, list | tuple) or len(row) != 2:
        raise CalendarError(field, "bad_interval", f'{row!r} is not an interval; write ["09:00", "17:00"].')
    begin, end = (_parse_time(field, text) for text in row)
    if begin == _END_OF_DAY:
        raise CalendarError(
            field, "bad_time", "24:00 can only end an interval; the next date begins at 00:00."
        )
    if end == 0:
        raise CalendarError(
            field, "ends_at_midnight", f"{_show(begin, end)}: write midnight as 24:00 where a day ends."
        )
    if end == begin:
        raise CalendarError(
            field, "empty_interval", f"{_show(begin, end)} ends when it begins; it would never be open."
        )
    if end < begin:
        parts = f"{_show(begin, _END_OF_DAY)} on this date and {_show(0, end)} on the next"
        raise CalendarError(
            field, "over_midnight", f"{_show(begin, end)} runs over midnight; write two intervals: {parts}."
        )
    return begin, end


def _parse_time(field: str, text: object) -> int:
    if not isinstance(text, str) or not _CLOCK_TIME.fullmatch(text):
        raise CalendarError(
            field, "bad_time", f"{text!r} is not a time of day; write it as HH:MM, 00:00 to 24:00."
        )
    return int(text[:2]) * 60 + int(text[3:])


def _show(begin: int, end: int) -> str:
    return f"{_show_time(begin)}-{_show_time(end)}"


def _show_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


class LocalHours:
    """Counts open time on the local timeline in closed form, however far apart its two ends are.

    The week repeats for ever; days that differ from it (holidays, special days) are corrections to it,
    kept sorted with running totals, so that every question is two or three bisections.
    """

    __slots__ = ("_begins", "_counted", "_days", "_ends", "_opened", "_own", "_shift", "_week", "week_total")

    def __init__(self, week: tuple[Intervals, ...], own: Mapping[date, Intervals]) -> None:
        self._week = tuple(_microseconds(day) for day in week)
        rows = [
            (weekday * DAY + begin, weekday * DAY + end)
            for weekday, intervals in enumerate(self._week)
            for begin, end in intervals
        ]
        self._begins = [begin for begin, _ in rows]
        self._ends = [end for _, end in rows]
        # open time of the week before each of its intervals, and with the last one
        self._counted = list(accumulate((end - begin for begin, end in rows), initial=0))
        self.week_total = self._counted[-1]

        self._own = {day.toordinal() - 1: _microseconds(intervals) for day, intervals in own.items()}
        self._days = sorted(self._own)
        self._opened: list[int] = []  # opened() at the beginning of each day with hours of its own
        self._shift = [0]  # what those days add to the bare week, before the first and after each
        for day in self._days:
            self._opened.append(self._weekly(day * DAY) + self._shift[-1])
            here = sum(end - begin for begin, end in self._own[day])
            usual = sum(end - begin for begin, end in self._week[day % 7])
            self._shift.append(self._shift[-1] + here - usual)

    def on(self, day: int) -> Intervals:
        """The intervals of a day (days since 0001-01-01), in microseconds from its midnight."""
        own = self._own.get(day)
        return self._week[day % 7] if own is None else own

    def opened(self, local: int) -> int:
        """The running total of open time up to a local instant. Only differences of it have a meaning."""
        own = self._own.get(local // DAY)
        index = bisect_right(self._days, local // DAY)
        if own is None:
            return self._weekly(local) + self._shift[index]
        into = local % DAY
        total = self._opened[index - 1]
        for begin, end in own:
            if into <= begin:
                break
            total += min(into, end) - begin
        return total

    def reach(self, total: int) -> int:
        """The first local instant at which `opened` is `total`; the caller knows that there is one."""
        index = bisect_left(self._opened, total)
        if index:
            day = self._days[index - 1]
            missing = total - self._opened[index - 1]
            for begin, end in self._own[day]:
                if missing <= end - begin:
                    return day * DAY + begin + missing
                missing -= end - begin
        weeks, rest = divmod(total - self._shift[index] - 1, self.week_total)
        rest += 1  # 1 to week_total: the very end of a week belongs to its last interval
        which = bisect_left(self._counted, rest) - 1
        return weeks * WEEK + self._begins[which] + rest - self._counted[which]

    def is_open(self, local: int) -> bool:
        """Whether a local instant lies in an interval of its date."""
        into = local % DAY
        return any(begin <= into < end for begin, end in self.on(local // DAY))

    def _weekly(self, local: int) -> int:
        weeks, into = divmod(local, WEEK)
        index = bisect_right(self._begins, into)
        if not index:
            return weeks * self.week_total
        unused = max(0, self._ends[index - 1] - into)
        return weeks * self.week_total + self._counted[index] - unused


def _microseconds(intervals: Intervals) -> Intervals:
    """Minutes as microseconds of the day; intervals that touch become one."""
    merged: list[tuple[int, int]] = []
    for begin, end in intervals:
        if merged and merged[-1][1] == begin * 60 * SECOND:
            merged[-1] = (merged[-1][0], end * 60 * SECOND)
        else:
            merged.append((begin * 60 * SECOND, end * 60 * SECOND))
    return tuple(merged)
