"""The vocabulary of ladders."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

# Steps that come with a time of their clock, computed in the same way (sla.clock.times, sla.ladder).
_WITH = {
    "due_at": Q(step__when="after", step__amount=0, step__hours="working"),
    "warn_at": Q(
        step__when="share",
        step__amount=F("step__promise__warn_percent"),
        clock__warn_at__gt=F("clock__started_at"),
    ),
}


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

    def coming_with(self, column: str) -> Self:
        """Steps that come with their clock's own `due_at` or `warn_at`."""
        return self.filter(_WITH[column])

    def coming_otherwise(self) -> Self:
        """Movable, but for the planned ones that come with a time of their clock."""
        return self.movable().exclude(Q(state="planned") & (_WITH["due_at"] | _WITH["warn_at"]))

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
            "clock__handoff__owner",
        )
