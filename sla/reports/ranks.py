"""Median and 90th percentile by nearest rank.

The definition: of n values in ascending order, the p-th percentile is the value at place ceil(p/100 * n), counted from 1. So
every figure is a time that really occurred, none is interpolated, and a count by hand gives the same. The median of an even
number is the lower of the two in the middle.

The database hands over the values of each group as one packed column, with the counts and in one reading of the rows, and
they are sorted here: a sort in the database would have to carry the keys of the groups along, at three times the cost.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Aggregate, BooleanField, ExpressionWrapper, Field, Q


@dataclass(frozen=True)
class Ranks:
    """`median` and `p90` (the 90th percentile) of `count` values; None where there are none."""

    count: int = 0
    median: Any = None
    p90: Any = None


NONE = Ranks()


def unpacked(value: Any) -> Sequence[int]:
    """The numbers of a packed column, in no order."""
    if value is None:
        return array("q")
    if isinstance(value, str):
        return array("q", map(int, value.split(",")))
    numbers = array("q", bytes(value))
    if sys.byteorder == "little":
        numbers.byteswap()
    return numbers


class _Packed(Field):
    """Whole numbers as the aggregate below packs them: eight bytes each, or text with commas from SQLite."""

    def from_db_value(self, value: Any, _expression: object, _connection: object) -> Sequence[int]:
        """The numbers in no order."""
        return unpacked(value)


class Values(Aggregate):
    """All values of an integer expression in a group, without the nulls, in no order."""

    function = "GROUP_CONCAT"
    template = "%(function)s(%(expressions)s)"
    output_field = _Packed()
    # As bytes in the order of the network, which is what PostgreSQL's binary form is.
    packed = "string_agg(int8send(%(expressions)s), '')"

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The template as of the expression itself: a FILTER is put around that one."""
        own = self.copy()
        own.template = self.packed
        return own.as_sql(compiler, connection, **extra)


class Spans(Values):
    """The same of a difference of two times, in microseconds. Exact: that many have fewer digits than a float holds."""

    packed = "string_agg(int8send((date_part('epoch', %(expressions)s) * 1000000)::bigint), '')"


def whether(condition: Q) -> ExpressionWrapper:
    """A condition as a column to group by. Of a CASE PostgreSQL expects as many values as its columns have, and sorts all rows;
    of a condition it expects two."""
    return ExpressionWrapper(condition, output_field=BooleanField())


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
