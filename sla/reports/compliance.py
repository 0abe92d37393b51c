"""Both sides' promises in figures: what became of those whose clocks started in a period.

One query over a covering index (see cohorts), whatever the number of clocks. Truth is a function of time: a running
clock past its due time is missed here, whether or not a sweep recorded it. Cancelled clocks are not judged, and waived ones
are a figure of their own. Whoever owns a clock of sales answers for it; without an owner it is the team's queue. What marketing
promised is nobody's in particular: it is cut by source and tier, and by source where sales is cut by team or rep.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from sla.models import MARKETING_KINDS, SALES_KINDS, ClockOutcome, Side, side_of
from sla.reports.cohorts import cohorts
from sla.reports.filters import QUEUE, Ask
from sla.reports.ranks import NONE, Ranks, ranks_of

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
    side: Side
    by: str
    now: Tally
    before: Tally
    groups: tuple[Group, ...]


@dataclass
class _Heap:
    """What was read of some clocks: how many of each verdict, and the times used of those that ended."""

    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    used: list[Sequence[int]] = field(default_factory=list)

    def add(self, outcome: str, is_past: bool, count: int, used: Sequence[int]) -> None:
        """Put some clocks of one outcome on it."""
        self.counts[_verdict(outcome, is_past)] += count
        if outcome in (ClockOutcome.KEPT, ClockOutcome.MISSED):
            self.used.append(used)

    def tally(self) -> Tally:
        """The figures."""
        found = self.counts
        kept, late = found["kept"], found["late"]
        used = ranks_of(chain.from_iterable(self.used))
        return Tally(kept, found["missed"] + late, late, found["open"], found["waived"], used)


def _verdict(outcome: str, is_past: bool) -> str:
    """Twin of ClockQuerySet.with_verdict; `is_past` says that the due time is over."""
    if outcome == ClockOutcome.RUNNING:
        return "late" if is_past else "open"
    return outcome


def kind_reports(ask: Ask) -> list[KindReport]:
    """Every kind of promise that the ask leaves, also one without clocks; one query."""
    wholes: dict[tuple[bool, str], _Heap] = defaultdict(_Heap)
    parts: dict[tuple[str, Any], _Heap] = defaultdict(_Heap)
    for kind, group, is_now, outcome, is_past, count, used in cohorts(ask):
        # Sorted once: a whole is then merged from its parts.
        ordered = sorted(used)
        wholes[is_now, kind].add(outcome, is_past, count, ordered)
        if is_now:
            parts[kind, group].add(outcome, is_past, count, ordered)
    reports = []
    # No rep answers for what marketing promised.
    for kind in SALES_KINDS if ask.chosen.get("rep") else (*SALES_KINDS, *MARKETING_KINDS):
        if ask.chosen.get("kind", kind) == kind:
            by = cut_of(kind, ask)
            groups = [_group(ask, by, key[1], heap.tally()) for key, heap in parts.items() if key[0] == kind]
            now, before = wholes[True, kind].tally(), wholes[False, kind].tally()
            in_order = _in_order(groups, by, ask)
            reports.append(KindReport(str(kind), str(kind.label), side_of(kind), by, now, before, in_order))
    return reports


def cut_of(kind: str, ask: Ask) -> str:
    """By what a kind of promise is cut where the reader asks for a cut."""
    return "source" if side_of(kind) == Side.MARKETING and ask.by in ("team", "rep") else ask.by


def _group(ask: Ask, by: str, value: Any, tally: Tally) -> Group:
    key = QUEUE if value is None else str(value)
    return Group(key, ask.label(by, key), tally)


def _in_order(groups: list[Group], by: str, ask: Ask) -> tuple[Group, ...]:
    """Where most promises were broken first; tiers always in their own order."""
    if by == "tier":
        order = list(ask.choices["tier"])
        return tuple(sorted(groups, key=lambda group: order.index(group.value)))
    return tuple(sorted(groups, key=lambda group: (-group.tally.missed, group.label.casefold())))
