"""The rows of a CSV file, and what each says by its mapping. Pure: no Django.

size = measure(path, mapping)               # header and encoding of the whole file, before anything is written
for row in read_rows(path, mapping, now):   # one Row per line that has data; row.errors says what is wrong with it
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from leads.amounts import amount_of
from leads.importing.mapping import check_header
from leads.importing.meaning import ImportMapping, Moment, Person, Table, mistake
from leads.payload import MAX_BYTES, read
from leads.payload_errors import PayloadError, PayloadErrors, gettext_noop, shown

_ = gettext_noop

MAX_KEY_LENGTH: Final = 255


@dataclass(slots=True)
class Row:
    """One row: where it starts in the file, what it says, and what is wrong with it (then it is not taken in)."""

    line: int
    key: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)  # owner, prepared_by -> id as in the file
    errors: list[PayloadError] = field(default_factory=list)

    def raw(self) -> bytes:
        """The submission: the same row gives the same bytes."""
        return json.dumps(self.payload, ensure_ascii=False, separators=(",", ":")).encode()


def measure(path: Path, mapping: Table) -> int:
    """Read the file to its end; returns how many rows it has. Raises PayloadErrors where it cannot be read or does not fit.

    After this, nothing but single rows can be wrong with it.
    """
    try:
        with path.open(encoding=mapping.encoding, newline="") as file:
            rows = _records(file, mapping)
            _line, header = next(rows, (0, []))
            if not header:
                raise PayloadErrors(
                    [mistake("file", _("The file is empty."), _("Name a file with a header and rows."))]
                )
            if errors := check_header(mapping, header):
                raise PayloadErrors(errors)
            return sum(1 for _row in rows)
    except UnicodeError:
        raise PayloadErrors([_not_text(path, mapping)]) from None
    except OSError as error:
        text, remedy = (
            _("The file cannot be opened: %(reason)s."),
            _("Check its name and whether you may read it."),
        )
        raise PayloadErrors([mistake("file", text, remedy, reason=error.strerror or str(error))]) from None
    except csv.Error as error:
        text = _("The file is not CSV: %(reason)s.")
        remedy = _("Look for a quotation mark that is opened and never closed, or for another delimiter.")
        raise PayloadErrors([mistake("file", text, remedy, reason=str(error))]) from None


def read_rows(path: Path, mapping: ImportMapping, now: datetime) -> Iterator[Row]:
    """The rows of a measured file in their order; a time after `now` is a mistake of its row."""
    seen: dict[str, int] = {}
    for line, cells in read_cells(path, mapping):
        row = Row(line)
        if isinstance(cells, PayloadError):
            row.errors.append(cells)
        else:
            _fill(row, cells, mapping, now)
        if row.key and not row.errors:
            _note_repeat(row, seen)
        yield row


def read_cells(path: Path, mapping: Table) -> Iterator[tuple[int, dict[str, str] | PayloadError]]:
    """(line, cells by column) of a measured file; the mistake instead of the cells where their number is not the header's."""
    with path.open(encoding=mapping.encoding, newline="") as file:
        rows = _records(file, mapping)
        _line, header = next(rows)
        for line, cells in rows:
            if len(cells) != len(header):
                yield line, _ragged(cells, header)
            else:
                yield line, dict(zip(header, (cell.strip() for cell in cells), strict=True))


def _records(file: io.TextIOBase | Any, mapping: Table) -> Iterator[tuple[int, list[str]]]:
    """(line on which it starts, cells) of everything that is not blank; the header comes first."""
    lines: list[str] = []
    reader = csv.reader(_kept(file, lines), delimiter=mapping.delimiter)
    start = 1
    for number, cells in enumerate(reader):
        # Quotation marks come in pairs, so that nearly every record is known to be closed by counting.
        ends_open = sum(line.count('"') for line in lines) % 2 == 1 and _is_open(lines, mapping)
        lines.clear()
        if ends_open:
            raise csv.Error(f"line {start} opens a quotation mark that nothing closes")
        if any(cell.strip() for cell in cells):
            yield start, [cell.strip() for cell in cells] if number == 0 else cells
        start = reader.line_num + 1


def _kept(file: Iterable[str], lines: list[str]) -> Iterator[str]:
    """The lines of a file; `lines` has those of the record that is being read."""
    for line in file:
        lines.append(line)
        yield line


def _is_open(lines: list[str], mapping: Table) -> bool:
    """A record that ends only because the file does: the rows that follow its open quotation mark would be one cell of it."""
    try:
        for _cells in csv.reader(lines, delimiter=mapping.delimiter, strict=True):
            pass
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


