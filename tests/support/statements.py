"""Counts SQL statements, alike on both databases."""

from __future__ import annotations

from django.test.utils import CaptureQueriesContext

# SQLite takes so many values in one statement (the limit Django keeps to).
_MOST_VALUES = 999


def statements(captured: CaptureQueriesContext) -> int:
    """How many statements ran; the portions into which SQLite splits one insert of many rows count as one.

    A portion counts as the rest of the one before only if that was full: an insert per row counts each time.
    """
    count, before = 0, ""
    for query in captured.captured_queries:
        sql: str = query["sql"]
        if not (_table(sql) and _table(sql) == _table(before) and _is_full(before)):
            count += 1
        before = sql
    return count


def _table(sql: str) -> str:
    """The beginning of an insert up to its columns; empty for every other statement."""
    return sql.partition(" VALUES ")[0] if sql.startswith("INSERT") else ""


def _is_full(insert: str) -> bool:
    columns = _table(insert).count(",") + 1
    return insert.count("), (") + 1 == _MOST_VALUES // columns
