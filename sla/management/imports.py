"""What the commands that import files share: progress, mistakes and tables for people."""

from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from tqdm import tqdm

from leads.importing.rows import Row
from leads.importing.run import mistakes
from leads.payload_errors import PayloadErrors

# The mistakes of so many rows are printed; a file in another date format has one in every row.
SHOWN_ROWS = 20


class ImportCommand(BaseCommand):
    """Says what it does, with a progress bar where somebody is looking."""

    quiet = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, its mapping, and whether to write."""
        parser.add_argument("file", type=Path, help="CSV file with a header")
        parser.add_argument(
            "--mapping", type=Path, required=True, help="JSON file that says what the columns mean"
        )
        parser.add_argument("--dry-run", action="store_true", help="read and report, write nothing")

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

    def report_bad(self, bad: Sequence[Row]) -> None:
        """The rows with mistakes, on the error stream."""
        if not bad:
            return
        text = ngettext("%s row was left out:", "%s rows were left out:", len(bad))
        self.stderr.write(text % intcomma(len(bad)))
        for row in bad[:SHOWN_ROWS]:
            for line in mistakes(row):
                self.stderr.write(f"  {line}")
        if (more := len(bad) - SHOWN_ROWS) > 0:
            self.stderr.write("  " + _("… and %s more.") % intcomma(more))
        self.stderr.write(
            _("Correct them and run the same command again: rows that are here stay as they are.")
        )


def mapping_bytes(path: Path | str) -> bytes:
    """The mapping file. Raises CommandError where it cannot be read."""
    try:
        # A program that calls the command may give a name.
        return Path(path).read_bytes()
    except OSError as error:
        raise CommandError(
            _("The mapping %(path)s cannot be read: %(reason)s.") % {"path": path, "reason": error.strerror}
        ) from None


def told(errors: PayloadErrors) -> str:
    """Mistakes that kept an import from beginning, one a line."""
    lines = [f"{error['field']}: {error['message']} {error['remedy']}" for error in errors.as_list(_)]
    return "\n".join([*lines, _("Nothing was written.")])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines with columns as wide as their widest cell; the first to the left, figures to the right."""
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    for row in [head, ["-" * width for width in widths], *rows]:
        cells = [row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
