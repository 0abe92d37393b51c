"""An event log read as stories of past handoffs, by a mapping whose mistakes are told with their place."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leads.payload_errors import PayloadErrors
from sla.importing_handoffs.log import Case, Event, Story, Untold, tell
from sla.importing_handoffs.mapping import read_log_mapping
from sla.importing_handoffs.meaning import Activities
from tests.sla.helpdesk_log import EXAMPLE, MONDAY, mapping_with

ACTIVITIES = Activities(open="1", accept="8", pause="9", end="6")


def a_case(*events: tuple[int, str]) -> Case:
    """Events as (minute, activity)."""
    return Case("X", 2, [Event(MONDAY + timedelta(minutes=m), name, "") for m, name in events])


def story_of(*events: tuple[int, str]) -> Story:
    told = tell(a_case(*events), ACTIVITIES)
    assert isinstance(told, Story)
    return told


def minute(at: datetime | None) -> int | None:
    return None if at is None else int((at - MONDAY).total_seconds() // 60)


def refusals(raw: bytes) -> set[str]:
    with pytest.raises(PayloadErrors) as caught:
        read_log_mapping(raw)
    return {error.field for error in caught.value.errors}


def test_a_handoff_goes_from_the_first_opening_to_the_last_end() -> None:
    story = story_of((0, "3"), (1, "1"), (2, "8"), (3, "6"), (4, "1"), (5, "8"), (6, "6"), (7, "2"))
    assert [minute(at) for at in (story.opened_at, story.accepted_at, story.touched_at, story.ended_at)] == [
        1,
        2,
        3,
        6,
    ]


def test_a_pause_lasts_until_the_next_event_and_is_no_work() -> None:
    story = story_of((0, "1"), (1, "8"), (5, "9"), (7, "9"), (9, "8"), (11, "9"), (20, "6"))
    assert [(minute(wait.start), minute(wait.end)) for wait in story.waits] == [(5, 7), (7, 9), (11, 20)]
    assert minute(story.touched_at) == 9
    assert [minute(at) for at in story.works] == [9, 20]


def test_what_nobody_accepted_has_no_first_touch() -> None:
    story = story_of((0, "8"), (1, "1"), (2, "4"), (9, "6"))
    assert (story.accepted_at, story.touched_at, minute(story.ended_at)) == (None, None, 9)


def test_an_acceptance_after_the_end_is_none() -> None:
    assert story_of((0, "1"), (5, "6"), (6, "8")).accepted_at is None


@pytest.mark.parametrize(
    ("events", "why"),
    [
        (((0, "8"), (1, "6")), Untold.NOT_OPENED),
        (((0, "1"), (1, "8")), Untold.NOT_ENDED),
        (((0, "6"), (1, "1")), Untold.NOT_ENDED),
    ],
)
def test_a_case_without_beginning_or_end_is_no_past_handoff(
    events: tuple[tuple[int, str], ...], why: Untold
) -> None:
    assert tell(a_case(*events), ACTIVITIES) is why


@given(
    st.lists(
        st.tuples(st.integers(0, 50), st.sampled_from(["1", "2", "6", "8", "9"])), min_size=1, max_size=12
    )
)
def test_every_story_is_in_the_order_of_time(events: list[tuple[int, str]]) -> None:
    told = tell(a_case(*sorted(events, key=lambda event: event[0])), ACTIVITIES)
    if isinstance(told, Untold):
        return
    assert told.opened_at <= told.ended_at
    if told.accepted_at is not None and told.touched_at is not None:
        assert told.opened_at <= told.accepted_at <= told.touched_at <= told.ended_at
        assert all(told.accepted_at <= wait.start < wait.end <= told.touched_at for wait in told.waits)


def test_the_shift_follows_summer_time() -> None:
    time = read_log_mapping(EXAMPLE.read_bytes()).time
    assert time.read("2012-01-02 17:00:00") == datetime(2012, 1, 2, 8, tzinfo=UTC)
    assert time.read("2012-07-02 15:00:00") == datetime(2012, 7, 2, 7, tzinfo=UTC)
    same = read_log_mapping(mapping_with(shift_hours=-7)).time
    assert same.read("2012-07-02 16:00:00") == datetime(2012, 7, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"shift_hours": 40}, "shift_hours"),
        ({"shift_hours": float("nan")}, "shift_hours"),
        ({"shift_hours": True}, "shift_hours"),
        ({"calendar": {"name": "C", "time_zone": "UTC", "week": []}}, "calendar.week"),
        ({"shift_hours": {"standard": -8}}, "shift_hours"),
        ({"activities": {"open": "1", "accept": "1", "end": "6"}}, "activities"),
        ({"activities": {"open": "1"}}, "activities.end"),
        ({"pause_reason": "lunch"}, "pause_reason"),
        ({"ended_as": "rejected"}, "ended_as"),
        ({"tier": "gold"}, "tier"),
        ({"agreements": []}, "agreements"),
        ({"agreements": [{"name": "A", "promises": {"accept": {"target_seconds": 0, "hours": "business"}}}]},
         "agreements.0.promises.accept.target_seconds"),
        ({"agreements": [{"name": "A", "promises": {"accept": {"target_seconds": 9, "hours": "noon"}}}]},
         "agreements.0.promises.accept.hours"),
        ({"calendar": {"name": "C", "time_zone": "UTC", "week": {"mon": [["18:00", "09:00"]]}}}, "calendar"),
        ({"calendar": {"name": "C", "time_zone": "Nowhere", "week": {"mon": [["08:00", "09:00"]]}}}, "calendar"),
        ({"recorded_by": {"name": "Log", "email": "nobody"}}, "recorded_by.email"),
        ({"columns": {"case": "C", "activity": "A", "time": {"column": "T", "format": "YYYY-MM-DD", "zone": "UTC",
                                                             "time": "09:00"}}}, "columns.time.format"),
        ({"stages": {}}, "stages"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_refused_by_its_place(changes: dict[str, Any], where: str) -> None:
    assert where in refusals(mapping_with(**changes))


@given(
    st.sampled_from(sorted(json.loads(EXAMPLE.read_text()))),
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda part: (
            st.lists(part)
            | st.dictionaries(
                st.sampled_from(["name", "week", "mon", "time", "accept", "promises", "standard"]), part
            )
        ),
    ),
)
def test_no_json_breaks_the_reader_of_mappings(section: str, value: Any) -> None:
    with suppress(PayloadErrors):
        read_log_mapping(mapping_with(**{section: value}))
