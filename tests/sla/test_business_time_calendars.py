"""Writing a calendar down: what is refused, what is kept, and that it can be shared."""

import json
import pickle
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest

from sla.business_time import BusinessCalendar, CalendarError, NeverOpen

MONDAY = datetime(2026, 6, 8, tzinfo=UTC)
NINE_TO_FIVE = [["09:00", "17:00"]]


@pytest.mark.parametrize(
    ("data", "field", "code"),
    [
        ({"tz": "Mars/Olympus"}, "tz", "unknown_zone"),
        ({"tz": "America"}, "tz", "unknown_zone"),
        ({"tz": "../etc/passwd"}, "tz", "unknown_zone"),
        ({"tz": ""}, "tz", "unknown_zone"),
        ({"tz": None}, "tz", "unknown_zone"),
        ({"week": {"monday": NINE_TO_FIVE}}, "week", "unknown_weekday"),
        ({"week": [NINE_TO_FIVE]}, "week", "not_a_mapping"),
        ({"week": {"mon": "09:00-17:00"}}, "week.mon", "not_a_list"),
        ({"week": {"mon": None}}, "week.mon", "not_a_list"),
        ({"week": {"mon": ["09:00", "17:00"]}}, "week.mon", "bad_interval"),
        ({"week": {"mon": [["9:00", "17:00"]]}}, "week.mon", "bad_time"),
        ({"week": {"mon": [["09:00", "24:01"]]}}, "week.mon", "bad_time"),
        ({"week": {"mon": [["24:00", "24:00"]]}}, "week.mon", "bad_time"),
        ({"week": {"mon": [["09:60", "17:00"]]}}, "week.mon", "bad_time"),
        ({"week": {"mon": [[9, 17]]}}, "week.mon", "bad_time"),
        ({"week": {"mon": [["09:00", "09:00"]]}}, "week.mon", "empty_interval"),
        ({"week": {"mon": [["09:00", "00:00"]]}}, "week.mon", "ends_at_midnight"),
        ({"week": {"mon": [["17:00", "09:00"]]}}, "week.mon", "over_midnight"),
        ({"week": {"mon": [["12:00", "17:00"], ["09:00", "12:01"]]}}, "week.mon", "overlap"),
        ({"holidays": "2026-01-01"}, "holidays", "not_a_list"),
        ({"holidays": ["2026-02-30"]}, "holidays", "bad_date"),
        ({"holidays": ["20260101"]}, "holidays", "bad_date"),
        ({"holidays": [datetime(2026, 1, 1, tzinfo=UTC)]}, "holidays", "bad_date"),
        ({"special": ["2026-01-01"]}, "special", "not_a_mapping"),
        ({"special": {"1.1.2026": []}}, "special", "bad_date"),
        ({"special": {"2026-01-01": [], date(2026, 1, 1): []}}, "special", "date_twice"),
        ({"special": {"2026-01-01": [["10:00", "09:00"]]}}, "special.2026-01-01", "over_midnight"),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused_with_the_field(data, field, code):
    with pytest.raises(CalendarError) as caught:
        BusinessCalendar.from_dict({"tz": "UTC", **data})
    assert (caught.value.field, caught.value.code) == (field, code)
    assert str(caught.value) == f"{field}: {caught.value.message}"
    assert isinstance(caught.value, ValueError)


def test_missing_keys_mean_none_of_it_and_foreign_keys_are_left_alone():
    assert BusinessCalendar.from_dict({}) == BusinessCalendar("UTC")
    assert BusinessCalendar.from_dict({"tz": "UTC", "id": "bt-001", "expect": 0}) == BusinessCalendar("UTC")


def test_intervals_may_come_in_any_order_and_touch():
    calendar = BusinessCalendar("UTC", {"mon": [("12:00", "16:00"), ("08:00", "12:00")]})
    assert calendar.to_dict()["week"] == {"mon": [["08:00", "12:00"], ["12:00", "16:00"]]}
    assert calendar.add(MONDAY, 8 * 3600) == MONDAY + timedelta(hours=16)
    assert len(calendar.day(MONDAY.date()).spans) == 1


def test_a_special_day_beats_a_holiday_of_the_same_date():
    calendar = BusinessCalendar(
        "UTC", {"mon": NINE_TO_FIVE}, ["2026-06-08"], {"2026-06-08": [["10:00", "11:00"]]}
    )
    assert calendar.between(MONDAY, MONDAY + timedelta(days=1)) == 3600


def test_holidays_are_dates_or_dates_with_names():
    dates = BusinessCalendar("UTC", {}, [date(2026, 12, 25), "2026-12-25"])
    assert dates.to_dict()["holidays"] == ["2026-12-25"]
    named = BusinessCalendar("UTC", {}, {date(2026, 12, 25): "Christmas Day", "2026-12-26": ""})
    assert named.to_dict()["holidays"] == {"2026-12-25": "Christmas Day", "2026-12-26": ""}


def test_equal_calendars_are_one_key_and_none_can_be_changed():
    one, two = (BusinessCalendar("UTC", {"mon": NINE_TO_FIVE}) for _ in range(2))
    assert {one: "kept"}[two] == "kept"
    assert one != BusinessCalendar("Etc/UTC", {"mon": NINE_TO_FIVE})
    assert one != "UTC"
    with pytest.raises(AttributeError, match="cannot be changed"):
        one.tz = "Europe/Berlin"
    with pytest.raises(AttributeError, match="cannot be changed"):
        del one.tz


def test_a_calendar_survives_json_pickle_and_its_own_repr():
    calendar = BusinessCalendar(
        "Asia/Kathmandu", {"mon": NINE_TO_FIVE}, {"2026-06-08": "Day"}, {"2026-06-09": []}
    )
    calendar.is_open(MONDAY)
    assert BusinessCalendar.from_dict(json.loads(json.dumps(calendar.to_dict()))) == calendar
    assert pickle.loads(pickle.dumps(calendar)) == calendar  # noqa: S301 - our own bytes
    assert repr(calendar).startswith("BusinessCalendar.from_dict({'tz': 'Asia/Kathmandu'")


@pytest.mark.parametrize("ask", ["add", "between", "is_open", "opens_at"])
def test_a_naive_time_is_refused_with_the_remedy(ask):
    naive = datetime(2026, 6, 8)
    arguments = {"add": (naive, 60), "between": (MONDAY, naive)}.get(ask, (naive,))
    with pytest.raises(ValueError, match="make it aware"):
        getattr(BusinessCalendar.round_the_clock(), ask)(*arguments)


@pytest.mark.parametrize("seconds", [-1, -0.000_001, float("nan"), float("inf")])
def test_seconds_that_are_no_length_of_time_are_refused(seconds):
    with pytest.raises(ValueError, match="give"):
        BusinessCalendar.round_the_clock().add(MONDAY, seconds)


def test_microseconds_are_neither_lost_nor_made_up():
    calendar = BusinessCalendar("UTC", {"mon": NINE_TO_FIVE})
    late = MONDAY + timedelta(hours=16, minutes=59, seconds=59, microseconds=999_999)
    assert calendar.between(late, late + timedelta(hours=1)) == 0.000_001
    assert calendar.add(late, 1) == MONDAY + timedelta(days=7, hours=9, microseconds=999_999)
    whole = calendar.between(MONDAY, late + timedelta(days=7))
    assert whole == 2 * 8 * 3600 - 0.000_001
    assert isinstance(calendar.between(MONDAY, MONDAY + timedelta(days=1)), int)


def test_answers_reach_from_the_first_to_the_last_representable_year():
    calendar = BusinessCalendar.round_the_clock("America/New_York")
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert calendar.add(first, 1) == first + timedelta(seconds=1)
    assert calendar.between(first, last) == pytest.approx((last - first).total_seconds(), abs=0.001)
    assert calendar.is_open(first)
    assert calendar.is_open(last)
    assert calendar.add(datetime(9000, 1, 1, tzinfo=UTC), 86_400) == datetime(9000, 1, 2, tzinfo=UTC)
    with pytest.raises(NeverOpen, match="9999"):
        calendar.add(last, 86_400 * 4)
    kiritimati = BusinessCalendar.round_the_clock("Pacific/Kiritimati")  # there it is the year 10000 already
    assert kiritimati.add(last - timedelta(hours=1), 60) == last - timedelta(minutes=59)
    with pytest.raises(NeverOpen, match="local date"):
        kiritimati.explain(last - timedelta(hours=1), 60)


def test_a_special_date_far_from_everything_is_found():
    calendar = BusinessCalendar(
        "Pacific/Kiritimati", special={"0001-01-01": NINE_TO_FIVE, "9999-12-31": NINE_TO_FIVE}
    )
    assert calendar.add(MONDAY, 8 * 3600) == datetime(9999, 12, 31, 3, tzinfo=UTC)
    assert calendar.between(MONDAY, datetime.max.replace(tzinfo=UTC)) == 8 * 3600
    new_year = BusinessCalendar("Pacific/Auckland", special={"2030-01-01": [["00:00", "01:00"]]})
    assert new_year.opens_at(MONDAY) == datetime(2029, 12, 31, 11, tzinfo=UTC)


def test_threads_that_share_a_calendar_get_the_same_answers():
    week = dict.fromkeys(("mon", "wed", "fri"), NINE_TO_FIVE)
    starts = [MONDAY + timedelta(hours=37 * number) for number in range(2000)]
    shared = BusinessCalendar("America/New_York", week)
    alone = [BusinessCalendar("America/New_York", week).add(start, 10**6) for start in starts[::100]]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda start: shared.add(start, 10**6), starts))
    assert together[::100] == alone


def test_what_a_calendar_keeps_in_memory_is_bounded():
    calendar = BusinessCalendar.round_the_clock("Europe/Berlin")
    for year in range(1, 9999, 3):
        calendar.is_open(datetime(year, 7, 1, tzinfo=UTC))
    assert len(calendar._years) <= 512
