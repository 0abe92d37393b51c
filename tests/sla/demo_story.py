"""What tests of the demo company share: how it is built, what of it is compared, and what must hold of its rows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.db.models import Count, F, Max

from accounts.models import Absence
from drains.models import SetAside
from leads.models import JournalEntry, Lead, Submission
from notifications.models import Notification
from scoring.selectors import explain
from sla.demo import world
from sla.demo.company import DEMO_REP
from sla.models import Breach, Clock, Handoff, Touch

WEDNESDAY = datetime(2026, 11, 18, 10, 0, tzinfo=UTC)
SUNDAY_NIGHT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def build(now: datetime = WEDNESDAY, *, seed: int = 1, days: int = 14, submissions: int = 120) -> None:
    """The company's last `days` up to `now`."""
    world.build(seed=seed, now=now, days=days, submissions=submissions, progress=lambda days: None)


def story() -> list[list[tuple[Any, ...]]]:
    """All that happened, without the numbers of rows, which a database may count on."""
    tables: list[Any] = [
        Submission.objects.order_by("pk").values_list("received_at", "email", "outcome", "review", "raw"),
        Lead.objects.order_by("pk").values_list("contact__email", "stage", "stage_since", "score", "grade"),
        Handoff.objects.order_by("pk").values_list(
            "lead__contact__email", "owner__email", "state", "started_at", "ended_at", "reason__slug"
        ),
        Clock.objects.order_by("pk").values_list("kind", "due_at", "ended_at", "outcome", "seconds_used"),
        Touch.objects.order_by("pk").values_list("at", "recorded_at", "kind", "note"),
        JournalEntry.objects.order_by("pk").values_list("at", "event", "rule"),
        Notification.objects.order_by("pk").values_list("created_at", "sent_at", "subject"),
        Absence.objects.order_by("pk").values_list("user__email", "starts_at", "ends_at"),
    ]
    return [[_comparable(row) for row in table] for table in tables]


def _comparable(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row)


def assert_rows_are_sound(now: datetime) -> None:
    """No row that the services could not have written, and nothing left to do."""
    twice = Handoff.objects.open().values("lead").annotate(n=Count("pk")).filter(n__gt=1)
    assert not twice.exists()
    late = Clock.objects.missed(now)
    assert set(late.values_list("pk", flat=True)) == set(Breach.objects.values_list("clock", flat=True))
    assert not Breach.objects.values("clock").annotate(n=Count("pk")).filter(n__gt=1).exists()
    assert not Breach.objects.exclude(deadline=F("clock__due_at")).exists()
    for lead in Lead.objects.order_by("-score")[:12]:
        assert explain(lead=lead, now=now).score == lead.score
    assert not SetAside.objects.exists()
    assert not Submission.objects.waiting().exists()
    assert not Notification.objects.pending().exists()
    assert JournalEntry.objects.aggregate(last=Max("at"))["last"] <= now


def assert_inbox_is_full(now: datetime) -> None:
    """The rep of the log-in has something of everything to do."""
    own = Handoff.objects.open().filter(owner__email=DEMO_REP)
    clocks = Clock.objects.filter(handoff__in=own)
    assert own.waiting().count() >= 5
    assert own.accepted().count() >= 3
    assert clocks.late(now).count() >= 2
    assert clocks.in_warning(now).exists()
    assert clocks.on_time(now).count() >= 2
