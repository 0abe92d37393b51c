"""The vocabulary of agreements, handoffs and clocks."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q


class AgreementVersionQuerySet(models.QuerySet):
    """Versions by time."""

    def in_force(self, now: datetime) -> Self:
        """In force at `now`: begun, and followed by no other version that has begun."""
        later = self.model._default_manager.filter(
            agreement=models.OuterRef("agreement"),
            in_force_from__lte=now,
            in_force_from__gt=models.OuterRef("in_force_from"),
        )
        return self.filter(~models.Exists(later), in_force_from__lte=now)


class ReasonQuerySet(models.QuerySet):
    """Reasons by what they are for."""

    def offered(self) -> Self:
        """Still in use."""
        return self.filter(is_active=True)

    def for_rejection(self) -> Self:
        """Before working a lead."""
        return self.offered().filter(kind="rejection")

    def for_disqualification(self) -> Self:
        """After contact."""
        return self.offered().filter(kind="disqualification")


class HandoffQuerySet(models.QuerySet):
    """Handoffs by where they stand and who may see them."""

    def waiting(self) -> Self:
        """Not answered yet."""
        return self.filter(state="waiting")

    def accepted(self) -> Self:
        """Being worked on."""
        return self.filter(state="accepted")

    def open(self) -> Self:
        """Waiting or accepted."""
        return self.filter(state__in=["waiting", "accepted"])

    def rejected(self) -> Self:
        """Given back before working."""
        return self.filter(state="rejected")

    def queued(self) -> Self:
        """Waiting in a team's queue, nobody's yet."""
        return self.waiting().filter(owner__isnull=True)

    def assignable(self, now: datetime) -> Self:
        """Queued in a team that has somebody to take it now; longest waiting first."""
        from sla.services.routing import teams_at_work

        return (
            self.queued()
            .filter(team__in=teams_at_work(now))
            .select_related("lead")
            .order_by("started_at", "pk")
        )

    def visible_to(self, user: Any) -> Self:
        """A rep and a team's manager see their team's; everybody else who may see handoffs sees all."""
        if user.role == "rep" or (user.role == "sales_manager" and user.team_id):
            return self.filter(Q(team=user.team_id) | Q(owner=user.pk))
        return self


class ClockQuerySet(models.QuerySet):
    """Clocks by their state at a time; `now` is always given."""

    def running(self) -> Self:
        """Not ended."""
        return self.filter(outcome="running")

    def late(self, now: datetime) -> Self:
        """Running past the due time. At the due second exactly a clock is in time."""
        return self.running().filter(due_at__lt=now)

    def in_warning(self, now: datetime) -> Self:
        """Running, past the warning and not past the due time."""
        return self.running().filter(warn_at__lte=now, due_at__gte=now)

    def on_time(self, now: datetime) -> Self:
        """Running, before the warning."""
        return self.running().filter(warn_at__gt=now, due_at__gte=now)

    def due(self, now: datetime) -> Self:
        """Late, and no breach is recorded yet: what the sweep reads."""
        return self.late(now).filter(breached_at__isnull=True).order_by("due_at", "pk")

    def to_warn(self, now: datetime) -> Self:
        """In warning, and nobody was told. What is late already is no longer warned about."""
        return (
            self.in_warning(now)
            .filter(warned_at__isnull=True, breached_at__isnull=True)
            .order_by("warn_at", "pk")
        )

    def kept(self) -> Self:
        """Ended in time."""
        return self.filter(outcome="kept")

    def missed(self, now: datetime) -> Self:
        """Ended late, or running late: a page never calls an overdue clock fine."""
        return self.filter(Q(outcome="missed") | Q(outcome="running", due_at__lt=now))

    def open_in_time(self, now: datetime) -> Self:
        """Running and not late."""
        return self.running().filter(due_at__gte=now)

    def judged(self) -> Self:
        """Without those that were cancelled: nobody kept or missed them."""
        return self.exclude(outcome="cancelled")

    def mark_breached(self) -> int:
        """Date the breach by the deadline; clocks that have one keep it."""
        return self.filter(breached_at__isnull=True).update(breached_at=models.F("due_at"))

    def with_terms(self) -> Self:
        """With all that ending a clock needs."""
        return self.select_related("promise", "calendar_version", "handoff", "owner")

    def for_notices(self) -> Self:
        """With all that a notice about them says."""
        return self.select_related("promise", "owner", "team", "handoff__lead__contact").order_by(
            "due_at", "pk"
        )
