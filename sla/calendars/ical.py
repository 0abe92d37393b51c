"""Which days an iCalendar feed (RFC 5545) closes, and which of its entries close none, with the reason.

Pure: no Django. Only entries for whole days count: a day closes, not an hour of it. A day is a date on the wall clock of the
team (`zone`), so an entry from midnight to midnight in another zone is a whole day only where it is one there.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

# More is no calendar of days off; each is far beyond what a real feed holds.
MAX_BYTES = 1_000_000
MAX_ENTRIES = 5_000
MAX_DAYS = 200
MAX_REPEATS = 50_000
DAY = timedelta(days=1)

_WHOLE_DAY_RULES = re.compile(r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)\b")
_TIMES_OF_DAY = re.compile(r"\bBY(HOUR|MINUTE|SECOND)=")
_UNTIL = re.compile(r"UNTIL=(\d{8})[^;]*")
# What feeds call the day on which clocks change; nobody is off because of it.
_CLOCK_CHANGE = re.compile(
    r"daylight[\s-]*sav|summer\s*time|winter\s*time|standard\s+time\s+(begins|starts|ends)|clocks?\s+(go|change|turn|forward|back)"
    r"|sommerzeit|winterzeit|zeitumstellung|sommertid|vintertid|heure\s+d['’](été|hiver)|zomertijd|wintertijd|horario\s+de\s+(verano|invierno)"
    r"|\b(bst|dst|cest)\s+(begins|starts|ends)",
    re.IGNORECASE,
)


class NotACalendar(ValueError):
    """The text is no iCalendar feed, or more of one than can be read. `code`: unreadable, too_long or too_many_days."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Passed(StrEnum):
    """Why an entry closes no day."""

    NOT_ALL_DAY = "not_all_day"
    CLOCK_CHANGE = "clock_change"
    CANCELLED = "cancelled"
    NO_DATE = "no_date"
    UNKNOWN_REPEAT = "unknown_repeat"
    OUT_OF_RANGE = "out_of_range"


@dataclass(frozen=True)
class PassedOver:
    """An entry that closes no day."""

    name: str
    day: date | None
    why: Passed


@dataclass
class Feed:
    """The days that the feed closes in the asked-for range, with names, and what was passed over."""

    days: dict[date, str] = field(default_factory=dict)
    passed: list[PassedOver] = field(default_factory=list)

    def close(self, day: date, name: str) -> None:
        """Add a day; two entries on one day are both named."""
        names = self.days[day].split(" / ") if day in self.days else []
        if name not in names:
            self.days[day] = " / ".join([*names, name])


def read_feed(text: str, *, zone: ZoneInfo, first: date, last: date) -> Feed:
    """The days from `first` to `last` (both included) that the feed closes. Raises NotACalendar."""
    events = _events(text)
    moved = {
        (_text(event, "UID"), _start_day(event, zone, "RECURRENCE-ID"))
        for event in events
        if event.get("RECURRENCE-ID") is not None
    }
    feed = Feed()
    for event in events:
        _read(event, feed, zone, first, last, moved)
    if len(feed.days) > MAX_DAYS:
        raise NotACalendar("too_many_days")
    feed.days = dict(sorted(feed.days.items()))
    return feed


def _events(text: str) -> list[Any]:
    if len(text) > MAX_BYTES:
        raise NotACalendar("too_long")
    # Few processes ever read a feed, and each would hold the library in memory.
    import icalendar

    try:
        calendars = icalendar.Calendar.from_ical(text.strip(), multiple=True)
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise NotACalendar("unreadable") from error
    if not calendars or any(calendar.name != "VCALENDAR" for calendar in calendars):
        raise NotACalendar("unreadable")
    if len(events) > MAX_ENTRIES:
        raise NotACalendar("too_long")
    return events


def _read(
    event: Any, feed: Feed, zone: ZoneInfo, first: date, last: date, moved: set[tuple[str, date | None]]
) -> None:
    name = _text(event, "SUMMARY")[:100]
    begins = _start_day(event, zone, "DTSTART")
    why = _why_not(event, name, begins, zone)
    if why is not None or begins is None:
        feed.passed.append(PassedOver(name, begins, why or Passed.NO_DATE))
        return
    length = min(_length(event, begins, zone), (last - first).days + 1)
    try:
        starts = list(_starts(event, begins, zone, first - length * DAY, last))
    except (ValueError, TypeError, OverflowError):
        feed.passed.append(PassedOver(name, begins, Passed.UNKNOWN_REPEAT))
        return
    uid, is_moved = _text(event, "UID"), event.get("RECURRENCE-ID") is not None
    days = [
        start + number * DAY
        for start in starts
        if is_moved or (uid, start) not in moved
        for number in range(length)
        if first <= start + number * DAY <= last
    ]
    if not days:
        feed.passed.append(PassedOver(name, begins, Passed.OUT_OF_RANGE))
    for day in days:
        feed.close(day, name)


