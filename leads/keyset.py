"""Pages of a list that go on from a row instead of counting rows, so that the last page costs what the first one does."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from django.db.models import BooleanField, F, Func, Value

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(-?\d{1,17})\.(\d{1,18})\.(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """A place in a list: the sort value and the number of the row it follows (or precedes), and how many rows are before."""

    value: int
    number: int
    position: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The place that an address names; None for nonsense, which means the beginning."""
        found = _CURSOR.fullmatch(text)
        return cls(*map(int, found.groups())) if found else None

    def __str__(self) -> str:
        return f"{self.value}.{self.number}.{self.position}"


def as_int(value: int | datetime) -> int:
    """A sort value as it stands in a cursor; datetimes in microseconds since 1970."""
    return (value - _EPOCH) // _MICROSECOND if isinstance(value, datetime) else value


def as_datetime(value: int) -> datetime | None:
    """The datetime of a cursor's value; None beyond the calendar."""
    try:
        return _EPOCH + value * _MICROSECOND
    except OverflowError:
        return None


class RowCompare(Func):
    """(a, b) < (x, y) or >, as one comparison, which both databases answer from an index over both columns."""

    output_field = BooleanField()

    def __init__(
        self, columns: tuple[str, str], operator: str, values: tuple[Any, Any], **extra: Any
    ) -> None:
        if operator not in ("<", ">"):
            raise ValueError("Rows are compared by < or >.")
        self.operator = operator
        super().__init__(*map(F, columns), *map(Value, values), **extra)

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, tuple[Any, ...]]:  # type: ignore[override]
        """Row values; the parameters in the order of the text."""
        parts = [compiler.compile(part) for part in self.get_source_expressions()]
        (a, _), (b, _), (x, _), (y, _) = parts
        return f"({a}, {b}) {self.operator} ({x}, {y})", tuple(param for part in parts for param in part[1])
