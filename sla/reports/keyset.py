"""Pages of long lists, newest first, that cost the same on every page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

PAGE_SIZE = 50


@dataclass(frozen=True)
class KeysetPage:
    """Some rows, newest first. `newer` and `older` are the addresses' cursors of the neighbours, empty at the ends."""

    rows: tuple[Any, ...]
    newer: str = ""
    older: str = ""


def page_of(rows: QuerySet, query: Callable[[str], str], size: int = PAGE_SIZE) -> KeysetPage:
    """The page that `query("after")` or `query("before")` names; one that names nothing gives the first. One query.

    `rows` need the columns `started_at` and a key. Rows that come or go meanwhile neither repeat nor hide others.
    """
    after, before = cursor_of(query("after")), cursor_of(query("before"))
    if before and not after:
        found = list(rows.filter(_newer(before)).order_by("started_at", "pk")[: size + 1])
        shown = tuple(reversed(found[:size]))
        return KeysetPage(shown, _cursor(shown[0]) if len(found) > size else "", _cursor_at_end(shown))
    if after:
        rows = rows.filter(_older(after))
    found = list(rows.order_by("-started_at", "-pk")[: size + 1])
    shown = tuple(found[:size])
    newer = _cursor(shown[0]) if after and shown else ""
    return KeysetPage(shown, newer, _cursor(shown[-1]) if len(found) > size else "")


def newer_than(rows: QuerySet, first: Any) -> QuerySet:
    """The rows that come before the row `first` in the list: their number is its place."""
    return rows.filter(_newer((first.started_at, first.pk)))


def cursor_of(text: str) -> tuple[datetime, int] | None:
    """The place that a cursor names; None for anything else than a cursor."""
    at, separator, key = text.partition("_")
    if not separator or not key.isascii() or not key.isdigit() or len(key) > 18:
        return None
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return (moment, int(key)) if moment.tzinfo is not None and 1900 < moment.year < 9000 else None


def _cursor(row: Any) -> str:
    return f"{row.started_at.astimezone(UTC).isoformat().replace('+00:00', 'Z')}_{row.pk}"


def _cursor_at_end(rows: tuple[Any, ...]) -> str:
    return _cursor(rows[-1]) if rows else ""


def _older(cursor: tuple[datetime, int]) -> Q:
    at, key = cursor
    return Q(started_at__lte=at) & (Q(started_at__lt=at) | Q(pk__lt=key))


def _newer(cursor: tuple[datetime, int]) -> Q:
    at, key = cursor
    return Q(started_at__gte=at) & (Q(started_at__gt=at) | Q(pk__gt=key))
