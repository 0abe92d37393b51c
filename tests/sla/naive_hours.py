"""Business time minute by minute, with pauses: slow, right at a glance, and shares nothing with `sla`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.sla.naive_clock import looks_open

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Span = tuple[datetime, datetime]


def seconds_in(week: Mapping[str, Any], start: datetime, end: datetime, pauses: Iterable[Span]) -> float:
    """Seconds in which it was open and nothing paused."""
    if end <= start:
        return 0
    return sum((until - at).total_seconds() for at, until in _counted(week, start, end, list(pauses)))


def after(week: Mapping[str, Any], start: datetime, seconds: float, pauses: Iterable[Span]) -> datetime:
    """When so many seconds have counted."""
    left = timedelta(seconds=seconds)
    for at, until in _counted(week, start, start + 400 * DAY, list(pauses)):
        if until - at >= left:
            return at + left
        left -= until - at
    raise AssertionError("never open")


def close_of(week: Mapping[str, Any], start: datetime, days: int) -> datetime:
    """The last moment of the `days`-th open date after that of the start."""
    zone = ZoneInfo(week["tz"])
    first, name = datetime.combine(start.date(), time(), UTC), json.dumps(week, sort_keys=True)
    closes: dict[date, datetime] = {}
    for number in range(3 * days + 40):
        closes.update(_closes_on(name, first + number * DAY))
    later = sorted(day for day in closes if day > start.astimezone(zone).date())
    return closes[later[days - 1]]


def _counted(week: Mapping[str, Any], start: datetime, end: datetime, pauses: list[Span]) -> Iterator[Span]:
    for span in _open(week, start, end):
        pieces = [span]
        for begin, over in pauses:
            pieces = [piece for one in pieces for piece in _without(one, begin, over)]
        yield from pieces


def _without(span: Span, begin: datetime, over: datetime) -> Iterator[Span]:
    at, until = span
    if over <= at or begin >= until or over <= begin:
        yield span
        return
    if at < begin:
        yield at, begin
    if over < until:
        yield over, until


def _open(week: Mapping[str, Any], start: datetime, end: datetime) -> Iterator[Span]:
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    day, name = start.date(), json.dumps(week, sort_keys=True)
    while (midnight := datetime.combine(day, time(), UTC)) < end:
        for at, until in _open_on(name, midnight):
            if at < end and until > start:
                yield max(at, start), min(until, end)
        day += DAY


@lru_cache(maxsize=4096)
def _closes_on(name: str, midnight: datetime) -> dict[date, datetime]:
    """The last open minute of each local date that this day of UTC sees. A stretch may go over midnight."""
    zone = ZoneInfo(json.loads(name)["tz"])
    found = {}
    for at, until in _open_on(name, midnight):
        while at < until:
            found[at.astimezone(zone).date()] = at = at + MINUTE
    return found


@lru_cache(maxsize=4096)
def _open_on(name: str, midnight: datetime) -> tuple[Span, ...]:
    week = json.loads(name)
    found: list[Span] = []
    for number in range(1440):
        at = midnight + number * MINUTE
        if looks_open(week, at):
            if found and found[-1][1] == at:
                found[-1] = found[-1][0], at + MINUTE
            else:
                found.append((at, at + MINUTE))
    return tuple(found)
