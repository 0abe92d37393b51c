"""Who gets a lead: the team by country, the rep by turn; nobody absent, inactive or off shift."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from accounts.models import User
from leads.journal import Entry, record
from sla.models import Clock, Handoff, PromiseKind, RepTurn, Territory
from sla.notices import handed_off_notices
from sla.services.clocks import Start, seconds_between, start_clocks
from sla.services.terms import Terms, terms_of_all

RULE = "sla.assign"


@dataclass
class Turns:
    """Whose turn it is in each team, read and locked once per batch; `take` moves the chosen rep to the end."""

    pools: dict[int, list[User]]
    turns: dict[int, RepTurn]
    last: int
    rejected_by: dict[int, set[int]]

    def take(self, team_id: int, lead_id: int) -> User | None:
        """The rep of the team who was given a lead longest ago and has not rejected this one; None for an empty pool."""
        refused = self.rejected_by.get(lead_id, set())
        free = [user for user in self.pools.get(team_id, []) if user.pk not in refused]
        if not free:
            return None
        chosen = min(free, key=lambda user: (self.turns[user.pk].last_turn, user.pk))
        self.last += 1
        self.turns[chosen.pk].last_turn = self.last
        return chosen

    def save(self) -> None:
        """Write the turns that were taken."""
        RepTurn.objects.bulk_update(self.turns.values(), ["last_turn"])


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
    open_teams = [number for number, term in terms.items() if term.calendar_version.business().is_open(now)]
    reps = list(User.objects.reps().at_work(now).filter(team__in=open_teams).order_by("pk"))
    RepTurn.objects.bulk_create([RepTurn(user=user) for user in reps], ignore_conflicts=True)
    locked = RepTurn.objects.select_for_update().filter(user__in=reps).order_by("pk")
    turns = {turn.user_id: turn for turn in locked}
    pools: dict[int, list[User]] = {}
    for user in reps:
        pools.setdefault(user.team_id, []).append(user)
    rejections: dict[int, set[int]] = {}
    for lead_id, user_id in (
        Handoff.objects.rejected().filter(lead__in=lead_ids).values_list("lead_id", "answered_by_id")
    ):
        rejections.setdefault(lead_id, set()).add(user_id)
    last = max((turn.last_turn for turn in RepTurn.objects.all()), default=0)
    return Turns(pools, turns, last, rejections)


def teams_at_work(now: datetime) -> list[int]:
    """Teams that are open at `now` and have a rep at work."""
    open_teams = [
        number for number, term in terms_of_all(now).items() if term.calendar_version.business().is_open(now)
    ]
    return sorted(
        set(User.objects.reps().at_work(now).filter(team__in=open_teams).values_list("team_id", flat=True))
    )


@transaction.atomic
def assign_waiting(handoffs: Sequence[Handoff], now: datetime) -> None:
    """Give queued handoffs to reps who came to work. Where the team's time already ran, the rep gets a clock of their own:
    the handoff's clock goes on without them, and they answer for their own time only (invariant 10)."""
    terms = terms_of_all(now)
    turns = read_turns(terms, [handoff.lead_id for handoff in handoffs], now)
    given = []
    for handoff in handoffs:
        owner = turns.take(handoff.team_id, handoff.lead_id)
        if owner is not None:
            handoff.owner, handoff.assigned_at = owner, now
            given.append(handoff)
    turns.save()
    give(handoffs=given, terms=terms, now=now, rule=RULE)


def give(
    *,
    handoffs: Sequence[Handoff],
    terms: dict[int, Terms],
    now: datetime,
    by: User | None = None,
    rule: str = "",
) -> None:
    """Write the new owners of waiting handoffs, see to their clocks, tell them."""
    Handoff.objects.bulk_update(handoffs, ["owner", "assigned_at"], batch_size=200)
    running = {
        clock.handoff_id: clock
        for clock in Clock.objects.running()
        .filter(handoff__in=handoffs, kind=PromiseKind.ACCEPT)
        .with_terms()
        .order_by("-pk")
    }
    taken_over: list[Clock] = []
    starts: list[Start] = []
    for handoff in handoffs:
        clock = running.get(handoff.pk)
        if clock is None:
            continue
        if clock.owner_id is None and not seconds_between(clock, clock.started_at, now):
            clock.owner = handoff.owner
            taken_over.append(clock)
        else:
            starts.append(
                Start(
                    handoff,
                    clock.promise,
                    terms[handoff.team_id].calendar_version,
                    now,
                    handoff.owner,
                    clock.source_id,
                )
            )
    Clock.objects.bulk_update(taken_over, ["owner"], batch_size=200)
    own = start_clocks(starts=starts, now=now, by=by, rule=rule) if starts else []
    record(
        entries=[
            Entry("handoff.assigned", "handoff", row.pk, row.lead_id, after={"owner": row.owner_id})
            for row in handoffs
        ],
        at=now,
        by=by,
        rule=rule,
    )
    handed_off_notices(handoffs=handoffs, clocks=[*taken_over, *own], now=now)
