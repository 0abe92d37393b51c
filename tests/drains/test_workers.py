"""Workers side by side share the rows and never take one twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from drains.registry import Drain
from tests.drains.conftest import NAME, NOW, names, rename, teams
from tests.support.drains import run_dry

pytestmark = pytest.mark.django_db(transaction=True)


def in_threads(count: int, work: Callable[[], Any]) -> None:
    """Run `work` in that many threads at once, each with a connection of its own."""

    def once() -> None:
        try:
            work()
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(once) for _ in range(count)]:
            done.result()


@pytest.mark.postgres
def test_two_workers_share_the_rows_and_take_none_twice(drain_of: Callable[..., Drain]) -> None:
    both_are_at_work = threading.Barrier(2, timeout=20)
    taken: Counter[str] = Counter()
    workers: Counter[int] = Counter()

    def meet(rows: Sequence[Any], now: datetime) -> None:
        # The first batch of each worker ends only when the other one has claimed rows too.
        if not workers[threading.get_ident()]:
            both_are_at_work.wait()
        workers[threading.get_ident()] += len(rows)
        taken.update(row.name for row in rows)
        rename(rows, now)

    drain_of(handle=meet, batch_size=5)
    teams(*(f"todo {number}" for number in range(40)))

    in_threads(2, lambda: run_dry(NAME, lambda: NOW))

    assert len(workers) == 2
    assert set(taken.values()) == {1}
    assert names() == [f"done {number}" for number in range(40)]


def test_workers_on_any_database_take_each_row_once(drain_of: Callable[..., Drain]) -> None:
    taken: Counter[str] = Counter()

    def count(rows: Sequence[Any], now: datetime) -> None:
        taken.update(row.name for row in rows)
        rename(rows, now)

    drain_of(handle=count, batch_size=3)
    teams(*(f"todo {number}" for number in range(20)))

    in_threads(3, lambda: run_dry(NAME, lambda: NOW))

    assert sorted(taken.values()) == [1] * 20
