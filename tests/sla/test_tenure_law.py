"""Who answers for a clock whose lead changed hands, without a database (invariant 12, case 26)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sla.business_time import BusinessCalendar
from sla.clock import Stretch, add, between
from sla.tenure import Held, answers_for, holder_at, shares

OFFICE = BusinessCalendar(
    "Europe/Copenhagen",
    {day: [["10:00", "12:00"], ["13:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")},
    holidays={"2026-04-06": "Easter Monday"},
)
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ANNA, BEN, CARA = 1, 2, 3
seconds_in = st.integers(-4 * 3600, 30 * 24 * 3600)
moments = seconds_in.map(lambda seconds: START + timedelta(seconds=seconds, microseconds=seconds % 7))
pauses = st.lists(
    st.tuples(moments, st.integers(0, 3 * 24 * 60)).map(
        lambda pair: Stretch(pair[0], pair[0] + timedelta(minutes=pair[1]))
    ),
    max_size=3,
)
people = st.one_of(st.none(), st.sampled_from([ANNA, BEN, CARA]))


@st.composite
def tenures(draw: st.DrawFn) -> list[Held]:
    """A handoff that changes hands some times, from before its clock starts to long after."""
    ends = sorted(draw(st.lists(moments, max_size=5)))
    begins = [START - timedelta(days=1), *ends]
    return [Held(draw(people), begin, end) for begin, end in zip(begins, [*ends, None], strict=True)]


@given(tenures(), pauses, moments)
def test_the_seconds_of_all_owners_add_up_to_the_time_used(
    held: list[Held], stood_still: list[Stretch], end: datetime
) -> None:
    end = max(end, START)
    used = shares(OFFICE, START, end, stood_still, held)
    assert sum(used.values()) == between(OFFICE, START, end, stood_still)
    assert all(seconds > 0 for seconds in used.values())
    assert set(used) <= {one.who for one in held}


@given(tenures(), pauses, st.integers(1, 60 * 3600))
def test_nobody_answers_for_a_clock_of_which_somebody_else_had_more_time(
    held: list[Held], stood_still: list[Stretch], target: int
) -> None:
    due = add(OFFICE, START, target, stood_still)
    who = answers_for(OFFICE, START, due, stood_still, held)
    had = {one.who: 0 for one in held}
    for one in held:
        begin, end = max(one.start, START), min(one.end or due, due)
        if begin < end:
            had[one.who] += between(OFFICE, begin, end, stood_still)
    # Whole seconds: each change may round one away.
    assert had[who] >= max(had.values()) - len(held)


@given(tenures(), pauses, st.integers(1, 60 * 3600), people, st.integers(0, 10**6))
def test_passing_a_lead_on_after_its_deadline_changes_nothing(
    held: list[Held], stood_still: list[Stretch], target: int, last: int | None, later: int
) -> None:
    due = add(OFFICE, START, target, stood_still)
    before = [one for one in held if one.start < due]
    before[-1] = Held(before[-1].who, before[-1].start)
    at = due + timedelta(seconds=later)
    after = [*before[:-1], Held(before[-1].who, before[-1].start, at), Held(last, at)]
    assert answers_for(OFFICE, START, due, stood_still, after) == answers_for(
        OFFICE, START, due, stood_still, before
    )


@given(pauses, st.integers(2, 60 * 3600), st.integers(1, 99))
def test_a_new_owner_is_not_charged_for_what_ran_out_when_they_had_less_than_half_of_it(
    stood_still: list[Stretch], target: int, percent: int
) -> None:
    changed = add(OFFICE, START, target * percent // 100, stood_still)
    due = add(OFFICE, START, target, stood_still)
    held = [Held(ANNA, START, changed), Held(BEN, changed)]
    annas = between(OFFICE, START, changed, stood_still)
    assert answers_for(OFFICE, START, due, stood_still, held) == (ANNA if annas > target - annas else BEN)


def test_at_the_moment_of_a_change_it_was_whoever_gave_it_away() -> None:
    held = [Held(ANNA, START, START + timedelta(hours=1)), Held(BEN, START + timedelta(hours=1))]
    assert [holder_at(held, START + timedelta(hours=1, microseconds=n)) for n in (-1, 0, 1)] == [
        ANNA,
        ANNA,
        BEN,
    ]
