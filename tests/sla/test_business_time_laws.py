"""Laws of business time, tried on random calendars around the odd clock changes of real zones."""

import time
from bisect import bisect_left
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from sla.business_time import BusinessCalendar, NeverOpen, Receipt, Skipped
from sla.zone_changes import SECOND, day_pieces, stretches
from tests.sla.naive_clock import NAMES, looks_open, walk

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)

# Zones with the moments around which something unusual happens.
MOMENTS = [
    ("America/New_York", "2026-03-08"),  # gap at 02:00
    ("America/New_York", "2026-11-01"),  # fold at 02:00
    ("America/New_York", "2090-03-12"),  # beyond the tables, by rule
    ("America/St_Johns", "2006-10-29"),  # fold at 00:01: a date is entered, left, entered again
    ("America/Sao_Paulo", "2018-11-04"),  # gap at midnight
    ("America/Sao_Paulo", "2018-02-18"),  # fold at midnight
    ("America/Asuncion", "2023-10-01"),  # gap at midnight
    ("America/Caracas", "2016-05-01"),  # 30 minutes for good
    ("Africa/Cairo", "2023-04-28"),  # gap at midnight
    ("Africa/Cairo", "2024-11-01"),  # fold at midnight
    ("Africa/Casablanca", "2024-03-10"),  # Ramadan: back, and forward a month later
    ("Africa/Casablanca", "2024-04-14"),
    ("Africa/Freetown", "1939-09-03"),  # the closest pair of changes there is
    ("Africa/Monrovia", "1972-01-07"),  # an offset of 44 min 30 s goes
    ("Antarctica/Troll", "2024-03-31"),  # two hours
    ("Asia/Kathmandu", "1986-01-01"),  # 15 minutes for good
    ("Asia/Pyongyang", "2015-08-15"),
    ("Asia/Pyongyang", "2018-05-05"),  # the last half hour of Friday never was
    ("Asia/Gaza", "2024-04-20"),
    ("Asia/Manila", "1844-12-31"),  # skipped date in local mean time
    ("Australia/Lord_Howe", "2024-04-07"),  # 30-minute fold
    ("Australia/Lord_Howe", "2024-10-06"),  # 30-minute gap
    ("Australia/Eucla", "2024-06-01"),
    ("Europe/Amsterdam", "1937-07-01"),
    ("Europe/Dublin", "2024-10-27"),
    ("Pacific/Apia", "2011-12-30"),  # skipped date
    ("Pacific/Kwajalein", "1993-08-21"),  # skipped date
    ("Pacific/Chatham", "2024-04-07"),  # 02:45
    ("Pacific/Chatham", "2024-09-29"),
    ("America/Juneau", "1867-10-19"),  # a date that happened twice
    ("Etc/UTC", "2024-02-29"),
]


@st.composite
def intervals(draw, most=3):
    edges = draw(st.lists(st.integers(0, 96), max_size=2 * most, unique=True).map(sorted))
    fine = draw(st.sampled_from([0, 0, 0, 1, 7]))  # mostly quarters of an hour, where clocks change
    minutes = [min(1440, 15 * edge + (fine if edge < 96 else 0)) for edge in edges]
    texts = [f"{minute // 60:02}:{minute % 60:02}" for minute in minutes]
    return [list(pair) for pair in zip(texts[::2], texts[1::2], strict=False)]


@st.composite
def calendars(draw, reach=4):
    """(calendar data, a moment around which something happens in its zone)."""
    tz, day = draw(st.sampled_from(MOMENTS))
    moment = date.fromisoformat(day)
    near = st.integers(-reach, reach).map(lambda shift: (moment + timedelta(days=shift)).isoformat())
    everyday = draw(intervals())
    week = {
        name: draw(st.one_of(st.just(everyday), intervals()))
        for name in draw(st.sets(st.sampled_from(NAMES)))
    }
    holidays = sorted(draw(st.sets(near, max_size=2)))
    special = draw(st.dictionaries(near, intervals(), max_size=2))
    data = {"tz": tz, "week": week, "holidays": holidays, "special": special}
    return data, datetime(moment.year, moment.month, moment.day, tzinfo=UTC)


