"""Calendar feeds: which days an entry closes, and why another closes none."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from sla.calendars.ical import NotACalendar, Passed, read_feed
from tests.sla.calendars import BERLIN, FIRST, LAST, closed_by, feed


def test_case_10_clock_changes_in_a_feed_close_no_day() -> None:
    found = read_feed(
        feed(
            "UID:1\nSUMMARY:Daylight Saving Time starts\nDTSTART;VALUE=DATE:20260329",
            "UID:2\nSUMMARY:Ende der Sommerzeit\nDTSTART;VALUE=DATE:20261025",
            "UID:3\nSUMMARY:Easter Monday\nDTSTART;VALUE=DATE:20260406",
        ),
        zone=BERLIN,
        first=FIRST,
        last=LAST,
    )
    assert found.days == {date(2026, 4, 6): "Easter Monday"}
    assert [row.why for row in found.passed] == [Passed.CLOCK_CHANGE, Passed.CLOCK_CHANGE]


def test_the_end_of_an_entry_is_the_day_after_it() -> None:
    event = "UID:1\nSUMMARY:Works holiday\nDTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227"
    assert list(closed_by(event)) == ["2026-12-24", "2026-12-25", "2026-12-26"]
    assert list(closed_by("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nDURATION:P2D")) == [
        "2026-12-24",
        "2026-12-25",
    ]


def test_a_repeated_entry_closes_each_of_its_days_but_those_taken_out_or_moved() -> None:
    rule = (
        "UID:1\nSUMMARY:Founding day\nDTSTART;VALUE=DATE:20200914\nRRULE:FREQ=YEARLY;UNTIL=20281231T000000Z"
    )
    assert list(closed_by(rule)) == ["2026-09-14", "2027-09-14", "2028-09-14"]
    moved = (
        "UID:1\nSUMMARY:Founding day, moved\nDTSTART;VALUE=DATE:20270915\nRECURRENCE-ID;VALUE=DATE:20270914"
    )
    assert list(closed_by(f"{rule}\nEXDATE;VALUE=DATE:20260914", moved)) == ["2027-09-15", "2028-09-14"]


def test_an_entry_with_hours_closes_no_day_unless_they_are_a_whole_day_in_the_zone_of_the_team() -> None:
    lunch = "UID:1\nSUMMARY:Lunch\nDTSTART;TZID=Europe/Berlin:20260401T120000\nDTEND;TZID=Europe/Berlin:20260401T130000"
    whole = "UID:2\nSUMMARY:Off\nDTSTART:20260401T220000Z\nDTEND:20260402T220000Z"
    assert closed_by(lunch, whole) == {"2026-04-02": "Off"}
    assert closed_by(whole, zone=ZoneInfo("UTC")) == {}


@pytest.mark.parametrize(
    "event, why",
    [
        ("UID:1\nSUMMARY:x\nSTATUS:CANCELLED\nDTSTART;VALUE=DATE:20261224", Passed.CANCELLED),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20191224", Passed.OUT_OF_RANGE),
        ("UID:1\nSUMMARY:x", Passed.NO_DATE),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=SECONDLY", Passed.UNKNOWN_REPEAT),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20261224\nRRULE:FREQ=DAILY;BYHOUR=1,2", Passed.UNKNOWN_REPEAT),
        ("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:16000101\nRRULE:FREQ=DAILY", Passed.UNKNOWN_REPEAT),
    ],
)
def test_an_entry_that_closes_no_day_says_why(event: str, why: Passed) -> None:
    found = read_feed(feed(event), zone=BERLIN, first=FIRST, last=LAST)
    assert not found.days
    assert [row.why for row in found.passed] == [why]


@pytest.mark.parametrize("text", ["", "hello", "BEGIN:VCALENDAR", "BEGIN:VEVENT\nEND:VEVENT", "\0\0"])
def test_what_is_no_feed_is_refused(text: str) -> None:
    with pytest.raises(NotACalendar, match="unreadable"):
        read_feed(text, zone=BERLIN, first=FIRST, last=LAST)


def test_a_feed_that_closes_everything_is_refused() -> None:
    with pytest.raises(NotACalendar, match="too_many_days"):
        closed_by("UID:1\nSUMMARY:x\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY")
