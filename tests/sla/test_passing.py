"""Passing handoffs on: who has them, who is to answer, and who answers for which clock (invariant 12, case 26)."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence, Team, User
from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import JournalEntry
from leads.services.review import reject as reject_submissions
from leads.stages import Stage
from notifications.models import Notification
from sla.models import (
    Breach,
    Clock,
    ClockOutcome,
    Handoff,
    HandoffState,
    PauseReason,
    PromiseKind,
    Reason,
    Tenure,
    TouchKind,
)
from sla.reports.evidence import evidence_of
from sla.services.answering import AlreadyAnswered, NotPossible, accept, reject
from sla.services.passing import assign, give_back, share_out
from sla.services.pausing import pause
from sla.services.working import log_touch, qualify
from tests.sla.desk import HOUR, MINUTE, MORNING, at_once, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user
from tests.support.statements import statements

pytestmark = pytest.mark.django_db
TOUCH = PromiseKind.FIRST_TOUCH


class Desk:
    """A team with a manager, whose first lead Anna accepted at MORNING; her call is due an hour later."""

    def __init__(self, reps: int = 2) -> None:
        self.team: Team
        self.team, self.reps = open_desk(reps=reps)
        self.manager = make_user("sales_manager", team=self.team)
        (handoff,) = hand_over(MORNING)
        self.anna = owner_of(handoff)
        self.ben = next(rep for rep in self.reps if rep != self.anna)
        self.pk = accept(handoff=handoff, by=self.anna, now=MORNING).pk

    @property
    def handoff(self) -> Handoff:
        """As it is now."""
        return Handoff.objects.get(pk=self.pk)

    def give(self, to: User, at: datetime) -> Handoff:
        """The manager passes the lead on."""
        return assign(handoff=self.handoff, to=to, by=self.manager, now=at)

    def call(self, by: User, at: datetime, now: datetime | None = None) -> None:
        """A call is logged."""
        log_touch(
            handoff=self.handoff, kind=TouchKind.CALL, reached=True, note="", at=at, by=by, now=now or at
        )

    @property
    def touch_clock(self) -> Clock:
        """The lead's own clock for the first touch."""
        return clock_of(self.handoff, TOUCH)


def test_who_had_the_lead_before_is_written_down_without_gaps_and_overlaps() -> None:
    desk = Desk()
    first, second = MORNING + 10 * MINUTE, MORNING + 25 * MINUTE
    desk.give(desk.ben, first)
    desk.give(desk.anna, second)
    tenures = Tenure.objects.filter(handoff=desk.pk).order_by("ends_at")
    told = [(row.owner, row.starts_at, row.ends_at) for row in tenures]
    assert told == [(desk.anna, MORNING, first), (desk.ben, first, second)]


def test_the_leads_own_clocks_go_on_and_the_new_owner_gets_an_accept_clock() -> None:
    desk = Desk()
    before = {clock.pk: (clock.started_at, clock.due_at) for clock in desk.handoff.clocks.all()}
    desk.give(desk.ben, MORNING + 20 * MINUTE)
    handoff = desk.handoff
    assert (handoff.state, handoff.owner, handoff.accepted_at) == ("waiting", desk.ben, MORNING)
    assert {c.pk: (c.started_at, c.due_at) for c in handoff.clocks.filter(pk__in=before)} == before
    own = clock_of(handoff)
    assert (own.owner, own.started_at, own.due_at) == (
        desk.ben,
        MORNING + 20 * MINUTE,
        MORNING + 35 * MINUTE,
    )
    accept(handoff=handoff, by=desk.ben, now=MORNING + 30 * MINUTE)
    assert (desk.handoff.state, desk.handoff.accepted_at) == ("accepted", MORNING)
    assert clock_of(desk.handoff).outcome == ClockOutcome.KEPT
    assert desk.handoff.clocks.filter(kind=TOUCH).count() == 1
    assert desk.handoff.lead.stage == Stage.SRL
    told = Notification.objects.filter(kind="handed_off", recipient=desk.ben)
    assert told.count() == 1


def test_a_promise_kept_is_to_the_credit_of_whoever_kept_it() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + 50 * MINUTE)
    assert desk.touch_clock.owner == desk.anna
    desk.call(desk.ben, MORNING + 55 * MINUTE)
    clock = desk.touch_clock
    assert (clock.outcome, clock.owner) == (ClockOutcome.KEPT, desk.ben)
    assert desk.handoff.state == HandoffState.ACCEPTED


def test_a_call_that_was_made_before_the_lead_was_passed_on_is_to_the_credit_of_who_had_it_then() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + 20 * MINUTE)
    desk.call(desk.ben, MORNING + 30 * MINUTE)
    desk.call(desk.ben, MORNING + 10 * MINUTE, now=MORNING + 40 * MINUTE)
    clock = desk.touch_clock
    assert (clock.ended_at, clock.owner) == (MORNING + 10 * MINUTE, desk.anna)


