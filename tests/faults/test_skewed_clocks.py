"""Machines whose clocks differ by minutes judge alike: the database's time decides."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from sla.models import Breach, Clock, ClockOutcome
from tests.faults.plant import Plant
from tests.faults.test_faults import take_in

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
FIVE_MINUTES = 300
ACCEPT = """
from drains.clock import current_time
from sla.models import Clock
from sla.services.answering import accept
row = Clock.objects.of_sales().select_related("handoff__owner", "handoff__team").get()
accept(handoff=row.handoff, by=row.handoff.owner, now=current_time())
"""
SWEEP = "from drains.runner import run; run('sla.sweep')"


def due_in(seconds: int) -> None:
    """Let the only clock of sales run out so many seconds from now."""
    row = Clock.objects.of_sales().get()
    due = timezone.now() + timedelta(seconds=seconds)
    Clock.objects.of_sales().update(due_at=due, started_at=due - timedelta(minutes=15), warn_at=due)
    assert row.outcome == ClockOutcome.RUNNING


@pytest.fixture
def one_clock(plant: Plant, source_key: str) -> Plant:
    """A lead that was handed off, its clock running."""
    take_in(1)
    plant.run("-m", "tests.faults.dying_worker", "0")
    return plant


@pytest.mark.parametrize("skew", [FIVE_MINUTES, -FIVE_MINUTES])
def test_an_answer_is_in_time_by_the_databases_clock_whatever_the_machines_clock_says(
    one_clock: Plant, skew: int
) -> None:
    due_in(120 if skew > 0 else -120)
    one_clock.run("-m", "tests.faults.skewed", str(skew), ACCEPT)
    ended = Clock.objects.of_sales().earliest("pk")
    assert ended.ended_at is not None
    assert abs(ended.ended_at - timezone.now()) < timedelta(seconds=60)
    assert ended.outcome == (ClockOutcome.KEPT if skew > 0 else ClockOutcome.MISSED)


@pytest.mark.parametrize("skew", [FIVE_MINUTES, -FIVE_MINUTES])
def test_a_sweep_finds_late_what_the_databases_clock_finds_late(one_clock: Plant, skew: int) -> None:
    due_in(120 if skew > 0 else -120)
    one_clock.run("-m", "tests.faults.skewed", str(skew), SWEEP)
    assert Breach.objects.filter(clock__in=Clock.objects.of_sales()).exists() == (skew < 0)


def test_the_database_is_asked_once_a_minute_and_again_after_the_clock_was_set(plant: Plant) -> None:
    code = (
        "import time_machine, datetime; from django.db import connection; from django.conf import settings;"
        "from drains.clock import current_time; asked = [];"
        "note = lambda execute, *rest: (asked.append(1), execute(*rest))[1]\n"
        "with connection.execute_wrapper(note):\n"
        "    [current_time() for _ in range(50)]\n"
        "    first = len(asked)\n"
        "    with time_machine.travel(current_time() + datetime.timedelta(hours=3)):\n"
        "        far = current_time(); [current_time() for _ in range(50)]\n"
        "assert (first, len(asked)) == (1, 2), asked\n"
        "assert abs(far - current_time()) < datetime.timedelta(seconds=1), far\n"
    )
    plant.run("-m", "tests.faults.skewed", "0", code)
