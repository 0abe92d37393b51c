"""Who gets a lead: the team by country, the rep by turn; nobody absent, inactive or off shift."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.querysets import UserQuerySet
from drains.wake import announce
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.clock import is_late
from sla.models import (
    CalendarVersion,
    Clock,
    ClockOutcome,
    Handoff,
    HandoffState,
    PromiseKind,
    RepTurn,
    Tenure,
    Territory,
)
from sla.notices import handed_off_notices
from sla.services.clocks import Start, cancel_clocks, seconds_between, start_clocks
from sla.services.tenures import leave, locked_clocks, pass_on, settle_running
from sla.services.terms import Terms, terms_of_all

RULE = "sla.assign"
# The queue is looked at every few seconds: what that took is no queue time of the team, and the rep takes the clock over.
GRACE_SECONDS = 10


@dataclass
class Turns:
    """Whose turn it is in each team, read and locked once per batch; `take` moves the chosen rep to the end."""

    pools: dict[int, list[User]]
    turns: dict[int, RepTurn]
    last: int
    refused_by: Mapping[int, set[int]]

    def take(self, team_id: int, lead_id: int, but: int | None = None) -> User | None:
        """The rep of the team who was given a lead longest ago, has not refused this one and is not `but`; None where all are."""
        refused = self.refused_by.get(lead_id, set()) | {but}
        free = [user for user in self.pools.get(team_id, []) if user.pk not in refused]
        if not free:
            return None
        chosen = min(free, key=lambda user: (self.turns[user.pk].last_turn, user.pk))
        self.last += 1
        self.turns[chosen.pk].last_turn = self.last
        return chosen

    def save(self) -> None:
        """Write the turns that were taken."""
        update_rows(self.turns.values(), ["last_turn"])


def team_for(source_team: int | None, country: str, territories: Sequence[Territory]) -> Territory | None:
    """The territory of the source's own team, else the one that sells to the country, else the fallback."""
    for territory in territories:
        if source_team is not None and territory.team_id == source_team:
            return territory
    fallback = None
    for territory in territories:
        if country and country in territory.countries:
            return territory
        if territory.is_fallback:
            fallback = territory
    return fallback


def read_turns(terms: dict[int, Terms], lead_ids: Sequence[int], now: datetime) -> Turns:
    """Lock the turns of every rep at work in a team that is open at `now`. Needs a transaction."""
    pools: dict[int, list[User]] = {}
    for user in _reps_at_work(terms, now).order_by("pk"):
        pools.setdefault(user.team_id, []).append(user)
    not_again = refusers(lead_ids)
    lost = Clock.objects.lost_before_an_answer().of_leads(lead_ids)
    for lead_id, person in lost.values_list("handoff__lead_id", "owner_id"):
        not_again.setdefault(lead_id, set()).add(person)
    return turns_of(pools, not_again)


def turns_of(pools: dict[int, list[User]], refused_by: Mapping[int, set[int]]) -> Turns:
    """Lock the turns of these reps, by team. Needs a transaction."""
    reps = [user for pool in pools.values() for user in pool]
    RepTurn.objects.bulk_create([RepTurn(user=user) for user in reps], ignore_conflicts=True)
    locked = RepTurn.objects.select_for_update().filter(user__in=reps).order_by("pk")
    turns = {turn.user_id: turn for turn in locked}
    last = max((turn.last_turn for turn in RepTurn.objects.all()), default=0)
    return Turns(pools, turns, last, refused_by)


def refusers(lead_ids: Sequence[int]) -> dict[int, set[int]]:
    """The reps who rejected each lead, or gave it back, or on whose behalf that was done; two queries."""
    found: dict[int, set[int]] = {}
    refused = Handoff.objects.rejected().filter(lead__in=lead_ids)
    for lead_id, *people in refused.values_list("lead_id", "answered_by_id", "owner_id"):
        found.setdefault(lead_id, set()).update(people)
    given_back = Tenure.objects.given_back().filter(handoff__lead__in=lead_ids)
    for lead_id, person in given_back.values_list("handoff__lead_id", "owner_id"):
        found.setdefault(lead_id, set()).add(person)
    return found


def reps_at_work(now: datetime) -> UserQuerySet:
    """Active reps who are not absent, in teams that are open at `now`."""
    return _reps_at_work(terms_of_all(now), now)


def _reps_at_work(terms: dict[int, Terms], now: datetime) -> UserQuerySet:
    open_teams = [number for number, term in terms.items() if term.calendar_version.business().is_open(now)]
    return User.objects.reps().at_work(now).filter(team__in=open_teams)


@transaction.atomic
def assign_waiting(handoffs: Sequence[Handoff], now: datetime) -> None:
    """Give queued handoffs to reps who came to work. Where the team's time already ran, the rep gets a clock of their own:
    the handoff's clock goes on without them, and they answer for their own time only (invariant 12)."""
    terms = terms_of_all(now)
    turns = read_turns(terms, [handoff.lead_id for handoff in handoffs], now)
    owners = {handoff: turns.take(handoff.team_id, handoff.lead_id) for handoff in handoffs}
    turns.save()
    calendars = {number: term.calendar_version for number, term in terms.items()}
    given = {handoff: owner for handoff, owner in owners.items() if owner is not None}
    give(owners=given, calendars=calendars, now=now, rule=RULE)