@pytest.mark.parametrize(("minutes", "blamed"), [(10, "ben"), (30, "ben"), (31, "anna"), (55, "anna")])
def test_a_clock_that_runs_out_falls_to_whoever_had_most_of_its_time(minutes: int, blamed: str) -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + minutes * MINUTE)
    due = desk.touch_clock.due_at
    # Before any sweep ran the figures know who answers; the sweep writes the same.
    assert desk.touch_clock.owner == getattr(desk, blamed)
    run_until_idle(due + HOUR, ["sla.sweep"])
    breach = Breach.objects.get(clock=desk.touch_clock)
    assert (breach.owner, breach.deadline) == (getattr(desk, blamed), due)


def test_a_clock_that_was_late_when_it_changed_hands_stays_with_who_had_it_at_its_deadline() -> None:
    desk = Desk()
    due = desk.touch_clock.due_at
    desk.give(desk.ben, due + MINUTE)
    run_until_idle(due + 2 * MINUTE, ["sla.sweep"])
    assert Breach.objects.get(clock=desk.touch_clock).owner == desk.anna
    desk.call(desk.ben, due + 5 * MINUTE)
    clock = desk.touch_clock
    assert (clock.outcome, clock.owner) == (ClockOutcome.MISSED, desk.anna)


def test_a_pause_that_moves_the_deadline_moves_who_answers_for_it() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + 40 * MINUTE)
    assert desk.touch_clock.owner == desk.anna
    accept(handoff=desk.handoff, by=desk.ben, now=MORNING + 41 * MINUTE)
    until = MORNING + 3 * HOUR
    pause(
        clock=desk.touch_clock,
        until=until,
        reason=PauseReason.PROSPECT_AWAY,
        by=desk.ben,
        now=MORNING + 45 * MINUTE,
    )
    # What is paused is nobody's time: Anna still had 40 of the 60 minutes.
    assert (desk.touch_clock.due_at, desk.touch_clock.owner) == (until + 15 * MINUTE, desk.anna)


def test_the_evidence_shows_what_each_owner_used() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + 40 * MINUTE)
    desk.call(desk.ben, MORNING + 70 * MINUTE)
    one = next(row for row in evidence_of(desk.handoff, MORNING + 2 * HOUR).clocks if row.clock.kind == TOUCH)
    assert dict(one.facts)["Time by owner"] == f"{desk.anna} 40 min, {desk.ben} 30 min"
    assert dict(one.facts)["Answers for it"] == str(desk.anna)
    assert one.agrees


def test_who_cannot_take_a_lead_on_gives_it_back_with_a_reason_and_never_gets_it_again() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + 10 * MINUTE)
    at = MORNING + 15 * MINUTE
    with pytest.raises(NotPossible, match="Write why"):
        give_back(handoff=desk.handoff, why="  ", by=desk.ben, now=at)
    with pytest.raises(NotPossible, match="Give it back"):
        reject(
            handoff=desk.handoff,
            reason=Reason.objects.get(slug="incomplete"),
            note="",
            by=desk.ben,
            now=at,
        )
    give_back(handoff=desk.handoff, why="I am their cousin", by=desk.ben, now=at)
    handoff = desk.handoff
    assert (handoff.state, handoff.owner, handoff.lead.stage) == ("waiting", None, Stage.SRL)
    accepts = list(handoff.clocks.filter(kind=PromiseKind.ACCEPT).order_by("pk"))
    assert [(c.owner, c.outcome) for c in accepts] == [
        (desk.anna, "kept"),
        (desk.ben, "kept"),
        (None, "running"),
    ]
    notice = Notification.objects.get(kind="given_back")
    assert notice.recipient == desk.manager
    assert "I am their cousin" in notice.body
    with pytest.raises(NotPossible, match="gave it back"):
        desk.give(desk.ben, at + MINUTE)
    Absence.objects.create(user=desk.anna, starts_at=at, ends_at=at + HOUR)
    assert run_until_idle(at + 2 * MINUTE, ["sla.assign"]) == 0
    run_until_idle(at + HOUR, ["sla.assign"])
    assert desk.handoff.owner == desk.anna


def test_what_was_never_accepted_is_rejected_and_not_given_back() -> None:
    _team, (rep,) = open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    with pytest.raises(NotPossible, match="accept or reject"):
        give_back(handoff=handoff, why="No time", by=rep, now=MORNING)


def test_nobody_absent_inactive_or_of_another_team_is_given_a_lead() -> None:
    desk = Desk()
    away = make_user("rep", team=desk.team)
    Absence.objects.create(user=away, starts_at=MORNING - HOUR, ends_at=MORNING + HOUR)
    gone = make_user("rep", team=desk.team, is_active=False)
    for somebody in (away, gone, make_user("rep"), desk.manager):
        with pytest.raises(NotPossible):
            desk.give(somebody, MORNING)
    for stranger in (desk.anna, make_user("sales_manager", team=make_user("rep").team), make_user("auditor")):
        with pytest.raises(Refusal):
            assign(handoff=desk.handoff, to=desk.ben, by=stranger, now=MORNING)
    assert not Tenure.objects.exists()


