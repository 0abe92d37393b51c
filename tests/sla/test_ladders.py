"""Ladders on clocks: each step once, in order, not when it is useless; who does not answer loses the lead."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence, Role
from drains.models import SetAside
from drains.runner import run_until_idle
from leads.models import JournalEntry
from notifications.models import Notification
from sla.models import (
    AgreementVersion,
    Breach,
    Clock,
    ClockOutcome,
    Escalation,
    LadderStep,
    PauseReason,
    Promise,
    PromiseKind,
    TouchKind,
)
from sla.querysets import EscalationQuerySet
from sla.selectors.inbox import InboxView, inbox_page
from sla.services.agreements import adopt
from sla.services.answering import accept
from sla.services.passing import assign
from sla.services.pausing import pause
from sla.services.working import log_touch
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user
from tests.support.statements import statements

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
BOTH = ("sla.sweep", "sla.escalate")


def ladder(*steps: tuple[str, int, str], kind: str = "accept", target: int | None = None) -> None:
    """A version of the agreement, in force since yesterday, with these steps for hand-raisers."""
    latest = AgreementVersion.objects.latest("number")
    version = AgreementVersion.objects.create(agreement=latest.agreement, number=latest.number + 1)
    for promise in latest.promises.all():
        promise.pk, promise.version = None, version
        is_meant = (promise.kind, promise.tier) == (kind, "hand_raiser")
        promise.target_seconds = target if is_meant and target else promise.target_seconds
        promise.save(force_insert=True)
        for position, (when, amount, action) in enumerate(steps if is_meant else (), start=1):
            step = LadderStep(promise=promise, position=position, when=when, amount=amount, action=action)
            step.full_clean()
            step.save()
    yesterday = MORNING - timedelta(days=1)
    adopt(version=version, name="Test", in_force_from=yesterday, rule="tests", now=yesterday)


def states(clock: Clock) -> list[tuple[str, str, str]]:
    """Action, state and detail of each step of a clock, in its order."""
    rows = clock.escalations.select_related("step").order_by("at", "position")
    return [(row.step.action, row.state, row.detail) for row in rows]


def of(*actions: str) -> list[str]:
    """The journal's steps with these actions, in the order in which they were taken."""
    rows = JournalEntry.objects.filter(event="clock.escalated").order_by("pk")
    return [row.after["action"] for row in rows if not actions or row.after["action"] in actions]


def test_the_default_ladder_reminds_tells_and_takes_back_in_order_and_each_once() -> None:
    team, reps = open_desk(reps=2)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    first, clock = owner_of(handoff), clock_of(handoff)
    for minutes in range(1, 30):
        run_until_idle(MORNING + minutes * MINUTE + SECOND, BOTH)
    told = ["notify_rep", "notify_channel", "notify_rep", "notify_manager", "notify_channel"]
    assert of() == told
    warned = Notification.objects.filter(kind="warning").values_list("recipient", flat=True)
    late = Notification.objects.filter(kind="breach").values_list("recipient", flat=True)
    assert (list(warned), set(late), len(late)) == ([first.pk], {first.pk, manager.pk}, 2)
    run_until_idle(MORNING + 30 * MINUTE, BOTH)
    assert of() == told
    run_until_idle(MORNING + 30 * MINUTE + SECOND, BOTH)
    assert of() == [*told, "reassign"]
    assert {state for _action, state, _detail in states(clock)} == {"done"}
    handoff.refresh_from_db()
    assert {first, owner_of(handoff)} == set(reps)


def test_case_53_the_breach_stays_with_the_one_who_lost_the_lead_and_the_next_has_time_of_their_own() -> None:
    open_desk(reps=2)
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    at = MORNING + 30 * MINUTE + SECOND
    run_until_idle(at, BOTH)
    handoff.refresh_from_db()
    second = owner_of(handoff)
    old, new = Clock.objects.filter(kind="accept").order_by("pk")
    assert (old.owner, old.outcome, old.ended_at) == (first, ClockOutcome.MISSED, at)
    assert (new.owner, new.outcome, new.started_at, new.due_at) == (second, "running", at, at + 15 * MINUTE)
    assert Breach.objects.get().owner == first
    accept(handoff=handoff, by=second, now=at + MINUTE)
    assert clock_of(handoff).outcome == ClockOutcome.KEPT
    assert Breach.objects.count() == 1


