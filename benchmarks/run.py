"""The process that measures: `python -m benchmarks.run`, started by `manage.py bench` with a database of its own."""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import django

# Exit code of a run that measured everything and missed an aim; a failure has Python's own code 1.
MISSED = 3
GROUPS = ("pages", "rescore", "sweep", "calendar", "latency", "intake", "memory")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `manage.py bench` that are handed on to this process."""
    parser.add_argument("--n", type=_whole, default=10_000, help="leads; ten times as many activities")
    parser.add_argument(
        "--clocks", type=int, default=0, help="running clocks of sweep, calendar, latency (as many as leads)"
    )
    parser.add_argument("--only", default=",".join(GROUPS), help=f"comma-separated, of {', '.join(GROUPS)}")
    parser.add_argument("--json", default="", metavar="FILE", help="write every figure to this file")
    parser.add_argument("--rounds", type=_whole, default=5, help="rounds of which the median is taken")
    parser.add_argument("--seconds", type=float, default=3.0, help="length of one round of intake")


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def chosen(only: str) -> list[str]:
    """The groups of --only in the order in which they are run. Raises ValueError for an unknown one."""
    names = [name.strip() for name in only.split(",") if name.strip()]
    if unknown := sorted(set(names) - set(GROUPS)):
        raise ValueError(f"There is no benchmark named {', '.join(unknown)}; there are {', '.join(GROUPS)}.")
    return [name for name in GROUPS if name in names]


def main(arguments: Sequence[str]) -> int:
    """Migrate, fill, measure, report. Exit code MISSED when an aim is missed or a page failed."""
    parser = argparse.ArgumentParser(prog="benchmarks.run")
    add_arguments(parser)
    options = parser.parse_args(arguments)
    django.setup()
    # After the set-up, because these modules import models.
    from django.core.management import call_command
    from django.utils import timezone

    from benchmarks.fill import fill
    from benchmarks.measure import Line, all_well, table, write_json
    from benchmarks.suite import Bench, measure

    call_command("migrate", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False)
    started = time.monotonic()
    cast = fill(options.n, timezone.now(), _progress(started))
    bench = Bench(options.n, cast, options.rounds, options.seconds, options.clocks or options.n)
    facts = _facts(options.n)
    lines: list[Line] = []
    for group in chosen(options.only):
        _progress(started)(f"measuring {group}")
        lines += measure(group, bench)
        if options.json:
            # After each group, so that a run that is stopped leaves what it has.
            write_json(Path(options.json), facts, lines)
    print(f"{facts['date']}, {facts['machine']}, {facts['database']}, N = {options.n:,}\n")
    print(table(lines))
    return 0 if all_well(lines) else MISSED


def _progress(started: float) -> Callable[[str], None]:
    return lambda step: print(f"{time.monotonic() - started:6.1f} s  {step}", file=sys.stderr, flush=True)


def _facts(leads: int) -> dict[str, Any]:
    from django.db import connection
    from django.utils import timezone

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW server_version")
            version = f"PostgreSQL {str(cursor.fetchone()[0]).split()[0]}"
            cursor.execute("SHOW fsync")
            version += f" (fsync {cursor.fetchone()[0]})"
        else:
            cursor.execute("SELECT sqlite_version()")
            version = f"SQLite {cursor.fetchone()[0]}"
    return {
        "date": timezone.now().date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "database": version,
        "leads": leads,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
