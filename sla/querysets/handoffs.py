"""The vocabulary of handoffs, and of who had them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import reduce
from itertools import islice
from operator import or_
from typing import Any, Self

from django.db import connection, models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from sla.querysets.clocks import LEADS_OWN

# The clocks of a handoff are few, and found by it. Kind and outcome are no bare columns here: where PostgreSQL has no statistics yet,
# as after a first import, it took the index of those, and read every running clock for every handoff.
_NEXT_CLOCK = """
    UPDATE sla_handoff SET (next_clock_id, next_due_at) = (
        SELECT clock.id, clock.due_at FROM sla_clock AS clock
        WHERE clock.handoff_id = sla_handoff.id AND (clock.outcome || '') = 'running'
          AND (clock.kind || '') IN ({kinds})
          AND (clock.kind IN ({own}) OR clock.owner_id = sla_handoff.owner_id
               OR (clock.owner_id IS NULL AND sla_handoff.owner_id IS NULL))
        ORDER BY clock.due_at, clock.id LIMIT 1)
    WHERE sla_handoff.id IN ({keys})
"""


# The condition of HandoffQuerySet.live.
IS_LIVE = ~Q(started_at=F("ready_at")) | Q(assigned_at__isnull=False)


def arrival() -> Coalesce:
    """When a handoff came to whoever has it: to its rep, else to the team's queue. As the index handoff_arrivals has it."""
    return Coalesce("assigned_at", "started_at")


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

    def in_state(self, state: Any) -> Self:
        """In one state, given as a word or an expression."""
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

    def had_by(self, owner_id: int | None) -> Self:
        """In the hands of this rep; None: nobody's yet."""
        return self.filter(owner=owner_id) if owner_id is not None else self.filter(owner__isnull=True)

    def recycled(self) -> Self:
        """Ended in nurture, by sales."""
        return self.filter(state="recycled")

    def rep_away(self, now: datetime) -> Self:
        """Open, and with a rep who is absent at `now` or cannot log in any more."""
        from accounts.models import Absence, User

        # The few people first, and then what they have.
        absences = Absence.objects.running(now).filter(user=models.OuterRef("pk"))
        away = User.objects.filter(Q(is_active=False) | models.Exists(absences))
        return self.open().filter(owner__in=away.order_by().values("pk"))

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

    def by_time_left(self) -> Self:
        """What a ladder put first, then what is late, then what is due next, then what no clock runs for, longest waiting
        first; the columns of BY_TIME_LEFT. What is paused comes after all of that: see moving() and standing_still()."""
        return self.order_by(
            F("put_first_at").asc(nulls_last=True), F("next_due_at").asc(nulls_last=True), "started_at", "pk"
        )

    def moving(self, now: datetime) -> Self:
        """Put first, late, or with a next clock that does not stand still at `now`, or with none."""
        return self.filter(
            Q(put_first_at__isnull=False)
            | Q(next_due_at__lt=now)
            | Q(next_clock__paused_until__isnull=True)
            | Q(next_clock__paused_until__lte=now)
        )

    def standing_still(self, now: datetime) -> Self:
        """The rest: in time, and the clock that is due next is paused at `now`."""
        return self.filter(put_first_at__isnull=True, next_due_at__gte=now, next_clock__paused_until__gt=now)

    def due_before(self, at: datetime) -> Self:
        """The clock that is due next is due before `at`: at `now`, what is late for whoever has it."""
        return self.filter(next_due_at__lt=at)

    def put_first(self) -> Self:
        """By a step of a ladder."""
        return self.filter(put_first_at__isnull=False)

    def not_put_first(self) -> Self:
        """In their place by time."""
        return self.filter(put_first_at__isnull=True)

    def with_next_clock(self) -> Self:
        """With what a row says of the clock that is due next: `due_at`, `warn_at`, `paused_until`, `clock_kind`, `hours`."""
        return self.annotate(
            due_at=F("next_due_at"),
            warn_at=F("next_clock__warn_at"),
            paused_until=F("next_clock__paused_until"),
            clock_kind=F("next_clock__kind"),
            hours=F("next_clock__calendar_version"),
        )

    def point_to_next_clock(self, keys: Iterable[int]) -> None:
        """Write which of sales' running clocks is due next for whoever has each of these handoffs, and when it is due; one
        statement for 1,000. Also where a due time moved: sla.services.recompute, the only place that moves any, comes by here.

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
        return self.annotate(arrival=arrival()).filter(arrival__gt=at)

    def newest_arrival(self) -> datetime | None:
        """When the last of them came; one statement."""
        rows = self.annotate(arrival=arrival()).order_by("-arrival").values_list("arrival", flat=True)
        return rows.first()

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
        from sla.models import HandoffState

        arms = []
        if classes := [answer for answer in answers if answer not in ("accepted", "waiting")]:
            arms.append(Q(state="rejected", reason__reason_class__in=classes))
        if "accepted" in answers:
            # Named one by one: the index handoff_quality begins with the state.
            others = [state for state in HandoffState.values if state != "rejected"]
            arms.append(Q(state__in=others) & (Q(accepted_at__isnull=False) | Q(state="qualified")))
        if "waiting" in answers:
            arms.append(Q(state="waiting", accepted_at__isnull=True))
        return self.filter(reduce(or_, arms))

    def live(self) -> Self:
        """Without the history of imports, which is handed off as of the very moment of its readiness, and to nobody."""
        return self.filter(IS_LIVE)


def _late_clocks(now: datetime) -> models.QuerySet:
    from sla.models import Clock

    return Clock.objects.filter(handoff=models.OuterRef("pk")).of_sales().late(now)


class TenureQuerySet(models.QuerySet):
    """Who had handoffs before."""

    def given_back(self) -> Self:
        """Ended by a rep who could not take the lead on."""
        return self.filter(given_back=True)
