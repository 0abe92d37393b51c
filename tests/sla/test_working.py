"""Touches, and how an accepted lead ends."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from accounts.policies import Refusal
from drains.runner import run_until_idle
from leads.models import Lead, OpportunityState
from leads.stages import Stage
from sla.models import Breach, ClockOutcome, Handoff, HandoffState, PromiseKind, Reason, TouchKind
from sla.services.answering import NotPossible, accept
from sla.services.working import close_deal, disqualify, log_touch, open_deal, qualify, recycle
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, new_version, open_desk, owner_of
from tests.support.people import make_user

BANT = {"budget": "10,000", "authority": "She decides", "need": "Cold chain", "timeline": "This spring"}
pytestmark = pytest.mark.django_db


def accepted() -> Handoff:
    """A handoff that its rep accepted at MORNING."""
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    return accept(handoff=handoff, by=owner_of(handoff), now=MORNING)


def touch(
    handoff: Handoff, at: datetime, now: datetime | None = None, kind: TouchKind = TouchKind.CALL
) -> None:
    """A call of the owner."""
    log_touch(handoff=handoff, kind=kind, reached=True, note="", at=at, by=owner_of(handoff), now=now or at)


@pytest.mark.parametrize("kind", TouchKind.values)
def test_every_kind_of_human_touch_stops_the_clock(kind: str) -> None:
    handoff = accepted()
    touch(handoff, MORNING + 30 * MINUTE, kind=TouchKind(kind))
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert (clock.outcome, clock.ended_at) == (ClockOutcome.KEPT, MORNING + 30 * MINUTE)


def test_a_touch_that_becomes_known_later_and_was_earlier_is_the_first() -> None:
    handoff = accepted()
    touch(handoff, MORNING + 90 * MINUTE)
    assert clock_of(handoff, PromiseKind.FIRST_TOUCH).outcome == ClockOutcome.MISSED
    touch(handoff, MORNING + 30 * MINUTE, now=MORNING + 100 * MINUTE)
    clock = clock_of(handoff, PromiseKind.FIRST_TOUCH)
    assert (clock.outcome, clock.ended_at) == (ClockOutcome.KEPT, MORNING + 30 * MINUTE)
    assert Breach.objects.get().lifted_at == MORNING + 100 * MINUTE


def test_a_touch_in_time_that_is_logged_after_the_sweep_lifts_the_breach_which_stays() -> None:
    handoff = accepted()
    run_until_idle(MORNING + 2 * HOUR, ["sla.sweep"])
    touch(handoff, MORNING + 30 * MINUTE, now=MORNING + 3 * HOUR)
    assert clock_of(handoff, PromiseKind.FIRST_TOUCH).outcome == ClockOutcome.KEPT
    assert Breach.objects.get().lifted_at == MORNING + 3 * HOUR


def test_touching_a_lead_that_waits_accepts_it() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    touch(handoff, MORNING + 5 * MINUTE)
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.ACCEPTED
    assert clock_of(handoff).outcome == clock_of(handoff, PromiseKind.FIRST_TOUCH).outcome == "kept"


def test_a_touch_is_neither_in_the_future_nor_before_the_handoff_nor_after_its_end() -> None:
    handoff = accepted()
    with pytest.raises(NotPossible, match="future"):
        touch(handoff, MORNING + HOUR, now=MORNING)
    with pytest.raises(NotPossible, match="before the lead was handed off"):
        touch(handoff, MORNING - HOUR, now=MORNING)
    touch(handoff, MORNING)
    recycle(handoff=handoff, until=date(2026, 6, 1), note="", by=owner_of(handoff), now=MORNING)
    with pytest.raises(NotPossible, match="ended"):
        touch(handoff, MORNING + MINUTE)


def test_a_qualified_lead_has_all_of_bant_and_a_touch() -> None:
    handoff = accepted()
    with pytest.raises(NotPossible, match="all four"):
        qualify(handoff=handoff, bant=BANT | {"need": " "}, by=owner_of(handoff), now=MORNING)
    with pytest.raises(NotPossible, match="Log how you reached"):
        qualify(handoff=handoff, bant=BANT, by=owner_of(handoff), now=MORNING)
    touch(handoff, MORNING)
    qualify(handoff=handoff, bant=BANT, by=owner_of(handoff), now=MORNING)
    handoff.refresh_from_db()
    assert (handoff.state, Lead.objects.get().stage) == (HandoffState.QUALIFIED, Stage.SQL)


def test_unable_to_reach_needs_the_agreed_attempts() -> None:
    handoff = accepted()
    reason = Reason.objects.get(slug="unable_to_reach")
    for number in range(6):
        with pytest.raises(NotPossible, match=f"{number} are logged"):
            disqualify(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING)
        touch(handoff, MORNING + number * MINUTE)
    disqualify(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING + HOUR)
    handoff.refresh_from_db()
    assert (handoff.state, Lead.objects.get().stage) == (HandoffState.DISQUALIFIED, Stage.DISQUALIFIED)


def test_a_disqualification_needs_a_reason_and_no_fit_says_why() -> None:
    handoff = accepted()
    touch(handoff, MORNING)
    for reason in (None, Reason.objects.get(slug="incomplete"), Reason.objects.get(slug="no_fit")):
        with pytest.raises(NotPossible):
            disqualify(handoff=handoff, reason=reason, note="", by=owner_of(handoff), now=MORNING)


def test_a_recycled_lead_rests_until_a_day_in_the_future() -> None:
    handoff = accepted()
    touch(handoff, MORNING)
    with pytest.raises(NotPossible, match="future"):
        recycle(handoff=handoff, until=MORNING.date(), note="", by=owner_of(handoff), now=MORNING)
    recycle(handoff=handoff, until=date(2026, 6, 1), note="Later", by=owner_of(handoff), now=MORNING)
    lead = Lead.objects.get()
    assert (lead.stage, lead.nurture_until) == (Stage.NURTURE, date(2026, 6, 1))


def test_a_deal_is_the_reps_and_is_opened_and_closed_once() -> None:
    handoff = accepted()
    rep = owner_of(handoff)
    with pytest.raises(NotPossible, match="Qualify"):
        open_deal(handoff=handoff, amount=None, by=rep, now=MORNING)
    touch(handoff, MORNING)
    qualify(handoff=handoff, bant=BANT, by=rep, now=MORNING)
    manager = make_user("sales_manager", team=handoff.team)
    deal = open_deal(handoff=handoff, amount=Decimal(5000), by=manager, now=MORNING + HOUR)
    assert (deal.owner, deal.amount) == (rep, Decimal(5000))
    with pytest.raises(NotPossible, match="open deal already"):
        open_deal(handoff=handoff, amount=None, by=rep, now=MORNING + HOUR)
    close_deal(handoff=handoff, state=OpportunityState.WON, amount=None, by=rep, now=MORNING + 2 * HOUR)
    assert Lead.objects.get().stage == Stage.CUSTOMER
    with pytest.raises(NotPossible, match="no open deal"):
        close_deal(handoff=handoff, state=OpportunityState.WON, amount=None, by=rep, now=MORNING + 2 * HOUR)


def test_a_team_mate_works_on_nobody_elses_lead() -> None:
    handoff = accepted()
    mate = make_user("rep", team=handoff.team)
    with pytest.raises(Refusal, match=str(handoff.owner)):
        log_touch(
            handoff=handoff, kind=TouchKind.CALL, reached=False, note="", at=MORNING, by=mate, now=MORNING
        )


def test_a_lead_is_recycled_as_often_as_agreed_and_then_disqualified_instead() -> None:
    new_version(MORNING - HOUR, accept_seconds=900, recycle_limit=1)
    handoff = accepted()
    touch(handoff, MORNING + MINUTE)
    recycle(handoff=handoff, until=date(2026, 9, 1), note="", by=owner_of(handoff), now=MORNING + 2 * MINUTE)
    (again,) = hand_over(MORNING + HOUR, email=handoff.lead.contact.email)
    again = accept(handoff=again, by=owner_of(again), now=MORNING + HOUR)
    touch(again, MORNING + HOUR + MINUTE)
    now = MORNING + HOUR + 2 * MINUTE
    with pytest.raises(NotPossible, match="disqualify it"):
        recycle(handoff=again, until=date(2026, 9, 1), note="", by=owner_of(again), now=now)
    reason = Reason.objects.get(slug="no_need")
    disqualify(handoff=again, reason=reason, note="", by=owner_of(again), now=now)
    assert Lead.objects.get().stage == Stage.DISQUALIFIED
