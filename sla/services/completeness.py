"""Whether the fields that both sides agreed on are filled at handoff; marketing answers for it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from leads.journal import Entry, record
from sla.agreements.fields import missing
from sla.models import Clock, Handoff, PromiseKind
from sla.services.clocks import End, end_each


def missing_fields(handoff: Handoff) -> list[str]:
    """The codes of the agreed fields that the contact of the handoff lacks now."""
    return missing(handoff.lead.contact, handoff.agreement_version.required_fields)


def record_missing(*, handoffs: Sequence[Handoff], now: datetime, rule: str) -> None:
    """Write into the journal which fields were empty at handoff: they may be filled later, and the evidence stays."""
    lacking = [(handoff, codes) for handoff in handoffs if (codes := missing_fields(handoff))]
    record(
        entries=[
            Entry("handoff.incomplete", "handoff", row.pk, row.lead_id, after={"missing": codes})
            for row, codes in lacking
        ],
        at=now,
        rule=rule,
    )


def end_where_filled(*, contacts: Collection[int], now: datetime, rule: str) -> None:
    """End the clocks of completeness of these contacts (which are the numbers of their leads) whose fields are filled by now."""
    running = (
        Clock.objects.running()
        .of_leads(contacts)
        .filter(kind=PromiseKind.COMPLETENESS)
        .with_terms()
        .select_related("handoff__lead__contact", "handoff__agreement_version")
    )
    clocks = list(running.select_for_update(of=("self",)).order_by("pk"))
    filled = [End(clock, now) for clock in clocks if not missing_fields(clock.handoff)]
    end_each(ends=filled, now=now, rule=rule)
