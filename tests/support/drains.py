"""A worker that goes on as long as there is work, as its own wake-up calls would make it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from drains.clock import current_time
from drains.runner import run


def run_dry(name: str, clock: Callable[[], datetime] = current_time) -> None:
    """Run a drain until nothing waits. One run ends when its budget is spent, on a busy machine after a batch."""
    while run(name, clock):
        pass
