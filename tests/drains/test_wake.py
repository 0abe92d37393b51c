"""Wake-up calls: after the commit, spaced, with the id of their request, and quiet while the broker is down."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from celery.signals import before_task_publish
from django.db import transaction

from drains import wake as module
from drains.registry import Drain
from drains.wake import announce, silent, wake
from tests.drains.conftest import NAME
from tests.support.servers import free_port

TOPIC = "tests.topic"
ROOT = Path(__file__).parents[2]


class Calls:
    """The calls that Celery publishes in this process; the broker is the one of the run."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self._came = threading.Condition()

    def note(self, sender: str, headers: dict[str, Any], **rest: Any) -> None:
        """Receiver of Celery's signal."""
        with self._came:
            self.seen.append(headers)
            self._came.notify_all()

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """The headers of the calls, once there are that many."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.seen) >= count, timeout=10), self.seen
        return self.seen


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch, drain_of: Callable[..., Drain]) -> Iterator[Calls]:
    """What is published while the test's drain listens to TOPIC and no call was sent before."""
    monkeypatch.setattr(module, "_last_sent", {})
    monkeypatch.setattr(module, "_timers", {})
    monkeypatch.setattr(module, "_quiet_until", 0.0)
    drain_of(wakes_on=(TOPIC,))
    found = Calls()
    before_task_publish.connect(found.note)
    yield found
    before_task_publish.disconnect(found.note)


@pytest.mark.django_db(transaction=True)
def test_an_announcement_wakes_after_the_commit_and_not_before(calls: Calls) -> None:
    with transaction.atomic():
        announce(TOPIC)
        assert not calls.seen
    assert [headers["task"] for headers in calls.seen] == [NAME]


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_wakes_nobody(calls: Calls) -> None:
    with transaction.atomic():
        announce(TOPIC)
        transaction.set_rollback(True)
    assert not calls.seen


@pytest.mark.django_db(transaction=True)
def test_inside_silent_nobody_is_woken(calls: Calls) -> None:
    with silent():
        announce(TOPIC)
    assert not calls.seen


def test_a_burst_makes_one_call_now_and_one_when_the_spacing_is_over(calls: Calls) -> None:
    for _ in range(50):
        wake(NAME)
    assert len(calls.seen) == 1
    assert len(calls.wait_for(2)) == 2
    assert not module._timers


def test_a_call_carries_the_id_of_its_request_even_when_it_is_sent_later(calls: Calls) -> None:
    for number in (1, 2):
        with structlog.contextvars.bound_contextvars(request_id=f"request-{number}"):
            wake(NAME)
    assert [headers["__django_structlog__"]["request_id"] for headers in calls.wait_for(2)] == [
        "request-1",
        "request-2",
    ]


def test_while_the_broker_is_known_to_be_down_nobody_tries_it(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_quiet_until", time.monotonic() + module.QUIET_SECONDS)
    wake(NAME)
    assert not calls.seen
    monkeypatch.setattr(module, "_quiet_until", 0.0)
    wake(NAME)
    assert len(calls.seen) == 1


def test_a_dead_broker_costs_a_request_less_than_a_second_and_then_nothing() -> None:
    program = (
        "import time, django; django.setup()\n"
        "from drains.wake import wake\n"
        "for name in ('sla.sweep', 'sla.escalate', 'sla.assign'):\n"
        "    start = time.monotonic(); wake(name); print(time.monotonic() - start)\n"
    )
    environment = {
        **os.environ,
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "DATABASE_URL": "sqlite:///:memory:",
        "EMBEDDED_WORKER": "0",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    first, *others = (float(line) for line in done.stdout.split())
    assert first < 1
    assert max(others) < 0.05
    assert "the broker did not take a wake-up call" in done.stderr
