"""`manage.py demo`: fills an empty database with an invented company of six months, up to now."""

import sys
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from accounts.models import User
from drains.clock import current_time
from leads.models import Submission
from sla.demo import company, live, world


class Command(BaseCommand):
    """Builds the demo company, prints its log-ins, and with --live keeps it busy."""

    help = "Fill an empty database with an invented company (six months up to now) and print its log-ins."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there is any user or submission"
        )
        parser.add_argument(
            "--seed", type=int, default=1, help="the same seed tells the same story (default 1)"
        )
        parser.add_argument(
            "--days", type=int, default=180, help="length of the story in days, 7 to 720 (default 180)"
        )
        parser.add_argument(
            "--submissions", type=int, default=3000, help="about how many arrivals (default 3000)"
        )
        parser.add_argument("--now", help="end of the story, ISO 8601 with a zone (default: this minute)")
        parser.add_argument(
            "--live", action="store_true", help="then go on sending and answering until Ctrl-C"
        )
        parser.add_argument(
            "--force", action="store_true", help="also where DEBUG is off: everybody knows the password"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEBUG and not options["force"]:
            raise CommandError(
                "DEBUG is off, so this looks like a real installation, and the demo makes users whose password everybody"
                " knows. Nothing was done. Add --force if you mean it."
            )
        if User.objects.exists() or Submission.objects.exists():
            self._leave_alone(options)
        else:
            self._build(options)
        if company.is_there():
            self._print_log_ins()
        if options["live"]:
            self._live(options["seed"])

    def _leave_alone(self, options: dict[str, Any]) -> None:
        if options["if_empty"] or (options["live"] and company.is_there()):
            self.stdout.write("The database is in use already; nothing was added.")
            return
        raise CommandError(
            "This database has users or submissions already, and the demo only starts from an empty one."
            " Point DATABASE_URL to a fresh database, run `manage.py migrate`, and try again."
        )

    def _build(self, options: dict[str, Any]) -> None:
        if not 7 <= options["days"] <= 720 or not 0 < options["submissions"] <= 50_000:
            raise CommandError("Give --days from 7 to 720 and --submissions from 1 to 50000.")
        now = _end_of_story(options["now"])
        self.stdout.write(
            f"Building the demo company: {options['days']} days, about {options['submissions']} submissions."
        )
        started = current_time()
        quiet = options["verbosity"] == 0 or not sys.stderr.isatty()
        with tqdm(total=options["days"], unit="day", disable=quiet, leave=False) as bar:
            world.build(
                seed=options["seed"],
                now=now,
                days=options["days"],
                submissions=options["submissions"],
                progress=bar.update,
            )
        self.stdout.write(f"Done in {(current_time() - started).total_seconds():.0f} s.")

    def _print_log_ins(self) -> None:
        lines = [
            f"  {role.label!s:<16}{email:<26}{company.PASSWORD}"
            for role, email, _name, _zone in company.LOG_INS
        ]
        self.stdout.write(
            "\n".join(["", f"Log in at {settings.PUBLIC_URL}", *lines, "", "Send a submission yourself:"])
        )
        self.stdout.write(
            f"  curl {settings.PUBLIC_URL}/api/v1/submissions -H 'Authorization: Bearer {company.API_KEY}' \\\n"
            "    -H 'Content-Type: application/json' -d '"
            '{"email": "you@yourcompany.example", "job_title": "Director", "company_name": "Yours",'
            ' "country": "DK", "activity": "demo_request"}\'\n'
        )

    def _live(self, seed: int) -> None:
        if not company.is_there():
            raise CommandError("--live needs the demo company, and this database has another one.")
        self.stdout.write("Visitors keep coming and reps keep answering. Ctrl-C ends it.")
        try:
            for line in live.go_on(seed=seed, clock=current_time):
                self.stdout.write(line)
        except KeyboardInterrupt:
            self.stdout.write("Stopped. What was sent stays.")


def _end_of_story(text: str | None) -> datetime:
    """The given time, or this minute; never in the future, because then clocks would be ahead of everybody."""
    this_minute = current_time().replace(second=0, microsecond=0)
    if text is None:
        return this_minute
    try:
        given = datetime.fromisoformat(text)
    except ValueError:
        given = None
    if given is None or given.tzinfo is None:
        raise CommandError("--now: write a time with its zone, such as 2026-03-04T10:00:00+01:00.")
    if given > this_minute + timedelta(minutes=1):
        raise CommandError("--now: the story cannot end in the future.")
    return given.astimezone(UTC).replace(second=0, microsecond=0)
