"""Promises in business days: due at the close of the D-th open date after the start's own."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from sla.business_time import BusinessCalendar, NeverOpen
from sla.clock import Stretch, add, between, seconds_of_days, times
from sla.models import (
    MARKETING_KINDS,
    SALES_KINDS,
    AgreementVersion,
    CalendarVersion,
    Hours,
    Promise,
    PromiseKind,
    Side,
)
from sla.reports.wording import target_words
from sla.services.terms import promise_times
from tests.sla.naive_clock import walk

NEW_YORK = ZoneInfo("America/New_York")
WEEK = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
OFFICE = BusinessCalendar(
    "America/New_York",
    WEEK,
    holidays={"2026-07-03": "Independence Day", "2026-12-25": "Christmas"},
    special={"2026-12-24": [["09:00", "12:00"]], "2026-03-08": [["10:00", "14:00"]]},
)


def local(text: str) -> datetime:
    """A time on the wall in New York."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def due(start: datetime, days: int, *pauses: Stretch, calendar: BusinessCalendar = OFFICE) -> datetime:
    """When that many business days from a start are over."""
    return add(calendar, start, seconds_of_days(calendar, start, days), pauses)


@pytest.mark.parametrize(
    ("start", "days", "expected"),
    [
        pytest.param("2026-06-29T10:00", 1, "2026-06-30T17:00", id="the day of the start does not count"),
        pytest.param("2026-06-29T03:00", 1, "2026-06-30T17:00", id="nor does it where it began before opening"),
        pytest.param("2026-06-29T22:00", 1, "2026-06-30T17:00", id="nor where it began after closing"),
        pytest.param("2026-07-02T10:00", 1, "2026-07-06T17:00", id="a holiday and a weekend are no days"),
        pytest.param("2026-07-03T10:00", 1, "2026-07-06T17:00", id="a start on a holiday"),
        pytest.param("2026-07-04T10:00", 2, "2026-07-07T17:00", id="a start on a closed day"),
        pytest.param("2026-12-23T10:00", 1, "2026-12-24T12:00", id="a half day is a day, and ends at its close"),
        pytest.param("2026-12-24T11:59:59", 1, "2026-12-28T17:00", id="a start just before the close of a half day"),
        pytest.param("2026-03-06T16:00", 1, "2026-03-08T14:00", id="an extra opening on the day clocks go forward"),
        pytest.param("2026-10-30T16:00", 1, "2026-11-02T17:00", id="over the day clocks go back"),
        pytest.param("2026-06-29T10:00", 10, "2026-07-14T17:00", id="ten days with a holiday"),
    ],
)  # fmt: skip
def test_days_end_at_the_close_of_the_nth_open_date(start: str, days: int, expected: str) -> None:
    assert due(local(start), days) == local(expected)


def test_the_same_instant_is_another_date_in_another_zone() -> None:
    """23:30 on Monday in New York is Tuesday in UTC: the calendar's own date counts."""
    start = local("2026-06-29T23:30")
    assert due(start, 1) == local("2026-06-30T17:00")
    utc = BusinessCalendar("UTC", WEEK)
    assert due(start, 1, calendar=utc) == datetime(2026, 7, 1, 17, tzinfo=UTC)


def test_a_pause_moves_days_by_the_business_seconds_that_were_paused() -> None:
    start = local("2026-06-29T10:00")
    weekend = Stretch(
        local("2026-06-30T16:00"), local("2026-07-06T10:00")
    )  # one hour, two days of seven, one hour
    assert due(start, 1, weekend) == local("2026-07-06T11:00")
    assert due(start, 1, Stretch(local("2026-06-29T18:00"), local("2026-06-30T08:00"))) == due(start, 1)


def test_a_warning_comes_at_its_share_of_the_business_time() -> None:
    found = times(
        OFFICE, local("2026-06-29T13:00"), seconds_of_days(OFFICE, local("2026-06-29T13:00"), 1), 50
    )
    assert found.due_at == local("2026-06-30T17:00")
    assert found.warn_at == local("2026-06-30T10:30")  # 4 h of Monday and 7 h of Tuesday: half is 5.5 h


def test_days_that_never_come_are_refused_and_not_looked_for_for_ever() -> None:
    once = BusinessCalendar("UTC", {}, special={"2026-07-01": [["09:00", "12:00"]]})
    assert due(datetime(2026, 6, 1, tzinfo=UTC), 1, calendar=once) == datetime(2026, 7, 1, 12, tzinfo=UTC)
    with pytest.raises(NeverOpen):
        due(datetime(2026, 6, 1, tzinfo=UTC), 2, calendar=once)


