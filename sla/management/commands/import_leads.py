"""manage.py import_leads FILE --mapping MAPPING.json: leads or deals from a CSV file, through the doors of every submission."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from drains.models import SetAside
from leads.importing.mapping import read_mapping
from leads.importing.meaning import ImportMapping
from leads.importing.rows import measure
from leads.importing.run import Intake, drive, look, mistakes, people_of, take_in
from leads.models import Outcome, Source, Submission
from leads.payload_errors import PayloadErrors
from sla.importing import find_source, prepare

# The mistakes of so many rows are printed; a file in another date format has one in every row.
SHOWN_ROWS = 20


class Command(BaseCommand):
    """Reads the file, takes its rows in, and drives them through processing, scoring and handoff."""

    help = "Import leads or closed deals from a CSV file by a mapping (docs/real-data.md). Safe to run twice."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, its mapping, and whether to write."""
        parser.add_argument("file", type=Path, help="CSV file with a header")
        parser.add_argument(
            "--mapping", type=Path, required=True, help="JSON file that says what the columns mean"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")

    def handle(self, *args: Any, file: Path, mapping: Path, dry_run: bool, **options: Any) -> None:
        """Stop with CommandError before anything is written where the file does not fit; list bad rows and go on."""
        self.quiet = options["verbosity"] == 0
        started, computed = perf_counter(), process_time()
        now = timezone.now()
        try:
            rules = read_mapping(_bytes(mapping))
            rows = measure(file, rules)
            source = find_source(rules)
            if dry_run:
                found = self.look(file, rules, source, rows, now)
            else:
                found = self.take_in(file, rules, rows, now)
        except PayloadErrors as errors:
            raise CommandError(_told(errors)) from None
        self.report_rows(found, dry_run=dry_run)
        if not dry_run and (found.fresh or found.retried):
            self.drive()
            self.report_outcomes(rules)
        self.say(
            _("%(seconds).1f s, of which %(cpu).1f s in this process.")
            % {"seconds": perf_counter() - started, "cpu": process_time() - computed}
        )

    def look(
        self, file: Path, rules: ImportMapping, source: Source | None, rows: int, now: datetime
    ) -> Intake:
        """The dry run."""
        with self.bar(_("Reading"), rows) as advance:
            return look(path=file, mapping=rules, source=source, now=now, advance=advance)

    def take_in(self, file: Path, rules: ImportMapping, rows: int, now: datetime) -> Intake:
        """Make what the rows need, then receive them."""
        ground = prepare(rules, people_of(file, rules, now))
        with self.bar(_("Receiving"), rows) as advance:
            return take_in(
                path=file,
                mapping=rules,
                source=ground.source,
                addresses=ground.addresses,
                now=now,
                advance=advance,
            )

    def drive(self) -> None:
        """The way of every submission; workers that run beside this do part of it."""
        steps = [
            ("leads.process_submissions", _("Processing")),
            ("scoring.rescore", _("Scoring")),
            ("sla.hand_off", _("Handing off")),
        ]
        drive(steps=steps, clock=timezone.now, bars=self.bar)

    def report_rows(self, found: Intake, *, dry_run: bool) -> None:
        """What became of the rows, and what is wrong with those that were left out."""
        if not found.rows:
            self.say(_("The file has a header and no rows: nothing to take in."))
        if found.here:
            self.say(
                ngettext("%s row is here already.", "%s rows are here already.", found.here)
                % intcomma(found.here)
            )
        if found.retried:
            self.say(
                ngettext("%s deal is tried again.", "%s deals are tried again.", found.retried)
                % intcomma(found.retried)
            )
        if found.fresh and dry_run:
            text = ngettext("%s row would be taken in.", "%s rows would be taken in.", found.fresh)
            self.say(text % intcomma(found.fresh))
        elif found.fresh:
            text = ngettext("%s row was taken in.", "%s rows were taken in.", found.fresh)
            self.say(text % intcomma(found.fresh))
        if dry_run:
            self.say(_("This was a dry run: nothing was written."))
        self.report_bad(found)

    def report_bad(self, found: Intake) -> None:
        """The rows with mistakes, on the error stream."""
        if not found.bad:
            return
        text = ngettext("%s row was left out:", "%s rows were left out:", len(found.bad))
        self.stderr.write(text % intcomma(len(found.bad)))
        for row in found.bad[:SHOWN_ROWS]:
            for line in mistakes(row):
                self.stderr.write(f"  {line}")
        if (more := len(found.bad) - SHOWN_ROWS) > 0:
            self.stderr.write("  " + _("… and %s more.") % intcomma(more))
        self.stderr.write(
            _("Correct them and run the same command again: rows that are here stay as they are.")
        )

    def report_outcomes(self, rules: ImportMapping) -> None:
        """What the submissions of this source have turned out to be, all runs together."""
        outcomes = Submission.objects.originals().filter(source__slug=rules.source.slug).values("outcome")
        self.say(_("All submissions of “%s”:") % rules.source.name)
        for row in outcomes.annotate(rows=Count("pk")).order_by("-rows"):
            self.say(f"  {intcomma(row['rows']):>9}  {Outcome(row['outcome']).label}")
        if aside := SetAside.objects.count():
            text = ngettext("%s row is set aside with an error", "%s rows are set aside with an error", aside)
            self.stderr.write(f"{text % intcomma(aside)}: {_('see “Rows set aside” in the administration.')}")

    def say(self, text: str) -> None:
        """One line of the report."""
        if not self.quiet:
            self.stdout.write(text)

    @contextmanager
    def bar(self, label: str, total: int) -> Iterator[Callable[[int], None]]:
        """A progress bar on the error stream, where somebody is looking."""
        quiet = True if self.quiet else None
        with tqdm(total=total, desc=label, unit=_(" rows"), disable=quiet, file=self.stderr._out) as bar:
            yield bar.update


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandError(
            _("The mapping %(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from None


def _told(errors: PayloadErrors) -> str:
    told = [f"{error['field']}: {error['message']} {error['remedy']}" for error in errors.as_list(_)]
    return "\n".join([*told, _("Nothing was written.")])
