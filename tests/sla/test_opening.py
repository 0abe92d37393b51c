"""Handoffs open, their clocks start, are warned about and breached: each once, in bounded statements."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from drains.models import SetAside
from drains.runner import run_until_idle
from leads.models import JournalEntry, Lead, Source, SourceKind
from leads.stages import Stage
from notifications.models import Notification
from sla.models import Breach, Clock, ClockOutcome, Handoff, HandoffTier
from sla.services.answering import accept
from tests.sla.desk import (
    ARRIVAL,
    HOUR,
    MINUTE,
    MORNING,
    at_once,
    clock_of,
    hand_over,
    new_version,
    open_desk,
    submit,
)
from tests.support.people import make_user
from tests.support.statements import statements

pytestmark = pytest.mark.django_db


def test_a_ready_lead_is_handed_off_with_its_clock_and_tells_its_rep_once() -> None:
    _, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    run_until_idle(MORNING + MINUTE)
    clock = clock_of(handoff)
    assert (handoff.tier, handoff.owner, handoff.lead.stage) == (HandoffTier.HAND_RAISER, rep, Stage.SRL)
    assert (clock.owner, clock.started_at, clock.due_at) == (rep, MORNING, MORNING + 15 * MINUTE)
    notice = Notification.objects.get()
    assert (notice.recipient, notice.kind) == (rep, "handed_off")
    assert str(handoff.lead) in notice.subject


def test_tier_2_is_tier_2_whatever_it_did() -> None:
    open_desk(reps=1)
    submit(MORNING)
    run_until_idle(MORNING, ["leads.process_submissions"])
    Lead.objects.update(tier=2)
    run_until_idle(MORNING, ARRIVAL)
    assert Handoff.objects.get().tier == HandoffTier.TIER_2


def test_imported_history_starts_no_clock_is_nobodys_and_tells_nobody() -> None:
    _, (rep,) = open_desk(reps=1)
    source = Source.objects.create(name="Old", slug="old", kind=SourceKind.IMPORT, starts_clocks=False)
    then = MORNING.replace(year=2025)
    (handoff,) = hand_over(
        MORNING, source=source, form=None, activity="demo_request", occurred_at=then.isoformat()
    )
    assert (handoff.started_at, handoff.owner) == (then, None)
    run_until_idle(MORNING + 5 * MINUTE)
    handoff.refresh_from_db()
    assert handoff.owner is None
    assert not Clock.objects.exists()
    assert not Notification.objects.exists()
    accept(handoff=handoff, by=rep, now=MORNING + HOUR)
    assert not Clock.objects.exists()


def test_a_lead_that_no_team_may_take_is_set_aside_with_the_reason() -> None:
    open_desk(fallback=False, countries=["DK"])
    assert hand_over(MORNING, country="ID") == []
    assert "make one team the fallback" in SetAside.objects.get(drain="sla.hand_off").error


def test_a_page_knows_an_overdue_clock_before_any_sweep_and_the_sweep_writes_it_down() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    later = due + 5 * HOUR
    assert [*Clock.objects.late(later)] == [*Clock.objects.missed(later)] == [clock_of(handoff)]
    assert clock_of(handoff).breached_at is None
    run_until_idle(later, ["sla.sweep"])
    clock = clock_of(handoff)
    assert (clock.breached_at, clock.outcome) == (due, ClockOutcome.RUNNING)
    assert Breach.objects.get().recorded_at == later


def test_at_the_due_second_the_sweep_sees_nothing() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    assert run_until_idle(clock_of(handoff).due_at, ["sla.sweep"]) == 0


def test_a_breach_is_recorded_and_told_once_however_often_the_sweep_runs() -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user(Role.SALES_MANAGER, team=team)
    make_user(Role.SALES_MANAGER, team=open_desk(fallback=False)[0])
    hand_over(MORNING)
    for minutes in (16, 17, 60):
        run_until_idle(MORNING + minutes * MINUTE, ["sla.sweep", "sla.escalate"])
    assert Breach.objects.count() == 1
    told = Notification.objects.filter(kind="breach")
    assert {notice.recipient for notice in told} == {rep, manager}
    assert told.count() == 2
    assert JournalEntry.objects.filter(event="clock.breached").count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_sweepers_at_once_write_one_breach_and_one_notice_each() -> None:
    open_desk(reps=1)
    hand_over(MORNING, count=30)
    Notification.objects.all().delete()
    sweepers = at_once(*[lambda: run_until_idle(MORNING + 20 * MINUTE, ["sla.sweep"])] * 4)
    assert sum(row for row in sweepers if isinstance(row, int)) == 30, sweepers
    tellers = at_once(*[lambda: run_until_idle(MORNING + 20 * MINUTE, ["sla.escalate"])] * 4)
    assert all(isinstance(row, int) for row in tellers), tellers
    assert Breach.objects.count() == 30
    assert Notification.objects.filter(kind="breach").count() == 30
    assert JournalEntry.objects.filter(event="clock.breached").count() == 30


def test_a_warning_comes_once_before_the_due_time_and_never_after() -> None:
    _, (rep,) = open_desk(reps=1)
    (_handoff,) = hand_over(MORNING)
    for minutes in (11, 12, 13):
        run_until_idle(MORNING + minutes * MINUTE, ["sla.escalate"])
    assert Notification.objects.get(kind="warning").recipient == rep
    hand_over(MORNING + HOUR)
    run_until_idle(MORNING + 2 * HOUR, ["sla.escalate"])
    assert Notification.objects.filter(kind="warning").count() == 1


def test_leads_are_handed_off_in_a_bounded_number_of_statements() -> None:
    open_desk(reps=3)
    counts = []
    for number in (5, 100):
        for _number in range(number):
            submit(MORNING)
        run_until_idle(MORNING, ["leads.process_submissions", "scoring.rescore"])
        with CaptureQueriesContext(connection) as queries:
            assert run_until_idle(MORNING, ["sla.hand_off"]) == number
        counts.append(statements(queries))
    assert counts[1] <= counts[0], counts


def test_clocks_are_swept_in_a_bounded_number_of_statements() -> None:
    _, (_rep,) = open_desk(reps=1)
    (model,) = hand_over(MORNING)
    clock = clock_of(model)
    new_version(MORNING + HOUR, accept_seconds=60)
    counts = []
    for number in (5, 500):
        clock.pk = None
        Clock.objects.bulk_create([_copy(clock) for _ in range(number)])
        with CaptureQueriesContext(connection) as queries:
            assert run_until_idle(MORNING + HOUR, ["sla.sweep"]) >= number
        counts.append(statements(queries))
    assert counts[1] <= counts[0], counts


def _copy(clock: Clock) -> Clock:
    fields = {field.attname: getattr(clock, field.attname) for field in Clock._meta.concrete_fields}
    del fields["id"]
    return Clock(**fields)
