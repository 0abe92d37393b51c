"""Who works in the company of the benchmarks."""

from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import Role, Team, User
from leads.models import Source, SourceKind
from sla.models import Agreement, Calendar, Promise, PromiseKind, Territory

TEAMS, REPS = 4, 20
# Numbers of their own, so that SQL can compute them: rep r of team r % TEAMS.
FIRST_TEAM = FIRST_REP = 1001


@dataclass(frozen=True)
class Cast:
    """The people and the terms that the rows of the benchmarks point to."""

    source: Source
    key: str
    users: dict[str, User]
    promises: dict[tuple[str, str], Promise]
    agreement_version: int
    calendar_version: int

    @classmethod
    def hire(cls) -> "Cast":
        """Write teams, reps, one person of each other role, and a source with a key."""
        calendar, agreement = Calendar.objects.get(), Agreement.objects.get()
        for number in range(TEAMS):
            team = Team.objects.create(pk=FIRST_TEAM + number, name=f"Team {number + 1}")
            Territory.objects.create(
                team=team, calendar=calendar, agreement=agreement, is_fallback=number == 0
            )
        users = {}
        for number in range(REPS):
            users[Role.REP.value] = _user(Role.REP, f"rep{number}", FIRST_REP + number, number % TEAMS)
        for number, role in enumerate((Role.MARKETING, Role.SALES_MANAGER, Role.AUDITOR)):
            users[role.value] = _user(role, role.value, FIRST_REP + REPS + number)
        source = Source(slug="bench", name="Benchmark", kind=SourceKind.API)
        key = source.new_key()
        source.save()
        version = agreement.versions.get()
        promises = {(promise.kind, promise.tier): promise for promise in version.promises.all()}
        return cls(source, key, users, promises, version.pk, calendar.current.pk)

    def target(self, kind: PromiseKind) -> str:
        """SQL: the target in seconds of a promise, by the column `tier`."""
        return self._by_tier(kind, lambda promise: promise.target_seconds or 0)

    def promise(self, kind: PromiseKind) -> str:
        """SQL: the number of a promise, by the column `tier`."""
        return self._by_tier(kind, lambda promise: promise.pk)

    def _by_tier(self, kind: PromiseKind, value: Callable[[Promise], int]) -> str:
        cases = " ".join(
            f"WHEN '{tier}' THEN {value(promise)}"
            for (known, tier), promise in self.promises.items()
            if known == kind.value
        )
        return f"CASE tier {cases} END"


def _user(role: Role, name: str, pk: int, team: int | None = None) -> User:
    return User.objects.create_user(
        f"{name}@bench.example",
        pk=pk,
        name=name.replace("_", " ").title(),
        role=role,
        team_id=None if team is None else FIRST_TEAM + team,
    )