@st.composite
def situations(draw, hours=60):
    data, moment = draw(calendars())
    start = moment + timedelta(minutes=draw(st.integers(-hours * 60, hours * 60)))
    return data, start


@quick
@given(situations(), st.booleans())
def test_counting_agrees_with_a_walk_minute_by_minute(situation, by_seconds):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    # Before 1972 offsets have seconds; there, and now and then, the walk goes by the second.
    odd = ZoneInfo(data["tz"]).utcoffset(start) != ZoneInfo(data["tz"]).utcoffset(start + timedelta(days=4))
    fine = start.year < 1973 or (by_seconds and odd)
    step = timedelta(seconds=30 if fine else 60)
    if start.year < 1950:
        step = timedelta(seconds=1)
    size = int(step.total_seconds())
    steps = 6 * 3600 if size == 1 else 4 * 86_400 // size
    if size == 1 and start.year < 1950:
        start += timedelta(hours=54)  # close to the moment: local mean time is hours from UTC
    shown = walk(data, start, steps, step)
    counted = list(accumulate((size * is_open for is_open in shown), initial=0))
    end = start + steps * step
    assert calendar.between(start, end) == counted[-1]
    for number in range(0, steps, max(1, steps // 97)):
        at = start + number * step
        assert calendar.is_open(at) is shown[number]
        assert calendar.between(start, at) == counted[number]
    for wanted in {1, counted[-1] // 3, counted[-1] // 2, counted[-1]} & set(range(1, counted[-1] + 1)):
        number = bisect_left(counted, wanted)
        due = start + number * step - timedelta(seconds=counted[number] - wanted)
        assert calendar.add(start, wanted) == due
    if any(shown):
        assert calendar.opens_at(start) == calendar.add(start, 0) == start + shown.index(True) * step


@quick
@given(situations(), st.integers(0, 40 * 3600), st.integers(0, 999_999))
def test_between_start_and_a_deadline_lies_what_was_added(situation, seconds, microseconds):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    wanted = seconds + microseconds / 1_000_000 if microseconds % 3 == 0 else seconds
    start += timedelta(microseconds=microseconds)
    try:
        due = calendar.add(start, wanted)
    except NeverOpen:
        assert not any(data["week"].values())
        return
    assert calendar.between(start, due) == wanted
    assert due >= start
    if wanted:
        assert calendar.between(start, due - timedelta(microseconds=1)) < wanted
    else:
        assert calendar.is_open(due)


@quick
@given(situations(), st.lists(st.integers(0, 30 * 86_400 * SECOND), min_size=2, max_size=5))
def test_time_is_additive_over_any_cut(situation, cuts):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    instants = [start + timedelta(microseconds=cut) for cut in sorted(cuts)]
    parts = [calendar.between(*pair) for pair in pairwise(instants)]
    whole = calendar.between(instants[0], instants[-1])
    assert round(sum(parts) * SECOND) == round(whole * SECOND)
    assert calendar.between(instants[-1], instants[0]) == 0


@quick
@given(situations(), st.integers(0, 10**5), st.integers(0, 10**5), st.integers(0, 10**6))
def test_adding_is_monotone_and_can_be_done_in_two_steps(situation, first, second, later):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    assume(any(data["week"].values()))
    due = calendar.add(start, first)
    both = calendar.add(start, first + second)
    assert due <= both
    assert calendar.add(start + timedelta(seconds=later), first) >= due
    # a pause: what remains is added from where it ended
    if second:
        assert calendar.add(due, second) == both


@quick
@given(situations(), st.integers(0, 60 * 3600))
def test_a_receipt_adds_up_to_the_second_and_to_the_due_time(situation, seconds):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    try:
        receipt = calendar.explain(start, seconds)
    except NeverOpen:
        return
    assert receipt.total == sum(line.seconds for line in receipt.lines) == seconds
    assert receipt.due == calendar.add(start, seconds)
    check_receipt(calendar, receipt)


@quick
@given(situations(), st.integers(0, 20 * 86_400 * SECOND))
def test_a_receipt_of_elapsed_time_adds_up_too(situation, microseconds):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    end = start + timedelta(microseconds=microseconds)
    receipt = calendar.explain_between(start, end)
    assert receipt.total == calendar.between(start, end)
    check_receipt(calendar, receipt)
    last = end.astimezone(calendar.zone).date()
    if microseconds:
        days = [line.day for line in receipt.lines]
        first = start.astimezone(calendar.zone).date()
        expected = {first + timedelta(days=number) for number in range((last - first).days)}
        assert expected <= set(days)  # no date is passed over in silence


def check_receipt(calendar: BusinessCalendar, receipt: Receipt) -> None:
    days = [line.day for line in receipt.lines]
    assert days == sorted(set(days))
    for line in receipt.lines:
        assert bool(line.spans) is (line.skipped is None)
        for span in line.spans:
            assert receipt.start <= span.start < span.end <= receipt.due
            assert span.start.astimezone(calendar.zone).date() == line.day
            assert calendar.between(span.start, span.end) == span.seconds
        if line.skipped in {Skipped.CLOCK_CHANGE, Skipped.NO_SUCH_DATE}:
            assert calendar.day(line.day).spans == ()


@quick
@given(calendars())
def test_the_json_form_makes_the_same_calendar_again(situation):
    data, _ = situation
    calendar = BusinessCalendar.from_dict(data)
    again = BusinessCalendar.from_dict(calendar.to_dict())
    assert again == calendar
    assert hash(again) == hash(calendar)
    assert again.to_dict() == calendar.to_dict()


@quick
@given(calendars(), st.integers(0, 10**12), st.booleans())
def test_every_question_is_answered_promptly(situation, seconds, weekly):
    data, moment = situation
    if not weekly:
        data = {**data, "week": {}}
    calendar = BusinessCalendar.from_dict(data)
    began = time.perf_counter()
    with suppress(NeverOpen):
        assert calendar.between(moment, calendar.add(moment, seconds)) == seconds
    # thousands of years of an hour a week take longest; an endless loop would be seconds
    assert time.perf_counter() - began < (2.0 if weekly else 0.25)


@pytest.mark.parametrize("tz", sorted({tz for tz, _ in MOMENTS}))
def test_offsets_are_those_of_the_zone_at_every_hour(tz):
    zone = ZoneInfo(tz)
    for year in (1844, 1867, 1919, 1939, 1943, 1987, 2011, 2024, 2060, 2087, 2801, 3200):
        known = stretches(tz, year)
        assert known.ends[:-1] == known.starts[1:]
        for low, high, offset in zip(*known, strict=True):
            for instant in {*range(low, high, 5 * 3600 * SECOND), high - SECOND}:
                at = datetime.min + timedelta(microseconds=instant)
                shown = at.replace(tzinfo=UTC).astimezone(zone).utcoffset()
                assert shown == timedelta(microseconds=offset), at


@quick
@given(calendars())
def test_a_local_date_is_where_the_wall_clock_shows_it(situation):
    data, moment = situation
    day = moment.toordinal() - 1
    zone = ZoneInfo(data["tz"])
    for low, high, _ in day_pieces(data["tz"], day):
        for instant in (low, high - SECOND):
            at = datetime.min.replace(tzinfo=UTC) + timedelta(microseconds=instant)
            assert at.astimezone(zone).date() == moment.date()


@quick
@given(situations(), st.integers(-SECOND, SECOND))
def test_the_edges_of_an_opening_are_sharp_to_the_microsecond(situation, shift):
    data, start = situation
    calendar = BusinessCalendar.from_dict(data)
    assume(any(data["week"].values()))
    opening = calendar.opens_at(start)
    assert looks_open(data, opening)
    if opening > start:
        assert not looks_open(data, opening - timedelta(microseconds=1))
    at = opening + timedelta(microseconds=shift)
    assert calendar.is_open(at) is looks_open(data, at)
