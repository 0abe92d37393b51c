"""Acceptance cases 1 to 9, 11, 12, 14 and 22: faults of other systems in clock arithmetic, named and absent here."""

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from sla.business_time import BusinessCalendar, CalendarError, NeverOpen

NEW_YORK = ZoneInfo("America/New_York")
BERLIN = ZoneInfo("Europe/Berlin")
WORKDAYS = ("mon", "tue", "wed", "thu", "fri")
HOUR = 3600


def office(tz="Europe/Berlin", hours=(("10:00", "18:00"),), **more):
    return BusinessCalendar(tz, {day: list(hours) for day in WORKDAYS}, **more)


def test_case_01_a_lead_of_saturday_is_due_on_monday_after_one_hour_of_opening():
    due = office().add(datetime(2026, 6, 6, 15, 0, tzinfo=BERLIN), HOUR)
    assert due == datetime(2026, 6, 8, 11, 0, tzinfo=BERLIN)


def test_case_02_a_lead_of_saturday_answered_monday_took_only_the_minutes_of_monday():
    saturday = datetime(2026, 6, 6, 15, 0, tzinfo=BERLIN)
    assert office().between(saturday, datetime(2026, 6, 8, 10, 20, tzinfo=BERLIN)) == 20 * 60


def test_case_02_an_answer_while_closed_took_no_time_at_all():
    saturday = datetime(2026, 6, 6, 15, 0, tzinfo=BERLIN)
    assert office().between(saturday, datetime(2026, 6, 7, 9, 0, tzinfo=BERLIN)) == 0


def test_case_03_four_hours_over_the_spring_change_are_four_real_hours():
    calendar = BusinessCalendar.round_the_clock("America/New_York")
    due = calendar.add(datetime(2026, 3, 8, 1, 0, tzinfo=NEW_YORK), 4 * HOUR)
    assert due.astimezone(NEW_YORK) == datetime(2026, 3, 8, 6, 0, tzinfo=NEW_YORK)
    assert due.isoformat() == "2026-03-08T10:00:00+00:00"


def test_case_03_four_hours_over_the_autumn_change_are_four_real_hours():
    calendar = BusinessCalendar.round_the_clock("America/New_York")
    due = calendar.add(datetime(2026, 11, 1, 0, 0, tzinfo=NEW_YORK), 4 * HOUR)
    assert due.astimezone(NEW_YORK) == datetime(2026, 11, 1, 3, 0, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("opening", "closing", "open_utc", "close_utc"),
    [
        ("02:00", "05:00", "07:00", "09:00"),
        ("13:00", "17:00", "17:00", "21:00"),
        ("15:00", "16:00", "19:00", "20:00"),
    ],
)
def test_case_04_windows_of_the_switch_day_are_not_shifted(opening, closing, open_utc, close_utc):
    line = BusinessCalendar("America/New_York", {"sun": [(opening, closing)]}).day(
        datetime(2026, 3, 8).date()
    )
    assert [f"{moment:%H:%M}" for span in line.spans for moment in (span.start, span.end)] == [
        open_utc,
        close_utc,
    ]


def test_case_05_times_long_past_use_the_offset_of_their_date():
    moscow = office("Europe/Moscow", [("09:00", "17:00")])
    assert moscow.opens_at(datetime(2012, 1, 10, tzinfo=UTC)) == datetime(
        2012, 1, 10, 5, tzinfo=UTC
    )  # then +04
    assert moscow.opens_at(datetime(2020, 1, 10, tzinfo=UTC)) == datetime(
        2020, 1, 10, 6, tzinfo=UTC
    )  # now +03


def test_case_06_round_the_clock_loses_nothing_at_midnight():
    calendar = BusinessCalendar.round_the_clock("Europe/Berlin")
    start = datetime(2026, 1, 31, 23, 59, 59, 999_999, tzinfo=BERLIN)
    assert calendar.between(start, start + timedelta(days=365)) == 365 * 24 * HOUR
    assert calendar.add(start, 2) == start + timedelta(seconds=2)
    assert calendar.is_open(start)


def test_case_07_a_lead_within_the_lunch_break_begins_when_it_ends():
    calendar = office(hours=[("10:00", "12:00"), ("13:30", "18:00")])
    noon = datetime(2026, 6, 8, 12, 30, tzinfo=BERLIN)
    assert calendar.add(noon, 0) == calendar.opens_at(noon) == datetime(2026, 6, 8, 13, 30, tzinfo=BERLIN)
    assert calendar.add(noon, 900) == datetime(2026, 6, 8, 13, 45, tzinfo=BERLIN)


def test_case_08_a_shift_over_midnight_in_one_interval_is_refused_with_the_way_out():
    with pytest.raises(CalendarError, match="22:00-24:00 on this date and 00:00-06:00 on the next") as caught:
        BusinessCalendar("UTC", {"mon": [("22:00", "06:00")]})
    assert (caught.value.field, caught.value.code) == ("week.mon", "over_midnight")


