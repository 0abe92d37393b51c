"""Wake-up calls. They may be lost, doubled or late: the beat runs every drain anyhow, so nothing depends on them."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial

import structlog
from celery import current_app
from django.db import transaction

from drains.registry import all_drains, subscribers

log = structlog.get_logger(__name__)

# At most one call per drain, process and this many seconds; the last one of a burst is sent when they are over.
SPACING_SECONDS = 0.2
# After a failed call nobody tries the broker again for this long: a dead Redis must not slow requests down.
QUIET_SECONDS = 5.0

_lock = threading.Lock()
_last_sent: dict[str, float] = {}
_timers: dict[str, threading.Timer] = {}
_quiet_until = 0.0
_silent: ContextVar[bool] = ContextVar("silent", default=False)


@contextmanager
def silent() -> Iterator[None]:
    """Announcements inside wake nobody: whoever works on the past (a demo, a replay) runs the drains with its own `now`."""
    token = _silent.set(True)
    try:
        yield
    finally:
        _silent.reset(token)


def announce(topic: str) -> None:
    """Wake the drains that wait for `topic`, once the running transaction is committed (at once outside of one)."""
    if _silent.get():
        return
    for drain in subscribers(topic):
        transaction.on_commit(partial(wake, drain.name), robust=True)


def wake_all() -> None:
    """Wake every drain, as at the start of a worker."""
    for drain in all_drains():
        wake(drain.name)


def wake(name: str) -> None:
    """Send the wake-up call of one drain, now or at the end of the current spacing. Never raises, never waits."""
    with _lock:
        now = time.monotonic()
        if now < _quiet_until or name in _timers:
            return
        wait = _last_sent.get(name, 0.0) + SPACING_SECONDS - now
        if wait > 0:
            # The id of the request is in its context; a thread of its own would start without one.
            timer = threading.Timer(wait, copy_context().run, (_send_later, name))
            timer.daemon = True
            _timers[name] = timer
            timer.start()
            return
        _last_sent[name] = now
    _send(name)


def _send_later(name: str) -> None:
    with _lock:
        _timers.pop(name, None)
        _last_sent[name] = time.monotonic()
    _send(name)


def _send(name: str) -> None:
    global _quiet_until
    try:
        current_app.send_task(name, ignore_result=True, expires=60, retry=False)
    except Exception as error:  # any trouble with the broker is the broker's: the beat catches up
        _quiet_until = time.monotonic() + QUIET_SECONDS
        log.warning("the broker did not take a wake-up call", drain=name, error=str(error))