def test_a_lead_goes_round_once_and_then_waits_in_the_queue_for_the_manager() -> None:
    team, reps = open_desk(reps=2)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    for minutes in range(0, 240, 5):
        run_until_idle(MORNING + minutes * MINUTE + SECOND)
    handoff.refresh_from_db()
    assert handoff.owner is None
    assert set(Breach.objects.exclude(owner=None).values_list("owner", flat=True)) == {rep.pk for rep in reps}
    assert Notification.objects.filter(kind="empty_pool", recipient=manager).count() == 1
    assert Clock.objects.filter(handoff=handoff, owner=None).running().count() == 1
    assert not SetAside.objects.exists(), "the drain of the queue does not claim what nobody can take"
    later = MORNING + 5 * HOUR
    assign(handoff=handoff, to=reps[0], by=manager, now=later)  # whom the drain never gives it again
    handoff.refresh_from_db()
    assert handoff.owner == reps[0]


def test_a_manager_may_want_a_lead_back_in_the_queue_where_it_goes_to_somebody_else() -> None:
    ladder(("after", 60, "return_to_queue"))
    open_desk(reps=2)
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    at = MORNING + 16 * MINUTE + SECOND
    run_until_idle(at, BOTH)
    handoff.refresh_from_db()
    assert handoff.owner is None
    run_until_idle(at + SECOND, ["sla.assign"])
    handoff.refresh_from_db()
    assert owner_of(handoff) != first


def test_the_ladder_of_the_queues_clock_takes_no_lead_from_the_rep_who_has_it_by_then() -> None:
    ladder(("after", 600, "reassign"))
    _, reps = open_desk(reps=2)
    for rep in reps:
        Absence.objects.create(user=rep, starts_at=MORNING - HOUR, ends_at=MORNING + 20 * MINUTE)
    (handoff,) = hand_over(MORNING)
    of_the_queue = clock_of(handoff)
    run_until_idle(MORNING + 20 * MINUTE, ["sla.assign"])
    handoff.refresh_from_db()
    rep = owner_of(handoff)
    run_until_idle(MORNING + 26 * MINUTE, BOTH)
    handoff.refresh_from_db()
    assert owner_of(handoff) == rep
    assert states(of_the_queue) == [("reassign", "skipped", "not_theirs")]


def test_a_step_put_the_lead_first_in_the_inbox_until_it_is_answered() -> None:
    ladder(("share", 50, "put_first"))
    _, (rep,) = open_desk(reps=1)
    first, second = hand_over(MORNING, count=2)
    Clock.objects.filter(handoff=first).update(due_at=MORNING + 14 * MINUTE)
    Escalation.objects.filter(clock__handoff=first).delete()
    run_until_idle(MORNING + 8 * MINUTE, BOTH)
    now = MORNING + 9 * MINUTE
    rows = inbox_page(user=rep, view=InboxView.ALL, number=1, now=now).rows
    assert [row.pk for row in rows] == [second.pk, first.pk]
    assert rows[0].put_first_at == MORNING + 8 * MINUTE
    accept(handoff=second, by=rep, now=now)
    rows = inbox_page(user=rep, view=InboxView.ALL, number=1, now=now).rows
    assert [row.pk for row in rows] == [first.pk, second.pk]


def test_case_32_a_breach_that_begins_and_ends_between_two_sweeps_is_recorded_and_told_once() -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING + 16 * MINUTE)
    assert Breach.objects.get().deadline == MORNING + 15 * MINUTE
    for minutes in (17, 18, 60):
        run_until_idle(MORNING + minutes * MINUTE, BOTH)
    told = Notification.objects.filter(kind="breach", dedupe_key__contains=f":{clock_of(handoff).pk}:")
    assert {row.recipient for row in told} == {rep, manager}
    assert "It came too late." in told[0].body
    assert states(clock_of(handoff)) == [
        ("notify_rep", "skipped", "ended"),
        ("notify_channel", "skipped", "ended"),
        ("notify_rep", "done", ""),
        ("notify_manager", "done", ""),
        ("notify_channel", "done", ""),
        ("reassign", "skipped", "ended"),
    ]


