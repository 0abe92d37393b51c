"""What calendars of tests are made of: the week of an office, and feeds with a time zone as real ones have it."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from sla.calendars.ical import read_feed

WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
FIRST, LAST = date(2026, 1, 1), date(2028, 12, 31)
BERLIN = ZoneInfo("Europe/Berlin")


def feed(*events: str) -> str:
    """An iCalendar feed with a zone whose clocks change, as real ones have it."""
    zone = """BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE"""
    body = [f"BEGIN:VEVENT\n{event}\nEND:VEVENT" for event in events]
    return "\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", zone, *body, "END:VCALENDAR"])


def closed_by(*events: str, zone: ZoneInfo = BERLIN) -> dict[str, str]:
    """The days that a feed closes."""
    found = read_feed(feed(*events), zone=zone, first=FIRST, last=LAST)
    return {day.isoformat(): name for day, name in found.days.items()}
