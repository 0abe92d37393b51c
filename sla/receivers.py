"""What sla does when leads tells it something."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from leads.models import Opportunity
from leads.signals import activities_recorded, deals_recorded, leads_emptied
from sla.models import Clock, Handoff, HandoffState
from sla.services.clocks import cancel_clocks, end_clocks
from sla.services.pausing import resume_for_activity
from sla.services.tenures import leave


@receiver(deals_recorded)
def close_handoffs_of_deals(
    sender: type, opportunities: Sequence[Opportunity], now: datetime, rule: str, **kwargs: Any
) -> None:
    """A deal closed elsewhere ends the open handoff of its lead: whoever closed it had qualified the lead."""
    deals = {row.lead_id: row for row in opportunities}
    handoffs = list(Handoff.objects.filter(lead__in=deals).open().select_for_update().order_by("pk"))
    # Whoever closed the deal is not who answers for the time before.
    leave(handoffs=[row for row in handoffs if _of_somebody_else(row, deals[row.lead_id])], now=now)
    clocks = Clock.objects.filter(handoff__in=handoffs).running().with_terms()
    end_clocks(clocks=list(clocks.select_for_update(of=("self",))), at=now, now=now, rule=rule)
    for handoff in handoffs:
        deal = deals[handoff.lead_id]
        handoff.state, handoff.ended_at = (
            HandoffState.QUALIFIED,
            max(deal.closed_at or now, handoff.started_at),
        )
        handoff.owner = deal.owner or handoff.owner
    update_rows(handoffs, ["state", "ended_at", "owner"])
    record(
        entries=[
            Entry(
                "handoff.qualified",
                "handoff",
                row.pk,
                row.lead_id,
                after={"state": str(row.state), "owner": row.owner_id},
            )
            for row in handoffs
        ],
        at=now,
        rule=rule,
    )


def _of_somebody_else(handoff: Handoff, deal: Opportunity) -> bool:
    return deal.owner_id is not None and deal.owner_id != handoff.owner_id


@receiver(leads_emptied)
def withdraw_handoffs(
    sender: type, lead_ids: Sequence[int], by: User | None, now: datetime, **kwargs: Any
) -> list[int]:
    """Take back handoffs that nobody answered yet, and cancel clocks that still ran in time; returns the leads let go."""
    waiting = Handoff.objects.filter(lead__in=lead_ids).waiting().never_accepted()
    handoffs = list(waiting.select_for_update().order_by("pk"))
    clocks = Clock.objects.filter(handoff__in=handoffs).running().with_terms()
    cancel_clocks(clocks=list(clocks.select_for_update(of=("self",))), now=now, by=by, rule="leads.review")
    Handoff.objects.filter(pk__in=[row.pk for row in handoffs]).update(
        state=HandoffState.WITHDRAWN, answered_by=by, answered_at=now, ended_at=now
    )
    record(
        entries=[
            Entry("handoff.withdrawn", "handoff", row.pk, row.lead_id, {"state": row.state})
            for row in handoffs
        ],
        at=now,
        by=by,
        rule="leads.review",
    )
    return [row.lead_id for row in handoffs]


@receiver(activities_recorded)
def resume_waiting_clocks(
    sender: type, acted_at: Mapping[int, datetime], now: datetime, rule: str, **kwargs: Any
) -> None:
    """The lead answered: what waited for that goes on."""
    resume_for_activity(acted_at=acted_at, now=now, rule=rule)
