"""Leads in every stage, for tests of merging: each way brings a fresh lead there through the services that do so."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from accounts.models import User
from drains.runner import run_until_idle
from leads.models import Lead, OpportunityState
from leads.services import people
from sla.models import Handoff, PauseReason, Reason, TouchKind
from sla.services.answering import accept, reject
from sla.services.passing import assign
from sla.services.pausing import pause_handoff
from sla.services.working import close_deal, disqualify, log_touch, open_deal, qualify, recycle
from tests.leads.arrivals import arrive
from tests.sla.desk import ARRIVAL, MINUTE, hand_over, owner_of

BANT = dict.fromkeys(("budget", "authority", "need", "timeline"), "known")
STEP = 10 * MINUTE


def plain(at: datetime) -> Lead:
    """Somebody who did nothing much."""
    submission = arrive(now=at, activity="newsletter", first_name="Kim")
    run_until_idle(at, ARRIVAL)
    assert submission.contact_id is not None
    return Lead.objects.get(pk=submission.contact_id)


def _nurtured(at: datetime, marketing: User) -> Lead:
    lead = plain(at)
    return people.nurture(
        lead=lead, until=(at + timedelta(days=40)).date(), reason="Later", by=marketing, now=at
    )


def _taken_out(at: datetime, marketing: User) -> Lead:
    return people.disqualify(lead=plain(at), reason="Nobody", by=marketing, now=at)


def accepted(at: datetime) -> Handoff:
    """Handed off at a time, and accepted a little later."""
    (handoff,) = hand_over(at)
    return accept(handoff=handoff, by=owner_of(handoff), now=at + STEP)


def touched(at: datetime, *, reached: bool = False) -> Handoff:
    """And called."""
    handoff, then = accepted(at), at + 2 * STEP
    by = owner_of(handoff)
    log_touch(handoff=handoff, kind=TouchKind.CALL, reached=reached, note="", at=then, by=by, now=then)
    return handoff


def _paused(at: datetime) -> Handoff:
    handoff, then = accepted(at), at + 2 * STEP
    until, by = then + timedelta(days=1), owner_of(handoff)
    pause_handoff(handoff=handoff, until=until, reason=PauseReason.PROSPECT_AWAY, by=by, now=then)
    return handoff


def _passed_on(at: datetime, manager: User) -> Handoff:
    handoff = accepted(at)
    other = User.objects.reps().filter(team=handoff.team).exclude(pk=handoff.owner_id).order_by("pk")[0]
    return assign(handoff=handoff, to=other, by=manager, now=at + 2 * STEP)


def _rejected(at: datetime, slug: str) -> Handoff:
    (handoff,) = hand_over(at)
    reason = Reason.objects.get(slug=slug)
    return reject(handoff=handoff, reason=reason, note="Why", by=owner_of(handoff), now=at + STEP)


def _ended(at: datetime, how: str) -> Handoff:
    handoff, then = touched(at, reached=True), at + 3 * STEP
    by = owner_of(handoff)
    if how == "recycled":
        recycle(handoff=handoff, until=(then + timedelta(days=60)).date(), note="", by=by, now=then)
    elif how == "disqualified":
        reason = Reason.objects.get(slug="no_need")
        disqualify(handoff=handoff, reason=reason, note="Told me so", by=by, now=then)
    else:
        qualify(handoff=handoff, bant=BANT, by=by, now=then)
    return handoff


def _with_deal(at: datetime, end: OpportunityState | None) -> Handoff:
    handoff, then = _ended(at, "qualified"), at + 4 * STEP
    by = owner_of(handoff)
    open_deal(handoff=handoff, amount=None, by=by, now=then)
    if end is not None:
        close_deal(handoff=handoff, state=end, amount=None, by=by, now=then)
    return handoff


def ways(marketing: User, manager: User) -> dict[str, Callable[[datetime], Lead]]:
    """How to bring a lead into each state, begun at a time; the last deed is within 50 minutes."""
    return {
        "lead": plain,
        "nurture": lambda at: _nurtured(at, marketing),
        "taken out": lambda at: _taken_out(at, marketing),
        "waiting": lambda at: hand_over(at)[0].lead,
        "accepted": lambda at: accepted(at).lead,
        "touched": lambda at: touched(at).lead,
        "paused": lambda at: _paused(at).lead,
        "passed on": lambda at: _passed_on(at, manager).lead,
        "rejected": lambda at: _rejected(at, "incomplete").lead,
        "recycled": lambda at: _ended(at, "recycled").lead,
        "disqualified": lambda at: _ended(at, "disqualified").lead,
        "qualified": lambda at: _ended(at, "qualified").lead,
        "deal": lambda at: _with_deal(at, None).lead,
        "customer": lambda at: _with_deal(at, OpportunityState.WON).lead,
        "lost": lambda at: _with_deal(at, OpportunityState.LOST).lead,
    }
