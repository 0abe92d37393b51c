"""Counting no further than a reader wants to know: above a list of a million rows it says "1,000+"."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import QuerySet
from django.utils.formats import number_format


def count_up_to(most: int, rows: Mapping[str, QuerySet[Any]]) -> dict[str, int]:
    """How many rows each query has, by its name, `most` + 1 standing for any more than `most`; one statement for all."""
    counts: list[str] = []
    params: list[Any] = []
    for query in rows.values():
        try:
            sql, values = query.order_by().values("pk")[: most + 1].query.sql_with_params()
        except EmptyResultSet:
            counts.append("0")
        else:
            counts.append(f"(SELECT COUNT(*) FROM ({sql}) AS counted)")  # noqa: S608 - ours
            params += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(counts)}", params)
        return dict(zip(rows, cursor.fetchone(), strict=True))


def said_up_to(most: int, number: int) -> str:
    """Such a count in words: "14", or "1,000+"."""
    shown = number_format(min(number, most), use_l10n=True, force_grouping=True)
    return f"{shown}+" if number > most else shown
