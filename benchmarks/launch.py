"""Where the benchmarks run: in a database of their own, in a process with the settings of a server."""

import contextlib
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg2
from django.conf import settings
from django.db import DatabaseError, connection
from psycopg2 import sql

from leads.models import Lead

SCRATCH_NAME = "baton_bench"


class NotHere(RuntimeError):
    """The configured database must not be filled; the message says why and what to do."""


def launch(arguments: Sequence[str], *, scratch: bool) -> int:
    """Run `python -m benchmarks.run` with the arguments; returns its exit code.

    In the configured database, which must have no leads, or with `scratch` in a new one that is removed afterwards.
    Raises NotHere.
    """
    with (
        tempfile.TemporaryDirectory(prefix="baton-bench-") as folder,
        _scratch_database(folder) if scratch else contextlib.nullcontext(_configured_database()) as url,
    ):
        environment = os.environ | {
            "DATABASE_URL": url,
            "VAR_DIR": folder,
            "REDIS_URL": settings.REDIS_URL,
            "DEBUG": "0",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "HTTPS_ONLY": "0",
            "ALLOWED_HOSTS": "localhost,127.0.0.1,testserver",
            "LOG_LEVEL": "ERROR",
            "DJANGO_SETTINGS_MODULE": "config.settings",
        }
        command = [sys.executable, "-m", "benchmarks.run", *arguments]
        return subprocess.run(command, env=environment, cwd=settings.BASE_DIR, check=False).returncode


def _configured_database() -> str:
    try:
        has_leads = Lead.objects.exists()
    except DatabaseError:  # not migrated yet, so there are none
        has_leads = False
    finally:
        connection.close()
    if has_leads:
        raise NotHere(
            "The configured database has leads. Say --scratch: a new database is filled and removed again."
        )
    return _url(str(connection.settings_dict["NAME"]))


@contextlib.contextmanager
def _scratch_database(folder: str) -> Iterator[str]:
    if connection.vendor == "sqlite":
        yield _url(str(Path(folder) / "bench.sqlite3"))
        return
    if connection.settings_dict["NAME"] == SCRATCH_NAME:
        raise NotHere(
            f"The configured database is named {SCRATCH_NAME}, as the one that --scratch would replace."
        )
    _administer("DROP DATABASE IF EXISTS {}", "CREATE DATABASE {}")
    try:
        yield _url(SCRATCH_NAME)
    finally:
        _administer("DROP DATABASE IF EXISTS {}")


def _administer(*statements: str) -> None:
    """Run statements on the scratch database's name from within the configured database."""
    given = connection.settings_dict
    link = psycopg2.connect(
        host=given["HOST"] or None,
        port=given["PORT"] or None,
        user=given["USER"] or None,
        password=given["PASSWORD"] or None,
        dbname=given["NAME"],
    )
    link.autocommit = True
    with contextlib.closing(link), link.cursor() as cursor:
        for statement in statements:
            cursor.execute(sql.SQL(statement).format(sql.Identifier(SCRATCH_NAME)))


def _url(name: str) -> str:
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    given = connection.settings_dict
    login = quote(given["USER"], safe="") + (
        f":{quote(given['PASSWORD'], safe='')}" if given["PASSWORD"] else ""
    )
    port = f":{given['PORT']}" if given["PORT"] else ""
    return f"postgres://{login}@{given['HOST'] or 'localhost'}{port}/{name}"
