"""The vocabulary of agreements, handoffs and clocks."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

# Promises of sales that go on unchanged when a lead changes hands. The one for the answer is each rep's own.
LEADS_OWN = ("first_touch", "attempts", "disposition")


class AgreementQuerySet(models.QuerySet):
    """Agreements by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """A rep reads the one that the team works by, and those that its handoffs are judged by; everybody else all."""
        from sla.models import Handoff

        if user.role == "rep":
            judged = Handoff.objects.filter(
                team=user.team_id, agreement_version__agreement=models.OuterRef("pk")
            )
            return self.filter(Q(territories__team=user.team_id) | models.Exists(judged)).distinct()
        return self


class AgreementVersionQuerySet(models.QuerySet):
    """Versions by how far they are, and by time."""

    def drafts(self) -> Self:
        """Still being written."""
        return self.filter(state="draft")

    def proposals(self) -> Self:
        """Waiting for signatures."""
        return self.filter(state="proposed")

    def unsigned(self) -> Self:
        """Drafts and proposals: an agreement has at most one."""
        return self.filter(state__in=["draft", "proposed"])

    def signed(self) -> Self:
        """By both sides: the only ones that anything is judged by."""
        return self.filter(state="signed")

    def in_force(self, now: datetime) -> Self:
        """In force at `now`: signed and begun, and followed by no other one that has begun. Of two from the same moment on, the
        newer."""
        begun = type(self)(self.model).signed().filter(in_force_from__lte=now)
        later = begun.filter(
            Q(in_force_from__gt=models.OuterRef("in_force_from"))
            | Q(in_force_from=models.OuterRef("in_force_from"), number__gt=models.OuterRef("number")),
            agreement=models.OuterRef("agreement"),
        )
        return self.signed().filter(~models.Exists(later), in_force_from__lte=now)

    def to_come(self, now: datetime) -> Self:
        """Signed, and not in force before a later time."""
        return self.signed().filter(in_force_from__gt=now)

    def by_time(self) -> Self:
        """Signed ones in the order in which they came, or will come, into force."""
        return self.signed().order_by("in_force_from", "number")


