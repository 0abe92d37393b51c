"""The drawing of the next weeks, and whether an office is open now."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sla.business_time import BusinessCalendar
from sla.calendars.preview import next_weeks
from sla.receipts import HoursFrom
from sla.selectors.calendars import opening
from tests.sla.calendars import WEEK
from tests.sla.desk import HOUR


def test_the_next_weeks_show_each_day_on_the_clock_of_the_team() -> None:
    calendar = BusinessCalendar(
        "America/New_York",
        WEEK,
        {"2026-12-25": "Christmas Day", "2026-12-24": "Christmas Eve"},
        {"2026-12-24": [["09:00", "12:00"]], "2026-12-26": [["10:00", "24:00"]]},
    )
    # still the 20th, a Sunday, in New York
    weeks = next_weeks(calendar, datetime(2026, 12, 21, 3, 0, tzinfo=UTC))
    assert [week.monday for week in weeks][:2] == [date(2026, 12, 14), date(2026, 12, 21)]
    assert len(weeks) == 8
    by_day = {day.day: day for week in weeks for day in week.days}
    assert by_day[date(2026, 12, 20)].is_today
    assert by_day[date(2026, 12, 23)].spans == ((540, 1020),)
    half = by_day[date(2026, 12, 24)]
    assert (half.spans, half.name, half.hours_from) == (((540, 720),), "Christmas Eve", HoursFrom.SPECIAL)
    assert (by_day[date(2026, 12, 25)].spans, by_day[date(2026, 12, 25)].name) == ((), "Christmas Day")
    assert by_day[date(2026, 12, 26)].spans == ((600, 1440),)
    assert weeks[1].seconds == (3 * 8 + 3 + 14) * 3600


def test_open_now_closes_and_opens_again() -> None:
    office = BusinessCalendar("UTC", WEEK)
    friday = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
    now = opening(office, friday)
    assert (now.is_open, now.closes_at, now.opens_at) == (
        True,
        friday + HOUR,
        datetime(2026, 3, 9, 9, 0, tzinfo=UTC),
    )
    assert opening(office, friday + 2 * HOUR).is_open is False
    always = opening(BusinessCalendar.round_the_clock(), friday)
    assert (always.is_open, always.closes_at, always.opens_at) == (True, None, None)
    over = opening(BusinessCalendar("UTC", {}, None, {"2026-01-05": [["09:00", "10:00"]]}), friday)
    assert (over.is_open, over.opens_at) == (False, None)
