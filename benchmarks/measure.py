"""What a measurement is, how two things are measured side by side, and how the results are shown."""

import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Aim:
    """What a measurement should reach: at least or at most `bound`, of the ratio or of the figure itself."""

    bound: float
    of: str = "ratio"
    at_least: bool = False

    def met(self, measured: float, ratio: float | None) -> bool:
        """Whether the figures reach it; a missing ratio reaches nothing."""
        value = ratio if self.of == "ratio" else measured
        if value is None:
            return False
        return value >= self.bound if self.at_least else value <= self.bound

    def words(self, unit: str) -> str:
        """The aim as it stands in the table."""
        sign = "≥" if self.at_least else "≤"
        return f"ratio {sign} {self.bound:g}" if self.of == "ratio" else f"{sign} {self.bound:g} {unit}"


@dataclass(frozen=True)
class Result:
    """One line of the report. `limit` is what was measured beside it in the same run, `ratio` = measured / limit."""

    group: str
    name: str
    measured: float
    unit: str
    limit: float | None = None
    limit_name: str = ""
    aims: tuple[Aim, ...] = ()
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured against the limit, None without one."""
        return self.measured / self.limit if self.limit else None

    @property
    def met(self) -> bool | None:
        """Whether every aim is met; None where there is none."""
        return all(aim.met(self.measured, self.ratio) for aim in self.aims) if self.aims else None

    def as_dict(self) -> dict[str, Any]:
        """The line for --json."""
        row = asdict(self)
        row["aims"] = [aim.words(self.unit) for aim in self.aims]
        return row | {"ratio": self.ratio, "met": self.met}


@dataclass(frozen=True)
class Skipped:
    """A line for what could not be measured, and why; `failed` where that is an error and no choice."""

    group: str
    name: str
    why: str
    failed: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The line for --json."""
        return asdict(self)


Line = Result | Skipped


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that `work` takes."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def alternate(rounds: int, *sides: Callable[[], float]) -> list[float]:
    """The median of each side over `rounds`, taken in turn, so that a slow moment of the machine hits all alike."""
    figures: list[list[float]] = [[] for _side in sides]
    for _round in range(rounds):
        for side, found in zip(sides, figures, strict=True):
            found.append(side())
    return [statistics.median(found) for found in figures]


def table(lines: Sequence[Line]) -> str:
    """The lines as a text table."""
    head = ("", "measured", "limit", "ratio", "aim", "met")
    rows = [head, *(_cells(line) for line in lines)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    shown = []
    for number, row in enumerate(rows):
        first, *others = (cell for cell in row)
        cells = [first.ljust(widths[0])]
        cells += [
            cell.rjust(width) if column < 3 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(others, widths[1:], strict=True))
        ]
        note = getattr(lines[number - 1], "note", "") if number else "note"
        shown.append(f"{'  '.join(cells)}  {note}".rstrip())
    return "\n".join(shown)


def _cells(line: Line) -> tuple[str, ...]:
    name = f"{line.group}: {line.name}"
    if isinstance(line, Skipped):
        return (name, "-", "-", "-", "", f"{'FAILED' if line.failed else 'skipped'}: {line.why}")
    limit = f"{_figure(line.limit)} {line.unit}" if line.limit is not None else "-"
    return (
        name,
        f"{_figure(line.measured)} {line.unit}",
        limit,
        f"{line.ratio:.2f}" if line.ratio is not None else "-",
        ", ".join(aim.words(line.unit) for aim in line.aims),
        {True: "met", False: "MISSED", None: ""}[line.met],
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def all_well(lines: Sequence[Line]) -> bool:
    """Whether every aim is met and nothing failed."""
    return not any(line.failed if isinstance(line, Skipped) else line.met is False for line in lines)


def write_json(path: Path, facts: dict[str, Any], lines: Sequence[Line]) -> None:
    """The facts of the run (machine, database, N) and every line."""
    path.write_text(json.dumps(facts | {"results": [line.as_dict() for line in lines]}, indent=2) + "\n")
