"""When a time zone changes its offset from UTC, found through the public interface of `zoneinfo`.

Pure: no Django. Instants are whole microseconds since 0001-01-01T00:00Z, a Monday, so that day and
week arithmetic is plain integer division.
"""

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000_000
DAY = 86_400 * SECOND
WEEK = 7 * DAY
FIRST_YEAR = 1
LAST_YEAR = 9999

# How far apart two looks at the offset may be: no two changes of one zone lie within this of each other.
# The closest pair of the tz database is 6.96 days apart since 1970, and 3.99 days before (Freetown, 1939).
_PROBE = timedelta(days=6)
_PROBE_OF_OLD = timedelta(days=3)
_REGULAR_FROM = 1970
# zoneinfo cannot make local times outside the years 1 to 9999, so the two ends are not looked at.
_FIRST_PROBE = datetime(1, 1, 3)
_LAST_PROBE = datetime(9999, 12, 29)
_ORIGIN = datetime(1, 1, 1)
# The tables of the tz database end in 2087. From then on a zone keeps one yearly rule, which like the
# Gregorian calendar repeats after 400 years.
_CYCLE = 400
_LAST_OWN_YEAR = 2799


Piece = tuple[int, int, int]
"""From, to (half-open) and the offset from UTC that holds between; in microseconds."""


class Stretches(NamedTuple):
    """The stretches of constant offset that make up one UTC year; they tile it without a hole."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    offsets: tuple[int, ...]


def year_of(instant: int) -> int:
    """The UTC year of an instant; what lies before year 1 or after 9999 counts to the nearest year."""
    day = instant // DAY
    if day < 0:
        return FIRST_YEAR
    try:
        return date.fromordinal(day + 1).year
    except ValueError:
        return LAST_YEAR


def year_start(year: int) -> int:
    """The instant at which a UTC year begins; the first and last year are widened by two days.

    An aware datetime near either end of the calendar can lie outside the years 1 to 9999 in UTC.
    """
    if year <= FIRST_YEAR:
        return -2 * DAY
    if year > LAST_YEAR:
        return (date.max.toordinal() + 2) * DAY
    return (date(year, 1, 1).toordinal() - 1) * DAY


@lru_cache(maxsize=4096)
def stretches(tz: str, year: int) -> Stretches:
    """The offsets of `tz` in a UTC year; shared by all calendars of the zone."""
    if _LAST_OWN_YEAR < year < LAST_YEAR:
        same = _LAST_OWN_YEAR - (_LAST_OWN_YEAR - year) % _CYCLE
        later = year_start(year) - year_start(same)
        starts, ends, offsets = stretches(tz, same)
        return Stretches(tuple(at + later for at in starts), tuple(at + later for at in ends), offsets)
    changes = _changes(ZoneInfo(tz), year)
    starts = tuple(instant for instant, _ in changes)
    return Stretches(starts, (*starts[1:], year_start(year + 1)), tuple(offset for _, offset in changes))


def day_pieces(tz: str, day: int) -> list[Piece]:
    """The real time during which it is a local date (days since 0001-01-01): none if the zone skipped it."""
    begin, end = day * DAY, (day + 1) * DAY
    pieces: list[Piece] = []
    for year in range(year_of(begin - DAY), year_of(end + DAY) + 1):  # no offset is larger than a day
        for low, high, offset in zip(*stretches(tz, year), strict=True):
            piece = max(low, begin - offset), min(high, end - offset), offset
            if piece[0] < piece[1]:
                pieces.append(piece)
    return pieces


def _changes(zone: ZoneInfo, year: int) -> list[tuple[int, int]]:
    """(instant from which it holds, offset) for each offset of the year, in order."""
    # UTC, but labelled with the zone as `fromutc` wants it; arithmetic on it stays in UTC
    probe = max(datetime(year, 1, 1, tzinfo=zone), _FIRST_PROBE.replace(tzinfo=zone))
    stop = _LAST_PROBE.replace(tzinfo=zone) if year == LAST_YEAR else datetime(year + 1, 1, 1, tzinfo=zone)
    step = _PROBE if year >= _REGULAR_FROM else _PROBE_OF_OLD
    offset = zone.fromutc(probe).utcoffset()
    found = [(year_start(year), _microseconds(offset))]
    while probe < stop:
        after = probe + step if stop - probe > step else stop
        if zone.fromutc(after).utcoffset() != offset:
            after = _first_change(zone, probe, after)
            offset = zone.fromutc(after).utcoffset()
            if after < stop:
                found.append((_microseconds(after - _ORIGIN.replace(tzinfo=zone)), _microseconds(offset)))
        probe = after
    return found


def _first_change(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    """The second at which the offset that holds at `low` ends; at `high` another one holds."""
    before = zone.fromutc(low).utcoffset()
    hold, gone = 0, int((high - low).total_seconds())
    while gone - hold > 1:
        middle = (hold + gone) // 2
        if zone.fromutc(low + timedelta(seconds=middle)).utcoffset() == before:
            hold = middle
        else:
            gone = middle
    return low + timedelta(seconds=gone)


def _microseconds(delta: timedelta | None) -> int:
    if delta is None:
        raise TypeError("a ZoneInfo always has an offset")
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds
