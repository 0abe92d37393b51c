"""Marketing's side in figures: what was handed off in a period, how fast, and what sales said to it. One query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, Q
from django.db.models.expressions import RawSQL

from sla.models import AgreementVersion, HandoffState, Reason
from sla.querysets import IS_LIVE
from sla.reports.filters import REJECTIONS, Ask
from sla.reports.ranks import NONE, Ranks, Spans, ranks_of, unpacked, whether

_TOOK = Spans(F("started_at") - F("ready_at"), filter=IS_LIVE)


@dataclass(frozen=True)
class Goals:
    """What marketing promised for the period, in percent. Where teams work by different agreements, the lowest and the highest."""

    accepted: tuple[int, int]
    clerical: tuple[int, int]


def goals(ask: Ask) -> Goals | None:
    """The monthly promises of the versions in force at the end of the period, or now; None where nothing is agreed. One query."""
    chosen = ask.chosen.get("team")
    teams = [int(team) for team in ([chosen] if chosen else ask.choices["team"])]
    versions = AgreementVersion.objects.in_force(min(ask.now, ask.period.end))
    agreed = versions.filter(agreement__territories__team__in=teams).aggregate(
        *(function(name) for function in (Min, Max) for name in ("acceptance_percent", "clerical_percent"))
    )
    if agreed["acceptance_percent__min"] is None:
        return None
    return Goals(
        (agreed["acceptance_percent__min"], agreed["acceptance_percent__max"]),
        (agreed["clerical_percent__min"], agreed["clerical_percent__max"]),
    )


@dataclass(frozen=True)
class Passed:
    """What was handed off in one period. `rejected` counts by class. `routing` ranks the time from sales-ready to handed off,
    around the clock, of all that began live (an import's history was never routed)."""

    count: int = 0
    accepted: int = 0
    waiting: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    routing: Ranks = NONE

    @property
    def answered(self) -> int:
        """Accepted or rejected."""
        return self.accepted + sum(self.rejected.values())

    @property
    def share_accepted(self) -> float | None:
        """Of those answered, from 0 to 1; None before any is."""
        return self.accepted / self.answered if self.answered else None


def passed(ask: Ask) -> tuple[Passed, Passed]:
    """What was handed off in the period and in the one before it; two queries.

    The classes of reasons are read beside, so that the covering index handoff_quality has all that is asked of forty thousand
    rows.
    """
    classes = dict(Reason.objects.values_list("pk", "reason_class"))
    read = _by_state if connection.vendor == "postgresql" else _grouped
    answers: dict[bool, dict[str, int]] = {True: defaultdict(int), False: defaultdict(int)}
    routed: dict[bool, list[Sequence[int]]] = {True: [], False: []}
    for is_now, state, reason, count, accepted, took in read(ask):
        answers[is_now][answer_of(state, True, classes.get(reason))] += accepted
        answers[is_now][answer_of(state, False, classes.get(reason))] += count - accepted
        routed[is_now].append(took)
    return _passed(answers[True], routed[True]), _passed(answers[False], routed[False])


def _grouped(ask: Ask) -> Iterable[tuple[Any, ...]]:
    """Whether of the period, state and reason; how many, how many of them were accepted, and the time that routing took."""
    rows = ask.handoffs().started_between(ask.period.before_start, ask.period.end)
    is_now = whether(Q(started_at__gte=ask.period.start))
    grouped = rows.annotate(is_now=is_now).order_by().values_list("is_now", "state", "reason_id")
    return grouped.annotate(count=Count("*"), accepted=Count("accepted_at"), took=_TOOK)


def _by_state(ask: Ask) -> Iterable[tuple[Any, ...]]:
    """The same on PostgreSQL, state by state from the index: no row is hashed by three keys (see sla.reports.cohorts)."""
    period = ask.period
    statements, params = [], []
    for is_now, start, end in (
        (True, period.start, period.end),
        (False, period.before_start, period.start),
    ):
        rows = ask.handoffs().started_between(start, end).in_state(RawSQL("one.state", ()))
        grouped = rows.order_by().values("reason_id")
        sql, values = grouped.annotate(
            count=Count("*"), accepted=Count("accepted_at"), took=_TOOK
        ).query.sql_with_params()
        states = ", ".join(["(%s)"] * len(HandoffState.values))
        statements.append(
            f"SELECT {is_now}, one.state, part.reason_id, part.count, part.accepted, part.took"  # noqa: S608 - ours
            f" FROM (VALUES {states}) AS one(state), LATERAL ({sql}) AS part"
        )
        params += [*HandoffState.values, *values]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(statements), params)
        found = cursor.fetchall()
    return [(*row, unpacked(took)) for *row, took in found]


def answer_of(state: str, was_accepted: bool, reason_class: str | None) -> str:
    """Twin of HandoffQuerySet.with_answer."""
    if state == HandoffState.REJECTED:
        return reason_class or ""
    if was_accepted or state == HandoffState.QUALIFIED:
        return "accepted"
    return "waiting" if state == HandoffState.WAITING else "none"


def _routing(took: Iterable[Sequence[int]]) -> Ranks:
    """Of microseconds, as times."""
    ranks = ranks_of(chain.from_iterable(took))
    if not ranks.count:
        return ranks
    return Ranks(ranks.count, timedelta(microseconds=ranks.median), timedelta(microseconds=ranks.p90))


def _passed(answers: dict[str, int], took: Iterable[Sequence[int]]) -> Passed:
    return Passed(
        count=sum(answers.values()),
        accepted=answers.get("accepted", 0),
        waiting=answers.get("waiting", 0),
        rejected={name: answers.get(name, 0) for name in REJECTIONS},
        routing=_routing(took),
    )
