"""What every test has: a database of its own, no network, and real processes only where they can be had."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.db import connection
from django.test import TransactionTestCase
from hypothesis import settings as hypothesis_settings
from pytest_django.plugin import DjangoDbBlocker

from tests.support.database import Seeds, database_url, empty_all_tables, keep_statistics_unknown
from tests.support.network import refuse_other_machines
from tests.support.servers import RedisServer
from tests.support.shared import shared_root

# Fixtures that give a test the database.
DATABASES = frozenset({"db", "transactional_db", "live_server"})


def pytest_configure(config: pytest.Config) -> None:
    """Fast passwords; everything else is as in config.settings. Properties try the same examples every time."""
    hypothesis_settings.register_profile("repeatable", derandomize=True, deadline=None)
    if not config.getoption("--hypothesis-profile"):
        hypothesis_settings.load_profile("repeatable")
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    # Tests travel in time, which a database does not; tests/faults/test_skewed_clocks.py asks it.
    settings.DATABASE_TIME = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with a reason, what this machine or this run has not got; see `markers` in pyproject.toml."""
    on_postgres = connection.vendor == "postgresql"
    missing = {
        "postgres": None if on_postgres else "needs PostgreSQL: make test-postgres",
        "faults": None
        if on_postgres and settings.REDIS_URL
        else "needs PostgreSQL and Redis: make test-postgres",
        "data": None if shared_root().is_dir() else "needs the shared files: set BATON_SHARED",
    }
    for item in items:
        for mark, reason in missing.items():
            if reason and item.get_closest_marker(mark):
                item.add_marker(pytest.mark.skip(reason=reason))
        # Only with these does pytest-django give the database to a test.
        marked = any(item.get_closest_marker(mark) for mark in ("django_db", "postgres", "faults"))
        if not marked and DATABASES.isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker("once")
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_collection_finish() -> None:
    """What is loaded by now stays until the end: looking through it for garbage, again and again, costs a tenth of the run."""
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def no_network() -> Iterator[None]:
    """No test reaches another machine."""
    with pytest.MonkeyPatch.context() as patch:
        refuse_other_machines(patch)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """On SQLite a file per process, away from the project: threads share it, and runs side by side do not."""
    if connection.vendor == "sqlite":
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = name
        connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """After a transactional test the database is again what the migrations made of it."""
    with django_db_blocker.unblock():
        keep_statistics_unknown()
        seeds = Seeds()

    def teardown(case: TransactionTestCase) -> None:
        empty_all_tables(seeds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
        yield


@pytest.fixture
def process_environment(transactional_db: None) -> Iterator[dict[str, str]]:
    """The environment of child processes that work on this test's database, with a Redis of their own."""
    server = RedisServer()
    try:
        server.start()
        yield {**os.environ, "DATABASE_URL": database_url(), "REDIS_URL": server.url, "EMBEDDED_WORKER": "0"}
    finally:
        server.remove()
