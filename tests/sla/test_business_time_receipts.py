"""The receipt says for each date what was counted, or why nothing was."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from sla.business_time import BusinessCalendar, HoursFrom, Skipped

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = BusinessCalendar(
    "Europe/Berlin",
    {day: [("09:00", "12:00"), ("13:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")},
    {"2026-12-25": "Christmas Day", "2026-12-24": "Christmas Eve", "2027-01-01": "New Year's Day"},
    {"2026-12-24": [("09:00", "11:00")], "2026-12-28": []},
)


def summary(receipt):
    return [
        (line.day.isoformat(), line.seconds, line.skipped, line.hours_from, line.holiday)
        for line in receipt.lines
    ]


def test_the_days_over_christmas_are_told_one_by_one():
    receipt = OFFICE.explain(datetime(2026, 12, 23, 16, 10, tzinfo=BERLIN), 4 * 3600)
    assert summary(receipt) == [
        ("2026-12-23", 3000, None, HoursFrom.WEEK, ""),
        ("2026-12-24", 7200, None, HoursFrom.SPECIAL, "Christmas Eve"),
        ("2026-12-25", 0, Skipped.HOLIDAY, HoursFrom.HOLIDAY, "Christmas Day"),
        ("2026-12-26", 0, Skipped.CLOSED_WEEKDAY, HoursFrom.WEEK, ""),
        ("2026-12-27", 0, Skipped.CLOSED_WEEKDAY, HoursFrom.WEEK, ""),
        ("2026-12-28", 0, Skipped.SPECIAL_CLOSED, HoursFrom.SPECIAL, ""),
        ("2026-12-29", 4200, None, HoursFrom.WEEK, ""),
    ]
    assert receipt.due == datetime(2026, 12, 29, 10, 10, tzinfo=BERLIN)
    assert (receipt.total, receipt.tz) == (4 * 3600, "Europe/Berlin")
    assert len(receipt.skipped) == 4


def test_each_interval_of_a_day_is_a_span_of_its_own():
    line = OFFICE.day(date(2026, 6, 8))
    assert [(span.start, span.end, span.seconds) for span in line.spans] == [
        (datetime(2026, 6, 8, 7, tzinfo=UTC), datetime(2026, 6, 8, 10, tzinfo=UTC), 3 * 3600),
        (datetime(2026, 6, 8, 11, tzinfo=UTC), datetime(2026, 6, 8, 15, tzinfo=UTC), 4 * 3600),
    ]


def test_a_start_after_closing_says_so_and_no_time_to_wait_skips_no_open_day():
    evening = datetime(2026, 6, 5, 18, 0, tzinfo=BERLIN)
    receipt = OFFICE.explain(evening, 0)
    assert [(line.day.day, line.skipped) for line in receipt.lines] == [
        (5, Skipped.OUTSIDE_HOURS),
        (6, Skipped.CLOSED_WEEKDAY),
        (7, Skipped.CLOSED_WEEKDAY),
    ]
    assert receipt.due == datetime(2026, 6, 8, 9, 0, tzinfo=BERLIN)
    assert OFFICE.explain(receipt.due, 0).lines == ()


def test_an_end_before_the_start_counts_nothing():
    receipt = OFFICE.explain_between(datetime(2026, 6, 9, tzinfo=UTC), datetime(2026, 6, 8, tzinfo=UTC))
    assert (receipt.lines, receipt.total, receipt.due) == ((), 0, receipt.start)


def test_hours_lost_in_a_clock_change_are_told_apart_from_a_closed_day():
    calendar = BusinessCalendar("Europe/Berlin", {"sun": [("02:10", "02:50")]})
    receipt = calendar.explain(datetime(2026, 3, 28, 12, tzinfo=BERLIN), 60)
    assert [line.skipped for line in receipt.lines if line.day == date(2026, 3, 29)] == [Skipped.CLOCK_CHANGE]
    assert receipt.due == datetime(2026, 4, 5, 2, 11, tzinfo=BERLIN)


def test_an_interval_in_the_repeated_hour_becomes_two_spans():
    line = BusinessCalendar("Europe/Berlin", {"sun": [("02:10", "02:50")]}).day(date(2026, 10, 25))
    assert [(f"{span.start:%H:%M}", span.seconds) for span in line.spans] == [
        ("00:10", 2400),
        ("01:10", 2400),
    ]


def test_a_day_without_its_missing_hour_is_one_span_of_23_hours():
    line = BusinessCalendar.round_the_clock("Europe/Berlin").day(date(2026, 3, 29))
    assert [span.seconds for span in line.spans] == [23 * 3600]


def test_a_date_that_a_zone_left_out_has_a_line_of_its_own():
    calendar = BusinessCalendar.round_the_clock("Pacific/Apia")
    receipt = calendar.explain(datetime(2011, 12, 29, 12, tzinfo=calendar.zone), 86_400)
    assert [(line.day.day, line.seconds, line.skipped) for line in receipt.lines] == [
        (29, 12 * 3600, None),
        (30, 0, Skipped.NO_SUCH_DATE),
        (31, 12 * 3600, None),
    ]


def test_a_date_that_happened_twice_is_one_line_with_all_its_time():
    # clocks went back at 00:01, so that midnight came twice
    newfoundland = BusinessCalendar(
        "America/St_Johns", {"sat": [("23:30", "24:00")], "sun": [("00:00", "01:00")]}
    )
    assert [span.seconds for span in newfoundland.day(date(2006, 10, 28)).spans] == [1800, 1800]
    assert [span.seconds for span in newfoundland.day(date(2006, 10, 29)).spans] == [60, 3600]
    receipt = newfoundland.explain(datetime(2006, 10, 28, 12, tzinfo=newfoundland.zone), 2 * 1800 + 3660)
    assert [(line.day.day, line.seconds) for line in receipt.lines] == [(28, 3600), (29, 3660)]


def test_a_zone_that_moved_over_the_date_line_to_the_east_has_a_date_twice():
    alaska = BusinessCalendar("America/Juneau", special={"1867-10-19": [("12:00", "13:00")]})
    assert [span.seconds for span in alaska.day(date(1867, 10, 19)).spans] == [3600, 3600]


def test_a_date_that_is_left_again_when_clocks_go_back_over_midnight_is_not_lost():
    newfoundland = BusinessCalendar.round_the_clock("America/St_Johns")
    first_midnight = datetime(2006, 10, 29, 0, 0, 30, tzinfo=newfoundland.zone, fold=0)
    receipt = newfoundland.explain(first_midnight, 3600)
    assert [(line.day.day, line.seconds) for line in receipt.lines] == [(28, 3540), (29, 60)]
    assert newfoundland.explain(first_midnight, 60).total == 60