def test_case_08_a_shift_over_midnight_in_two_intervals_is_one_stretch():
    calendar = BusinessCalendar("Europe/Berlin", {"mon": [("22:00", "24:00")], "tue": [("00:00", "06:00")]})
    assert calendar.add(datetime(2026, 6, 8, 20, 0, tzinfo=BERLIN), 8 * HOUR) == datetime(
        2026, 6, 9, 6, tzinfo=BERLIN
    )


@pytest.mark.parametrize(
    "calendar",
    [
        BusinessCalendar("UTC"),
        BusinessCalendar("UTC", {"mon": []}, special={"2030-01-01": []}),
        BusinessCalendar("UTC", special={"2020-01-06": [("09:00", "17:00")]}),
        BusinessCalendar("Europe/Berlin", special={"2027-03-28": [("02:00", "03:00")]}),
        BusinessCalendar("Pacific/Apia", special={"2011-12-30": [("00:00", "24:00")]}),
    ],
    ids=[
        "no hours",
        "only closed days",
        "only in the past",
        "only in the gap",
        "only on a date that never was",
    ],
)
@pytest.mark.parametrize("seconds", [0, 1, HOUR, 10**15])
def test_case_09_a_calendar_that_never_opens_says_so_at_once(calendar, seconds):
    start = datetime(2026, 6, 8, tzinfo=UTC)
    began = time.perf_counter()
    with pytest.raises(NeverOpen, match=r"no opening hours|too little time") as caught:
        calendar.add(start, seconds)
    assert time.perf_counter() - began < 0.05
    assert caught.value.code in {"no_hours", "too_little_left"}
    assert calendar.between(start, start + timedelta(days=4000)) == 0
    assert not calendar.is_open(start)


def test_case_09_hours_that_never_come_to_be_are_told_from_hours_that_do():
    assert not BusinessCalendar("UTC").has_any_hours()
    assert not BusinessCalendar("Europe/Berlin", special={"2027-03-28": [("02:00", "03:00")]}).has_any_hours()
    assert not BusinessCalendar("Pacific/Apia", special={"2011-12-30": [("00:00", "24:00")]}).has_any_hours()
    assert BusinessCalendar("Europe/Berlin", special={"2027-03-28": [("02:00", "03:01")]}).has_any_hours()
    assert BusinessCalendar("Europe/Berlin", {"sun": [("02:10", "02:50")]}).has_any_hours()


def test_case_09_holidays_on_every_open_day_of_a_range_only_postpone():
    closed = [(datetime(2026, 6, 1) + timedelta(days=number)).date() for number in range(400)]
    due = office(holidays=closed).add(datetime(2026, 6, 1, tzinfo=BERLIN), HOUR)
    assert due == datetime(2027, 7, 6, 11, 0, tzinfo=BERLIN)


def test_case_11_a_holiday_is_really_skipped():
    friday = datetime(2026, 4, 3, 9, 0, tzinfo=BERLIN)
    assert office().add(friday, HOUR) == datetime(2026, 4, 3, 11, 0, tzinfo=BERLIN)
    easter = office(holidays=["2026-04-03", "2026-04-06"])
    assert easter.add(friday, HOUR) == datetime(2026, 4, 7, 11, 0, tzinfo=BERLIN)


@pytest.mark.parametrize("slip", ["holiday", "specials", "timezone", "weeks"])
def test_case_11_a_slip_in_a_field_name_is_refused_and_not_ignored(slip):
    with pytest.raises(CalendarError, match="is meant") as caught:
        BusinessCalendar.from_dict({"tz": "UTC", "week": {}, slip: []})
    assert caught.value.field == slip


def test_case_12_targets_of_minutes_are_possible():
    closing = datetime(2026, 6, 5, 17, 50, tzinfo=BERLIN)
    assert office().add(closing, 5 * 60) == datetime(2026, 6, 5, 17, 55, tzinfo=BERLIN)
    assert office().add(closing, 15 * 60) == datetime(2026, 6, 8, 10, 5, tzinfo=BERLIN)


def test_case_14_elapsed_time_of_400_days_costs_milliseconds():
    calendar = office(holidays=[f"2026-{month:02}-01" for month in range(1, 13)])
    start = datetime(2025, 5, 1, tzinfo=UTC)
    began = time.perf_counter()
    calendar.between(start, start + timedelta(days=400))
    assert time.perf_counter() - began < 0.05


def test_case_22_a_pause_over_the_weekend_moves_the_deadline_by_its_one_business_hour():
    calendar = office()
    start = datetime(2026, 6, 5, 16, 0, tzinfo=BERLIN)
    pause, resume = datetime(2026, 6, 5, 17, 0, tzinfo=BERLIN), datetime(2026, 6, 8, 10, 0, tzinfo=BERLIN)
    target = 4 * HOUR
    remaining = target - calendar.between(start, pause)
    moved = calendar.add(resume, remaining)
    assert calendar.between(pause, resume) == HOUR
    assert calendar.between(calendar.add(start, target), moved) == HOUR
    assert moved == datetime(2026, 6, 8, 13, 0, tzinfo=BERLIN)
