"""The drain that hands ready leads to sales and starts the clock."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Activity, Lead
from leads.services.handing import HAND_RAISE, THRESHOLD, mark_handed_off
from sla.models import Clock, Handoff, HandoffTier, PromiseKind
from sla.notices import empty_pool_notices, handed_off_notices
from sla.services.clocks import Start, end_clocks, start_clocks
from sla.services.completeness import missing_fields, record_missing
from sla.services.returned import end_pick_ups
from sla.services.routing import Turns, read_turns, team_for
from sla.services.terms import NoTerms, Terms, terms_of_all

RULE = "sla.hand_off"


@transaction.atomic
def hand_off(leads: Sequence[Lead], now: datetime) -> None:
    """Open a handoff for each ready lead of a claimed batch, in a bounded number of statements.

    Goes to the next rep of the lead's team, or to the team's queue where nobody is at work, with the accept clock running in any
    case, and marketing's clocks for the way to here. Leads that an import brought are handed off as of their own date, without
    clocks (case 29). Raises NoTerms where no team may take a lead: the drain sets that lead aside with the reason.
    """
    rows = list(
        Lead.objects.filter(pk__in=[lead.pk for lead in leads])
        .select_related("contact", "first_source", "ready_activity__submission__source")
        .order_by("ready_at", "pk")
    )
    terms = terms_of_all(now)
    turns = read_turns(terms, [lead.pk for lead in rows], now)
    history = _history(rows)
    handoffs = [_handoff(lead, terms, turns, lead.pk in history, now) for lead in rows]
    turns.save()
    Handoff.objects.bulk_create(handoffs, batch_size=500)
    mark_handed_off(leads=rows, now=now, rule=RULE, history=history)
    _record(handoffs, now)
    live = [handoff for handoff in handoffs if handoff.lead_id not in history]
    clocks = _run_clocks(live, terms, now)
    end_pick_ups(leads=[lead.pk for lead in rows], now=now, rule=RULE)
    handed_off_notices(
        handoffs=live, clocks=[clock for clock in clocks if clock.kind == PromiseKind.ACCEPT], now=now
    )
    stuck = [
        row
        for row in live
        if row.owner is None and terms[row.team_id].calendar_version.business().is_open(now)
    ]
    empty_pool_notices(handoffs=stuck, now=now)
    announce("handoffs.queued")


def _run_clocks(live: Sequence[Handoff], terms: dict[int, Terms], now: datetime) -> list[Clock]:
    """Start what runs from here on, and answer for the way to here: routing ends now, completeness where nothing is missing."""
    starts: list[Start] = []
    for handoff in live:
        term = terms[handoff.team_id]
        spans = [
            (PromiseKind.ACCEPT, now, handoff.owner),
            (PromiseKind.ROUTING, min(handoff.ready_at, now), None),
            (PromiseKind.COMPLETENESS, now, None),
        ]
        for kind, at, owner in spans:
            promise = term.promise(kind, handoff.tier)
            if promise is not None:
                starts.append(Start(handoff, promise, term.calendar_version, at, owner, handoff.source_id))
    clocks = start_clocks(starts=starts, now=now, rule=RULE)
    record_missing(handoffs=live, now=now, rule=RULE)
    over = [clock for clock in clocks if clock.kind == PromiseKind.ROUTING or _is_complete(clock)]
    end_clocks(clocks=over, at=now, now=now, rule=RULE)
    return clocks


def _is_complete(clock: Clock) -> bool:
    return clock.kind == PromiseKind.COMPLETENESS and not missing_fields(clock.handoff)


def tier_of(lead: Lead) -> HandoffTier:
    """How urgent the handoff of a lead is: tier 2 whatever it did, else by what made it ready."""
    if lead.tier == 2:
        return HandoffTier.TIER_2
    return HandoffTier.HAND_RAISER if lead.ready_rule == HAND_RAISE else HandoffTier.SCORED


def _history(leads: Sequence[Lead]) -> set[int]:
    """Leads made ready by nothing but what imports brought: the raised hand, or, by score, every activity they have."""
    by_hand = {
        lead.pk
        for lead in leads
        if (activity := lead.ready_activity) is not None
        and activity.submission is not None
        and not activity.submission.source.starts_clocks
    }
    by_score = {
        lead.pk for lead in leads if lead.ready_rule == THRESHOLD and not lead.first_source.starts_clocks
    }
    if by_score:
        living = Activity.objects.filter(
            Q(submission__isnull=True) | Q(submission__source__starts_clocks=True), contact__in=by_score
        )
        by_score -= set(living.values_list("contact_id", flat=True))
    return by_hand | by_score


def _handoff(lead: Lead, terms: dict[int, Terms], turns: Turns, is_history: bool, now: datetime) -> Handoff:
    territories = [term.territory for term in terms.values()]
    territory = team_for(lead.first_source.team_id, lead.contact.country, territories)
    if territory is None:
        raise NoTerms(
            "No team may take this lead: give a team its country, or make one team the fallback, with an agreement in force."
        )
    owner = None if is_history else turns.take(territory.team_id, lead.pk)
    assert lead.ready_at is not None
    return Handoff(
        lead=lead,
        team=territory.team,
        owner=owner,
        source_id=lead.first_source_id,
        tier=tier_of(lead),
        agreement_version=terms[territory.team_id].version,
        ready_at=lead.ready_at,
        ready_rule=lead.ready_rule,
        ready_detail=lead.ready_detail,
        started_at=lead.ready_at if is_history else now,
        assigned_at=now if owner else None,
    )


def _record(handoffs: Sequence[Handoff], now: datetime) -> None:
    record(
        entries=[
            Entry(
                "handoff.opened",
                "handoff",
                row.pk,
                row.lead_id,
                after={
                    "team": row.team_id,
                    "owner": row.owner_id,
                    "tier": str(row.tier),
                    "agreement_version": row.agreement_version_id,
                    "ready_at": row.ready_at.isoformat(),
                    "started_at": row.started_at.isoformat(),
                },
            )
            for row in handoffs
        ],
        at=now,
        rule=RULE,
    )
