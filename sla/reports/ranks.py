"""Median and 90th percentile by nearest rank, in the database, whatever the number of rows.

The definition: of n values in ascending order, the p-th percentile is the value at place ceil(p/100 * n), counted from 1. So
every figure is a time that really occurred, none is interpolated, and a count by hand gives the same. The median of an even
number is the lower of the two in the middle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Aggregate, Count, F, Field, Q, QuerySet, Window
from django.db.models.functions import RowNumber


@dataclass(frozen=True)
class Ranks:
    """`median` and `p90` (the 90th percentile) of `count` values; None where there are none."""

    count: int = 0
    median: Any = None
    p90: Any = None


NONE = Ranks()


class _MedianAndP90(Aggregate):
    """PostgreSQL's own nearest rank, as a list of the two."""

    template = "percentile_disc(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = Field()


def place_of(percent: int, count: int) -> int:
    """The place, from 1, of a percentile among `count` values: ceil(percent / 100 * count)."""
    return -(-percent * count // 100)


def ranks_of(values: Iterable[int]) -> Ranks:
    """Median and 90th percentile by nearest rank: the values at places ceil(n / 2) and ceil(9 n / 10)."""
    ordered = sorted(values)
    if not ordered:
        return NONE
    size = len(ordered)
    return Ranks(size, ordered[place_of(50, size) - 1], ordered[place_of(90, size) - 1])


def ranks_by(rows: QuerySet, value: str, *groups: str) -> dict[tuple[Any, ...], Ranks]:
    """Ranks of the column `value`, which has no nulls, for every combination of the columns `groups`; one query.

    PostgreSQL's ordered-set aggregate gives exactly the window functions' answer in two fifths of their time.
    """
    rows = rows.order_by()
    if connection.vendor == "postgresql":
        return _by_aggregate(rows.values_list(*groups), value)
    return _by_windows(rows, value, groups)


def _by_aggregate(groups: QuerySet, value: str) -> dict[tuple[Any, ...], Ranks]:
    found = {}
    for *group, count, (median, p90) in groups.annotate(size=Count("*"), both=_MedianAndP90(value)):
        found[tuple(group)] = Ranks(count, median, p90)
    return found


def _by_windows(rows: QuerySet, value: str, groups: Iterable[str]) -> dict[tuple[Any, ...], Ranks]:
    partition = [F(name) for name in groups]
    places = rows.annotate(
        place=Window(RowNumber(), partition_by=partition, order_by=F(value).asc()),
        size=Window(Count("*"), partition_by=partition),
    )
    # In whole numbers: place = ceil(n / 2) is n <= 2 place <= n + 1, and place = ceil(9n / 10) is 9n <= 10 place < 9n + 10.
    median = Q(size=F("place") * 2) | Q(size=F("place") * 2 - 1)
    p90 = Q(beyond__lte=0, beyond__gt=-10)
    wanted = places.annotate(beyond=F("size") * 9 - F("place") * 10).filter(median | p90)
    found: dict[tuple[Any, ...], Ranks] = {}
    for *group, place, size, at in wanted.values_list(*groups, "place", "size", value):
        so_far = found.get(tuple(group), NONE)
        found[tuple(group)] = Ranks(
            size,
            at if place == place_of(50, size) else so_far.median,
            at if place == place_of(90, size) else so_far.p90,
        )
    return found
