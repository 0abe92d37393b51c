"""Measurements, each with the ratio to a limit that is taken in the same run (benchmarks/, docs/performance.md)."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from benchmarks.launch import NotHere, launch
from benchmarks.run import GROUPS, MISSED, add_arguments, chosen


class Command(BaseCommand):
    """Fills a database of its own and measures."""

    help = "Fill an empty database with N leads and 10 N activities and measure: " + ", ".join(GROUPS)
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Those of benchmarks.run, and where to measure."""
        add_arguments(parser)
        parser.add_argument(
            "--scratch",
            action="store_true",
            help="in a new database, removed afterwards, beside the configured one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the measuring process. A missed aim is an exit code of its own, a result and no failure to measure."""
        try:
            names = chosen(options["only"])
            arguments = [f"--{name}={options[name]}" for name in ("n", "clocks", "json", "rounds", "seconds")]
            code = launch([*arguments, f"--only={','.join(names)}"], scratch=options["scratch"])
        except (NotHere, ValueError) as error:
            raise CommandError(str(error)) from error
        if code == MISSED:
            raise CommandError(
                "An aim was missed, or a page answers with an error: see above.", returncode=code
            )
        if code:
            raise CommandError("The measurement broke off: see above.", returncode=code)
