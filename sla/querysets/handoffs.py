"""The vocabulary of handoffs, and of who had them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Self

from django.db import connection, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from sla.querysets.clocks import LEADS_OWN

_NEXT_CLOCK = """
    UPDATE sla_handoff SET next_clock_id = (
        SELECT clock.id FROM sla_clock AS clock
        WHERE clock.handoff_id = sla_handoff.id AND clock.outcome = 'running' AND clock.kind IN ({kinds})
          AND (clock.kind IN ({own}) OR clock.owner_id = sla_handoff.owner_id
               OR (clock.owner_id IS NULL AND sla_handoff.owner_id IS NULL))
        ORDER BY clock.due_at, clock.id LIMIT 1)
    WHERE sla_handoff.id IN ({keys})
"""


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


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

    def in_state(self, state: str) -> Self:
        """In one state."""
        return self.filter(state=state)

    def late(self, now: datetime) -> Self:
        """With a promise of sales that runs past its due time."""
        return self.filter(models.Exists(_late_clocks(now)))

    def not_late(self, now: datetime) -> Self:
        """Without one."""
        return self.filter(~models.Exists(_late_clocks(now)))

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

    def not_merged(self) -> Self:
        """Without those that ended because another one of the same person goes on."""
        return self.exclude(state="merged")

    def open_first(self) -> Self:
        """The open one, then the ones that began last."""
        return self.order_by(models.F("ended_at").desc(nulls_first=True), "-started_at", "-pk")

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
        `clock_kind`, `hours`): what a ladder put first, then what is late, then what is due next, then what no clock runs for,
        longest waiting first, and at last what is paused."""
        return self.annotate(
            due_at=models.F("next_clock__due_at"),
            warn_at=models.F("next_clock__warn_at"),
            paused_until=models.F("next_clock__paused_until"),
            clock_kind=models.F("next_clock__kind"),
            hours=models.F("next_clock__calendar_version"),
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

    def point_to_next_clock(self, keys: Iterable[int]) -> None:
        """Write which of sales' running clocks is due next for whoever has each of these handoffs; one statement for 1,000.

        An answer is owed by whoever the clock names; the lead's own clocks are the work of whoever has it now. Every start and
        end of a clock comes by here, and putting the statement together took several times longer than to run it.
        """
        from sla.models import SALES_KINDS

        kinds, own = [str(kind) for kind in SALES_KINDS], LEADS_OWN
        waiting = iter(keys)
        while chunk := list(islice(waiting, 1000)):
            with connection.cursor() as cursor:
                cursor.execute(
                    _NEXT_CLOCK.format(kinds=_places(kinds), own=_places(own), keys=_places(chunk)),
                    [*kinds, *own, *chunk],
                )

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
        """Those whose `answer` is one of these. In conditions on columns, of which the planner knows how many rows fulfil
        them: of a CASE it expects next to none, and sorts all to find fifty."""
        asked = Q(state="rejected", reason__reason_class__in=answers)
        if "accepted" in answers:
            asked |= ~Q(state="rejected") & (Q(accepted_at__isnull=False) | Q(state="qualified"))
        if "waiting" in answers:
            asked |= Q(state="waiting", accepted_at__isnull=True)
        return self.filter(asked)

    def live(self) -> Self:
        """Without the history of imports, which is handed off as of the very moment of its readiness, and to nobody."""
        return self.exclude(started_at=F("ready_at"), assigned_at__isnull=True)


def _late_clocks(now: datetime) -> models.QuerySet:
    from sla.models import Clock

    return Clock.objects.filter(handoff=models.OuterRef("pk")).of_sales().late(now)


class TenureQuerySet(models.QuerySet):
    """Who had handoffs before."""

    def given_back(self) -> Self:
        """Ended by a rep who could not take the lead on."""
        return self.filter(given_back=True)
