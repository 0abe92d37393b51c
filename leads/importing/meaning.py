"""What a checked mapping says about the columns of a file. Pure: no Django."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from leads.payload_errors import PayloadError

#: A column in braces, in the key of a mapping.
PLACE: Final = re.compile(r"\{([^{}]*)\}")


def mistake(where: str, message: str, remedy: str, **params: object) -> PayloadError:
    """One thing wrong with a mapping or a row: `where` names its place, `message` and `remedy` are templates."""
    return PayloadError(where, message, remedy, **params)


class Table(Protocol):
    """What reading a CSV file needs to know, whatever its rows are about."""

    @property
    def encoding(self) -> str:
        """Of the file, as Python calls it."""

    @property
    def delimiter(self) -> str:
        """The character between cells."""

    def used(self) -> list[tuple[str, str]]:
        """Every (place in the mapping, column of the file)."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A column of dates: how they are written, in which zone, and which time of day a date without one stands for."""

    column: str
    shown: str
    pattern: str
    has_time: bool
    zone: ZoneInfo
    time: time

    def read(self, text: str) -> datetime:
        """The moment in UTC. Raises ValueError for a text in another format and for a day that no calendar has.

        A local time that the start of summer time leaves out counts with the offset before it: midnight of such a day in
        São Paulo is 01:00, of the same date.
        """
        naive = datetime.strptime(text, self.pattern)  # noqa: DTZ007 - the zone comes from the mapping
        if not self.has_time:
            naive = datetime.combine(naive.date(), self.time)
        try:
            return naive.replace(tzinfo=self.zone).astimezone(UTC)
        except OverflowError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Person:
    """A column with the ids of colleagues, and what the users made for them are called; `{id}` and `{id8}` stand in both."""

    column: str
    name: str
    email: str

    def name_of(self, number: str) -> str:
        """The name of the user with that id."""
        return _with_id(self.name, number)[:150]

    def email_of(self, number: str) -> str:
        """The address of the user with that id, in lower case."""
        return _with_id(self.email, number).lower()


def _with_id(template: str, number: str) -> str:
    return template.replace("{id8}", number[:8]).replace("{id}", number)


@dataclass(frozen=True, slots=True)
class Deal:
    """What each row says about a closed deal."""

    state: str
    closed_at: Moment
    amount: str
    people: Mapping[str, Person]  # owner, prepared_by

    def columns(self) -> Iterator[tuple[str, str]]:
        """(place in the mapping, column of the file)."""
        yield "deal.closed_at", self.closed_at.column
        if self.amount:
            yield "deal.amount", self.amount
        for field, person in self.people.items():
            yield f"deal.{field}", person.column


@dataclass(frozen=True, slots=True)
class Origin:
    """The source that the rows belong to, made where it is missing."""

    slug: str
    name: str
    namespace: str
    team: str


@dataclass(frozen=True, slots=True)
class ImportMapping:
    """A checked mapping file."""

    source: Origin
    key: str
    columns: Mapping[str, str]
    moments: Mapping[str, Moment]
    constants: Mapping[str, object]
    deal: Deal | None
    encoding: str
    delimiter: str

    def key_of(self, row: Mapping[str, str]) -> str:
        """The delivery key of a row: the same row of two files has the same one."""
        return PLACE.sub(lambda place: row[place[1]], self.key)

    def key_columns(self) -> list[str]:
        """The columns that the key is made of."""
        return PLACE.findall(self.key)

    def used(self) -> list[tuple[str, str]]:
        """Every (place in the mapping, column of the file)."""
        found = [(f"columns.{field}", column) for field, column in self.columns.items()]
        found += [(f"columns.{field}", moment.column) for field, moment in self.moments.items()]
        found += [("key", column) for column in self.key_columns()]
        return found + (list(self.deal.columns()) if self.deal else [])
