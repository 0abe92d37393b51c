"""The drain that finds what became late."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from drains.wake import announce
from sla.models import Clock
from sla.services.clocks import flag_breaches

RULE = "sla.sweep"


@transaction.atomic
def sweep(clocks: Sequence[Clock], now: datetime) -> None:
    """Record the breaches of a claimed batch of late clocks. Reads only what is due, and tells nobody: the ladders do."""
    flag_breaches(keys=[clock.pk for clock in clocks], now=now, rule=RULE)
    announce("clocks.breached")
