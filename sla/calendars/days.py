"""Opening hours as one line of text, and the dates of a calendar that differ from its week as one list.

Pure: no Django. A calendar keeps two maps: `holidays` (date to name, closed) and `special` (date to hours, which beat a holiday).
A public holiday is in the first alone; a day of the team's own is in the second, and its name, if it has one, in the first.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sla.opening_hours import CalendarError, parse_intervals, show_intervals

Hours = list[list[str]]

_PARTS = re.compile(r"\s*[,;]\s*")
_INTERVAL = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")
CLOSED_WORDS = ("", "closed", "-", "–")
ALL_DAY_WORDS = ("all day", "24 hours", "24h")


def read_hours(text: str) -> Hours:
    """Hours from "09:00-12:00, 13:00-17:00", "9-17", "closed" (or nothing) and "24 hours". Raises CalendarError."""
    told = " ".join(text.lower().split())
    if told in CLOSED_WORDS:
        return []
    if told in ALL_DAY_WORDS:
        return [["00:00", "24:00"]]
    rows = []
    for part in _PARTS.split(told.strip(",; ")):
        found = _INTERVAL.fullmatch(part)
        if found is None:
            raise CalendarError("hours", "bad_interval", f"{part!r} is not an interval such as 09:00-17:00.")
        hour, minute, to_hour, to_minute = found.groups()
        rows.append([f"{int(hour):02}:{minute or '00'}", f"{int(to_hour):02}:{to_minute or '00'}"])
    return show_intervals(parse_intervals("hours", rows))


def write_hours(hours: Iterable[Iterable[str]]) -> str:
    """Hours in the form that read_hours reads; nothing where there are none."""
    return ", ".join("-".join(interval) for interval in sorted(list(interval) for interval in hours))


@dataclass(frozen=True, order=True)
class OwnDay:
    """A date that differs from the week. `is_holiday`: a public holiday, closed, without hours of its own."""

    day: date
    name: str = ""
    hours: tuple[tuple[str, str], ...] = ()
    is_holiday: bool = False


def days_of(holidays: Mapping[str, str] | Iterable[str], special: Mapping[str, Any]) -> list[OwnDay]:
    """The dates of both maps, in order."""
    names = dict(holidays) if isinstance(holidays, Mapping) else dict.fromkeys(holidays, "")
    found = [
        OwnDay(
            date.fromisoformat(day), names.get(day) or "", tuple((begin, end) for begin, end in sorted(hours))
        )
        for day, hours in special.items()
    ]
    found += [
        OwnDay(date.fromisoformat(day), name or "", is_holiday=True)
        for day, name in names.items()
        if day not in special
    ]
    return sorted(found)


def maps_of(days: Iterable[OwnDay]) -> tuple[dict[str, str], dict[str, Hours]]:
    """`holidays` and `special` of the dates: the reverse of days_of. A day with hours of its own beats a holiday."""
    holidays: dict[str, str] = {}
    special: dict[str, Hours] = {}
    # holidays first, so that the name of the team's own day stands where it has one
    for row in sorted(days, key=lambda one: (not one.is_holiday, one)):
        key = row.day.isoformat()
        if row.is_holiday and not row.hours:
            holidays[key] = row.name
            continue
        special[key] = [list(interval) for interval in row.hours]
        if row.name:
            holidays[key] = row.name
    return dict(sorted(holidays.items())), dict(sorted(special.items()))
