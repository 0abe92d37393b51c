"""Business time as a child would count it: walk real time in small steps and look at the wall clock.

Written from the rules alone and shares nothing with `sla`; slow, and right at a glance.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def looks_open(data: dict[str, Any], at: datetime) -> bool:
    """Whether the wall clock of the zone shows an opening hour at this instant."""
    local = at.astimezone(ZoneInfo(data["tz"]))
    day = local.date().isoformat()
    if day in data["special"]:
        hours = data["special"][day]
    elif day in data["holidays"]:
        hours = []
    else:
        hours = data["week"].get(NAMES[local.weekday()], [])
    clock = f"{local.hour:02}:{local.minute:02}:{local.second:02}.{local.microsecond:06}"
    return any(f"{begin}:00.000000" <= clock < f"{end}:00.000000" for begin, end in hours)


def walk(data: dict[str, Any], start: datetime, steps: int, step: timedelta) -> list[bool]:
    """Open or not, for each step from `start` on; exact where all edges fall on steps."""
    utc = start.astimezone(UTC)
    return [looks_open(data, utc + number * step) for number in range(steps)]