def _fill(row: Row, cells: Mapping[str, str], mapping: ImportMapping, now: datetime) -> None:
    """Read one row into its key and payload; every mistake is named by the column of the file."""
    for column in mapping.key_columns():
        if not cells[column]:
            row.errors.append(
                mistake(
                    column,
                    _("The cell is empty, but it names the row."),
                    _("Fill it in: without it the row could be taken in twice."),
                )
            )
    row.key = mapping.key_of(cells)
    if len(row.key) > MAX_KEY_LENGTH:
        text, remedy = _("The key of the row is longer than %(limit)d characters."), _("Shorten the cell.")
        row.errors.append(mistake(mapping.key_columns()[0], text, remedy, limit=MAX_KEY_LENGTH))
    stated: dict[str, Any] = {name: cells[column] for name, column in mapping.columns.items()}
    for name, moment in mapping.moments.items():
        stated[name] = _moment(row, moment, cells[moment.column], now)
    row.payload = {**{name: value for name, value in stated.items() if value}, **mapping.constants}
    if mapping.deal is not None:
        row.payload["deal"] = _deal(row, mapping, cells, now)
    if not row.errors:
        _check_payload(row, mapping, now)


def _deal(row: Row, mapping: ImportMapping, cells: Mapping[str, str], now: datetime) -> dict[str, Any]:
    assert mapping.deal is not None
    deal: dict[str, Any] = {"state": mapping.deal.state}
    closed_at = mapping.deal.closed_at
    deal["closed_at"] = _moment(row, closed_at, cells[closed_at.column], now)
    if mapping.deal.amount and (text := cells[mapping.deal.amount]):
        try:
            deal["amount"] = str(amount_of(text))
        except ValueError:
            row.errors.append(
                mistake(
                    mapping.deal.amount,
                    _("“%(text)s” is no amount."),
                    _("Write it as 1250.00: no currency, no separators of thousands, less than a trillion."),
                    text=shown(text),
                )
            )
    for name, person in mapping.deal.people.items():
        if number := cells[person.column]:
            row.people[name] = number
            _check_person(row, person, number)
    return deal


def _check_person(row: Row, person: Person, number: str) -> None:
    address = person.email_of(number)
    if (
        len(address) > 254
        or not address.isprintable()
        or any(c.isspace() for c in address)
        or address.count("@") != 1
    ):
        row.errors.append(
            mistake(
                person.column,
                _("“%(number)s” cannot be part of an e-mail address."),
                _("Use ids of letters, digits, hyphens and dots."),
                number=shown(number),
            )
        )


def _moment(row: Row, moment: Moment, text: str, now: datetime) -> str:
    if not text:
        row.errors.append(mistake(moment.column, _("The cell is empty."), _("Fill in when it happened.")))
        return ""
    try:
        at = moment.read(text)
    except ValueError:
        row.errors.append(
            mistake(
                moment.column,
                _("“%(text)s” is no date in the format %(format)s."),
                _("Correct the date, or the format in the mapping if the whole file is written so."),
                text=shown(text),
                format=moment.shown,
            )
        )
        return ""
    if at > now:
        row.errors.append(
            mistake(
                moment.column,
                _("“%(text)s” is in the future."),
                _("Correct the date: only what has happened can be taken in."),
                text=shown(text),
            )
        )
    return at.isoformat()


def _check_payload(row: Row, mapping: ImportMapping, now: datetime) -> None:
    """The same check that the submission will meet when it is processed, so that a mistake is told with its line."""
    columns = {name: moment.column for name, moment in mapping.moments.items()} | dict(mapping.columns)
    if len(row.raw()) > MAX_BYTES:
        text, remedy = _("The row has more than %(limit)d bytes."), _("Shorten its cells.")
        row.errors.append(mistake("row", text, remedy, limit=MAX_BYTES))
        return
    try:
        read(row.payload, now)
    except PayloadErrors as errors:
        row.errors += [
            PayloadError(columns.get(e.field, e.field), e.message_template, e.remedy_template, **e.params)
            for e in errors.errors
        ]


def _note_repeat(row: Row, seen: dict[str, int]) -> None:
    first = seen.setdefault(row.key, row.line)
    if first != row.line:
        text = _("The same row (%(key)s) is on line %(first)d already; that one counts.")
        row.errors.append(
            mistake("key", text, _("Take one of the two out."), key=shown(row.key), first=first)
        )


def _ragged(cells: list[str], header: list[str]) -> PayloadError:
    return mistake(
        "row",
        _("The row has %(cells)d cells, the header has %(columns)d."),
        _("Put cells that contain the delimiter in quotation marks, and leave none out."),
        cells=len(cells),
        columns=len(header),
    )


def _not_text(path: Path, mapping: Table) -> PayloadError:
    """Names the first line that cannot be decoded; read anew, for the decoder's own position is one within its buffer."""
    line = 1
    with path.open("rb") as file:
        for number, raw in enumerate(file, start=1):
            try:
                raw.decode(mapping.encoding)
            except UnicodeError:
                line = number
                break
    return mistake(
        "file",
        _("Line %(line)d is not text in the encoding %(encoding)s."),
        _('Save the file as UTF-8, or name its encoding in the mapping: "csv": {"encoding": "latin-1"}.'),
        line=line,
        encoding=mapping.encoding.removesuffix("-sig"),
    )