def test_who_was_overtaken_by_a_reassignment_reads_who_has_the_lead_now() -> None:
    desk = Desk()
    (other,) = hand_over(MORNING)
    assert owner_of(other) == desk.ben
    seen = Handoff.objects.get(pk=other.pk)
    assign(handoff=other, to=desk.anna, by=desk.manager, now=MORNING + MINUTE)
    with pytest.raises(AlreadyAnswered, match=str(desk.anna)):
        accept(handoff=seen, by=desk.ben, now=MORNING + 2 * MINUTE)
    with pytest.raises(AlreadyAnswered, match=str(desk.anna)):
        assign(handoff=seen, to=desk.ben, by=desk.manager, now=MORNING + 2 * MINUTE)
    assert Handoff.objects.get(pk=other.pk).owner == desk.anna


def test_a_selection_is_shared_out_by_turns_and_what_cannot_change_hands_stays_with_the_reason() -> None:
    desk = Desk(reps=3)
    handoffs = [desk.handoff, *hand_over(MORNING, count=6)]
    passed = share_out(handoffs=handoffs, to=None, by=desk.manager, now=MORNING + MINUTE)
    assert (len(passed.given), len(passed.kept)) == (7, 0)
    for before in handoffs:
        assert Handoff.objects.get(pk=before.pk).owner_id not in (None, before.owner_id)
    closed = handoffs[1]
    now = MORNING + 2 * MINUTE
    reason = Reason.objects.get(slug="incomplete")
    row = Handoff.objects.get(pk=closed.pk)
    reject(handoff=row, reason=reason, note="", by=owner_of(row), now=now)
    everything = list(Handoff.objects.order_by("pk"))
    passed = share_out(handoffs=everything, to=desk.ben, by=desk.manager, now=now)
    bens = {row.pk for row in everything if row.owner == desk.ben and row.is_open}
    assert {one.handoff.pk for one in passed.kept} == bens | {closed.pk}
    assert all(one.why for one in passed.kept)
    assert set(Handoff.objects.open().values_list("owner", flat=True)) == {desk.ben.pk}


def test_a_selection_is_passed_on_in_a_bounded_number_of_statements() -> None:
    desk = Desk()
    counts = []
    for number in (5, 40):
        handoffs = [row for row in hand_over(MORNING, count=number) if row.owner == desk.anna]
        with CaptureQueriesContext(connection) as queries:
            share_out(handoffs=handoffs, to=desk.ben, by=desk.manager, now=MORNING + MINUTE)
        counts.append(statements(queries))
    assert counts[1] <= counts[0], counts


def test_marketing_cannot_withdraw_a_lead_that_sales_accepted_and_passed_on() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + MINUTE)
    submission = desk.handoff.lead.contact.submissions.get()
    reject_submissions(submissions=[submission], note="", by=make_user("marketing"), now=MORNING + 2 * MINUTE)
    assert desk.handoff.state == HandoffState.WAITING


def test_the_journal_tells_every_change_of_hands() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + MINUTE)
    entry = JournalEntry.objects.get(event="handoff.assigned")
    assert (entry.actor_id, entry.before, entry.after) == (
        desk.manager.pk,
        {"owner": desk.anna.pk, "state": "accepted"},
        {"owner": desk.ben.pk, "state": "waiting"},
    )


def test_after_a_reassignment_the_lead_is_qualified_by_its_new_owner() -> None:
    desk = Desk()
    desk.give(desk.ben, MORNING + MINUTE)
    bant = dict.fromkeys(("budget", "authority", "need", "timeline"), "known")
    with pytest.raises(Refusal):
        qualify(handoff=desk.handoff, bant=bant, by=desk.anna, now=MORNING + 2 * MINUTE)
    desk.call(desk.ben, MORNING + 3 * MINUTE)
    qualify(handoff=desk.handoff, bant=bant, by=desk.ben, now=MORNING + 4 * MINUTE)
    assert desk.handoff.state == HandoffState.QUALIFIED


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_an_acceptance_and_a_reassignment_at_once_one_wins_and_both_rows_agree() -> None:
    team, reps = open_desk(reps=2)
    manager = make_user("sales_manager", team=team)
    for handoff in hand_over(MORNING, count=4):
        first = owner_of(handoff)
        other = next(rep for rep in reps if rep != first)
        results = at_once(
            lambda pk=handoff.pk, by=first: accept(handoff=Handoff.objects.get(pk=pk), by=by, now=MORNING),  # type: ignore[misc]
            lambda row=handoff, to=other: assign(handoff=row, to=to, by=manager, now=MORNING + MINUTE),  # type: ignore[misc]
        )
        assert sum(isinstance(row, Handoff) for row in results) == 1, results
        assert sum(isinstance(row, AlreadyAnswered) for row in results) == 1, results
        row = Handoff.objects.get(pk=handoff.pk)
        waiting = row.state == HandoffState.WAITING
        assert row.owner == (other if waiting else first)
        running = row.clocks.running().filter(kind=PromiseKind.ACCEPT, owner__isnull=False)
        assert [clock.owner for clock in running] == ([other] if waiting else [])
        assert row.clocks.filter(kind=TOUCH).count() == (0 if waiting else 1)
