"""manage.py import_handoffs FILE --mapping MAPPING.json: past handoffs from an event log, judged by an agreement."""

from collections.abc import Sequence
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
from leads.importing.rows import measure
from leads.importing.run import drive
from leads.payload_errors import PayloadErrors
from sla.business_time import NeverOpen
from sla.importing import find_source
from sla.importing_handoffs.ground import prepare
from sla.importing_handoffs.log import Log, Story, Untold, read_log
from sla.importing_handoffs.mapping import read_log_mapping
from sla.importing_handoffs.meaning import LogMapping
from sla.importing_handoffs.run import Taken, hand_over, look, receive, stories_of
from sla.management.imports import ImportCommand, mapping_bytes, told
from sla.models import Clock, ClockOutcome, PromiseKind


class Command(ImportCommand):
    """Reads the log, takes its cases in as leads, and writes their handoffs with clocks, pauses and breaches."""

    help = "Import past handoffs from an event log (CSV) by a mapping (docs/real-data.md). Nobody is notified. Safe to run twice."

    def handle(self, *args: Any, file: Path, mapping: Path, dry_run: bool, **options: Any) -> None:
        """Stop with CommandError before anything is written where the file does not fit; list what is left out and go on."""
        self.quiet = options["verbosity"] == 0
        started, computed = perf_counter(), process_time()
        now = current_time()
        try:
            rules = read_log_mapping(mapping_bytes(mapping))
            rows = measure(file, rules)
            source = find_source(rules.source)
            with self.bar(_("Reading"), rows) as advance:
                log = read_log(file, rules, now, advance)
            taken = Taken()
            stories = stories_of(log.cases, rules, taken)
            if dry_run:
                look(stories=stories, mapping=rules, source=source, taken=taken)
            else:
                self.take_in(stories, rules, taken, now)
        except PayloadErrors as errors:
            raise CommandError(told(errors)) from None
        except NeverOpen as error:
            raise CommandError(
                _("The calendar “%(name)s” does not open often enough: %(reason)s")
                % {"name": rules.calendar.name, "reason": error}
            ) from None
        self.report(log, taken, dry_run=dry_run)
        if not dry_run:
            self.report_outcomes(rules.source.slug)
        self.say(
            _("%(seconds).1f s, of which %(cpu).1f s in this process.")
            % {"seconds": perf_counter() - started, "cpu": process_time() - computed}
        )

    def take_in(self, stories: Sequence[Story], rules: LogMapping, taken: Taken, now: datetime) -> None:
        """Make what the handoffs need, receive the cases, let them be processed, and hand them over as of their time."""
        ground = prepare(rules, now)
        with self.bar(_("Receiving"), len(stories)) as advance:
            receive(stories=stories, mapping=rules, source=ground.source, now=now, advance=advance)
        drive(steps=[("leads.process_submissions", _("Processing"))], clock=current_time, bars=self.bar)
        with self.bar(_("Handing off"), len(stories)) as advance:
            hand_over(stories=stories, mapping=rules, ground=ground, now=now, taken=taken, advance=advance)
        drive(steps=[("scoring.rescore", _("Scoring"))], clock=current_time, bars=self.bar)

    def report(self, log: Log, taken: Taken, *, dry_run: bool) -> None:
        """What became of the rows and cases, and why some were left out."""
        if not log.rows:
            self.say(_("The file has a header and no rows: nothing to take in."))
        if log.repeated:
            text = ngettext(
                "%s row repeats another and was dropped.",
                "%s rows repeat others and were dropped.",
                log.repeated,
            )
            self.say(text % intcomma(log.repeated))
        if taken.here:
            text = ngettext("%s handoff is here already.", "%s handoffs are here already.", taken.here)
            self.say(text % intcomma(taken.here))
        if taken.fresh and dry_run:
            text = ngettext("%s handoff would be taken in.", "%s handoffs would be taken in.", taken.fresh)
            self.say(text % intcomma(taken.fresh))
        elif taken.fresh:
            text = ngettext("%s handoff was taken in.", "%s handoffs were taken in.", taken.fresh)
            self.say(text % intcomma(taken.fresh))
        for why, number in _left_out(taken):
            text = ngettext(
                "%(number)s case was left out: %(why)s.", "%(number)s cases were left out: %(why)s.", number
            )
            self.say(text % {"number": intcomma(number), "why": why})
        if dry_run:
            self.say(_("This was a dry run: nothing was written."))
        if log.bad:
            self.stderr.write(_("A case with a bad row is left out whole:"))
        self.report_bad(log.bad)

    def report_outcomes(self, slug: str) -> None:
        """What the promises on the handoffs of this source have come to, all runs together."""
        rows = Clock.objects.filter(source__slug=slug).order_by().values_list("kind", "outcome")
        clocks = {(kind, outcome): number for kind, outcome, number in rows.annotate(number=Count("*"))}
        for kind in PromiseKind:
            counts = [
                f"{intcomma(clocks[kind, outcome])} {outcome.label.lower()}"
                for outcome in ClockOutcome
                if clocks.get((kind, outcome))
            ]
            if counts:
                self.say(f"{kind.label}: {', '.join(counts)}")


def _left_out(taken: Taken) -> list[tuple[str, int]]:
    words = {
        Untold.NOT_OPENED: _("the log has no event that hands them over"),
        Untold.NOT_ENDED: _("they have not ended, and only past handoffs are taken in"),
    }
    return [(words[why], number) for why, number in taken.untold.items()] + list(taken.refused.items())
