"""When the steps of a ladder come: laws, and the same by walking minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sla.business_time import BusinessCalendar
from sla.clock import Stretch, add
from sla.ladder import Anchor, Rung, planned_at
from tests.sla.naive_clock import looks_open

MINUTE = timedelta(minutes=1)
ORIGIN = datetime(2026, 3, 2, tzinfo=UTC)  # a Monday
CALENDARS: list[dict[str, Any]] = [
    {"tz": "UTC", "week": {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "thu")}},
    {"tz": "Asia/Kathmandu", "week": {"wed": [["22:00", "24:00"]], "thu": [["00:00", "06:00"]]}},
    {"tz": "America/New_York", "week": {day: [["00:00", "24:00"]] for day in ("fri", "sat", "sun", "mon")}},
]
CALENDARS = [{"holidays": [], "special": {}} | calendar for calendar in CALENDARS]
calendars = st.sampled_from(CALENDARS)
starts = st.integers(0, 14 * 24 * 60).map(lambda minutes: ORIGIN + minutes * MINUTE)
targets = st.integers(1, 600).map(lambda minutes: minutes * 60)
# Whole minutes of every target, so that the walk by minutes is exact.
rungs = st.one_of(
    st.integers(0, 500).map(lambda n: Rung(Anchor.AFTER, n * 60)),
    st.integers(1, 500).map(lambda n: Rung(Anchor.BEFORE, n * 60)),
    st.sampled_from([Rung(Anchor.SHARE, share) for share in (100, 200, 300)]),
)
wall_rungs = rungs.filter(lambda rung: rung.anchor != Anchor.SHARE).map(
    lambda rung: Rung(rung.anchor, rung.amount, by_wall_clock=True)
)


@st.composite
def pauses_after(draw: st.DrawFn, start: datetime) -> list[Stretch]:
    """Up to three pauses, overlapping or not, that begin after the start."""
    found = []
    for _ in range(draw(st.integers(0, 3))):
        begin = start + draw(st.integers(0, 5000)) * MINUTE
        found.append(Stretch(begin, begin + draw(st.integers(0, 5000)) * MINUTE))
    return found


def walked(data: dict[str, Any], start: datetime, minutes: int, pauses: list[Stretch]) -> datetime:
    """The end of the `minutes`-th minute that is open and not paused."""
    at = start
    while minutes:
        is_paused = any(pause.start <= at < pause.end for pause in pauses)
        minutes -= looks_open(data, at) and not is_paused
        at += MINUTE
    return at


@given(st.data(), calendars, starts, st.integers(1, 240).map(lambda n: n * 60), rungs)
def test_a_step_comes_when_a_walk_through_the_minutes_says(
    data: st.DataObject, hours: dict[str, Any], start: datetime, target: int, rung: Rung
) -> None:
    pauses = data.draw(pauses_after(start))
    amount = {Anchor.SHARE: rung.amount - 100, Anchor.BEFORE: -rung.amount, Anchor.AFTER: rung.amount}
    seconds = target + (
        target * amount[rung.anchor] // 100 if rung.anchor == Anchor.SHARE else amount[rung.anchor]
    )
    found = planned_at(rung, BusinessCalendar.from_dict(hours), start, target, pauses)
    if seconds <= 0:
        assert found is None  # case 38: no alarm at creation
    elif seconds <= 300 * 60:
        assert found == walked(hours, start, seconds // 60, pauses)


@given(st.data(), calendars, starts, targets, st.one_of(rungs, wall_rungs))
def test_no_step_comes_at_the_start_or_before_it_nor_within_a_pause(
    data: st.DataObject, hours: dict[str, Any], start: datetime, target: int, rung: Rung
) -> None:
    calendar = BusinessCalendar.from_dict(hours)
    pauses = data.draw(pauses_after(start))
    at = planned_at(rung, calendar, start, target, pauses)
    if at is not None:
        assert at > start
        due = add(calendar, start, target, pauses)
        assert at <= due if rung.is_before_due and not rung.by_wall_clock else True
        assert at >= due or rung.is_before_due
        if rung.by_wall_clock:
            assert not any(pause.start <= at < pause.end for pause in pauses)


@given(st.data(), calendars, starts, targets, st.integers(0, 5000), st.booleans())
def test_steps_come_in_the_order_of_their_amounts_and_later_for_a_later_start(
    data: st.DataObject, hours: dict[str, Any], start: datetime, target: int, shift: int, by_wall: bool
) -> None:
    calendar = BusinessCalendar.from_dict(hours)
    pauses = data.draw(pauses_after(start + shift * MINUTE))
    amounts = sorted(data.draw(st.lists(st.integers(0, 40_000), min_size=2, max_size=5)))
    ladder = [Rung(Anchor.BEFORE, amount, by_wall) for amount in reversed(amounts) if amount]
    ladder += [Rung(Anchor.AFTER, amount, by_wall) for amount in amounts]
    times = [planned_at(rung, calendar, start, target, pauses) for rung in ladder]
    later = [planned_at(rung, calendar, start + shift * MINUTE, target, pauses) for rung in ladder]
    known = [at for at in times if at is not None]
    assert known == sorted(known)
    for before, after in zip(times, later, strict=True):
        assert before is None or after is None or before <= after


@pytest.mark.parametrize("by_wall, expected", [(False, (10, 0)), (True, (10, 0))])
def test_case_37_one_hour_before_a_deadline_of_tuesday_11_comes_tuesday_10(
    by_wall: bool, expected: tuple[int, int]
) -> None:
    office = BusinessCalendar.from_dict(
        {
            "tz": "UTC",
            "week": {d: [["09:00", "17:00"]] for d in ("mon", "tue")},
            "holidays": [],
            "special": {},
        }
    )
    start = datetime(2026, 3, 2, 16, tzinfo=UTC)  # Monday; three hours of work later it is Tuesday 11:00
    at = planned_at(Rung(Anchor.BEFORE, 3600, by_wall), office, start, 3 * 3600)
    assert at == datetime(2026, 3, 3, *expected, tzinfo=UTC)


def test_case_39_working_hours_decide_whether_a_reminder_comes_in_the_evening_before() -> None:
    office = BusinessCalendar.from_dict(
        {
            "tz": "UTC",
            "week": {d: [["09:00", "17:00"]] for d in ("mon", "tue")},
            "holidays": [],
            "special": {},
        }
    )
    start = datetime(2026, 3, 2, 12, tzinfo=UTC)
    due_ten = 6 * 3600  # Tuesday 10:00
    by_hours = planned_at(Rung(Anchor.BEFORE, 2 * 3600), office, start, due_ten)
    by_wall = planned_at(Rung(Anchor.BEFORE, 2 * 3600, by_wall_clock=True), office, start, due_ten)
    assert by_hours == datetime(2026, 3, 2, 16, tzinfo=UTC)
    assert by_wall == datetime(2026, 3, 3, 8, tzinfo=UTC)


def test_a_step_whose_time_never_comes_is_none() -> None:
    one_day = BusinessCalendar.from_dict(
        {"tz": "UTC", "week": {}, "holidays": [], "special": {"2026-03-02": [["09:00", "17:00"]]}}
    )
    assert planned_at(Rung(Anchor.SHARE, 200), one_day, ORIGIN, 5 * 3600) is None
