"""Deals that another system reports: an import, later a CRM."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from leads.amounts import amount_of
from leads.journal import Entry, record
from leads.models import (
    ContactIdentity,
    IdentityKind,
    Lead,
    Opportunity,
    OpportunityState,
    Outcome,
    Source,
    SourceKind,
    State,
    Submission,
)
from leads.services.identify import Key, keys_of
from leads.services.reading import Reading, read_batch
from leads.services.stages import Move, change_stage
from leads.signals import deals_recorded
from leads.stages import Stage

DEAL_FIELD = "deal"


@dataclass(frozen=True)
class Deal:
    """A closed deal as reported: `owner` and `prepared_by` are e-mail addresses of users, blank where unknown."""

    submission: Submission
    people: tuple[Key, ...]  # the ids by which its person may be known, the deciding one first
    state: OpportunityState
    closed_at: datetime
    amount: Decimal | None
    owner: str
    prepared_by: str


def deals_of(readings: Sequence[Reading]) -> tuple[list[Deal], list[Reading]]:
    """Split a batch: the deals that imports report, and all other readings. A malformed deal is refused with its reason."""
    deals, others = [], []
    for reading in readings:
        stated = reading.arrival.extra.get(DEAL_FIELD) if reading.arrival else None
        if not isinstance(stated, dict) or reading.submission.source.kind != SourceKind.IMPORT:
            others.append(reading)
            continue
        reading.submission.activity = DEAL_FIELD
        try:
            deals.append(_deal(reading, stated))
        except ValueError as error:
            _refuse(reading.submission, str(error))
    return deals, others


def _deal(reading: Reading, stated: dict[str, Any]) -> Deal:
    assert reading.arrival is not None
    closed_at = parse_datetime(str(stated.get("closed_at", "")))
    if closed_at is None or closed_at.tzinfo is None:
        raise ValueError(
            _("deal.closed_at: expected a date and time with its zone, such as 2026-03-01T09:00:00+01:00.")
        )
    if stated.get("state") not in (OpportunityState.WON, OpportunityState.LOST):
        raise ValueError(_("deal.state: expected “won” or “lost”."))
    try:
        amount = amount_of(stated["amount"]) if stated.get("amount") not in (None, "") else None
    except ValueError:
        raise ValueError(_("deal.amount: expected a number such as 1250.00.")) from None
    return Deal(
        submission=reading.submission,
        people=_people(reading),
        state=OpportunityState(stated["state"]),
        closed_at=closed_at,
        amount=amount,
        owner=str(stated.get("owner", "")).lower(),
        prepared_by=str(stated.get("prepared_by", "")).lower(),
    )


def record_deals(*, deals: Sequence[Deal], now: datetime, rule: str) -> None:
    """Record reported deals on their leads and move those on; the same deal twice is one deal.

    A deal of an unknown person is refused and kept: correct its id in the review, or bring the person in and retry.
    """
    if not deals:
        return
    leads = _leads(deals)
    people = {user.email: user for user in User.objects.filter(email__in=_addresses(deals))}
    known = set(
        Opportunity.objects.filter(external_id__in=[_key(deal) for deal in deals]).values_list(
            "external_id", flat=True
        )
    )
    opportunities: list[Opportunity] = []
    moves: list[tuple[Lead, Deal]] = []
    for deal in deals:
        lead = next((leads[key] for key in deal.people if key in leads), None)
        if lead is None:
            named = ", ".join(value for _kind, _space, value in deal.people)
            _refuse(deal.submission, _("Nobody is known as “%s” in this system.") % named)
            continue
        deal.submission.contact_id = lead.pk
        deal.submission.outcome, deal.submission.outcome_rule = Outcome.DEAL, "deal"
        deal.submission.outcome_detail = _("The deal was recorded on the lead.")
        if _key(deal) in known:
            continue
        known.add(_key(deal))
        opportunities.append(_opportunity(lead, deal, people))
        moves.append((lead, deal))
    Opportunity.objects.bulk_create(opportunities, batch_size=500)
    _move_on(moves, now, rule)
    record(
        entries=[
            Entry("opportunity.recorded", "opportunity", row.pk, row.lead_id, after={"state": row.state})
            for row in opportunities
        ],
        at=now,
        rule=rule,
    )
    deals_recorded.send(sender=Opportunity, opportunities=opportunities, now=now, rule=rule)


@transaction.atomic
def retry_refused_deals(*, source: Source, delivery_keys: Collection[str], now: datetime) -> int:
    """Let refused deals of an import be processed again whose person has become known; returns how many."""
    rows = Submission.objects.refused().filter(source=source, delivery_key__in=delivery_keys)
    deals, _others = deals_of(read_batch(list(rows.select_related("source", "form"))))
    leads = _leads(deals)
    again = [deal.submission.pk for deal in deals if any(key in leads for key in deal.people)]
    Submission.objects.filter(pk__in=again).update(state=State.RECEIVED)
    if again:
        record(
            entries=[Entry("submission.retried", "submission", number) for number in again],
            at=now,
            rule="leads.import",
        )
        announce("submissions.received")
    return len(again)


def _move_on(pairs: Sequence[tuple[Lead, Deal]], now: datetime, rule: str) -> None:
    to_open = [(lead, deal) for lead, deal in pairs if lead.stage != Stage.OPPORTUNITY]
    change_stage(
        moves=[Move(lead, Stage.OPPORTUNITY, at=deal.closed_at) for lead, deal in _single(to_open)],
        now=now,
        rule=rule,
    )
    ends = {OpportunityState.WON: Stage.CUSTOMER, OpportunityState.LOST: Stage.NURTURE}
    change_stage(
        moves=[Move(lead, ends[deal.state], at=deal.closed_at) for lead, deal in _single(pairs)],
        now=now,
        rule=rule,
    )
    Lead.objects.filter(pk__in=[lead.pk for lead, _ in pairs]).update(ready_at=None, ready_activity=None)


def _single(pairs: Sequence[tuple[Lead, Deal]]) -> list[tuple[Lead, Deal]]:
    """One pair per lead: the deal that closed last."""
    latest: dict[int, tuple[Lead, Deal]] = {}
    for lead, deal in sorted(pairs, key=lambda pair: pair[1].closed_at):
        latest[lead.pk] = (lead, deal)
    return list(latest.values())


def _people(reading: Reading) -> tuple[Key, ...]:
    """By these a deal finds its lead; an anonymous id names a device and no customer."""
    return tuple(key for key in keys_of(reading) if key[0] != IdentityKind.ANONYMOUS)


def _leads(deals: Sequence[Deal]) -> dict[Key, Lead]:
    wanted = {key for deal in deals for key in deal.people}
    rows = {
        (row.kind, row.namespace, row.value): row.contact_id
        for row in ContactIdentity.objects.filter(value__in={value for _kind, _space, value in wanted})
    }
    numbers = {rows[key] for key in wanted if key in rows}
    leads = {lead.pk: lead for lead in Lead.objects.select_for_update().filter(pk__in=numbers).order_by("pk")}
    return {key: leads[rows[key]] for key in wanted if key in rows and rows[key] in leads}


def _opportunity(lead: Lead, deal: Deal, people: dict[str, User]) -> Opportunity:
    return Opportunity(
        lead=lead,
        external_id=_key(deal),
        state=deal.state,
        amount=deal.amount,
        is_cross_sell=lead.stage == Stage.CUSTOMER,
        opened_at=min(lead.first_activity_at, deal.closed_at),
        closed_at=deal.closed_at,
        owner=people.get(deal.owner),
        prepared_by=people.get(deal.prepared_by),
    )


def _addresses(deals: Sequence[Deal]) -> set[str]:
    return {address for deal in deals for address in (deal.owner, deal.prepared_by) if address}


def _key(deal: Deal) -> str:
    return f"{deal.submission.source.namespace}:{deal.submission.delivery_key or deal.submission.pk}"[:254]


def _refuse(submission: Submission, why: str) -> None:
    submission.outcome, submission.outcome_rule, submission.outcome_detail = (
        Outcome.REFUSED,
        "deal",
        why[:500],
    )
