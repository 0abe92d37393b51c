"""manage.py report_funnel: leads and won deals by origin, days to win by rep."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from leads.models import Source
from sla.management.imports import table
from sla.reports.funnel import SMALL_GROUP, Funnel, OriginRow, TimeRow, funnel


class Command(BaseCommand):
    """Prints the funnel as two tables."""

    help = "Leads, won deals and rate by origin; days from first contact to won, overall and by rep."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which leads, and whose dates."""
        parser.add_argument(
            "--source",
            action="append",
            default=[],
            help="short name of a source that brought the leads; repeatable",
        )
        parser.add_argument(
            "--zone", default=settings.ORGANISATION_TIME_ZONE, help="zone in which days are counted"
        )

    def handle(self, *args: Any, source: list[str], zone: str, **options: Any) -> None:
        """Print the report. Raises CommandError for a source or a zone that there is not."""
        if missing := sorted(set(source) - set(Source.objects.values_list("slug", flat=True))):
            raise CommandError(_("There is no source “%s”.") % ", ".join(missing))
        try:
            found = funnel(zone=ZoneInfo(zone), sources=source)
        except (ValueError, OSError, LookupError):
            raise CommandError(
                _("There is no time zone “%s”: write one such as America/Sao_Paulo.") % zone
            ) from None
        self.print_origins(found)
        self.print_times(found, zone)

    def print_origins(self, found: Funnel) -> None:
        """Leads, won and rate by first origin."""
        rows = [_origin_cells(row, row.origin or _("(not stated)")) for row in found.origins]
        rows.append(_origin_cells(found.total, _("All")))
        self.print_table([_("First origin"), _("Leads"), _("Won"), _("Rate")], rows)
        waiting = found.total.leads - found.total.won
        self.stdout.write(
            _("%s leads have no won deal. They are not won yet; none of them counts as lost.")
            % intcomma(waiting)
        )
        self.stdout.write(
            _("“unknown” is what the file says; “(not stated)” is an empty cell. They are two things.")
        )
        self.stdout.write("")

    def print_times(self, found: Funnel, zone: str) -> None:
        """Days to win, overall and by rep."""
        rows = [_time_cells(found.overall, _("All"))]
        rows += [_time_cells(row, row.rep or _("(nobody)")) for row in found.by_rep]
        self.print_table([_("Won by"), _("Deals"), _("Median days"), _("90th percentile")], rows)
        self.stdout.write(
            _(
                "Days from the date of first contact to the date of winning, in %(zone)s; by nearest rank, as they are:"
            )
            % {"zone": zone}
        )
        self.stdout.write(
            _(
                "%(same)d deals were won on the date of the first contact, %(negative)d before it (days below zero)."
            )
            % {"same": found.same_day, "negative": found.negative}
        )
        self.stdout.write(_("* fewer than %d deals: too few to compare by.") % SMALL_GROUP)

    def print_table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Columns as wide as their widest cell; the first to the left, figures to the right."""
        for line in table(head, rows):
            self.stdout.write(line)


def _origin_cells(row: OriginRow, name: str) -> list[str]:
    return [name, intcomma(row.leads), intcomma(row.won), f"{row.rate:.1%}"]


def _time_cells(row: TimeRow, name: str) -> list[str]:
    mark = " *" if row.is_small else ""
    figures = ["–" if value is None else str(value) for value in (row.days.median, row.days.p90)]
    return [f"{name}{mark}", intcomma(row.days.count), *figures]