def _why_not(event: Any, name: str, begins: date | None, zone: ZoneInfo) -> Passed | None:
    if begins is None:
        return Passed.NO_DATE
    if _text(event, "STATUS").upper() == "CANCELLED":
        return Passed.CANCELLED
    if _CLOCK_CHANGE.search(name):
        return Passed.CLOCK_CHANGE
    return None if _is_all_day(event, zone) else Passed.NOT_ALL_DAY


def _moment(event: Any, name: str) -> date | datetime | None:
    """What the property says, as it is written: a date, or a moment with or without a zone."""
    try:
        value = event.decoded(name)
    except (KeyError, ValueError, TypeError):
        return None
    return value if isinstance(value, date) else None


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    # a moment without a zone is on everybody's own clock
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _start_day(event: Any, zone: ZoneInfo, name: str) -> date | None:
    moment = _moment(event, name)
    return _local(moment, zone).date() if isinstance(moment, datetime) else moment


def _end(event: Any) -> date | datetime | None:
    start, end = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if end is None and start is not None:
        try:
            duration = event.decoded("DURATION")
        except (KeyError, ValueError, TypeError):
            return None
        return start + duration if isinstance(duration, timedelta) else None
    return end


def _is_all_day(event: Any, zone: ZoneInfo) -> bool:
    start, end = _moment(event, "DTSTART"), _end(event)
    if not isinstance(start, datetime):
        return True
    if not isinstance(end, datetime):
        return False
    begin, close = _local(start, zone), _local(end, zone)
    return begin.time() == close.time() == time() and begin.date() < close.date()


def _length(event: Any, begins: date, zone: ZoneInfo) -> int:
    """How many days one occurrence lasts; the end of the feed is the day after."""
    end = _end(event)
    last = _local(end, zone).date() if isinstance(end, datetime) else end
    return max(1, (last - begins).days) if last is not None else 1


def _starts(event: Any, begins: date, zone: ZoneInfo, first: date, last: date) -> Iterator[date]:
    """The first days of the occurrences up to `last`. Raises ValueError for a rule that is not about days."""
    left_out = set(_dates(event, "EXDATE", zone))
    found = {begins, *_dates(event, "RDATE", zone)} | set(_repeats(event, begins, first, last))
    return (day for day in sorted(found) if day not in left_out and first <= day <= last)


def _repeats(event: Any, begins: date, first: date, last: date) -> Iterator[date]:
    rules = event.get("RRULE")
    if rules is None:
        return
    for rule in rules if isinstance(rules, list) else [rules]:
        text = rule.to_ical().decode()
        if not _WHOLE_DAY_RULES.search(text) or _TIMES_OF_DAY.search(text):
            raise ValueError(text)
        # dates are compared without a zone, whatever the end of the rule is written in
        occurrences = rrulestr(_UNTIL.sub(r"UNTIL=\1", text), dtstart=datetime.combine(begins, time()))
        for count, occurrence in enumerate(islice(occurrences, MAX_REPEATS + 1)):
            if occurrence.date() > last:
                break
            if count == MAX_REPEATS:
                raise ValueError(text)
            if occurrence.date() >= first:
                yield occurrence.date()


def _dates(event: Any, name: str, zone: ZoneInfo) -> Iterator[date]:
    rows = event.get(name)
    for row in rows if isinstance(rows, list) else [rows] if rows is not None else []:
        for entry in getattr(row, "dts", []):
            moment = entry.dt[0] if isinstance(entry.dt, tuple) else entry.dt
            yield _local(moment, zone).date() if isinstance(moment, datetime) else moment


def _text(event: Any, name: str) -> str:
    return " ".join(str(event.get(name, "") or "").split())


def window(now: datetime, zone: ZoneInfo) -> tuple[date, date]:
    """The days that an import looks at: from the first of this year to the end of the year after the next."""
    year = now.astimezone(zone).year
    return date(year, 1, 1), date(year + 2, 12, 31)
