"""Hours as people write them, own days and public holidays: what a calendar is made of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from sla.business_time import BusinessCalendar
from sla.calendars.days import OwnDay, days_of, maps_of, read_hours, write_hours
from sla.calendars.public_holidays import UnknownPlace, countries, public_holidays, subdivisions
from sla.forms_calendars import HOURS_WRONG
from sla.opening_hours import CalendarError
from tests.sla.desk import HOUR


@pytest.mark.parametrize(
    "text, hours",
    [
        ("09:00-12:00, 13:00-17:00", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("13:00–17:00; 9-12", [["09:00", "12:00"], ["13:00", "17:00"]]),
        ("22.00-24.00", [["22:00", "24:00"]]),
        ("24 hours", [["00:00", "24:00"]]),
        (" closed ", []),
        ("", []),
    ],
)
def test_hours_are_read_as_people_write_them(text: str, hours: list[list[str]]) -> None:
    assert read_hours(text) == hours
    assert read_hours(write_hours(hours)) == hours


@pytest.mark.parametrize(
    "text, code",
    [
        ("22:00-06:00", "over_midnight"),
        ("09:00-12:00, 11:00-13:00", "overlap"),
        ("09:00-09:00", "empty_interval"),
        ("22:00-00:00", "ends_at_midnight"),
        ("25:00-26:00", "bad_time"),
        ("nine to five", "bad_interval"),
        ("9:00", "bad_interval"),
    ],
)
def test_hours_that_cannot_be_read_are_refused_with_words_for_each_reason(text: str, code: str) -> None:
    with pytest.raises(CalendarError) as caught:
        read_hours(text)
    assert caught.value.code == code
    assert code in HOURS_WRONG


def test_case_8_an_overnight_window_is_refused_in_one_piece_and_works_as_two() -> None:
    with pytest.raises(CalendarError, match="over midnight"):
        read_hours("22:00-06:00")
    night = BusinessCalendar("UTC", {"mon": read_hours("22:00-24:00"), "tue": read_hours("00:00-06:00")})
    start = datetime(2026, 3, 2, 22, 0, tzinfo=UTC)
    assert night.add(start, 5 * 3600) == start + 5 * HOUR
    assert night.between(start, start + timedelta(days=1)) == 8 * 3600


def test_the_two_maps_of_a_calendar_and_its_days_are_the_same_thing() -> None:
    days = [
        OwnDay(date(2026, 12, 24), "Christmas Eve", (("09:00", "12:00"),)),
        OwnDay(date(2026, 12, 25), "Christmas Day", is_holiday=True),
        OwnDay(date(2026, 12, 28), "Stocktaking"),
        OwnDay(date(2026, 12, 29)),
    ]
    assert days_of(*maps_of(days)) == days


def test_public_holidays_are_those_of_the_country_and_the_subdivision() -> None:
    country, bavaria = public_holidays("DE", "", [2026]), public_holidays("DE", "BY", [2026])
    assert country[date(2026, 10, 3)] == "German Unity Day"
    assert date(2026, 1, 6) not in country
    assert bavaria[date(2026, 1, 6)] == "Epiphany"
    assert set(country) < set(bavaria)
    assert {day.year for day in public_holidays("DK", "", [2026, 2027])} == {2026, 2027}


def test_countries_and_subdivisions_can_be_chosen_by_name() -> None:
    assert ("Denmark", "DK") in {(place.name, place.code) for place in countries()}
    assert ("Bayern", "BY") in {(place.name, place.code) for place in subdivisions("DE")}
    assert ("Trinidad and Tobago", "TT") in {(place.name, place.code) for place in countries()}
    for country, subdivision in (("XX", ""), ("DE", "XX")):
        with pytest.raises(UnknownPlace):
            public_holidays(country, subdivision, [2026])
