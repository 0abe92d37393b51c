"""A handoff that its rep accepted, and what its clocks tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sla.models import Handoff, PromiseKind
from sla.services.answering import accept
from tests.sla.desk import (
    MORNING,
    clock_of,
    hand_over,
    open_desk,
    owner_of,
)

DAY = timedelta(days=1)


def accepted(**fields: Any) -> Handoff:
    """A handoff that its rep accepted at MORNING."""
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING, **fields)
    return accept(handoff=handoff, by=owner_of(handoff), now=MORNING)


def told(handoff: Handoff, kind: PromiseKind) -> tuple[str, datetime | None]:
    """How the clock of a kind ended, and when."""
    clock = clock_of(handoff, kind)
    return clock.outcome, clock.ended_at
