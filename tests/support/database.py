"""What transactional tests need of a database whose journal and signed agreements refuse to be emptied.

Such a test commits, so Django empties all tables after it. Two things must survive that: the triggers that
protect them (taken off for the moment of emptying, and put on again), and the rows that migrations
made (kept from the start of the session, and put back).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from django.apps import apps
from django.core.management.color import no_style
from django.db import OperationalError, connection, transaction
from django.db.models import Model
from pytest_django.plugin import DjangoDbBlocker

# So often the emptying of all tables gives way to somebody who reads some of them.
MOST_DEADLOCKS = 4


class Seeds:
    """The rows of all tables as they were when it was made: what the migrations put there."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, list[str], list[tuple[Any, ...]]]] = []
        for model in _stored_models():
            columns = [str(f.column) for f in model._meta.local_concrete_fields if not f.generated]
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {_names(columns)} FROM {_names([model._meta.db_table])}")
                rows = cursor.fetchall()
            if rows:
                self._rows.append((model._meta.db_table, columns, rows))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Seeds) and self._rows == other._rows

    __hash__ = None  # type: ignore[assignment]

    def put_back(self) -> None:
        """Insert the rows into empty tables, with their old keys."""
        with connection.cursor() as cursor:
            for table, columns, rows in self._rows:
                marks = ", ".join(["%s"] * len(columns))
                cursor.executemany(
                    f"INSERT INTO {_names([table])} ({_names(columns)}) VALUES ({marks})", rows
                )


def empty_all_tables(seeds: Seeds) -> None:
    """Bring the database back to `seeds`, past the triggers of the journal and of signed agreements."""
    tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
    flush = connection.ops.sql_flush(no_style(), tables, reset_sequences=False, allow_cascade=False)
    # A browser that was closed may have left a request behind, which reads some of the tables in another order.
    for left in range(MOST_DEADLOCKS, -1, -1):
        try:
            _empty(flush, seeds)
        except OperationalError as error:
            if not left or "deadlock" not in str(error):
                raise
        else:
            break


def _empty(flush: list[str], seeds: Seeds) -> None:
    with transaction.atomic(), _unprotected():
        with connection.cursor() as cursor:
            for statement in flush:
                cursor.execute(statement)
        seeds.put_back()


@contextmanager
def rows_of_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """A transaction round the tests of a module: the rows made at its begin are theirs in common, and gone after it.

    For a fixture of that scope that asks for `django_db_setup`. What a test adds is rolled back after the test.
    """
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def database_url() -> str:
    """DATABASE_URL of the test database of this process, for child processes that are to see the same rows."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    login = f"{quote(given['USER'])}:{quote(given['PASSWORD'])}"
    return f"postgres://{login}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


@contextmanager
def _unprotected() -> Iterator[None]:
    from leads.journal import triggers as journal
    from sla.agreements import triggers as agreements

    with connection.cursor() as cursor:
        for protected in (journal, agreements):
            for statement in protected.drop_sql(connection.vendor):
                cursor.execute(statement)
        yield
        for protected in (journal, agreements):
            for statement in protected.create_sql(connection.vendor):
                cursor.execute(statement)


def _stored_models() -> list[type[Model]]:
    models = apps.get_models(include_auto_created=True)
    return [model for model in models if model._meta.managed and not model._meta.proxy]


def _names(names: list[str]) -> str:
    return ", ".join(connection.ops.quote_name(name) for name in names)


def keep_statistics_unknown() -> None:
    """PostgreSQL plans by the size of the files, not by what autovacuum counted.

    It would find tables empty whose rows tests have rolled back, and then choose plans that read every row for every row.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                name = connection.ops.quote_name(table)
                cursor.execute(f"ALTER TABLE {name} SET (autovacuum_enabled = off)")
