"""Who hears of a step of a ladder, and what the evidence says became of each step."""

from __future__ import annotations

import pytest

from accounts.models import Role, User
from drains.runner import run_until_idle
from leads.models import Submission
from leads.services.review import reject
from notifications.models import Notification
from sla.api.evidence import evidence_out
from sla.models import Handoff, PauseReason, PromiseKind
from sla.reports.evidence import evidence_of
from sla.services.answering import accept
from sla.services.passing import assign, give_back
from sla.services.pausing import pause, waive
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk, owner_of
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
BOTH = ("sla.sweep", "sla.escalate")


def told(kind: str) -> list[User]:
    """Who got a notice of that kind, in order."""
    rows = Notification.objects.filter(kind=kind).select_related("recipient").order_by("pk")
    return [row.recipient for row in rows if row.recipient is not None]


def steps(handoff: Handoff, kind: PromiseKind, now_in_minutes: int) -> list[tuple[str, str, str]]:
    """Action, word and the first reason of each step, as the evidence shows them."""
    evidence = evidence_of(handoff, MORNING + now_in_minutes * MINUTE)
    (found,) = (one.steps for one in evidence.clocks if one.clock.kind == kind)
    (sent,) = (one.steps for one in evidence_out(evidence, MORNING).clocks if one.clock.kind == kind)
    assert [(one.action, one.when, one.state, one.text) for one in sent] == [
        (one.action, one.when, one.word, one.text) for one in found
    ]
    return [(one.action, one.word, one.text.split(" · ")[0]) for one in found]


def test_case_26_whoever_has_the_lead_now_is_warned_though_another_answers_for_most_of_the_time() -> None:
    team, _reps = open_desk(reps=2)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    accept(handoff=handoff, by=first, now=MORNING)  # the first touch is due at 11:00, and warns at 10:45
    handoff.refresh_from_db()
    second = next(rep for rep in team.members.filter(role=Role.REP) if rep != first)
    assign(handoff=handoff, to=second, by=manager, now=MORNING + 40 * MINUTE)
    handoff.refresh_from_db()
    accept(handoff=handoff, by=second, now=MORNING + 41 * MINUTE)
    assert clock_of(handoff, PromiseKind.FIRST_TOUCH).owner == first
    run_until_idle(MORNING + 46 * MINUTE, BOTH)
    assert told("warning") == [second]
    assert str(second) in Notification.objects.get(kind="warning").body
    run_until_idle(MORNING + 61 * MINUTE, BOTH)
    assert set(told("breach")) == {second, manager}


def test_a_lead_that_was_given_back_is_the_managers_to_hear_of() -> None:
    team, _reps = open_desk(reps=2)
    manager = make_user(Role.SALES_MANAGER, team=team)
    (handoff,) = hand_over(MORNING)
    first = owner_of(handoff)
    accept(handoff=handoff, by=first, now=MORNING)
    handoff.refresh_from_db()
    second = next(rep for rep in team.members.filter(role=Role.REP) if rep != first)
    assign(handoff=handoff, to=second, by=manager, now=MORNING + 20 * MINUTE)
    handoff.refresh_from_db()
    give_back(handoff=handoff, why="On leave.", by=second, now=MORNING + 21 * MINUTE)
    run_until_idle(MORNING + 46 * MINUTE, BOTH)
    touch = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    warned = Notification.objects.filter(kind="warning", dedupe_key__contains=f":{touch.pk}:")
    assert {row.recipient for row in warned} == {manager}


def test_a_rep_who_left_is_not_written_to_and_the_managers_hear_instead() -> None:
    team, (rep,) = open_desk(reps=1)
    manager = make_user(Role.SALES_MANAGER, team=team)
    hand_over(MORNING)
    rep.is_active = False
    rep.save()
    run_until_idle(MORNING + 12 * MINUTE, BOTH)
    assert told("warning") == [manager]


def test_the_evidence_tells_of_steps_taken_taken_late_and_left_out_and_why() -> None:
    open_desk(reps=1)
    (late,) = hand_over(MORNING)
    run_until_idle(MORNING + 25 * MINUTE, BOTH)  # after an outage: the answer was due at 10:15
    found = steps(late, PromiseKind.ACCEPT, 25)
    assert found[0] == ("Tell the rep", "left out", "the due time had passed already")
    assert [(what, word) for what, word, _why in found[2:]] == [
        ("Tell the rep", "done late"),
        ("Tell the managers", "done late"),
        ("Tell the channels", "done late"),
        ("Take back and give to the next rep", "to come"),
    ]
    (kept,) = hand_over(MORNING + HOUR)
    accept(handoff=kept, by=owner_of(kept), now=MORNING + 61 * MINUTE)
    assert {why[1:] for why in steps(kept, PromiseKind.ACCEPT, 62)} == {
        ("left out", "the promise was kept before")
    }


def test_the_evidence_tells_of_steps_that_ended_with_a_waiver_or_a_withdrawal() -> None:
    team, _reps = open_desk(reps=1)
    manager, marketing = make_user(Role.SALES_MANAGER, team=team), make_user(Role.MARKETING)
    (waived, withdrawn) = hand_over(MORNING, count=2)
    waive(clock=clock_of(waived), reason="Agreed.", by=manager, now=MORNING + MINUTE)
    assert {row[1:] for row in steps(waived, PromiseKind.ACCEPT, 2)} == {
        ("left out", "the promise was waived")
    }
    submission = Submission.objects.get(contact__lead=withdrawn.lead_id)
    reject(submissions=[submission], note="Spam.", by=marketing, now=MORNING + MINUTE)
    assert {row[1:] for row in steps(withdrawn, PromiseKind.ACCEPT, 2)} == {
        ("left out", "the promise was cancelled")
    }


def test_a_step_that_a_pause_moved_comes_once_at_its_new_time() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    rep = owner_of(handoff)
    accept(handoff=handoff, by=rep, now=MORNING)
    touch = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    until = MORNING + 30 * MINUTE
    pause(clock=touch, until=until, reason=PauseReason.PROSPECT_AWAY, by=rep, now=MORNING)
    run_until_idle(MORNING + 46 * MINUTE, BOTH)
    assert {word for _what, word, _why in steps(handoff, PromiseKind.FIRST_TOUCH, 46)} == {"to come"}
    for minutes in (76, 77, 78):
        run_until_idle(MORNING + minutes * MINUTE, BOTH)
    words = [word for _what, word, _why in steps(handoff, PromiseKind.FIRST_TOUCH, 78)]
    assert words == ["done", "done", "to come", "to come", "to come"]
