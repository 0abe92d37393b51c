"""Drains take every row once, set a bad one aside, try it again later, and never go round in circles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from accounts.models import Team
from drains import runner
from drains.models import DrainRun, SetAside
from drains.registry import Drain
from drains.runner import RETRY_PAUSES, run, run_until_idle
from drains.selectors import drain_health
from tests.drains.conftest import NAME, NOW, names, rename, teams, waiting

pytestmark = pytest.mark.django_db

DrainOf = Callable[..., Drain]
MINUTE = timedelta(minutes=1)


def at(now: datetime) -> Callable[[], datetime]:
    """A clock that stands still."""
    return lambda: now


def test_a_run_takes_batch_after_batch_until_nothing_waits(drain_of: DrainOf) -> None:
    sizes = []

    def note(rows: Sequence[Any], now: datetime) -> None:
        sizes.append(len(rows))
        rename(rows, now)

    drain_of(handle=note, batch_size=2)
    teams("todo 1", "other", "todo 2", "todo 3")

    assert run(NAME, at(NOW)) == 3
    assert sizes == [2, 1]
    assert names() == ["done 1", "other", "done 2", "done 3"]


def test_a_poison_row_is_set_aside_with_its_error_and_stops_nobody(drain_of: DrainOf) -> None:
    drain_of()
    _one, poison, _two = teams("todo 1", "todo poison", "todo 2")

    run(NAME, at(NOW))

    assert names() == ["done 1", "todo poison", "done 2"]
    aside = SetAside.objects.get()
    assert (aside.drain, aside.row_id, aside.attempts) == (NAME, poison.pk, 1)
    assert aside.error == "ValueError: todo poison is poison"
    assert (aside.first_at, aside.retry_at) == (NOW, NOW + RETRY_PAUSES[0])


def test_a_row_set_aside_is_left_alone_until_its_time_and_the_pauses_grow(drain_of: DrainOf) -> None:
    tried = []

    def note(rows: Sequence[Any], now: datetime) -> None:
        tried.append(now)
        rename(rows, now)

    drain_of(handle=note)
    teams("todo poison")
    now, pauses = NOW, [*RETRY_PAUSES, RETRY_PAUSES[-1]]
    for pause in pauses:
        run(NAME, at(now))
        run(NAME, at(now + pause - timedelta(seconds=1)))
        now += pause

    # As part of its batch and then alone.
    assert len(tried) == 2 * len(pauses)
    aside = SetAside.objects.get()
    assert (aside.attempts, aside.first_at, aside.retry_at) == (len(pauses), NOW, now)


def test_a_row_that_works_at_last_is_set_aside_no_more(drain_of: DrainOf) -> None:
    drain_of()
    (poison,) = teams("todo poison")
    run(NAME, at(NOW))
    Team.objects.filter(pk=poison.pk).update(name="todo cured")

    run(NAME, at(NOW + MINUTE))

    assert names() == ["done cured"]
    assert not SetAside.objects.exists()


def test_a_row_that_somebody_else_saw_to_is_set_aside_no_more(drain_of: DrainOf) -> None:
    drain_of()
    (poison,) = teams("todo poison")
    run(NAME, at(NOW))
    Team.objects.filter(pk=poison.pk).update(name="withdrawn")

    run(NAME, at(NOW + MINUTE))

    assert not SetAside.objects.exists()


def test_trouble_with_the_database_is_nobodys_fault_and_sets_nothing_aside(drain_of: DrainOf) -> None:
    def lose_connection(rows: Sequence[Any], now: datetime) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    drain_of(handle=lose_connection)
    teams("todo 1")

    with pytest.raises(OperationalError):
        run(NAME, at(NOW))
    assert names() == ["todo 1"]
    assert not SetAside.objects.exists()


def test_a_drain_that_leaves_its_rows_waiting_sets_them_aside_instead_of_going_round(
    drain_of: DrainOf,
) -> None:
    calls = []

    def forget_one(rows: Sequence[Any], now: datetime) -> None:
        calls.append(len(rows))
        rename([team for team in rows if "sticky" not in team.name], now)

    drain_of(handle=forget_one)
    (sticky, *_others) = teams("todo sticky", "todo 1", "todo 2")

    run(NAME, at(NOW))

    assert names() == ["todo sticky", "done 1", "done 2"]
    aside = SetAside.objects.get()
    assert aside.row_id == sticky.pk
    assert "does not take it out of its query" in aside.error
    assert len(calls) == 3  # with the others, again, and alone

    assert run_until_idle(NOW + MINUTE, [NAME]) > 0
    assert SetAside.objects.get().attempts == 2


def test_a_row_that_waits_again_for_a_new_reason_is_simply_taken_again(drain_of: DrainOf) -> None:
    seen = []

    def renew(rows: Sequence[Any], now: datetime) -> None:
        rename(rows, now)
        seen.append(len(rows))

    def arrive_again(rows: Sequence[Any], now: datetime) -> None:
        if len(seen) < 4:
            Team.objects.filter(pk__in=[row.pk for row in rows]).update(name="todo 1")

    drain_of(handle=renew, then=arrive_again)
    teams("todo 1")

    run(NAME, at(NOW))

    assert (names(), len(seen)) == (["done 1"], 4)
    assert not SetAside.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_what_follows_a_batch_holds_no_transaction_and_meets_committed_rows(drain_of: DrainOf) -> None:
    found = []

    def look(rows: Sequence[Any], now: datetime) -> None:
        found.append((connection.in_atomic_block, names()))

    drain_of(then=look)
    teams("todo 1", "todo poison")

    run(NAME, at(NOW))

    assert found == [(False, ["done 1", "todo poison"])]


def test_a_run_gives_its_thread_back_after_its_budget_and_wakes_itself(
    drain_of: DrainOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    monkeypatch.setattr(runner, "RUN_BUDGET", timedelta(0))
    monkeypatch.setattr(runner, "wake", woken.append)
    drain_of(batch_size=1)
    teams("todo 1", "todo 2")

    assert run(NAME, at(NOW)) == 1
    assert (names(), woken) == (["done 1", "todo 2"], [NAME])


def test_an_idle_run_writes_its_heartbeat_only_now_and_then(drain_of: DrainOf) -> None:
    drain_of()

    def beat_at(seconds: int) -> DrainRun:
        run(NAME, at(NOW + timedelta(seconds=seconds)))
        return DrainRun.objects.get(name=NAME)

    assert beat_at(0).finished_at == NOW
    assert beat_at(4).finished_at == NOW
    assert beat_at(5).finished_at == NOW + timedelta(seconds=5)
    assert beat_at(5).worked_at is None
    teams("todo 1")
    busy = beat_at(6)
    assert (busy.finished_at, busy.worked_at, busy.done) == (NOW + timedelta(seconds=6),) * 2 + (1,)


def test_a_drain_is_late_when_it_never_ran_or_missed_several_beats(drain_of: DrainOf) -> None:
    drain_of()

    def late(seconds: int) -> bool:
        return next(
            health.late for health in drain_health(NOW + timedelta(seconds=seconds)) if health.name == NAME
        )

    assert late(0)
    run(NAME, at(NOW))
    assert not late(0)
    assert not late(55)
    assert late(56)


def test_a_failed_batch_leaves_nothing_of_its_work(drain_of: DrainOf) -> None:
    def spoil(rows: Sequence[Any], now: datetime) -> None:
        rename(rows[:1], now)
        raise ValueError("after half of the work")

    drain_of(handle=spoil)
    teams("todo 1", "todo 2")

    run(NAME, at(NOW))

    assert names() == ["todo 1", "todo 2"]
    assert SetAside.objects.count() == 2


def test_the_query_of_every_drain_can_be_claimed(db: None) -> None:
    from drains.registry import all_drains

    for drain in all_drains():
        with transaction.atomic():
            assert list(runner._claim(drain.pending(NOW), drain, NOW)) == []
    assert waiting(NOW).count() == 0
