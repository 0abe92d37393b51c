"""Runs drains: claim a batch, work on it, commit, again; one bad row is set aside and stops nobody."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import QuerySet

from drains.clock import current_time
from drains.frames import with_room
from drains.models import DrainRun, SetAside
from drains.registry import Drain, all_drains, get
from drains.wake import wake

log = structlog.get_logger(__name__)

# After this long a run gives its worker back and wakes itself again, so that no drain starves another: the sweep has two seconds to
# record a breach, also while a heap of submissions is processed.
RUN_BUDGET = timedelta(seconds=1)
# An idle run writes its heartbeat at most this often.
HEARTBEAT = timedelta(seconds=5)
RETRY_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=4))


class StillPending(Exception):
    """A row was handled and waits all the same; taking it again and again would keep the drain busy for ever."""


def run(name: str, clock: Callable[[], datetime] = current_time) -> int:
    """Run one drain until nothing waits or its budget is spent; returns how many rows were done.

    `clock` is read before every batch. Errors of the database itself (connection lost, deadlock) are raised: the rows
    still wait, and the next wake-up call or beat tries again.
    """
    drain = get(name)
    started = time.monotonic()
    total = 0
    keys: frozenset[int] = frozenset()
    while keys := _batch(drain, clock(), keys):
        total += len(keys)
        if time.monotonic() - started > RUN_BUDGET.total_seconds():
            wake(name)
            break
    if total:
        log.info("drained", drain=name, rows=total, seconds=round(time.monotonic() - started, 3))
    _beat(drain, clock(), total)
    return total


def run_until_idle(now: datetime, drains: Sequence[str] | None = None) -> int:
    """Run the named drains (all by default) as of `now`, again and again, until none finds work. For commands and tests."""
    chosen = {drain: frozenset[int]() for drain in all_drains() if drains is None or drain.name in drains}
    total = 0
    while True:
        for drain, seen in chosen.items():
            chosen[drain] = _batch(drain, now, seen)
        done = sum(len(keys) for keys in chosen.values())
        if not done:
            return total
        total += done


def step(drain: Drain, now: datetime) -> int:
    """Work on one batch; returns its size, 0 when nothing waits."""
    return len(_batch(drain, now, frozenset()))


@with_room
def _batch(drain: Drain, now: datetime, seen: frozenset[int]) -> frozenset[int]:
    """Work on one batch and return its keys; `seen` are those of the batch before."""
    try:
        return _handle(drain, drain.pending(now), now, seen)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a batch failed, its rows are tried one by one", drain=drain.name)
    return _one_by_one(drain, now, seen)


def _handle(drain: Drain, pending: QuerySet[Any], now: datetime, seen: frozenset[int]) -> frozenset[int]:
    """Claim rows of `pending` and work on them, all or none; returns their keys.

    A row may wait again at once because something new happened to it. So only one that comes twice in a row, or was set
    aside before, is looked at, and within its own transaction, where nobody else can have touched it.
    """
    with transaction.atomic():
        rows = list(_claim(pending, drain, now))
        if not rows:
            return frozenset()
        drain.handle(rows, now)
        keys = frozenset(row.pk for row in rows)
        aside = SetAside.objects.filter(drain=drain.name, row_id__in=keys)
        known = set(aside.values_list("row_id", flat=True))
        suspects = keys & (seen | known)
        if suspects and drain.pending(now).filter(pk__in=suspects).exists():
            raise StillPending(
                "The row was handled and still waits; its drain does not take it out of its query."
            )
        if known:
            aside.delete()
    if drain.then is not None:
        drain.then(rows, now)
    return keys


def _claim(pending: QuerySet[Any], drain: Drain, now: datetime) -> QuerySet[Any]:
    """The next batch, locked where the database can; the write lock of SQLite is held since BEGIN IMMEDIATE."""
    waiting = SetAside.objects.filter(drain=drain.name, retry_at__gt=now).values("row_id")
    rows = pending.exclude(pk__in=waiting)
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    return rows[: drain.batch_size]


def _one_by_one(drain: Drain, now: datetime, seen: frozenset[int]) -> frozenset[int]:
    with transaction.atomic():
        keys = [row.pk for row in _claim(drain.pending(now), drain, now)]
    for key in keys:
        try:
            _handle(drain, drain.pending(now).filter(pk=key), now, seen)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            log.exception("a row is set aside", drain=drain.name, row=key)
            _set_aside(drain, key, error, now)
    return frozenset(keys)


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
    _forget_settled(drain, now)


def _forget_settled(drain: Drain, now: datetime) -> None:
    """What no longer waits, because a person or another path saw to it, is set aside no more."""
    due = SetAside.objects.filter(drain=drain.name, retry_at__lte=now)
    keys = set(due.values_list("row_id", flat=True)[:1000])
    if keys:
        waiting = set(drain.pending(now).filter(pk__in=keys).values_list("pk", flat=True))
        due.filter(row_id__in=keys - waiting).delete()
