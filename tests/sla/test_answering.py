"""Accepting, rejecting and assigning: one winner, reasons, and each owner's own time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import JournalEntry, Lead
from leads.stages import Stage
from sla.models import Breach, Clock, ClockOutcome, Handoff, HandoffState, PromiseKind, Reason
from sla.services.answering import AlreadyAnswered, NotPossible, accept, reject
from sla.services.passing import assign
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
    owner_of,
    submit,
)
from tests.support.people import make_user


@pytest.mark.django_db
def test_an_acceptance_ends_one_clock_and_starts_the_next() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=owner_of(handoff), now=MORNING + 10 * MINUTE)
    assert clock_of(handoff).outcome == ClockOutcome.KEPT
    assert clock_of(handoff).seconds_used == 600
    touch = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert (touch.owner, touch.started_at) == (handoff.owner, MORNING + 10 * MINUTE)
    assert touch.due_at == MORNING + 10 * MINUTE + HOUR


@pytest.mark.django_db
def test_at_the_due_second_exactly_an_answer_is_in_time() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=owner_of(handoff), now=clock_of(handoff).due_at)
    assert clock_of(handoff).outcome == ClockOutcome.KEPT
    assert not Breach.objects.exists()


@pytest.mark.django_db
def test_a_late_answer_is_a_breach_although_no_sweep_ran() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    accept(handoff=handoff, by=owner_of(handoff), now=due + MINUTE)
    breach = Breach.objects.get()
    assert (breach.deadline, breach.owner, breach.lifted_at) == (due, handoff.owner, None)
    assert clock_of(handoff).outcome == ClockOutcome.MISSED


@pytest.mark.django_db
def test_an_answer_in_time_is_none_although_the_sweep_comes_late() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    accept(handoff=handoff, by=owner_of(handoff), now=clock_of(handoff).due_at - MINUTE)
    run_until_idle(MORNING + 20 * MINUTE, ["sla.sweep"])
    assert not Breach.objects.exists()


@pytest.mark.django_db
def test_lateness_freezes_with_the_answer_and_the_breach_stays() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    due = clock_of(handoff).due_at
    run_until_idle(due + MINUTE, ["sla.sweep"])
    accept(handoff=handoff, by=owner_of(handoff), now=due + 5 * MINUTE)
    run_until_idle(due + 5 * HOUR, ["sla.sweep"])
    clock = clock_of(handoff)
    assert clock.ended_at == clock.due_at + 5 * MINUTE
    assert list(Breach.objects.filter(clock=clock).values_list("deadline", flat=True)) == [due]


@pytest.mark.django_db
def test_a_rejection_needs_a_reason_and_some_reasons_a_note() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    wrong_kind = Reason.objects.for_disqualification(handoff.agreement_version_id).first()
    for reason in (None, wrong_kind):
        with pytest.raises(NotPossible, match="Choose why"):
            reject(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING)
    no_interest = Reason.objects.get(slug="no_interest")
    with pytest.raises(NotPossible, match="needs a note"):
        reject(handoff=handoff, reason=no_interest, note=" ", by=owner_of(handoff), now=MORNING)
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.WAITING


@pytest.mark.django_db
@pytest.mark.parametrize("slug, stage", [("incomplete", Stage.MQL), ("not_the_persona", Stage.NURTURE)])
def test_a_rejected_lead_is_back_with_marketing(slug: str, stage: Stage) -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    reject(handoff=handoff, reason=Reason.objects.get(slug=slug), note="", by=owner_of(handoff), now=MORNING)
    assert Lead.objects.get().stage == stage
    entry = JournalEntry.objects.filter(event="handoff.rejected").get()
    assert entry.after["reason"] == slug


@pytest.mark.django_db
def test_who_is_too_late_reads_who_was_first() -> None:
    _team, (ada, bo) = open_desk()
    (handoff,) = hand_over(MORNING.replace(hour=20))
    accept(handoff=handoff, by=ada, now=MORNING.replace(hour=21))
    handoff.refresh_from_db()
    with pytest.raises(AlreadyAnswered, match=f"{ada} accepted this lead on 4 Mar, 21:00 UTC"):
        accept(handoff=handoff, by=bo, now=MORNING.replace(hour=22))
    with pytest.raises(Refusal):
        accept(handoff=handoff, by=make_user("rep"), now=MORNING.replace(hour=22))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_ten_who_accept_at_once_one_wins_and_nine_read_who() -> None:
    _team, reps = open_desk(reps=10)
    (handoff,) = hand_over(MORNING.replace(hour=20))
    now = MORNING.replace(hour=21)

    def deed(rep: User) -> Callable[[], object]:
        return lambda: accept(handoff=Handoff.objects.get(pk=handoff.pk), by=rep, now=now)

    results = at_once(*(deed(rep) for rep in reps))
    winners = [row for row in results if isinstance(row, Handoff)]
    losers = [row for row in results if isinstance(row, AlreadyAnswered)]
    assert (len(winners), len(losers)) == (1, 9), results
    assert all(str(winners[0].owner) in str(loser) for loser in losers)
    assert JournalEntry.objects.filter(event="handoff.accepted").count() == 1
    assert Clock.objects.filter(handoff=handoff, kind=PromiseKind.FIRST_TOUCH).count() == 1


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_an_acceptance_and_a_rejection_at_once_one_wins() -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    reason = Reason.objects.get(slug="incomplete")
    results = at_once(
        lambda: accept(handoff=handoff, by=rep, now=MORNING),
        lambda: reject(handoff=handoff, reason=reason, note="", by=manager, now=MORNING),
    )
    assert sum(isinstance(row, Handoff) for row in results) == 1, results
    assert sum(isinstance(row, AlreadyAnswered) for row in results) == 1


@pytest.mark.django_db
def test_a_manager_accepts_for_the_rep_and_not_what_is_nobodys() -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user("sales_manager", team=team)
    (mine,) = hand_over(MORNING)
    (queued,) = hand_over(MORNING.replace(hour=20))
    row = accept(handoff=mine, by=manager, now=MORNING)
    assert (row.owner, row.answered_by) == (rep, manager)
    assert clock_of(mine, PromiseKind.FIRST_TOUCH).owner == rep
    with pytest.raises(NotPossible, match="Assign it"):
        accept(handoff=queued, by=manager, now=MORNING.replace(hour=20))


@pytest.mark.django_db
def test_each_owner_answers_for_their_own_time_only() -> None:
    team, (ada, bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    first, second = (ada, bo) if handoff.owner == ada else (bo, ada)
    assign(handoff=handoff, to=second, by=manager, now=MORNING + 10 * MINUTE)
    handoff.refresh_from_db()
    accept(handoff=handoff, by=second, now=MORNING + 20 * MINUTE)
    clocks = list(handoff.clocks.filter(kind=PromiseKind.ACCEPT).order_by("pk"))
    assert [(c.owner, c.outcome) for c in clocks] == [(None, "missed"), (second, "kept")]
    assert clocks[1].started_at == MORNING + 10 * MINUTE
    assert not Breach.objects.filter(owner=first).exists()


@pytest.mark.django_db
def test_a_rep_who_was_late_before_the_lead_was_passed_on_stays_late() -> None:
    team, (ada, bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    first, second = (ada, bo) if handoff.owner == ada else (bo, ada)
    due = clock_of(handoff).due_at
    assign(handoff=handoff, to=second, by=manager, now=due + 5 * MINUTE)
    breach = Breach.objects.get()
    assert (breach.owner, breach.deadline, breach.clock.ended_at) == (first, due, due + 5 * MINUTE)


@pytest.mark.django_db
def test_only_active_reps_of_the_team_are_assigned_and_none_who_rejected() -> None:
    team, (ada, _bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    refuser = owner_of(handoff)
    reject(handoff=handoff, reason=Reason.objects.get(slug="incomplete"), note="", by=refuser, now=MORNING)
    (handoff,) = hand_over(MORNING + HOUR, email=handoff.lead.contact.email)
    gone = make_user("rep", team=team, is_active=False)
    for somebody in (gone, make_user("rep"), manager, refuser):
        with pytest.raises(NotPossible):
            assign(handoff=handoff, to=somebody, by=manager, now=MORNING + HOUR)
    with pytest.raises(Refusal):
        assign(handoff=handoff, to=ada, by=ada, now=MORNING + HOUR)


@pytest.mark.django_db
def test_a_lead_has_at_most_one_open_handoff() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    handoff.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        handoff.save(force_insert=True)


@pytest.mark.django_db
def test_a_new_version_of_the_agreement_touches_new_handoffs_only() -> None:
    open_desk(reps=1)
    (old,) = hand_over(MORNING)
    version = new_version(MORNING + MINUTE, accept_seconds=120)
    (new,) = hand_over(MORNING + 2 * MINUTE)
    assert clock_of(old).due_at == MORNING + 15 * MINUTE
    assert clock_of(new).due_at == MORNING + 4 * MINUTE
    accept(handoff=old, by=owner_of(old), now=MORNING + 10 * MINUTE)
    assert clock_of(old, PromiseKind.FIRST_TOUCH).promise.version_id == old.agreement_version_id
    assert new.agreement_version_id == version.pk


@pytest.mark.django_db
def test_an_assignment_takes_as_many_statements_for_one_clock_as_for_two() -> None:
    team, (ada, bo) = open_desk()
    manager = make_user("sales_manager", team=team)
    (handoff,) = hand_over(MORNING)
    other = ada if handoff.owner == bo else bo
    with CaptureQueriesContext(connection) as queries:
        assign(handoff=handoff, to=other, by=manager, now=MORNING + MINUTE)
    assert len(queries) <= 31


@pytest.mark.django_db
def test_a_hand_raised_while_sales_had_the_lead_is_answered_by_the_rejection() -> None:
    open_desk(reps=2)
    (handoff,) = hand_over(MORNING)
    submit(MORNING + MINUTE, email=handoff.lead.contact.email)
    run_until_idle(MORNING + MINUTE, ARRIVAL)
    reason = Reason.objects.get(slug="incomplete")
    reject(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING + 2 * MINUTE)
    run_until_idle(MORNING + 3 * MINUTE, ARRIVAL)
    assert Handoff.objects.count() == 1
