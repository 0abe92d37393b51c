"""manage.py audit_handoffs --source SLUG --agreement A --agreement B: what would have been kept under each. Writes nothing."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from leads.models import Source
from sla.business_time import NeverOpen
from sla.importing_handoffs.mapping import PROMISES as IMPORTED
from sla.management.imports import table
from sla.models import CalendarVersion, Hours, Promise, PromiseKind
from sla.reports.replay import Figures, Judge, Replay, judge_of, replay
from sla.reports.wording import target_words, worked


class Command(BaseCommand):
    """Prints a table per promise, with the agreements side by side."""

    help = "Judge the ended handoffs of a source by one or several agreements, side by side, without writing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which handoffs, and by which agreements."""
        parser.add_argument("--source", required=True, help="short name of the source of the handoffs")
        parser.add_argument(
            "--agreement",
            action="append",
            required=True,
            help="name of an agreement (its version in force when a handoff began), or of one version: “Name v2”; repeatable",
        )

    def handle(self, *args: Any, source: str, agreement: list[str], **options: Any) -> None:
        """Print the audit. Raises CommandError for a source or an agreement that there is not."""
        row = Source.objects.filter(slug=source).first()
        if row is None:
            raise CommandError(_("There is no source “%s”.") % source)
        try:
            found = replay(source=row, judges=[_judge(name) for name in agreement])
        except CalendarVersion.DoesNotExist:
            raise CommandError(
                _("A team of these handoffs has no territory, so nobody knows its business hours.")
            ) from None
        except NeverOpen as error:
            raise CommandError(
                _("A calendar does not open often enough for the promise: %s") % error
            ) from None
        for kind in PromiseKind:
            # An import knows when leads were answered and touched, and nothing of the other promises.
            if kind not in IMPORTED and not any(figures[kind].is_known for figures in found.figures):
                continue
            for line in _lines(found, kind):
                self.stdout.write(line)
            self.stdout.write("")
        self.stdout.write(
            _("Ended promises only, medians and percentiles by nearest rank in the hours of each promise.")
        )


def _judge(name: str) -> Judge:
    judge = judge_of(name)
    if judge is None:
        raise CommandError(
            _("There is no agreement “%s”. Write its name, or a version of it as “Name v2”.") % name
        )
    return judge


def _lines(found: Replay, kind: PromiseKind) -> Iterator[str]:
    columns = [figures[kind] for figures in found.figures]
    rows = [
        [_("Promised"), *(_promised(column.promises) for column in columns)],
        [_("Judged"), *(intcomma(column.kept + column.missed) for column in columns)],
        [_("Kept"), *(_part(column, column.kept) for column in columns)],
        [_("Missed"), *(_part(column, column.missed) for column in columns)],
        [_("Median"), *(worked(column.used.median) for column in columns)],
        [_("90th percentile"), *(worked(column.used.p90) for column in columns)],
    ]
    if any(column.unpromised for column in columns):
        rows.append([_("Nothing promised"), *(intcomma(column.unpromised) for column in columns)])
    if any(column.counted_otherwise for column in columns):
        rows.append([_("Other number"), *(intcomma(column.counted_otherwise) for column in columns)])
    yield from table([str(kind.label), *(judge.label for judge in found.judges)], rows)
    if len(found.judges) == 2:
        turns = found.turns[kind]
        yield _("Kept by the first and missed by the second: %(one)s; the other way round: %(other)s.") % {
            "one": intcomma(turns[True, False]),
            "other": intcomma(turns[False, True]),
        }


def _promised(promises: Sequence[Promise] | set[Promise]) -> str:
    """Such as 4 h round the clock, or 2 business days; several where versions or tiers differ."""
    said = sorted(
        {(row.target_days or 0, row.target_seconds or 0, row.count or 0, _in_hours(row)) for row in promises}
    )
    return " / ".join(words for *_order, words in said) or "–"


def _in_hours(promise: Promise) -> str:
    """Business days name their hours themselves."""
    words = target_words(promise)
    if promise.hours == Hours.ROUND_THE_CLOCK:
        return _("%(time)s round the clock") % {"time": words}
    return words if promise.target_days else _("%(time)s business hours") % {"time": words}


def _part(column: Figures, number: int) -> str:
    judged = column.kept + column.missed
    return f"{intcomma(number)} ({number / judged:.1%})" if judged else intcomma(number)
