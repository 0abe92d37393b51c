"""The law of a clock, without a database: pauses count once, in business time, in whatever order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from sla.business_time import BusinessCalendar
from sla.clock import Look, Stretch, add, between, look, merged, times

OFFICE = BusinessCalendar(
    "Europe/Copenhagen",
    {day: [["10:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    holidays={"2026-04-06": "Easter Monday"},
)
FRIDAY_17 = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)  # 17:00 in Copenhagen
MONDAY_10 = datetime(2026, 3, 9, 9, 0, tzinfo=UTC)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

moments = st.integers(0, 45 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute))
stretches = st.tuples(moments, st.integers(0, 6 * 24 * 60)).map(
    lambda pair: Stretch(pair[0], pair[0] + timedelta(minutes=pair[1]))
)
pauses = st.lists(stretches, max_size=5)
targets = st.integers(1, 60 * 3600)


def test_case_22_a_pause_over_the_weekend_moves_the_deadline_by_the_business_hour_in_it() -> None:
    start = FRIDAY_17 - timedelta(hours=1)
    without = add(OFFICE, start, 4 * 3600)
    paused = add(OFFICE, start, 4 * 3600, [Stretch(FRIDAY_17, MONDAY_10)])
    assert between(OFFICE, without, paused) == 3600
    assert paused == datetime(2026, 3, 9, 12, 0, tzinfo=UTC)


@given(targets, pauses)
def test_what_was_added_is_what_is_between(seconds: int, stood_still: list[Stretch]) -> None:
    due = add(OFFICE, START, seconds, stood_still)
    assert between(OFFICE, START, due, stood_still) == seconds


@given(targets, pauses, st.randoms())
def test_the_order_of_pauses_changes_nothing(
    seconds: int, stood_still: list[Stretch], random: object
) -> None:
    shuffled = list(stood_still)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert add(OFFICE, START, seconds, shuffled) == add(OFFICE, START, seconds, stood_still)


@given(targets, pauses, stretches)
def test_the_same_pause_twice_counts_once_and_another_never_brings_the_deadline_nearer(
    seconds: int, stood_still: list[Stretch], one: Stretch
) -> None:
    once = add(OFFICE, START, seconds, [*stood_still, one])
    assert once == add(OFFICE, START, seconds, [*stood_still, one, one])
    assert once >= add(OFFICE, START, seconds, stood_still)


@given(pauses)
def test_merged_pauses_are_apart_and_cover_the_same_time(stood_still: list[Stretch]) -> None:
    found = merged(stood_still)
    assert all(earlier.end < later.start for earlier, later in pairwise(found))
    for pause in stood_still:
        assert any(whole.start <= pause.start and pause.end <= whole.end for whole in found)


@given(targets, pauses, moments)
def test_a_clock_is_never_late_while_it_is_paused(
    seconds: int, stood_still: list[Stretch], now: datetime
) -> None:
    due = times(OFFICE, START, seconds, 75, stood_still)
    running = [
        pause for pause in merged(stood_still) if pause.start <= now < pause.end and pause.start < due.due_at
    ]
    if not running:
        return
    shown = look(due_at=due.due_at, warn_at=due.warn_at, ended_at=None, now=now, paused_until=running[0].end)
    assert shown == Look.PAUSED
