"""manage.py import_leads FILE --mapping MAPPING.json: leads or deals from a CSV file, through the doors of every submission."""

from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import CommandError
from django.db.models import Count
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from drains.clock import current_time
from drains.models import SetAside
from leads.importing.mapping import read_mapping
from leads.importing.meaning import ImportMapping
from leads.importing.rows import measure
from leads.importing.run import Intake, drive, look, people_of, take_in
from leads.models import Outcome, Source, Submission
from leads.payload_errors import PayloadErrors
from sla.importing import find_source, prepare
from sla.management.imports import ImportCommand, mapping_bytes, told


class Command(ImportCommand):
    """Reads the file, takes its rows in, and drives them through processing, scoring and handoff."""

    help = "Import leads or closed deals from a CSV file by a mapping (docs/real-data.md). Safe to run twice."

    def handle(self, *args: Any, file: Path, mapping: Path, dry_run: bool, **options: Any) -> None:
        """Stop with CommandError before anything is written where the file does not fit; list bad rows and go on."""
        self.quiet = options["verbosity"] == 0
        started, computed = perf_counter(), process_time()
        now = current_time()
        try:
            rules = read_mapping(mapping_bytes(mapping))
            rows = measure(file, rules)
            source = find_source(rules.source)
            if dry_run:
                found = self.look(file, rules, source, rows, now)
            else:
                found = self.take_in(file, rules, rows, now)
        except PayloadErrors as errors:
            raise CommandError(told(errors)) from None
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
        drive(steps=steps, clock=current_time, bars=self.bar)

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
        self.report_bad(found.bad)

    def report_outcomes(self, rules: ImportMapping) -> None:
        """What the submissions of this source have turned out to be, all runs together."""
        outcomes = Submission.objects.originals().filter(source__slug=rules.source.slug).values("outcome")
        self.say(_("All submissions of “%s”:") % rules.source.name)
        for row in outcomes.annotate(rows=Count("pk")).order_by("-rows"):
            self.say(f"  {intcomma(row['rows']):>9}  {Outcome(row['outcome']).label}")
        if aside := SetAside.objects.count():
            text = ngettext("%s row is set aside with an error", "%s rows are set aside with an error", aside)
            self.stderr.write(f"{text % intcomma(aside)}: {_('see “Rows set aside” in the administration.')}")