def test_a_date_that_the_zone_left_out_is_no_day() -> None:
    """Samoa went from 29 to 31 December 2011."""
    samoa = BusinessCalendar("Pacific/Apia", WEEK)
    start = datetime(2011, 12, 29, 20, 0, tzinfo=UTC)  # Thursday 29 December, 10:00
    assert due(start, 1, calendar=samoa).astimezone(samoa.zone).date() == date(2012, 1, 2)


quarters = st.integers(0, 20 * 96).map(
    lambda number: datetime(2026, 3, 1, tzinfo=UTC) + number * timedelta(minutes=15)
)
half_days = st.dictionaries(
    st.integers(1, 31).map(lambda day: f"2026-03-{day:02}"),
    st.sampled_from([[], [["09:00", "12:00"]], [["00:00", "24:00"]], [["02:00", "03:00"]]]),
    max_size=5,
)


@given(
    st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Pacific/Chatham"]),
    half_days,
    quarters,
    st.integers(1, 4),
)
def test_days_are_what_walking_the_calendar_by_quarters_of_an_hour_finds(
    zone: str, special: dict[str, list[list[str]]], start: datetime, days: int
) -> None:
    data = {"tz": zone, "week": WEEK, "holidays": {"2026-03-17": "St Patrick"}, "special": special}
    steps = walk(data, start, 96 * 25, timedelta(minutes=15))
    own = start.astimezone(ZoneInfo(zone)).date()
    close: dict[date, datetime] = {}
    for number, is_open in enumerate(steps):
        at = start + number * timedelta(minutes=15)
        if is_open and (day := at.astimezone(ZoneInfo(zone)).date()) > own:
            close[day] = at + timedelta(minutes=15)
    expected = close[sorted(close)[days - 1]]
    assert due(start, days, calendar=BusinessCalendar.from_dict(data)) == expected


@given(quarters, st.integers(1, 6), st.integers(1, 6), st.integers(0, 3 * 96), st.integers(0, 3 * 96))
def test_more_days_end_later_and_a_pause_moves_the_end_by_what_it_paused(
    start: datetime, days: int, more: int, after: int, length: int
) -> None:
    first, second = due(start, days), due(start, days + more)
    assert first < second
    begin = start + after * timedelta(minutes=15)
    pause = Stretch(begin, begin + length * timedelta(minutes=15))
    moved = due(start, days, pause)
    paused = between(OFFICE, pause.start, min(pause.end, moved)) if pause.start < first else 0
    assert between(OFFICE, first, moved) == paused


@pytest.mark.django_db
def test_round_the_clock_a_day_has_24_hours_and_in_office_hours_it_ends_at_closing_time() -> None:
    version = CalendarVersion.objects.get()
    promise = Promise.objects.get(kind=PromiseKind.DISPOSITION, tier="scored")
    start = datetime(2026, 7, 3, 20, 0, tzinfo=UTC)
    assert promise_times(promise, version, start).due_at == datetime(2026, 7, 24, 17, 0, tzinfo=UTC)
    promise.hours = Hours.ROUND_THE_CLOCK
    assert promise_times(promise, version, start).due_at == start + timedelta(days=15)


@pytest.mark.django_db
def test_the_standard_agreement_makes_the_promises_of_both_sides_to_every_tier() -> None:
    assert {row.kind for row in Promise.objects.all()} == set(PromiseKind)
    assert set(SALES_KINDS) | set(MARKETING_KINDS) == set(PromiseKind)
    said = {row.kind: (target_words(row), row.side) for row in Promise.objects.filter(tier="scored")}
    assert said == {
        "accept": ("4 h", Side.SALES),
        "first_touch": ("24 h", Side.SALES),
        "attempts": ("6 attempts within 10 business days", Side.SALES),
        "disposition": ("15 business days", Side.SALES),
        "routing": ("5 min", Side.MARKETING),
        "completeness": ("at handoff", Side.MARKETING),
        "pick_up": ("5 business days", Side.MARKETING),
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "disposition", "target_seconds": 60},
        {"kind": "disposition", "target_days": None},
        {"kind": "disposition", "target_days": 0},
        {"kind": "disposition", "count": 3},
        {"kind": "attempts", "count": None},
        {"kind": "attempts", "count": 0},
    ],
)
def test_a_promise_is_in_seconds_or_in_days_and_only_attempts_are_counted(wrong: dict[str, object]) -> None:
    version = AgreementVersion.objects.get()
    row = Promise.objects.get(kind=wrong.pop("kind"), tier="scored")
    row.pk, row.version = None, AgreementVersion.objects.create(agreement=version.agreement, number=2)
    for name, value in wrong.items():
        setattr(row, name, value)
    with pytest.raises(IntegrityError, match="promise_"), transaction.atomic():
        row.save(force_insert=True)
