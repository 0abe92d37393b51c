"""The vocabulary of ladders."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q


class EscalationQuerySet(models.QuerySet):
    """Steps of ladders on clocks."""

    def planned(self) -> Self:
        """Neither done nor skipped."""
        return self.filter(state="planned")

    def due(self, now: datetime) -> Self:
        """Planned, their time has passed, and no earlier step of the same clock is planned still: what the drain takes.

        A clock at its due second is in time, so a step is due once its time has passed, not when it comes.
        """
        before = (
            type(self)(self.model)
            .planned()
            .filter(clock=models.OuterRef("clock"))
            .filter(
                Q(at__lt=models.OuterRef("at"))
                | Q(at=models.OuterRef("at"), position__lt=models.OuterRef("position"))
            )
        )
        return self.planned().filter(~models.Exists(before), at__lt=now).order_by("at", "position", "pk")

    def movable(self) -> Self:
        """Planned, or left out because the time was over: what a new due time moves."""
        return self.filter(Q(state="planned") | Q(state="skipped", detail="too_late"))

    def without_those_still_told(self) -> Self:
        """Not the notices of a late end: their time had passed when the clock ended, and nobody may have run them yet."""
        told = Q(
            step__action__startswith="notify_",
            clock__outcome="missed",
            at__gte=F("clock__due_at"),
            at__lt=F("clock__ended_at"),
        )
        return self.exclude(told)

    def with_facts(self) -> Self:
        """With all that doing them needs."""
        return self.select_related(
            "step",
            "clock__promise",
            "clock__calendar_version",
            "clock__owner",
            "clock__team",
            "clock__handoff__lead__contact",
        )
