"""Which drains there are, how to read their waiting rows, and what wakes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet


@dataclass(frozen=True)
class Drain:
    """One step of the lead's way.

    `pending(now)` is the query of the rows that wait, in the order in which they are to be taken. `handle(rows, now)`
    works on a batch inside the transaction that claimed it and takes the rows out of `pending`, whatever their outcome.
    `then(rows, now)` follows after the commit, for what must hold no lock, such as sending mail; `handle` has put the rows
    off by then, so that a kill in between brings them back, and `then` notes itself how each of them ended.
    `wakes_on` are the topics (see drains.wake.announce) after which a run is worth while; `every` is how often the beat
    runs it in any case.
    """

    name: str
    pending: Callable[[datetime], QuerySet[Any]]
    handle: Callable[[Sequence[Any], datetime], None]
    every: timedelta
    wakes_on: tuple[str, ...] = ()
    batch_size: int = 500
    then: Callable[[Sequence[Any], datetime], None] | None = None


_drains: dict[str, Drain] = {}


def register(drain: Drain) -> Drain:
    """Add a drain at start (AppConfig.ready). Raises ValueError for a second one of the same name."""
    if drain.name in _drains:
        raise ValueError(f"There is a drain named {drain.name} already.")
    _drains[drain.name] = drain
    return drain


def all_drains() -> list[Drain]:
    """Every drain in the order of registration, which is the lead's way (see INSTALLED_APPS)."""
    return list(_drains.values())


def get(name: str) -> Drain:
    """The drain of that name. Raises KeyError."""
    return _drains[name]


def subscribers(topic: str) -> list[Drain]:
    """The drains that a topic wakes."""
    return [drain for drain in _drains.values() if topic in drain.wakes_on]