class ReasonQuerySet(models.QuerySet):
    """Reasons by what they are for."""

    def offered(self) -> Self:
        """Still in use."""
        return self.filter(is_active=True)

    def offered_under(self, version_id: int) -> Self:
        """Those that a version of the agreement names, else all in use."""
        from sla.models import AgreementVersion

        named = AgreementVersion.reasons.through._default_manager.filter(agreementversion=version_id)
        return self.filter(Q(pk__in=named.values("reason")) | Q(is_active=True) & ~models.Exists(named))

    def for_rejection(self, version_id: int) -> Self:
        """Before working a lead, under a version of the agreement."""
        return self.offered_under(version_id).filter(kind="rejection")

    def for_disqualification(self, version_id: int) -> Self:
        """After contact, under a version of the agreement."""
        return self.offered_under(version_id).filter(kind="disqualification")


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

    def rejected_by(self, user: Any) -> Self:
        """Given back by this rep, or by a manager on the rep's behalf."""
        return self.rejected().filter(Q(answered_by=user.pk) | Q(owner=user.pk))

    def had_by(self, owner_id: int | None) -> Self:
        """In the hands of this rep; None: nobody's yet."""
        return self.filter(owner=owner_id) if owner_id is not None else self.filter(owner__isnull=True)

    def recycled(self) -> Self:
        """Ended in nurture, by sales."""
        return self.filter(state="recycled")

    def rep_away(self, now: datetime) -> Self:
        """Open, and with a rep who is absent at `now` or cannot log in any more."""
        from accounts.models import Absence

        absences = Absence.objects.running(now).filter(user=models.OuterRef("owner"))
        return self.open().filter(Q(owner__is_active=False) | models.Exists(absences))

    def passed_on(self) -> Self:
        """Accepted once, and waiting for the answer of whoever it was given to since."""
        return self.waiting().filter(accepted_at__isnull=False)

    def never_accepted(self) -> Self:
        """Sales has not taken them on yet."""
        return self.filter(accepted_at__isnull=True)

    def closed(self) -> Self:
        """Ended, whichever way."""
        return self.exclude(state__in=["waiting", "accepted"])

    def queued(self) -> Self:
        """Waiting in a team's queue, nobody's yet."""
        return self.waiting().filter(owner__isnull=True)

    def of_a_rep(self) -> Self:
        """In the hands of a rep."""
        return self.filter(owner__isnull=False)

    def not_imported(self) -> Self:
        """With a clock, or judged by a version that promises no answer for the tier: what no import brought (case 29)."""
        from sla.models import Clock, Promise

        promised = Promise.objects.filter(
            version=models.OuterRef("agreement_version"), kind="accept", tier=models.OuterRef("tier")
        )
        clocks = Clock.objects.filter(handoff=models.OuterRef("pk"))
        return self.filter(models.Exists(clocks) | ~models.Exists(promised))

    def assignable(self, now: datetime) -> Self:
        """Queued in a team that has somebody to take it now who has neither rejected the lead nor lost it; longest waiting
        first.

        Narrow on purpose: a row that nobody can take would be claimed by the drain again and again.
        """
        from sla.models import Clock, Tenure
        from sla.services.routing import reps_at_work

        refusals = (
            type(self)(self.model)
            .rejected()
            .filter(
                Q(answered_by=models.OuterRef("pk")) | Q(owner=models.OuterRef("pk")),
                lead=models.OuterRef(models.OuterRef("lead")),
            )
        )
        given_back = Tenure.objects.given_back().filter(
            owner=models.OuterRef("pk"), handoff__lead=models.OuterRef(models.OuterRef("lead"))
        )
        lost = Clock.objects.lost_before_an_answer().filter(
            owner=models.OuterRef("pk"), handoff=models.OuterRef(models.OuterRef("pk"))
        )
        takers = reps_at_work(now).filter(
            ~models.Exists(refusals),
            ~models.Exists(given_back),
            ~models.Exists(lost),
            team=models.OuterRef("team"),
        )
        return (
            self.queued()
            .not_imported()
            .filter(models.Exists(takers))
            .select_related("lead__contact")
            .order_by("started_at", "pk")
        )

    def to_act(self, user: Any) -> Self:
        """Open, and for this person to act on: a rep's own and the queue of the team; for others all they may see."""
        if user.role == "rep":
            # Nobody's handoff waits, which says that the index of the queue holds it.
            queue = Q(owner__isnull=True, team=user.team_id, state="waiting")
            return self.open().filter(Q(owner=user.pk) | queue)
        return self.visible_to(user).open()

    def closed_by(self, user: Any) -> Self:
        """Ended: those a rep owned or answered; for others all they may see."""
        if user.role == "rep":
            return self.closed().filter(Q(owner=user.pk) | Q(answered_by=user.pk))
        return self.visible_to(user).closed()

    def by_time_left(self, now: datetime) -> Self:
        """With the clock of sales that is due next for whoever has the handoff (`due_at`, `warn_at`, `paused_until`,
        `clock_kind`): what a ladder put first, then what is late, then what is due next, then what no clock runs for,
        longest waiting first, and at last what is paused."""
        return self.annotate(
            due_at=models.F("next_clock__due_at"),
            warn_at=models.F("next_clock__warn_at"),
            paused_until=models.F("next_clock__paused_until"),
            clock_kind=models.F("next_clock__kind"),
            is_paused=Case(
                When(next_clock__paused_until__gt=now, next_clock__due_at__gte=now, then=Value(1)),
                default=Value(0),
                output_field=models.IntegerField(),
            ),
        ).order_by(
            models.F("put_first_at").asc(nulls_last=True),
            "is_paused",
            models.F("due_at").asc(nulls_last=True),
            "started_at",
            "pk",
        )

    def point_to_next_clock(self) -> int:
        """Write which of sales' running clocks is due next for whoever has each handoff; one statement."""
        from sla.models import Clock

        # An answer is owed by whoever the clock names; the lead's own clocks are the work of whoever has it now.
        theirs = (
            Q(kind__in=LEADS_OWN)
            | Q(owner=models.OuterRef("owner"))
            | Q(owner__isnull=True, handoff__owner__isnull=True)
        )
        clocks = Clock.objects.filter(theirs, handoff=models.OuterRef("pk")).of_sales().running()
        return self.update(next_clock=models.Subquery(clocks.order_by("due_at", "pk").values("pk")[:1]))

    def arrived_since(self, at: datetime) -> Self:
        """Handed to their rep, or to the queue, after `at`."""
        return self.filter(Q(assigned_at__gt=at) | Q(assigned_at__isnull=True, started_at__gt=at))

    def tally(self, now: datetime) -> dict[str, Any]:
        """How many of each kind (for_answer, accepted, queued, late) and the newest arrival, in one statement."""
        waiting = Q(state="waiting")
        return (
            self.by_time_left(now)
            .order_by()
            .aggregate(
                all=models.Count("pk"),
                for_answer=models.Count("pk", filter=waiting & Q(owner__isnull=False)),
                accepted=models.Count("pk", filter=Q(state="accepted")),
                queued=models.Count("pk", filter=waiting & Q(owner__isnull=True)),
                late=models.Count("pk", filter=Q(due_at__lt=now)),
                newest=models.Max(Coalesce("assigned_at", "started_at")),
            )
        )

    def visible_to(self, user: Any) -> Self:
        """A rep and a team's manager see their team's; everybody else who may see handoffs sees all."""
        if user.role == "rep" or (user.role == "sales_manager" and user.team_id):
            return self.filter(Q(team=user.team_id) | Q(owner=user.pk))
        return self

    def started_between(self, start: datetime, end: datetime) -> Self:
        """Handed off in [start, end)."""
        return self.filter(started_at__gte=start, started_at__lt=end)

    def with_answer(self) -> Self:
        """`answer`: what sales said. A deal that closed elsewhere counts as accepted; an open one waits; else none was given."""
        return self.annotate(
            answer=Case(
                When(state="rejected", then=F("reason__reason_class")),
                When(Q(accepted_at__isnull=False) | Q(state="qualified"), then=Value("accepted")),
                When(state="waiting", then=Value("waiting")),
                default=Value("none"),
                output_field=models.CharField(),
            )
        )

    def answered_with(self, answers: Sequence[str]) -> Self:
        """Those whose `answer` is one of these."""
        return self.with_answer().filter(answer__in=answers)

    def live(self) -> Self:
        """Without the history of imports, which is handed off as of the very moment of its readiness, and to nobody."""
        return self.exclude(started_at=F("ready_at"), assigned_at__isnull=True)


class TenureQuerySet(models.QuerySet):
    """Who had handoffs before."""

    def given_back(self) -> Self:
        """Ended by a rep who could not take the lead on."""
        return self.filter(given_back=True)


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

    def on_calendar(self, calendar_id: int) -> Self:
        """Judged by any version of the calendar."""
        return self.filter(calendar_version__calendar=calendar_id)

    def waived(self) -> Self:
        """Taken out of the account by a manager."""
        return self.filter(outcome="waived")

    def of_leads_own(self) -> Self:
        """Promises that go on unchanged when the lead changes hands."""
        return self.filter(kind__in=LEADS_OWN)

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
