"""The drains that find what became late, and what is about to."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from leads.journal import Entry, record
from sla.models import Clock
from sla.notices import breach_notices, warning_notices
from sla.services.clocks import flag_breaches

RULE = "sla.sweep"


@transaction.atomic
def sweep(clocks: Sequence[Clock], now: datetime) -> None:
    """Record the breaches of a claimed batch of late clocks. Reads only what is due."""
    keys = [clock.pk for clock in clocks]
    flag_breaches(keys=keys, now=now, rule=RULE)
    breach_notices(clocks=list(Clock.objects.filter(pk__in=keys).for_notices()), now=now)


@transaction.atomic
def warn(clocks: Sequence[Clock], now: datetime) -> None:
    """Tell those who answer for a claimed batch of clocks that they run out soon, once each."""
    rows = list(Clock.objects.filter(pk__in=[clock.pk for clock in clocks]).for_notices())
    Clock.objects.filter(pk__in=[row.pk for row in rows]).update(warned_at=now)
    record(
        entries=[
            Entry(
                "clock.warned", "clock", row.pk, row.handoff.lead_id, after={"due_at": row.due_at.isoformat()}
            )
            for row in rows
        ],
        at=now,
        rule="sla.warn",
    )
    warning_notices(clocks=rows, now=now)
