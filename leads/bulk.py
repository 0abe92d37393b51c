"""Other values for many rows in one statement, and rows made from a query.

Django's bulk_update writes a CASE with one branch per row and column, which both databases take seconds to read; a join
with a list of values costs them milliseconds (measured: docs/real-data.md).
"""

import re
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import Expression, F, Field, ForeignKey, Model, QuerySet, Value

ROWS = 1000


def update_rows(rows: Iterable[Model], fields: Sequence[str]) -> int:
    """Write these fields of saved rows of one model, as bulk_update does; returns how many rows there were."""
    rows = list(rows)
    if not rows:
        return 0
    model = type(rows[0])
    names = [_field(model, name).attname for name in fields]
    return update_values(model, fields, {row.pk: [getattr(row, name) for name in names] for row in rows})


def update_values(
    model: type[Model],
    fields: Sequence[str],
    values: Mapping[int, Sequence[Any]],
    *,
    only_where: tuple[str, Any] | None = None,
) -> int:
    """Write `values` (number of the row -> one value per field); returns how many rows were written.

    With `only_where` (field, value) rows in which that field has another value are left as they are, and not counted.
    """
    columns = [_field(model, name) for name in fields]
    waiting = iter(values.items())
    written = 0
    while chunk := list(islice(waiting, _rows_at_once(len(columns) + 1))):
        written += _update(model, columns, chunk, only_where)
    return written


def insert_rows(model: type[Model], fields: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows of these values, one per field, where nobody asks for their keys. A fraction of what bulk_create costs for
    the few rows that most calls write."""
    columns = [_field(model, name) for name in fields]
    names = ", ".join(connection.ops.quote_name(_column(field)) for field in columns)
    place = f"({', '.join(['%s'] * len(columns))})"
    waiting = iter(rows)
    while chunk := list(islice(waiting, _rows_at_once(len(columns)))):
        params = [
            field.get_db_prep_save(value, connection)
            for row in chunk
            for field, value in zip(columns, row, strict=True)
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({names}) VALUES "  # noqa: S608 - names
                + ", ".join([place] * len(chunk)),
                params,
            )


def insert_selected(
    model: type[Model], rows: QuerySet[Any], columns: Mapping[str, Any], *, ignore_conflicts: bool = False
) -> int:
    """INSERT ... SELECT: one row of `model` per row of the query; returns how many were written.

    `columns` gives every field of the model but its key an expression over the query's rows, or a plain value. With
    `ignore_conflicts` a row that is there already stays as it is.
    """
    quote = connection.ops.quote_name
    fields = {name: _field(model, name) for name in columns}
    made = {
        f"made_{name}": value
        if isinstance(value, Expression | F)
        else Value(value, output_field=_plain(fields[name]))
        for name, value in columns.items()
    }
    query = rows.order_by().annotate(**made).values_list(*made).query
    select, params = query.get_compiler(connection=connection).as_sql()
    names = ", ".join(quote(_column(field)) for field in fields.values())
    ending = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {quote(model._meta.db_table)} ({names}) {select}{ending}",
            params,
        )
        return int(cursor.rowcount)


def _plain(field: Field) -> Field:
    """The field itself, or for a reference that of the key it points to."""
    return field.target_field if isinstance(field, ForeignKey) else field


def _update(
    model: type[Model],
    columns: Sequence[Field],
    chunk: Sequence[tuple[int, Sequence[Any]]],
    only_where: tuple[str, Any] | None,
) -> int:
    quote = connection.ops.quote_name
    table, key = quote(model._meta.db_table), quote(_column(_key(model)))
    row = f"({', '.join(['%s'] * (len(columns) + 1))})"
    # Both databases call the columns of a list of values column1, column2 ...
    changes = ", ".join(
        f"{quote(_column(f))} = {_typed(f, f'fresh.column{place}')}"
        for place, f in enumerate(columns, start=2)
    )
    guard = f" AND {table}.{quote(_column(_field(model, only_where[0])))} = %s" if only_where else ""
    statement = (
        f"UPDATE {table} SET {changes} FROM (VALUES {', '.join([row] * len(chunk))}) AS fresh "  # noqa: S608 - names
        f"WHERE {table}.{key} = fresh.column1{guard}"
    )
    params: list[Any] = []
    for number, values in chunk:
        params.append(number)
        params += [f.get_db_prep_save(value, connection) for f, value in zip(columns, values, strict=True)]
    if only_where:
        params.append(only_where[1])
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        if cursor.rowcount < 0:  # sqlite3 counts no UPDATE that begins with WITH
            cursor.execute("SELECT changes()")
            return int(cursor.fetchone()[0])
        return int(cursor.rowcount)


def _field(model: type[Model], name: str) -> Field:
    field = model._meta.get_field(name)
    assert isinstance(field, Field)
    return field


def _column(field: Field) -> str:
    assert field.column is not None
    return field.column


def _key(model: type[Model]) -> Field:
    assert model._meta.pk is not None
    return model._meta.pk


def _typed(field: Field, value: str) -> str:
    """PostgreSQL takes a column of NULLs for text, so it is told the type (without its length: a cast would cut it off).
    SQLite goes by the type of the column, and its own cast would make a number of a date."""
    if connection.vendor == "sqlite":
        return value
    return f"CAST({value} AS {re.sub(r'[(].*[)]', '', field.db_type(connection) or 'text')})"


def _rows_at_once(columns: int) -> int:
    if connection.vendor != "sqlite":
        return ROWS
    connection.ensure_connection()
    limit = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    return max(1, min(ROWS, (limit - 1) // columns))
