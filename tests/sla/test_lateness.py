"""How late a clock is shown to be: in the hours of its promise, on every page the same."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.templatetags import faces
from sla.business_time import BusinessCalendar
from sla.clock import Lateness, lateness
from sla.reports.evidence import evidence_of
from sla.selectors.handoffs import detail_queryset, handoff_detail
from sla.selectors.inbox import InboxView, inbox_page
from tests.sla.desk import hand_over, open_desk, owner_of

OFFICE = BusinessCalendar("UTC", {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")})
HOUR = timedelta(hours=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "now, expected",
    [
        # Friday 16:00 was the due time.
        ("2026-11-20T16:30", Lateness(1800, at("2026-11-20T16:30"), at("2026-11-20T17:00"))),
        ("2026-11-20T17:00", Lateness(3600, at("2026-11-23T09:00"), at("2026-11-23T17:00"))),
        ("2026-11-22T12:00", Lateness(3600, at("2026-11-23T09:00"), at("2026-11-23T17:00"))),
        ("2026-11-23T10:00", Lateness(7200, at("2026-11-23T10:00"), at("2026-11-23T17:00"))),
        ("2026-11-20T15:00", Lateness(0, at("2026-11-20T16:00"), at("2026-11-20T17:00"))),
    ],
)
def test_nobody_gets_later_while_the_office_is_closed(now: str, expected: Lateness) -> None:
    assert lateness(OFFICE, at("2026-11-20T16:00"), at(now)) == expected


def test_hours_that_touch_at_midnight_grow_on() -> None:
    nights = BusinessCalendar("UTC", {"mon": [("20:00", "24:00")], "tue": [("00:00", "04:00")]})
    found = lateness(nights, at("2026-11-23T21:00"), at("2026-11-23T22:00"))
    assert (found.seconds, found.grows_until) == (3600, at("2026-11-24T04:00"))


def test_hours_that_never_end_grow_on_for_ever() -> None:
    found = lateness(BusinessCalendar.round_the_clock(), at("2026-11-23T21:00"), at("2026-11-23T22:00"))
    assert found == Lateness(3600, at("2026-11-23T22:00"), None)


def test_hours_that_are_over_for_good_grow_no_more() -> None:
    once = BusinessCalendar("UTC", {}, special={"2026-11-20": [("09:00", "17:00")]})
    now = at("2026-11-22T12:00")
    assert lateness(once, at("2026-11-20T16:00"), now) == Lateness(3600, now, now)


@given(due=st.integers(0, 14 * 86400), past=st.integers(0, 14 * 86400), on=st.integers(0, 3 * 86400))
def test_what_a_page_counts_on_by_itself_is_what_the_server_would_say(due: int, past: int, on: int) -> None:
    due_at = at("2026-11-16T00:00") + timedelta(seconds=due)
    now = due_at + timedelta(seconds=past)
    shown = lateness(OFFICE, due_at, now)
    assert shown.grows_until is not None
    later = min(now + timedelta(seconds=on), shown.grows_until)
    grown = max(timedelta(), later - shown.grows_from).total_seconds()
    assert shown.seconds + grown == lateness(OFFICE, due_at, later).seconds == OFFICE.between(due_at, later)


@pytest.mark.parametrize(
    "seconds, text",
    [(0, "late"), (40, "late by 40 s"), (3660, "late by 1 h 1 min"), (72 * 3600, "late by 72 h")],
)
def test_business_hours_are_never_told_as_days(seconds: int, text: str) -> None:
    now = at("2026-11-22T12:00")
    face = faces.clock_face(now=now, due_at=now - 40 * HOUR, lateness=Lateness(seconds, now, now))
    assert face.text == text


@pytest.mark.django_db
def test_inbox_page_and_evidence_say_the_same_lateness() -> None:
    open_desk()
    # Friday 16:00; a raised hand is owed an answer within 15 minutes of the hours from 9 to 17.
    (handoff,) = hand_over(datetime(2026, 3, 6, 16, tzinfo=UTC))
    saturday = datetime(2026, 3, 7, 12, tzinfo=UTC)
    rep = owner_of(handoff)
    (row,) = inbox_page(user=rep, view=InboxView.ALL, number=1, now=saturday).rows
    detail = handoff_detail(handoff=detail_queryset(rep).get(pk=handoff.pk), user=rep, now=saturday)
    opening, closing = datetime(2026, 3, 9, 9, tzinfo=UTC), datetime(2026, 3, 9, 17, tzinfo=UTC)
    assert detail.clocks[0].lateness == vars(row)["lateness"] == Lateness(45 * 60, opening, closing)
    marks = [clock.mark.words for clock in evidence_of(handoff, saturday).clocks]
    assert "late by 45 min, open" in marks
