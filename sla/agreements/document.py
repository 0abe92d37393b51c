"""The text of an agreement: one function makes it of plain data, and page, print, PDF, comparison and digest all read the same.

A version keeps its document from the moment it is proposed, so that neither another language nor a later release of this program
changes what was signed. `text_of` and `digest_of` must therefore never change for a document of format 1.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

FORMAT = 1
NOTHING = "–"


@dataclass(frozen=True)
class Row:
    """One line of a section; `key` stays the same from version to version. One cell for each column of its section."""

    key: str
    label: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A chapter: lines of a label and a text, or a table with `columns` (key and heading)."""

    key: str
    title: str
    rows: tuple[Row, ...]
    columns: tuple[tuple[str, str], ...] = ()
    note: str = ""

    @property
    def table(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Each row's label, with the heading and the text of each of its cells."""
        headings = [label for _key, label in self.columns] or [""]
        return [(row.label, list(zip(headings, row.cells, strict=True))) for row in self.rows]


@dataclass(frozen=True)
class Document:
    """All that an agreement says, in the order in which it is read."""

    title: str
    sections: tuple[Section, ...]

    def section(self, key: str) -> Section | None:
        """The chapter of that name, where there is one."""
        return next((section for section in self.sections if section.key == key), None)

    def to_dict(self) -> dict[str, Any]:
        """As JSON, to be kept with the version."""
        return {
            "format": FORMAT,
            "title": self.title,
            "sections": [
                {
                    "key": section.key,
                    "title": section.title,
                    "note": section.note,
                    "columns": [list(column) for column in section.columns],
                    "rows": [
                        {"key": row.key, "label": row.label, "cells": list(row.cells)} for row in section.rows
                    ],
                }
                for section in self.sections
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Document":
        """The document that to_dict wrote. Raises ValueError for a format that this release does not know."""
        if data.get("format") != FORMAT:
            raise ValueError(f"An agreement of format {data.get('format')!r} cannot be read.")
        return cls(
            data["title"],
            tuple(
                Section(
                    section["key"],
                    section["title"],
                    tuple(Row(row["key"], row["label"], tuple(row["cells"])) for row in section["rows"]),
                    tuple((key, label) for key, label in section["columns"]),
                    section["note"],
                )
                for section in data["sections"]
            ),
        )


def text_of(document: Document) -> str:
    """The canonical text: what the digest is taken of. Different documents never give the same text."""
    lines = [_flat(document.title)]
    for section in document.sections:
        lines += ["", f"# {_flat(section.title)}"]
        if section.note:
            lines.append(f"  {_flat(section.note)}")
        headings = " | ".join(_flat(label) for _key, label in section.columns)
        if headings:
            lines.append(f"  [{headings}]")
        for row in section.rows:
            lines.append(f"* {_flat(row.label)}")
            for place, cell in enumerate(row.cells):
                heading = f"{_flat(section.columns[place][1])}: " if section.columns else ""
                lines += _indented(f"{heading}{cell}")
    return "\n".join(lines) + "\n"


def digest_of(document: Document) -> str:
    """SHA-256 of the canonical text in UTF-8, 64 hexadecimal digits."""
    return hashlib.sha256(text_of(document).encode()).hexdigest()


@dataclass(frozen=True)
class Change:
    """One line of two documents beside each other; `old` and `new` are empty where a side has no such line."""

    section: str
    key: str
    label: str
    old: str
    new: str

    @property
    def changed(self) -> bool:
        """Whether the sides differ."""
        return self.old != self.new


def compare(old: Document, new: Document) -> list[Change]:
    """Every line of both documents, in the order of the newer one; lines that only the older one has follow their section."""
    found: list[Change] = []
    keys = [section.key for section in new.sections]
    keys += [section.key for section in old.sections if section.key not in keys]
    for key in keys:
        before, after = old.section(key), new.section(key)
        lines_before, lines_after = _lines(before), _lines(after)
        title = after.title if after else before.title if before else ""
        for place in dict.fromkeys([*lines_after, *lines_before]):
            label = (lines_after.get(place) or lines_before[place])[0]
            was, becomes = (lines.get(place, ("", ""))[1] for lines in (lines_before, lines_after))
            found.append(Change(title, f"{key}.{place}", label, was, becomes))
    return found


def changes(old: Document, new: Document) -> list[Change]:
    """The lines that differ."""
    return [change for change in compare(old, new) if change.changed]


def by_section(rows: Iterable[Change]) -> list[tuple[str, list[Change]]]:
    """The lines under the title of their section, in order."""
    found: dict[str, list[Change]] = {}
    for row in rows:
        found.setdefault(row.section, []).append(row)
    return list(found.items())


def _lines(section: Section | None) -> dict[str, tuple[str, str]]:
    """Label and text of each line by a name that stays from version to version."""
    found = {}
    for row in section.rows if section else ():
        for place, cell in enumerate(row.cells):
            if section is not None and section.columns:
                key, heading = section.columns[place]
                found[f"{row.key}.{key}"] = (f"{row.label}, {heading.lower()}", cell)
            else:
                found[row.key] = (row.label, cell)
    return found


def _flat(text: str) -> str:
    """A heading or a label is one line."""
    return " ".join(text.split())


def _indented(text: str) -> Sequence[str]:
    """Deeper than everything else, so that what a person wrote cannot look like a heading of the agreement."""
    return [f"    {line}" for line in text.split("\n")]
