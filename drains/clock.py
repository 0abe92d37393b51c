"""The time that decides: the database's, which all machines share, however their own clocks are set."""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone

# How long a measured difference holds, by a clock that nobody sets.
KEPT_SECONDS = 60.0
# A local clock that moves so much against the one that nobody sets was set: the difference is measured anew.
JUMP_SECONDS = 0.5


@dataclass(frozen=True)
class _Difference:
    """How far the database is ahead of the local clock, and when that was measured by both clocks of this machine."""

    ahead: timedelta
    local: datetime
    monotonic: float

    def holds(self, local: datetime, monotonic: float) -> bool:
        """Whether it is young, and the local clock has gone on since as it should."""
        passed = monotonic - self.monotonic
        jump = (local - self.local).total_seconds() - passed
        return passed < KEPT_SECONDS and abs(jump) < JUMP_SECONDS


_known: _Difference | None = None


def current_time() -> datetime:
    """Now, by the database's clock; read at the edge (view, task, command) and handed down as `now`.

    PostgreSQL is asked at most once a minute and process; in between the local clock goes on by the measured difference,
    off by half a round trip at most. SQLite lives in the process, whose clock is its own. With DATABASE_TIME switched off
    (tests that travel in time) it is the local clock.
    """
    global _known
    local = timezone.now()
    if connection.vendor != "postgresql" or not settings.DATABASE_TIME:
        return local
    if _known is None or not _known.holds(local, time.monotonic()):
        _known = _measure()
        local = timezone.now()
    return local + _known.ahead


def last_known_time() -> datetime:
    """Now by the difference that was measured last, however long ago; never asks the database, which may be gone."""
    return timezone.now() + (_known.ahead if _known is not None else timedelta())


def _measure() -> _Difference:
    """Ask the database, and take its answer for the middle of the round trip."""
    connection.ensure_connection()
    local, start = timezone.now(), time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs = cursor.fetchone()[0]
    middle = timedelta(seconds=(time.monotonic() - start) / 2)
    return _Difference(theirs - (local + middle), local, start)
