"""Pages of long lists, newest first, that cost the same on every page: each names the address of the next."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field

from leads.api.errors import Invalid
from leads.api.reading import MOST_ROWS, Asked, check_names
from leads.keyset import RowCompare, as_datetime, as_int

_CURSOR = re.compile(r"(-?\d{1,17})\.(\d{1,18})")


class Paged(Asked):
    """Which part of a list."""

    limit: int = Field(50, ge=1, le=MOST_ROWS, description="So many rows at most.")
    after: str = Field("", max_length=60, description="Where the page before ended; from its `next`.")


@dataclass(frozen=True)
class Rows:
    """Some rows, and the address of those that follow; None at the end."""

    rows: Sequence[Any]
    next: str | None


def page_of(request: HttpRequest, asked: Paged, rows: QuerySet[Any], column: str = "") -> Rows:
    """The rows that are asked for, by number, or by a column of times and number, the greatest first. One query, and those of
    what the rows prefetch. Rows that come or go meanwhile neither repeat nor hide others. Raises Invalid and PayloadErrors."""
    check_names(request, type(asked))
    key = rows.model._meta.pk.attname
    if asked.after:
        rows = _after(rows, asked.after, column, key)
    order = [f"-{column}"] if column else []
    found = list(rows.order_by(*order, f"-{key}")[: asked.limit + 1])
    shown = found[: asked.limit]
    if len(found) <= asked.limit:
        return Rows(shown, None)
    last = shown[-1]
    place = f"{as_int(getattr(last, column))}.{last.pk}" if column else str(last.pk)
    query = request.GET.copy()
    query["after"] = place
    return Rows(shown, request.build_absolute_uri(f"{request.path}?{query.urlencode()}"))


def _after(rows: QuerySet[Any], cursor: str, column: str, key: str) -> QuerySet[Any]:
    if not column:
        if re.fullmatch(r"\d{1,18}", cursor, re.ASCII):
            return rows.filter(**{f"{key}__lt": int(cursor)})
    elif found := _CURSOR.fullmatch(cursor):
        at = as_datetime(int(found[1]))
        if at is not None:
            return rows.filter(RowCompare((column, key), "<", (at, int(found[2]))))
    raise Invalid(
        "after", _("“after” names no place in this list."), _("Take it from “next” of the page before.")
    )
