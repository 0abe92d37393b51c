"""The vocabulary of clocks."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When

# Promises of sales that go on unchanged when a lead changes hands. The one for the answer is each rep's own.
LEADS_OWN = ("first_touch", "attempts", "disposition")


# No request takes longer than this between reading the hours and writing a clock.
CORRECTED_LATELY = timedelta(minutes=10)


class ClockQuerySet(models.QuerySet):
    """Clocks by their state at a time; `now` is always given."""

    def of_sales(self) -> Self:
        """What sales promised."""
        from sla.models import SALES_KINDS

        return self.filter(kind__in=SALES_KINDS)

    def of_marketing(self) -> Self:
        """What marketing promised."""
        from sla.models import MARKETING_KINDS

        return self.filter(kind__in=MARKETING_KINDS)

    def to_pick_up(self) -> Self:
        """Of leads that sales gave back and nobody has picked up, by time left."""
        return self.running().filter(kind="pick_up").order_by("due_at", "pk")

    def picked_up(self) -> Self:
        """Of leads that sales gave back and marketing picked up, in time or late; the last one first."""
        return self.ended_judged().filter(kind="pick_up").order_by("-ended_at", "-pk")

    def of_handoffs_in(self, state: str) -> Self:
        """Of handoffs in that state."""
        return self.filter(handoff__state=state)

    def tally_to_pick_up(self, now: datetime) -> dict[str, int]:
        """How many wait to be picked up: all, rejected, recycled, late; one statement."""
        return (
            self.to_pick_up()
            .order_by()
            .aggregate(
                all=models.Count("pk"),
                rejected=models.Count("pk", filter=Q(handoff__state="rejected")),
                recycled=models.Count("pk", filter=Q(handoff__state="recycled")),
                late=models.Count("pk", filter=Q(due_at__lt=now)),
            )
        )

    def running(self) -> Self:
        """Not ended."""
        return self.filter(outcome="running")

    def late(self, now: datetime) -> Self:
        """Running past the due time. At the due second exactly a clock is in time."""
        return self.running().filter(due_at__lt=now)

    def in_warning(self, now: datetime) -> Self:
        """Running, past the warning and not past the due time, and not paused: a paused clock alarms nobody."""
        return self.running().not_paused(now).filter(warn_at__lte=now, due_at__gte=now)

    def on_time(self, now: datetime) -> Self:
        """Running, before the warning, and not paused."""
        return self.running().not_paused(now).filter(warn_at__gt=now, due_at__gte=now)

    def paused(self, now: datetime) -> Self:
        """Running, and standing still at `now`."""
        return self.running().filter(paused_until__gt=now)

    def not_paused(self, now: datetime) -> Self:
        """Not standing still at `now`."""
        return self.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=now))

    def due(self, now: datetime) -> Self:
        """Late, and no breach is recorded yet: what the sweep reads."""
        return self.late(now).not_breached().order_by("due_at", "pk")

    def not_breached(self) -> Self:
        """Without a breach of the present due time."""
        return self.filter(breached_at__isnull=True)

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
        """Without those that were cancelled, which nobody kept or missed. Waived ones are among them, as a figure of their
        own."""
        return self.exclude(outcome="cancelled")

    def with_verdict(self, now: datetime) -> Self:
        """`verdict` at `now`: kept, missed, late (running past its due time), open (in time), waived or cancelled.
        Twins: kept(), missed(now) = missed + late, late(now), open_in_time(now)."""
        return self.annotate(
            verdict=Case(
                When(outcome="running", due_at__lt=now, then=Value("late")),
                When(outcome="running", then=Value("open")),
                default=F("outcome"),
                output_field=models.CharField(),
            )
        )

    def started_between(self, start: datetime, end: datetime) -> Self:
        """Begun in [start, end): the cohort of a period."""
        return self.filter(started_at__gte=start, started_at__lt=end)

    def cancelled(self) -> Self:
        """Ended by nobody's doing; not judged."""
        return self.filter(outcome="cancelled")

    def ended_late(self) -> Self:
        """By an answer or a touch that came after the due time."""
        return self.filter(outcome="missed")

    def of_any_kind(self) -> Self:
        """All of them, said in a way that the index clock_cohorts, which begins with the kind, answers."""
        from sla.models import PromiseKind

        return self.filter(kind__in=PromiseKind.values)

    def ended_judged(self) -> Self:
        """Ended by an answer or a touch, in time or late: those whose time used is final."""
        return self.filter(outcome__in=["kept", "missed"])

    def visible_to(self, user: Any) -> Self:
        """A rep and a team's manager see their team's; everybody else who may see clocks sees all."""
        if user.role == "rep" or (user.role == "sales_manager" and user.team_id):
            return self.filter(team=user.team_id)
        return self

    def owners(self) -> models.QuerySet:
        """Who answers for them, by number."""
        return self.filter(owner__isnull=False).order_by().values("owner")

    def behind(self, now: datetime) -> Self:
        """Started in the last minutes by hours that were corrected in the last minutes: by a request that read the hours before
        the correction and wrote the clock after it."""
        from sla.models import CalendarVersion

        since = now - CORRECTED_LATELY
        newer = CalendarVersion.objects.filter(
            calendar=models.OuterRef("calendar_version__calendar"),
            number__gt=models.OuterRef("calendar_version__number"),
            created_at__gte=since,
        )
        return self.running().filter(models.Exists(newer), started_at__gte=since).order_by("pk")

    def on_calendar(self, calendar_id: int) -> Self:
        """Judged by any version of the calendar."""
        return self.filter(calendar_version__calendar=calendar_id)

    def waived(self) -> Self:
        """Taken out of the account by a manager."""
        return self.filter(outcome="waived")

    def of_leads(self, lead_ids: Iterable[int]) -> Self:
        """Of handoffs of these leads."""
        return self.filter(handoff__lead__in=lead_ids)

    def waiting_for_prospect(self, now: datetime) -> Self:
        """With a pause that waits for the prospect's answer at `now`."""
        from sla.models import Pause, PauseReason

        pauses = Pause.objects.filter(
            clock=models.OuterRef("pk"), reason=PauseReason.WAITING_FOR_PROSPECT, ends_at__gt=now
        )
        return self.filter(models.Exists(pauses))

    def lost_before_an_answer(self) -> Self:
        """Of reps from whom a lead was taken that waits still: it does not come back to them by itself."""
        return self.filter(
            kind="accept", outcome__in=["missed", "waived"], owner__isnull=False, handoff__state="waiting"
        )

    def mark_breached(self) -> int:
        """Date the breach by the deadline; clocks that have one keep it."""
        return self.not_breached().update(breached_at=models.F("due_at"))

    def with_terms(self) -> Self:
        """With all that ending a clock needs."""
        return self.select_related("promise", "calendar_version", "handoff", "owner")

    def with_law(self) -> Self:
        """With all that computing the due times of running ones anew needs, and no more: a corrected calendar reads ten
        thousand of them. One statement beside."""
        own = ("promise", "calendar_version", "owner", "kind", "outcome")
        times = ("started_at", "due_at", "warn_at", "paused_until", "breached_at", "ended_at")
        handoff = (f"handoff__{field}" for field in ("lead", "owner", "started_at"))
        return self.select_related("handoff").prefetch_related("promise").only(*own, *times, *handoff)
