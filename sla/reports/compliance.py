"""Sales' side in figures: what became of the promises whose clocks started in a period.

Three queries over the covering index clock_compliance, whatever the number of clocks. Truth is a function of time: a running
clock past its due time is missed here, whether or not a sweep recorded it. Cancelled clocks are not judged, and waived ones
are a figure of their own. Whoever owns a clock answers for it; without an owner it is the team's queue.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, Count, IntegerField, Value, When

from sla.models import SALES_KINDS
from sla.querysets import ClockQuerySet
from sla.reports.filters import FILTERS, QUEUE, Ask
from sla.reports.ranks import NONE, Ranks, ranks_by

# Of fewer decided promises than this a share says little, and the pages say so.
SMALL = 5


@dataclass(frozen=True)
class Tally:
    """What became of some promises. `late` are those of `missed` that are still open; `open` are in time, paused ones too.
    `waived` were taken out of the account: shown beside the others, and in no share.

    `used` ranks the business seconds of those that ended, in time or late.
    """

    kept: int = 0
    missed: int = 0
    late: int = 0
    open: int = 0
    waived: int = 0
    used: Ranks = NONE

    @property
    def decided(self) -> int:
        """Kept or missed."""
        return self.kept + self.missed

    @property
    def total(self) -> int:
        """All that are in the account or were waived out of it."""
        return self.decided + self.open + self.waived

    @property
    def share(self) -> float | None:
        """Kept of decided, from 0 to 1; None before any is decided."""
        return self.kept / self.decided if self.decided else None

    @property
    def is_small(self) -> bool:
        """Too few decided to judge by their share."""
        return 0 < self.decided < SMALL


@dataclass(frozen=True)
class Group:
    """The tally of one team, rep, source or tier: `value` as in the address, `label` for people."""

    value: str
    label: str
    tally: Tally


@dataclass(frozen=True)
class KindReport:
    """One promise: the period, the period before, and the groups of the cut, those with most missed first."""

    kind: str
    label: str
    now: Tally
    before: Tally
    groups: tuple[Group, ...]


def kind_reports(ask: Ask) -> list[KindReport]:
    """Every kind of promise that the ask leaves, also one without clocks; three queries."""
    column = FILTERS[ask.by][1]
    cohort = _cohort(ask)
    counted = _counts(cohort, ask, column)
    ended = cohort.ended_judged()
    overall = ranks_by(ended, "seconds_used", "is_now", "kind_number")
    in_period = ended.started_between(ask.period.start, ask.period.end)
    of_groups = ranks_by(in_period, "seconds_used", "kind_number", column)
    reports = []
    for number, kind in enumerate(SALES_KINDS):
        if ask.chosen.get("kind", kind) != kind:
            continue
        both: list[Tally] = []
        for is_now in (1, 0):
            tally = _sum(row for key, row in counted.items() if key[:2] == (is_now, kind))
            both.append(replace(tally, used=overall.get((is_now, number), NONE)))
        groups = [
            _group(ask, key[2], replace(tally, used=of_groups.get((number, key[2]), NONE)))
            for key, tally in counted.items()
            if key[:2] == (1, kind)
        ]
        reports.append(KindReport(str(kind), str(kind.label), both[0], both[1], _in_order(groups, ask)))
    return reports


def _cohort(ask: Ask) -> ClockQuerySet:
    """The clocks of the period and of the one before it, which ends where the period starts."""
    return (
        ask.clocks()
        .judged()
        .started_between(ask.period.before_start, ask.period.end)
        .annotate(
            is_now=Case(
                When(started_at__gte=ask.period.start, then=Value(1)),
                default=Value(0),
                output_field=IntegerField(),
            ),
            # A number sorts several times faster than a text of the database's language.
            kind_number=Case(
                *(When(kind=kind, then=Value(number)) for number, kind in enumerate(SALES_KINDS)),
                output_field=IntegerField(),
            ),
        )
    )


def _counts(cohort: ClockQuerySet, ask: Ask, column: str) -> dict[tuple[int, str, Any], Tally]:
    """(1 for the period or 0 for the one before, kind, group) -> tally without ranks."""
    # Count("*") and not of the key, which the covering index does not hold.
    rows = (
        cohort.with_verdict(ask.now)
        .order_by()
        .values_list("is_now", "kind", column, "verdict")
        .annotate(count=Count("*"))
    )
    numbers: dict[tuple[int, str, Any], dict[str, int]] = defaultdict(dict)
    for is_now, kind, group, verdict, count in rows:
        numbers[is_now, kind, group][verdict] = count
    return {key: _tally(found) for key, found in numbers.items()}


def _tally(found: Mapping[str, int]) -> Tally:
    late = found.get("late", 0)
    kept, missed = found.get("kept", 0), found.get("missed", 0)
    return Tally(kept, missed + late, late, found.get("open", 0), found.get("waived", 0))


def _sum(tallies: Iterable[Tally]) -> Tally:
    total = Tally()
    for one in tallies:
        total = Tally(
            total.kept + one.kept,
            total.missed + one.missed,
            total.late + one.late,
            total.open + one.open,
            total.waived + one.waived,
        )
    return total


def _group(ask: Ask, value: Any, tally: Tally) -> Group:
    key = QUEUE if value is None else str(value)
    return Group(key, ask.label(ask.by, key), tally)


def _in_order(groups: list[Group], ask: Ask) -> tuple[Group, ...]:
    """Where most promises were broken first; tiers always in their own order."""
    if ask.by == "tier":
        order = list(ask.choices["tier"])
        return tuple(sorted(groups, key=lambda group: order.index(group.value)))
    return tuple(sorted(groups, key=lambda group: (-group.tally.missed, group.label.casefold())))
