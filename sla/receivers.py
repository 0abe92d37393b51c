"""What sla does when leads tells it something."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from leads.models import Lead, Opportunity
from leads.services.merging import RULE as MERGE
from leads.signals import (
    activities_recorded,
    contacts_changed,
    deals_recorded,
    leads_emptied,
    leads_merged,
    stages_changed,
)
from sla.models import Clock, Handoff, HandoffState
from sla.policies import can_pick_up
from sla.services.clocks import cancel_clocks
from sla.services.completeness import end_where_filled
from sla.services.merging import merge_handoffs
from sla.services.pausing import resume_for_activity
from sla.services.promised import ended
from sla.services.returned import cancel_pick_ups, end_pick_ups
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
    closed = {row: min(deals[row.lead_id].closed_at or now, now) for row in handoffs}
    before = {row.pk: {"state": str(row.state), "owner": row.owner_id} for row in handoffs}
    ended(ended_at=closed, now=now, rule=rule)
    cancel_pick_ups(leads=list(deals), now=now, rule=rule)
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
                before[row.pk],
                {"state": str(row.state), "owner": row.owner_id, "ended_at": closed[row].isoformat()},
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
    cancel_pick_ups(leads=lead_ids, now=now, by=by, rule="leads.review")
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


@receiver(contacts_changed)
def complete_handoffs(sender: type, contacts: set[int], now: datetime, rule: str, **kwargs: Any) -> None:
    """Fields were filled: what lacked them at its handoff may be complete now."""
    end_where_filled(contacts=contacts, now=now, rule=rule)


@receiver(stages_changed)
def pick_up_moved_leads(
    sender: type, lead_ids: Sequence[int], now: datetime, by: User | None, rule: str, **kwargs: Any
) -> None:
    """Marketing moved a lead that sales had given back: that picks it up. What a rule does is nobody's work, and to say that two
    leads are one person is no work on either."""
    if by is not None and can_pick_up(by) and rule != MERGE:
        end_pick_ups(leads=lead_ids, now=now, by=by, rule=rule)


@receiver(leads_merged)
def merge_handoffs_of_leads(
    sender: type, kept: Lead, absorbed: Lead, by: User, now: datetime, rule: str, **kwargs: Any
) -> None:
    """Two leads are one person: one handoff goes on, with the earliest start of each promise."""
    merge_handoffs(kept=kept, absorbed=absorbed, by=by, now=now, rule=rule)