def test_case_33_an_untouched_overdue_lead_is_breached_in_the_database_without_anybody_saving_it() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    run_until_idle(MORNING + 15 * MINUTE + SECOND, ["sla.sweep"])
    assert Breach.objects.get().clock == clock_of(handoff)


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_case_34_four_workers_at_once_take_each_step_once_and_in_order() -> None:
    open_desk(reps=3)
    hand_over(MORNING, count=20)
    Notification.objects.all().delete()
    now = MORNING + 20 * MINUTE
    results = at_once(*[lambda: run_until_idle(now, BOTH)] * 4)
    assert all(isinstance(row, int) for row in results), results
    assert Breach.objects.count() == 20
    assert not Escalation.objects.due(now).exists()
    for clock in Clock.objects.filter(kind="accept"):
        rows = JournalEntry.objects.filter(event="clock.escalated", subject_id=clock.pk).order_by("pk")
        assert [row.after["step"] for row in rows] == [3, 4, 5]
    assert Notification.objects.filter(kind="breach").count() == 20


def test_a_step_held_up_by_an_outage_runs_once_marked_late_and_a_reminder_not_at_all() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    for minutes in (25, 26):
        run_until_idle(MORNING + minutes * MINUTE, BOTH)
    clock = clock_of(handoff)
    assert states(clock)[:3] == [
        ("notify_rep", "skipped", "too_late"),
        ("notify_channel", "skipped", "too_late"),
        ("notify_rep", "done", ""),
    ]
    done = Escalation.objects.get(clock=clock, position=3)
    assert (done.is_late, done.done_at) == (True, MORNING + 25 * MINUTE)
    assert Notification.objects.filter(kind="breach").count() == 1
    assert not Notification.objects.filter(kind="warning").exists()


def test_case_38_a_reminder_longer_before_than_the_whole_target_alarms_nobody_at_creation() -> None:
    ladder(
        ("before", 15 * 60, "notify_rep"), ("before", 3600, "notify_rep"), ("before", 14 * 60, "notify_rep")
    )
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    run_until_idle(MORNING + SECOND, BOTH)
    assert of() == []
    assert [row.at for row in Escalation.objects.filter(clock=clock_of(handoff))] == [MORNING + MINUTE]


def test_cases_37_and_39_a_reminder_in_working_hours_keeps_to_them_and_does_not_come_again_at_night() -> None:
    ladder(("before", 3600, "notify_rep"), kind="first_touch", target=8 * 3600)
    _, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING)  # Wednesday 10:00, so due Thursday 10:00
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    thursday = MORNING + timedelta(days=1)
    assert (clock.due_at, clock.escalations.get().at) == (thursday, MORNING + 7 * HOUR)
    for hours in range(1, 22):
        run_until_idle(MORNING + hours * HOUR + SECOND, ["sla.escalate"])
    assert Notification.objects.filter(kind="warning").count() == 1


def test_case_23_and_a_pause_moves_what_is_planned_and_repeats_nothing_that_was_done() -> None:
    _, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING)
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)  # due at 11:00, warns at 10:45
    at = MORNING + 46 * MINUTE
    run_until_idle(at, ["sla.escalate"])
    until = at + timedelta(hours=2)
    pause(clock=clock, until=until, reason=PauseReason.PROSPECT_AWAY, by=rep, now=at)
    for minutes in (50, 65, 120, 160):
        run_until_idle(MORNING + minutes * MINUTE, BOTH)
    assert of() == ["notify_rep", "notify_channel"]
    assert set(clock.escalations.planned().values_list("at", flat=True)) == {MORNING + 3 * HOUR}
    run_until_idle(MORNING + 3 * HOUR + SECOND, BOTH)
    assert of() == ["notify_rep", "notify_channel", "notify_rep", "notify_manager", "notify_channel"]


