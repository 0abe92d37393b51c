"""The clocks of a period and of the one before it, as counts and times used: what every share and median is made of.

One statement. Truth is a function of time: a running clock past its due time is late here, whether or not a sweep recorded it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BigIntegerField, Case, CharField, Count, F, IntegerField, Q, Value, When
from django.db.models.expressions import RawSQL

from sla.models import MARKETING_KINDS, SALES_KINDS, ClockOutcome
from sla.querysets import ClockQuerySet
from sla.reports.filters import FILTERS, Ask
from sla.reports.ranks import Values, unpacked, whether

# What a clock that is judged can have become.
_ENDED = (ClockOutcome.KEPT, ClockOutcome.MISSED, ClockOutcome.WAIVED)
_OF_PAIR = {
    "kind": RawSQL("pair.kind", (), output_field=CharField()),
    "outcome": RawSQL("pair.outcome", (), output_field=CharField()),
}


class Part(NamedTuple):
    """Clocks of one kind, outcome and group: `group` is None, too, for all of the period before. `is_past` says that the due
    time is over; `used` are the times of those that ended."""

    kind: str
    group: Any
    is_now: bool
    outcome: str
    is_past: bool
    number: int
    used: Sequence[int]


def cohorts(ask: Ask) -> Iterable[Part]:
    """The parts of an ask, in no order; one statement."""
    rows = ask.clocks()
    if connection.vendor == "postgresql":
        return _read(ask, rows)
    return map(Part._make, _grouped(ask, rows.judged()))


def _grouped(ask: Ask, rows: ClockQuerySet) -> Any:
    """By one GROUP BY, the groups of the period before among them."""
    column: F | Case = F(FILTERS[ask.by][1])
    if ask.by in ("team", "rep"):
        of_marketing = When(kind__in=MARKETING_KINDS, then=F(FILTERS["source"][1]))
        column = Case(of_marketing, default=column, output_field=IntegerField())
    return (
        rows.started_between(ask.period.before_start, ask.period.end)
        .annotate(
            cut=column,
            is_now=whether(Q(started_at__gte=ask.period.start)),
            is_past=whether(Q(due_at__lt=ask.now)),
        )
        .order_by()
        .values_list("kind", "cut", "is_now", "outcome", "is_past")
        # Count("*") and not of the key, which the covering index does not hold.
        .annotate(count=Count("*"), used=Values("seconds_used"))
    )


def _read(ask: Ask, rows: ClockQuerySet) -> Iterable[Part]:
    """The same on PostgreSQL in two thirds of the time: the clocks that ended are read kind by kind and outcome by outcome from
    the index clock_cohorts, so that no row is hashed by five keys. The running ones are few."""
    now = rows.started_between(ask.period.start, ask.period.end)
    before = rows.started_between(ask.period.before_start, ask.period.start)
    by = FILTERS[ask.by][1]
    of_marketing = FILTERS["source"][1] if ask.by in ("team", "rep") else by
    branches = [
        _grouped(
            ask, rows.running().filter(kind__in=[*SALES_KINDS, *MARKETING_KINDS])
        ).query.sql_with_params(),
        _branch(now, SALES_KINDS, by, is_now=True),
        _branch(now, MARKETING_KINDS, of_marketing, is_now=True),
        _branch(before, [*SALES_KINDS, *MARKETING_KINDS], None, is_now=False),
    ]
    # The columns of a UNION have one type: numbers of people and words of tiers are text here.
    statement = " UNION ALL ".join(
        f"SELECT kind, cut::text, is_now, outcome, is_past, count, used FROM ({sql}) AS branch"  # noqa: S608 - ours
        for sql, _params in branches
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [value for _sql, params in branches for value in params])
        found = cursor.fetchall()
    for kind, cut, is_now, outcome, is_past, count, used in found:
        if count:
            yield Part(kind, cut, is_now, outcome, is_past, count, unpacked(used))


def _branch(
    rows: ClockQuerySet, kinds: Iterable[str], by: str | None, *, is_now: bool
) -> tuple[str, list[Any]]:
    """Those that ended of some kinds, grouped by one column or not at all: the statement and its parameters."""
    pairs = [str(value) for kind in kinds for outcome in _ENDED for value in (kind, outcome)]
    cut = F(by) if by else Value(None, output_field=BigIntegerField())
    inner = rows.filter(**_OF_PAIR).order_by().annotate(cut=cut).values("cut")
    sql, params = inner.annotate(count=Count("*"), used=Values("seconds_used")).query.sql_with_params()
    values = ", ".join(["(%s, %s)"] * (len(pairs) // 2))
    statement = (
        f"SELECT pair.kind, part.cut, {is_now} AS is_now, pair.outcome, FALSE AS is_past, part.count, part.used"  # noqa: S608 - ours
        f" FROM (VALUES {values}) AS pair(kind, outcome), LATERAL ({sql}) AS part"
    )
    return statement, [*pairs, *params]