def give(
    *,
    owners: Mapping[Handoff, User],
    calendars: Mapping[int, CalendarVersion],
    now: datetime,
    by: User | None = None,
    rule: str = "",
) -> None:
    """Write the new owners of open handoffs that the caller locked, see to their clocks, tell them.

    The clocks of the lead go on; who answers for them is settled by who had the lead (sla.tenure). The new owner gets an accept
    clock of their own and is to answer, also where somebody had accepted before. An accept clock of an earlier owner who was
    late on it ends as missed; one in time is no longer theirs (case 26).
    """
    handoffs = list(owners)
    before = {row.pk: {"owner": row.owner_id, "state": str(row.state)} for row in handoffs}
    leave(handoffs=handoffs, now=now)
    for row, owner in owners.items():
        row.owner, row.assigned_at, row.state = owner, now, HandoffState.WAITING
    update_rows(handoffs, ["owner", "assigned_at", "state"])
    every = locked_clocks(handoffs)
    settle_running(clocks=every, now=now, by=by, rule=rule)
    clocks = _for_the_answer(every)
    released, over = _release(clocks.values(), now)
    cancel_clocks(clocks=over, now=now, by=by, rule=rule)
    taken_over, starts = _own_clocks(handoffs, clocks, calendars, now)
    pass_on(
        clocks={clock.pk: clock for clock in [*released, *taken_over]}.values(), now=now, by=by, rule=rule
    )
    own = start_clocks(starts=starts, now=now, by=by, rule=rule) if starts else []
    record(
        entries=[
            Entry(
                "handoff.assigned",
                "handoff",
                row.pk,
                row.lead_id,
                before[row.pk],
                {"owner": row.owner_id, "state": str(row.state)},
            )
            for row in handoffs
        ],
        at=now,
        by=by,
        rule=rule,
    )
    handed_off_notices(handoffs=handoffs, clocks=[*taken_over, *own], now=now)


def _for_the_answer(clocks: Iterable[Clock]) -> dict[int, list[Clock]]:
    """Those of them that run or ran for the answer, by handoff; history that an import brought has none."""
    found: dict[int, list[Clock]] = {}
    for clock in clocks:
        if clock.kind == PromiseKind.ACCEPT:
            found.setdefault(clock.handoff_id, []).append(clock)
    return found


def return_to_queue(
    *, handoffs: Sequence[Handoff], calendars: Mapping[int, CalendarVersion], now: datetime, rule: str
) -> None:
    """Take waiting handoffs, which the caller locked, from their reps; the team is to answer again, with a clock that runs.

    As in `give`: a rep keeps a clock that they were late on as missed, one in time becomes the team's, and the clocks of the
    lead go on.
    """
    before = {row.pk: {"owner": row.owner_id} for row in handoffs}
    leave(handoffs=handoffs, now=now)
    for row in handoffs:
        row.owner, row.assigned_at = None, None
    update_rows(handoffs, ["owner", "assigned_at"])
    every = locked_clocks(handoffs)
    settle_running(clocks=every, now=now, rule=rule)
    clocks = _for_the_answer(every)
    released, over = _release(clocks.values(), now)
    cancel_clocks(clocks=over, now=now, rule=rule)
    pass_on(clocks=released, now=now, rule=rule)
    starts = [
        Start(row, found[0].promise, calendars[row.team_id], now, None, found[0].source_id)
        for row in handoffs
        if (found := clocks.get(row.pk))
        and not any(clock.outcome == ClockOutcome.RUNNING and clock.owner is None for clock in found)
    ]
    start_clocks(starts=starts, now=now, rule=rule)
    record(
        entries=[
            Entry(
                "handoff.returned_to_queue", "handoff", row.pk, row.lead_id, before[row.pk], {"owner": None}
            )
            for row in handoffs
        ],
        at=now,
        rule=rule,
    )
    announce("handoffs.queued")


def _release(groups: Iterable[Sequence[Clock]], now: datetime) -> tuple[list[Clock], list[Clock]]:
    """Take the clocks of earlier owners off them: those that become the team's, and those that are over."""
    released: list[Clock] = []
    over: list[Clock] = []
    for found in groups:
        clocks = [clock for clock in found if clock.outcome == ClockOutcome.RUNNING]
        has_clock_of_team = any(clock.owner_id is None for clock in clocks)
        for clock in clocks:
            if clock.owner_id is None:
                continue
            if has_clock_of_team or is_late(clock.due_at, now):
                over.append(clock)
            else:
                clock.owner = None
                released.append(clock)
    return released, over


def _own_clocks(
    handoffs: Sequence[Handoff],
    clocks: Mapping[int, Sequence[Clock]],
    calendars: Mapping[int, CalendarVersion],
    now: datetime,
) -> tuple[list[Clock], list[Start]]:
    """The clock of each new owner: the team's, where none of its time has run, else one to be started."""
    taken_over: list[Clock] = []
    starts: list[Start] = []
    for handoff in handoffs:
        if not (found := clocks.get(handoff.pk)):
            continue
        first = found[0]
        fresh = [clock for clock in found if clock.outcome == ClockOutcome.RUNNING and clock.owner is None]
        if fresh and seconds_between(fresh[0], fresh[0].started_at, now) <= GRACE_SECONDS:
            fresh[0].owner = handoff.owner
            taken_over.append(fresh[0])
        else:
            calendar = calendars[handoff.team_id]
            starts.append(Start(handoff, first.promise, calendar, now, handoff.owner, first.source_id))
    return taken_over, starts