def test_an_answer_in_time_leaves_the_rest_of_the_ladder_out() -> None:
    _, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=rep, now=MORNING + MINUTE)
    assert {(state, detail) for _action, state, detail in states(clock_of(handoff))} == {("skipped", "ended")}
    log_touch(
        handoff=handoff, kind=TouchKind.CALL, reached=True, note="", at=MORNING + 2 * MINUTE, by=rep,
        now=MORNING + 2 * MINUTE,
    )  # fmt: skip
    assert not Escalation.objects.planned().filter(clock__kind__in=("accept", "first_touch")).exists()


def test_marketings_managers_hear_of_marketings_promises_and_sales_managers_do_not() -> None:
    team, _reps = open_desk(reps=1)
    make_user(Role.SALES_MANAGER, team=team)
    marketing = make_user(Role.MARKETING)
    (handoff,) = hand_over(MORNING)
    clock = clock_of(handoff)
    promise = Promise.objects.get(kind="pick_up", tier="hand_raiser")
    theirs = Clock.objects.create(
        handoff=handoff, promise=promise, kind="pick_up", tier="hand_raiser", team=team, source=clock.source,
        started_at=MORNING, due_at=MORNING + MINUTE, warn_at=MORNING + MINUTE, calendar_version=clock.calendar_version,
    )  # fmt: skip
    for step in promise.ladder.all():
        Escalation.objects.create(clock=theirs, step=step, position=step.position, at=theirs.due_at)
    run_until_idle(MORNING + 2 * MINUTE, BOTH)
    told = Notification.objects.filter(kind="breach")
    assert [row.recipient for row in told] == [marketing]


def test_steps_are_taken_in_a_bounded_number_of_statements() -> None:
    ladder(("after", 0, "notify_rep"), ("after", 0, "notify_manager"), ("after", 0, "put_first"))
    team, _reps = open_desk(reps=2)
    make_user(Role.SALES_MANAGER, team=team)
    counts = []
    for number, at in ((3, MORNING), (40, MORNING + HOUR)):
        hand_over(at, count=number)
        with CaptureQueriesContext(connection) as queries:
            run_until_idle(at + 20 * MINUTE, ["sla.escalate"])
        counts.append(statements(queries))
    assert counts[1] <= counts[0] + 3, counts


@pytest.mark.postgres
def test_an_idle_sweep_and_an_idle_ladder_read_their_partial_indexes_and_nothing_else() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    clock = clock_of(handoff)
    fields = [
        str(f.column) for f in Clock._meta.concrete_fields if f.column not in ("id", "due_at", "warn_at")
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO sla_clock (due_at, warn_at, {', '.join(fields)})"
            f" SELECT due_at + n * interval '1 s', warn_at, {', '.join(fields)}"
            " FROM sla_clock, generate_series(1, 20000) AS n WHERE id = %s",
            [clock.pk],
        )
        cursor.execute(
            "INSERT INTO sla_escalation (clock_id, step_id, position, at, state, is_late, detail)"
            " SELECT clock.id, step_id, position, clock.due_at, 'planned', false, ''"
            " FROM sla_clock AS clock, sla_escalation AS pattern WHERE pattern.clock_id = %s AND clock.id > %s",
            [clock.pk, clock.pk],
        )
        cursor.execute("ANALYZE sla_clock")
        cursor.execute("ANALYZE sla_escalation")
    due: list[EscalationQuerySet | Any] = [Clock.objects.due(MORNING), Escalation.objects.due(MORNING)]
    for rows, index in zip(due, ("clock_sweep", "escalation_escalate"), strict=True):
        told = rows[:500].explain(analyze=True, buffers=True, format="json")
        assert index in told, told
        plan = json.loads(told)[0]["Plan"]
        assert sum(rows_read(node) for node in nodes(plan)) <= 5, told
        # Of some thousand pages. What other tests rolled back still lies in the index until a vacuum.
        assert plan["Shared Hit Blocks"] + plan["Shared Read Blocks"] <= 100, told


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan of PostgreSQL and all that is below."""
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def rows_read(node: dict[str, Any]) -> int:
    """How many rows a step looked at."""
    looked_at = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(node.get(name, 0) for name in looked_at))
