"""Leads that are sales-ready and not handed off: no clock runs for them yet, and they must not look fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from leads.models import Lead
from leads.querysets import LeadQuerySet
from sla.clock import is_late
from sla.models import PromiseKind
from sla.services.opening import tier_of
from sla.services.routing import team_for
from sla.services.terms import promise_times, terms_of_all

PAGE_SIZE = 50


@dataclass(frozen=True)
class Unrouted:
    """How many leads wait for their handoff now, since when the oldest does, and whether that one is past its time."""

    count: int
    oldest: datetime | None
    is_late: bool


@dataclass(frozen=True)
class UnroutedRow:
    """A lead that waits: until when marketing promised its handoff, None where nothing is promised; `has_team` is whether any
    team may take it at all."""

    lead: Lead
    due_at: datetime | None
    has_team: bool
    is_late: bool


def unrouted(now: datetime) -> Unrouted:
    """All of them in one query, and five more where there are any."""
    found = Lead.objects.ready().order_by().aggregate(count=Count("pk"), oldest=Min("ready_at"))
    if not found["count"]:
        return Unrouted(0, None, False)
    first = unrouted_rows(list(_rows()[:1]), now)
    return Unrouted(found["count"], found["oldest"], any(row.is_late for row in first))


def unrouted_page(number: int, now: datetime) -> tuple[list[UnroutedRow], bool]:
    """Page `number` (from 1), longest waiting first, and whether there is another one."""
    start = (number - 1) * PAGE_SIZE
    leads = list(_rows()[start : start + PAGE_SIZE + 1])
    return unrouted_rows(leads[:PAGE_SIZE], now), len(leads) > PAGE_SIZE


def _rows() -> LeadQuerySet:
    return Lead.objects.ready().select_related("contact__company", "first_source", "ready_activity")


def unrouted_rows(leads: Sequence[Lead], now: datetime) -> list[UnroutedRow]:
    """With the time of the promise of the team that would get each lead. A lead that no team may take is late at once."""
    terms = terms_of_all(now)
    territories = [term.territory for term in terms.values()]
    rows = []
    for lead in leads:
        assert lead.ready_at is not None
        territory = team_for(lead.first_source.team_id, lead.contact.country, territories)
        term = terms[territory.team_id] if territory is not None else None
        promise = term.promise(PromiseKind.ROUTING, tier_of(lead)) if term is not None else None
        due_at = None
        if term is not None and promise is not None:
            due_at = promise_times(promise, term.calendar_version, lead.ready_at).due_at
        late = term is None or (due_at is not None and is_late(due_at, now))
        rows.append(UnroutedRow(lead, due_at, term is not None, late))
    return rows
