"""The groups of measurements by name."""

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks import calendar, intake, latency, memory, pages, rescore, sweep
from benchmarks.measure import Line
from benchmarks.people import Cast


@dataclass(frozen=True)
class Bench:
    """What every group is given: number of leads, the people, rounds per figure, seconds per round of intake, number of
    running clocks."""

    leads: int
    cast: Cast
    rounds: int
    seconds: float
    clocks: int


_GROUPS: dict[str, Callable[[Bench], list[Line]]] = {
    "pages": lambda bench: pages.measure(bench.leads, bench.cast, max(3 * bench.rounds, 3)),
    "rescore": lambda bench: rescore.measure(bench.leads, bench.rounds),
    "sweep": lambda bench: sweep.measure(bench.leads, bench.clocks, bench.rounds),
    "calendar": lambda bench: calendar.measure(bench.clocks, bench.cast, bench.rounds),
    "latency": lambda bench: latency.measure(bench.leads, bench.clocks, bench.cast.key),
    "intake": lambda bench: intake.measure(bench.cast.key, bench.rounds, bench.seconds),
    "memory": lambda bench: memory.measure(),
}


def measure(group: str, bench: Bench) -> list[Line]:
    """The lines of one group. Raises KeyError for an unknown one."""
    return _GROUPS[group](bench)
