"""Clocks where two hard things meet: pauses and changes of clocks, late news, waivers, zones, fractions of a second."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Role, User
from drains.runner import run_until_idle
from leads.models import JournalEntry
from sla.models import (
    Breach,
    Calendar,
    CalendarVersion,
    Clock,
    Handoff,
    PauseReason,
    PromiseKind,
    Territory,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.services.answering import NotPossible, accept
from sla.services.calendars import correct_calendar
from sla.services.clocks import Start, start_clocks
from sla.services.passing import assign
from sla.services.pausing import pause, pause_handoff, resume_handoff, waive
from sla.services.working import log_touch, recycle
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, new_version, open_desk, owner_of
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
TOUCH, ACCEPT = PromiseKind.FIRST_TOUCH, PromiseKind.ACCEPT
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = {day: [["00:00", "24:00"]] for day in DAYS}


def hours(tz: str, week: dict[str, Any]) -> None:
    """Another calendar for the desk, from the first handoff on."""
    version = CalendarVersion.objects.latest("number")
    CalendarVersion.objects.create(
        calendar=version.calendar,
        number=version.number + 1,
        time_zone=tz,
        week=week,
        created_at=MORNING - 90 * DAY,
    )


def correct(now: datetime, **fields: Any) -> None:
    """Somebody corrects the calendar of the desk."""
    version = CalendarVersion.objects.latest("number")
    stated: dict[str, Any] = version.as_dict()
    stated["time_zone"] = stated.pop("tz")
    by = make_user(Role.ADMINISTRATOR)
    correct_calendar(calendar=Calendar.objects.get(), by=by, now=now, **(stated | fields))


def taken(at: datetime, reps: int = 1) -> Handoff:
    """A handoff that its rep accepts at that time."""
    open_desk(reps=reps)
    (handoff,) = hand_over(at)
    return accept(handoff=handoff, by=owner_of(handoff), now=at)


def call(handoff: Handoff, at: datetime, now: datetime | None = None, by: User | None = None) -> None:
    """A rep reached the lead at a time."""
    log_touch(
        handoff=handoff,
        kind=TouchKind.CALL,
        reached=True,
        note="",
        at=at,
        by=by or owner_of(handoff),
        now=now or at,
    )


def agrees(handoff: Handoff, now: datetime) -> bool:
    """Whether the evidence, computed again, is what is stored."""
    row = Handoff.objects.get(pk=handoff.pk)
    return all(one.agrees for one in evidence_of(row, now).clocks)


def test_a_pause_over_the_night_on_which_clocks_go_forward_moves_the_deadline_by_real_hours() -> None:
    hours("America/New_York", ALWAYS)
    start = datetime(2026, 3, 8, 5, 0, tzinfo=UTC)  # Sunday 00:00 in New York; at 02:00 it becomes 03:00
    handoff = taken(start)
    clock = clock_of(handoff, TOUCH)
    until = start + 4 * HOUR  # 05:00 of the new time
    pause(
        clock=clock,
        until=until,
        reason=PauseReason.PROSPECT_AWAY,
        by=owner_of(handoff),
        now=start + 30 * MINUTE,
    )
    assert clock_of(handoff, TOUCH).due_at == until + 30 * MINUTE
    assert agrees(handoff, until)


def test_case_21_a_response_and_a_pause_in_one_moment_count_as_the_response() -> None:
    for touch_first in (True, False):
        handoff = taken(MORNING)
        rep, at = owner_of(handoff), MORNING + 20 * MINUTE
        if touch_first:
            call(handoff, at)
        pause_handoff(
            handoff=handoff, until=at + DAY, reason=PauseReason.WAITING_FOR_PROSPECT, by=rep, now=at
        )
        if not touch_first:
            call(handoff, at)
        clock = clock_of(handoff, TOUCH)
        assert (clock.outcome, clock.ended_at, clock.seconds_used) == ("kept", at, 1200)
        assert agrees(handoff, at)
        Territory.objects.all().delete()


def test_an_answer_after_a_waiver_changes_nothing_of_what_was_waived() -> None:
    handoff = taken(MORNING)
    manager = make_user(Role.SALES_MANAGER, team=handoff.team)
    late = MORNING + 90 * MINUTE
    waive(clock=clock_of(handoff, TOUCH), reason="System was down.", by=manager, now=late)
    call(handoff, MORNING + 10 * MINUTE, now=late + HOUR)
    clock = clock_of(handoff, TOUCH)
    assert (clock.outcome, clock.ended_at) == ("waived", late)
    assert Breach.objects.filter(clock=clock).get().lifted_at is None
    with pytest.raises(NotPossible):
        waive(clock=clock, reason="Again.", by=manager, now=late + 2 * HOUR)
    assert agrees(handoff, late + 2 * HOUR)


def test_a_lead_that_is_recycled_while_paused_ends_its_clocks_in_time_and_comes_back_with_new_ones() -> None:
    handoff = taken(MORNING)
    rep = owner_of(handoff)
    call(handoff, MORNING + MINUTE)
    until = MORNING + 60 * DAY
    pause_handoff(
        handoff=handoff, until=until, reason=PauseReason.AGREED_LATER, by=rep, now=MORNING + 2 * MINUTE
    )
    recycle(handoff=handoff, until=until.date(), note="", by=rep, now=MORNING + 30 * DAY)
    disposition = clock_of(handoff, PromiseKind.DISPOSITION)
    assert (disposition.outcome, disposition.seconds_used) == ("kept", 120)
    run_until_idle(until + DAY)
    assert not Breach.objects.filter(clock__handoff=handoff, clock__kind="disposition").exists()
    assert agrees(handoff, until + DAY)


def test_a_lead_that_is_reassigned_when_it_is_late_stays_the_breach_of_the_one_who_had_its_time() -> None:
    handoff = taken(MORNING, reps=2)
    first = owner_of(handoff)
    manager = make_user(Role.SALES_MANAGER, team=handoff.team)
    second = next(rep for rep in handoff.team.members.filter(role=Role.REP) if rep != first)
    at = MORNING + 61 * MINUTE  # one minute late, and no sweep came by
    row = assign(handoff=handoff, to=second, by=manager, now=at)
    call(row, at + MINUTE, by=second)
    clock = clock_of(handoff, TOUCH)
    assert (clock.outcome, clock.owner, Breach.objects.get(clock=clock).owner) == ("missed", first, first)
    assert (clock_of(handoff).owner, clock_of(handoff).outcome) == (second, "kept")
    assert agrees(handoff, at + HOUR)


def test_a_new_version_during_a_pause_and_a_correction_of_hours_leave_the_promised_time_as_it_was() -> None:
    handoff = taken(MORNING)
    rep = owner_of(handoff)
    pause(
        clock=clock_of(handoff, TOUCH),
        until=MORNING + 3 * HOUR,
        reason=PauseReason.WAITING_FOR_PROSPECT,
        by=rep,
        now=MORNING + 30 * MINUTE,
    )
    new_version(MORNING + HOUR, touch_seconds=60)
    assert clock_of(handoff, TOUCH).due_at == MORNING + 3 * HOUR + 30 * MINUTE
    # The office was closed from 10:15 on Wednesday, as it turns out: 15 minutes ran, and 45 are left on Thursday.
    correct(MORNING + 2 * HOUR, special={"2026-03-04": [["09:00", "10:15"]]})
    assert clock_of(handoff, TOUCH).due_at == datetime(2026, 3, 5, 9, 45, tzinfo=UTC)
    resume_handoff(handoff=handoff, by=rep, now=MORNING + 2 * HOUR)
    assert clock_of(handoff, TOUCH).due_at == datetime(2026, 3, 5, 9, 45, tzinfo=UTC)
    assert agrees(handoff, MORNING + 2 * HOUR)


def test_a_calendar_that_changes_its_zone_moves_open_clocks_both_ways_and_ended_ones_never() -> None:
    handoff = taken(MORNING)
    ended = clock_of(handoff)
    correct(
        MORNING + MINUTE, time_zone="America/New_York"
    )  # there it is 05:00, and the office opens at 14:00 UTC
    assert clock_of(handoff, TOUCH).due_at == MORNING + 5 * HOUR
    assert clock_of(handoff).calendar_version == ended.calendar_version
    correct(MORNING + 2 * MINUTE, time_zone="Asia/Kathmandu")  # 15:45, an hour and a quarter before it closes
    assert clock_of(handoff, TOUCH).due_at == MORNING + HOUR
    run_until_idle(MORNING + HOUR, ["sla.sweep"])
    assert not Breach.objects.exists()
    assert agrees(handoff, MORNING + HOUR)


def test_a_correction_before_which_a_clock_was_late_and_is_not_any_more_shows_no_breach() -> None:
    handoff = taken(MORNING)
    run_until_idle(MORNING + HOUR + SECOND, ["sla.sweep"])
    correct(MORNING + 2 * HOUR, special={"2026-03-04": []})
    touch = clock_of(handoff, TOUCH)
    assert touch.due_at == datetime(2026, 3, 5, 10, 0, tzinfo=UTC)
    assert [row.lifted_at for row in touch.breaches.all()] == [MORNING + 2 * HOUR]
    # Late by another deadline: the first is lifted, and the right one stands.
    later = datetime(2026, 3, 5, 10, 0, 1, tzinfo=UTC)
    run_until_idle(later, ["sla.sweep"])
    correct(later + SECOND, special={"2026-03-04": [["09:00", "10:30"]]})
    run_until_idle(later + 2 * SECOND, ["sla.sweep"])
    standing = clock_of(handoff, TOUCH).breaches.filter(lifted_at__isnull=True)
    assert [row.deadline for row in standing] == [datetime(2026, 3, 5, 9, 30, tzinfo=UTC)]


def test_a_clock_that_was_started_by_hours_corrected_that_very_moment_follows_them() -> None:
    """A request had read the hours, and wrote its clock after the correction: a drain puts it right before it can be due."""
    handoff = taken(MORNING)
    touch = clock_of(handoff, TOUCH)
    old = touch.calendar_version
    assert old is not None
    correct(MORNING + SECOND, special={"2026-03-04": [["09:00", "10:30"]]})
    assert list(Clock.objects.behind(MORNING + 2 * SECOND)) == []
    start = Start(handoff, touch.promise, old, MORNING, touch.owner, touch.source_id)
    (late,) = start_clocks(starts=[start], now=MORNING + 2 * SECOND, rule="tests")
    assert late.due_at == MORNING + HOUR
    run_until_idle(MORNING + 5 * SECOND, ["sla.follow_calendars"])
    assert clock_of(handoff, TOUCH).due_at == datetime(2026, 3, 5, 9, 30, tzinfo=UTC)
    assert not Clock.objects.behind(MORNING + 6 * SECOND).exists()
    assert JournalEntry.objects.filter(event="clock.recomputed", rule="sla.follow_calendars").count() == 1


def test_a_promise_longer_than_any_year_is_computed_and_one_of_nothing_cannot_be() -> None:
    new_version(MORNING - DAY, touch_seconds=3 * 2080 * 3600)  # three years of working hours
    handoff = taken(MORNING)
    due = clock_of(handoff, TOUCH).due_at
    assert due.date().isoformat() == "2029-02-28"  # 780 working days from Wednesday 4 March 2026
    promise = clock_of(handoff, TOUCH).promise
    promise.target_seconds = 0
    with pytest.raises(ValidationError):
        promise.full_clean()


@pytest.mark.parametrize(("late", "outcome"), [(0, "kept"), (1, "missed"), (400_000, "missed")])
def test_the_due_instant_is_in_time_and_what_comes_after_is_not_by_service_sweep_and_page(
    late: int, outcome: str, client: Client
) -> None:
    """One law to the microsecond everywhere; and what is late is never told as late by nothing."""
    start = MORNING + timedelta(microseconds=250_000)
    handoff = taken(start)
    at = start + HOUR + timedelta(microseconds=late)
    run_until_idle(at, ["sla.sweep"])
    assert Breach.objects.exists() == (outcome == "missed")
    client.force_login(make_user(Role.SALES_MANAGER, team=handoff.team))
    with time_machine.travel(at, tick=False):
        page = client.get(f"/handoffs/{handoff.pk}/evidence/").content.decode()
    assert ("late by 1 s, open" in page) == (outcome == "missed")
    call(handoff, at)
    assert clock_of(handoff, TOUCH).outcome == outcome
    with time_machine.travel(at, tick=False):
        page = client.get(f"/handoffs/{handoff.pk}/evidence/").content.decode()
    assert ("missed by 1 s" in page) == (outcome == "missed")
    assert "missed after closing time" not in page


def test_news_of_a_touch_out_of_order_after_a_reassignment_credits_whoever_had_the_lead_then() -> None:
    handoff = taken(MORNING, reps=2)
    first = owner_of(handoff)
    manager = make_user(Role.SALES_MANAGER, team=handoff.team)
    second = next(rep for rep in handoff.team.members.filter(role=Role.REP) if rep != first)
    row = assign(handoff=handoff, to=second, by=manager, now=MORNING + 30 * MINUTE)
    call(row, MORNING + 2 * HOUR, by=second)
    assert clock_of(handoff, TOUCH).outcome == "missed"
    call(row, MORNING + 10 * MINUTE, now=MORNING + 3 * HOUR, by=second)
    clock = clock_of(handoff, TOUCH)
    assert (clock.outcome, clock.owner, clock.seconds_used) == ("kept", first, 600)
    assert all(breach.lifted_at for breach in Breach.objects.filter(clock=clock))
    assert agrees(handoff, MORNING + 3 * HOUR)


def test_pauses_that_overlap_touch_and_hold_each_other_count_once_and_never_after_the_deadline() -> None:
    handoff = taken(MORNING)
    rep = owner_of(handoff)
    for begin, end in ((10, 40), (20, 30), (25, 50)):
        pause(
            clock=clock_of(handoff, TOUCH),
            until=MORNING + end * MINUTE,
            reason=PauseReason.PROSPECT_AWAY,
            by=rep,
            now=MORNING + begin * MINUTE,
        )
    due = MORNING + 100 * MINUTE
    assert clock_of(handoff, TOUCH).due_at == due
    for now in (due, due + SECOND):
        with pytest.raises(NotPossible):
            pause(
                clock=clock_of(handoff, TOUCH),
                until=now + DAY,
                reason=PauseReason.PROSPECT_AWAY,
                by=rep,
                now=now,
            )
    assert Clock.objects.late(due).filter(kind=TOUCH).count() == 0
    assert Clock.objects.late(due + SECOND).filter(kind=TOUCH).count() == 1
