"""Lists as CSV files that are safe to open in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, tzinfo
from typing import Protocol

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.reports.lists import ClockList, HandoffList, Row, columns_of, every_row

# A cell that begins with one of these is run as a formula by spreadsheets (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# Without it spreadsheets take UTF-8 for the old code page of the machine.
_BYTE_ORDER_MARK = "\ufeff"

# What a file of promises tells beyond the columns of the page.
_EXTRA = {
    "beyond": gettext_lazy("Seconds late"),
    "paused_until": gettext_lazy("Paused until"),
    "waived_because": gettext_lazy("Waived because"),
    "waived_by": gettext_lazy("Waived by"),
    "waived_at": gettext_lazy("Waived"),
}


class _Line(Protocol):
    def writerow(self, row: list[object], /) -> str: ...


class _Echo:
    """What csv writes to: gives the line back."""

    def write(self, line: str) -> str:
        return line


def harmless(value: object) -> object:
    """A cell that no spreadsheet runs: text that would be a formula is marked as text with an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def csv_lines(listing: ClockList | HandoffList, zone: tzinfo) -> Iterator[str]:
    """The file, line by line: the columns that the page shows, with times in `zone` and amounts in seconds.

    `zone` is given, because a file is still being written when the request, and with it the reader's zone, is over.
    """
    writer: _Line = csv.writer(_Echo())
    columns = columns_of(listing.columns)
    is_clocks = isinstance(listing, ClockList)
    heads: list[object] = [_("Seconds used") if c.key == "used" else c.label for c in columns]
    extra = _EXTRA if is_clocks else {}
    keys = [column.key for column in columns]
    more = [key for key in extra if key not in keys]
    heads += [*(str(extra[key]) for key in more), _("Handoff")]
    yield _BYTE_ORDER_MARK + writer.writerow(heads)
    for row in every_row(listing):
        cells = [harmless(_cell(row, key, zone)) for key in [*keys, *more]]
        yield writer.writerow([*cells, row.handoff_id])


def _cell(row: Row, key: str, zone: tzinfo) -> object:
    if key == "mark":
        return row.raw.get("mark") or row.mark.words
    value = row.raw[key] if key in row.raw else row.cells.get(key)
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(sep=" ", timespec="seconds")
    return "" if value is None else value
