"""Past handoffs judged by another agreement: what would have been kept, had it been in force. Writes nothing.

The facts are those of the clocks: start, end and pauses. Only promises that were kept or missed count; running, waived and
cancelled ones have no result to compare.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from leads.models import Source
from sla.clock import Stretch, between, is_late
from sla.models import Agreement, AgreementVersion, CalendarVersion, Clock, Promise, PromiseKind
from sla.reports.ranks import NONE, Ranks, ranks_of
from sla.services.terms import Versions, calendar_of, calendar_version_of, pauses_of, promise_times

CHUNK = 2000


@dataclass(frozen=True)
class Judge:
    """The terms to judge by: the version of an agreement in force when a handoff began, or one version for all."""

    label: str
    versions: Versions
    only: AgreementVersion | None = None

    def promise(self, at: datetime, kind: str, tier: str) -> Promise | None:
        """What was promised on a handoff of that time and tier."""
        version = self.only or self.versions.at(at)
        return self.versions.promise(version, kind, tier) if version else None


@dataclass(frozen=True)
class Verdict:
    """Kept or missed, and the seconds used in the hours of the promise."""

    kept: bool
    seconds: int


@dataclass
class Figures:
    """One promise under one agreement. `unpromised` are facts that it promises nothing about; `counted_otherwise` are attempts of
    which it promises another number than the one whose last was recorded: nobody knows when those were made."""

    promises: set[Promise]
    kept: int = 0
    missed: int = 0
    unpromised: int = 0
    counted_otherwise: int = 0
    used: Ranks = NONE

    @property
    def is_known(self) -> bool:
        """Whether there was any fact to judge."""
        return bool(self.kept + self.missed + self.unpromised + self.counted_otherwise)

    @property
    def share(self) -> float | None:
        """Kept of judged, 0 to 1."""
        judged = self.kept + self.missed
        return self.kept / judged if judged else None


@dataclass(frozen=True)
class Replay:
    """`figures[place][kind]` for the agreement at that place; `turns[kind][verdicts]` counts facts by whether each agreement kept them."""

    judges: Sequence[Judge]
    figures: Sequence[dict[str, Figures]]
    turns: dict[str, Counter[tuple[bool, ...]]]


def judge_of(name: str) -> Judge | None:
    """The agreement of that name, or one version of it (“Name v2”), whether it is in force or not; None for neither."""
    agreement = Agreement.objects.filter(name=name).first()
    if agreement is not None:
        return Judge(name, Versions(agreement))
    stem, _v, number = name.rpartition(" v")
    version = (
        AgreementVersion.objects.filter(agreement__name=stem, number=int(number))
        .select_related("agreement")
        .first()
        if number.isdecimal() and len(number) < 10
        else None
    )
    return Judge(name, Versions(version.agreement), version) if version else None


def verdict(
    promise: Promise, hours: CalendarVersion, start: datetime, end: datetime, pauses: Sequence[Stretch]
) -> Verdict:
    """Judge one fact; `hours` are those of the team. Raises NeverOpen."""
    calendar = calendar_of(promise, hours)
    due_at = promise_times(promise, hours, start, pauses).due_at
    return Verdict(not is_late(due_at, end), between(calendar, start, end, pauses))


def replay(*, source: Source, judges: Sequence[Judge]) -> Replay:
    """Judge every ended promise of a source by each of the judges; memory holds one number per fact and judge."""
    figures: list[dict[str, Figures]] = [{kind: Figures(set()) for kind in PromiseKind} for _judge in judges]
    used: dict[tuple[int, str], list[int]] = {}
    turns: dict[str, Counter[tuple[bool, ...]]] = {kind: Counter() for kind in PromiseKind}
    for clock, team_hours in _facts(source):
        verdicts = []
        for place, judge in enumerate(judges):
            found = figures[place][clock.kind]
            promise = judge.promise(clock.handoff.started_at, clock.kind, clock.tier)
            if promise is None:
                found.unpromised += 1
                continue
            if promise.count != clock.promise.count:
                found.counted_otherwise += 1
                continue
            assert clock.ended_at is not None
            one = verdict(promise, team_hours, clock.started_at, clock.ended_at, pauses_of(clock))
            found.promises.add(promise)
            found.kept, found.missed = found.kept + one.kept, found.missed + (not one.kept)
            used.setdefault((place, clock.kind), []).append(one.seconds)
            verdicts.append(one.kept)
        if len(verdicts) == len(judges):
            turns[clock.kind][tuple(verdicts)] += 1
    for (place, kind), seconds in used.items():
        figures[place][kind].used = ranks_of(seconds)
    return Replay(judges, figures, turns)


def _facts(source: Source) -> Iterator[tuple[Clock, CalendarVersion]]:
    """Clocks with the hours of their team: those they were judged by, or today's where they ran round the clock."""
    hours: dict[int, CalendarVersion] = {}
    rows = Clock.objects.filter(source=source).ended_judged().with_terms().prefetch_related("pauses")
    for clock in rows.order_by("pk").iterator(chunk_size=CHUNK):
        if clock.calendar_version is not None:
            yield clock, clock.calendar_version
            continue
        if clock.team_id not in hours:
            hours[clock.team_id] = calendar_version_of(clock.team_id)
        yield clock, hours[clock.team_id]
