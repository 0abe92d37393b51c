"""Deals that sales opens and closes here."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads.journal import Entry, record
from leads.models import Lead, Opportunity, OpportunityState
from leads.services.stages import Move, change_stage
from leads.stages import Stage


@transaction.atomic
def open_opportunity(
    *, lead: Lead, amount: Decimal | None, owner: User, by: User, now: datetime
) -> Opportunity:
    """Open the deal of an SQL, or a cross-sell of a customer. Raises MoveRefused from any other stage."""
    row = Lead.objects.select_for_update().get(pk=lead.pk)
    is_cross_sell = row.stage == Stage.CUSTOMER
    change_stage(moves=[Move(row, Stage.OPPORTUNITY, _("Deal opened"))], now=now, by=by)
    opportunity = Opportunity.objects.create(
        lead=row, amount=amount, owner=owner, opened_at=now, is_cross_sell=is_cross_sell
    )
    _record(opportunity, "opportunity.opened", by, now)
    return opportunity


@transaction.atomic
def close_opportunity(
    *, opportunity: Opportunity, state: OpportunityState, amount: Decimal | None, by: User, now: datetime
) -> Opportunity:
    """Won makes the lead a customer, lost puts it into nurture; while another deal is open (two leads were merged that had
    one each), it stays an opportunity. Raises ValueError for a deal that is closed already."""
    row = Opportunity.objects.select_for_update().select_related("lead").get(pk=opportunity.pk)
    if row.state != OpportunityState.OPEN or state == OpportunityState.OPEN:
        raise ValueError(_("This deal is closed already."))
    row.state, row.closed_at = state, now
    row.amount = row.amount if amount is None else amount
    row.save(update_fields=["state", "closed_at", "amount"])
    lead = Lead.objects.select_for_update().get(pk=row.lead_id)
    if not lead.opportunities.open().exists():
        why = _("Deal won") if state == OpportunityState.WON else _("Deal lost")
        # Who bought while this one was open is a customer, whatever became of this one.
        bought = lead.opportunities.won().filter(closed_at__gte=row.opened_at).exists()
        target = Stage.CUSTOMER if bought else Stage.NURTURE
        change_stage(moves=[Move(lead, target, why)], now=now, by=by)
    _record(row, f"opportunity.{state}", by, now)
    return row


def _record(row: Opportunity, event: str, by: User, now: datetime) -> None:
    entry = Entry(event, "opportunity", row.pk, row.lead_id, after={"state": str(row.state)})
    record(entries=[entry], at=now, by=by)
