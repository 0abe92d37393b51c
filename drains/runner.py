"""Runs drains: claim a batch, work on it, commit, again; one bad row is set aside and stops nobody."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from drains.models import DrainRun, SetAside
from drains.registry import Drain, all_drains, get
from drains.wake import wake

log = structlog.get_logger(__name__)

# After this long a run gives its thread back and wakes itself again, so that no drain starves another.
RUN_BUDGET = timedelta(seconds=20)
# An idle run writes its heartbeat at most this often.
HEARTBEAT = timedelta(seconds=5)
RETRY_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=4))


def run(name: str, clock: Callable[[], datetime] = timezone.now) -> int:
    """Run one drain until nothing waits or its budget is spent; returns how many rows were done.

    `clock` is read before every batch. Errors of the database itself (connection lost, deadlock) are raised: the rows
    still wait, and the next wake-up call or beat tries again.
    """
    drain = get(name)
    started = time.monotonic()
    total = 0
    while done := step(drain, clock()):
        total += done
        if time.monotonic() - started > RUN_BUDGET.total_seconds():
            wake(name)
            break
    _beat(drain, clock(), total)
    return total


def run_until_idle(now: datetime, drains: Sequence[str] | None = None) -> int:
    """Run the named drains (all by default) as of `now`, again and again, until none finds work. For commands and tests."""
    chosen = [drain for drain in all_drains() if drains is None or drain.name in drains]
    total = 0
    while done := sum(step(drain, now) for drain in chosen):
        total += done
    return total


def step(drain: Drain, now: datetime) -> int:
    """Work on one batch; returns its size, 0 when nothing waits."""
    try:
        with transaction.atomic():
            rows = list(_claim(drain.pending(now), drain, now))
            if not rows:
                return 0
            drain.handle(rows, now)
            return len(rows)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a batch failed, its rows are tried one by one", drain=drain.name)
        return _one_by_one(drain, now)


def _claim(pending: QuerySet[Any], drain: Drain, now: datetime) -> QuerySet[Any]:
    """The next batch, locked where the database can; the write lock of SQLite is held since BEGIN IMMEDIATE."""
    waiting = SetAside.objects.filter(drain=drain.name, retry_at__gt=now).values("row_id")
    rows = pending.exclude(pk__in=waiting)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows[: drain.batch_size]


def _one_by_one(drain: Drain, now: datetime) -> int:
    with transaction.atomic():
        keys = [row.pk for row in _claim(drain.pending(now), drain, now)]
    for key in keys:
        try:
            with transaction.atomic():
                rows = list(_claim(drain.pending(now).filter(pk=key), drain, now))
                if rows:
                    drain.handle(rows, now)
                    SetAside.objects.filter(drain=drain.name, row_id=key).delete()
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("a row is set aside", drain=drain.name, row=key)
            _set_aside(drain, key, error, now)
    return len(keys)


def _set_aside(drain: Drain, key: int, error: Exception, now: datetime) -> None:
    row, created = SetAside.objects.get_or_create(
        drain=drain.name,
        row_id=key,
        defaults={
            "error": f"{type(error).__name__}: {error}"[:2000],
            "first_at": now,
            "retry_at": now + RETRY_PAUSES[0],
        },
    )
    if not created:
        row.attempts += 1
        row.error = f"{type(error).__name__}: {error}"[:2000]
        row.retry_at = now + RETRY_PAUSES[min(row.attempts, len(RETRY_PAUSES)) - 1]
        row.save()


def _beat(drain: Drain, now: datetime, done: int) -> None:
    last = DrainRun.objects.filter(name=drain.name).values_list("finished_at", flat=True).first()
    if last is not None and not done and now - last < HEARTBEAT:
        return
    fresh: dict[str, object] = {"finished_at": now}
    if done:
        fresh |= {"worked_at": now, "done": done}
    DrainRun.objects.update_or_create(name=drain.name, defaults=fresh)
