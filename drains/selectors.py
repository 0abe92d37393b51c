"""How the drains are doing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from drains.models import DrainRun
from drains.registry import all_drains


@dataclass(frozen=True)
class DrainHealth:
    """Age of a drain's last run; `late` when it missed several beats in a row."""

    name: str
    age: timedelta | None
    late: bool


def drain_health(now: datetime) -> list[DrainHealth]:
    """One entry per registered drain, in the lead's order. A drain that never ran is late."""
    last = dict(DrainRun.objects.values_list("name", "finished_at"))
    found = []
    for drain in all_drains():
        age = now - last[drain.name] if drain.name in last else None
        limit = drain.every * 5 + timedelta(seconds=30)
        found.append(DrainHealth(drain.name, age, late=age is None or age > limit))
    return found
