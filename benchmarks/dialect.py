"""The few words in which the SQL of the harness differs between PostgreSQL and SQLite."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

_ZEROS = "0" * 64


@dataclass(frozen=True)
class Dialect:
    """Writes expressions for one database. All of them take and give SQL; `now` is the newest time of the data."""

    vendor: str
    now: datetime

    def series(self, last: int, first: int = 1) -> str:
        """A table expression `series(n)` of the numbers from first to last, to be put behind FROM."""
        if self.vendor == "postgresql":
            return f"generate_series(CAST({first} AS bigint), {last}) AS series(n)"
        return (
            f"(WITH RECURSIVE counted(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counted WHERE n < {last})"
            " SELECT n FROM counted) AS series"
        )

    def ago(self, seconds: str) -> str:
        """The time so many seconds before now; a negative number lies ahead."""
        moment = f"{int(self.now.timestamp())} - ({seconds})"
        return (
            f"to_timestamp({moment})" if self.vendor == "postgresql" else f"datetime({moment}, 'unixepoch')"
        )

    def date(self, moment: str) -> str:
        """The date of a time."""
        return f"CAST({moment} AS date)" if self.vendor == "postgresql" else f"date({moment})"

    def blob(self, text: str) -> str:
        """The bytes of a text."""
        return f"convert_to({text}, 'UTF8')" if self.vendor == "postgresql" else f"CAST({text} AS BLOB)"

    def digest(self, number: str) -> str:
        """A number as wide as a SHA-256 in hex."""
        padded = f"('{_ZEROS}' || ({number}))"
        return f"substr({padded}, length({padded}) - 63)"


def mixed(seed: int, modulus: int, column: str = "n") -> str:
    """A number from 0 to modulus - 1 that looks random and is the same on every run and in both databases."""
    return f"((({column}) * 48271 + {seed} * 7919) % 2147483647 * 16807 % 2147483647 % {modulus})"


def pick(values: list[str], seed: int, column: str = "n") -> str:
    """One of the texts, by a mixed number; a text that comes several times comes more often."""
    cases = " ".join(f"WHEN {number} THEN '{value}'" for number, value in enumerate(values))
    return f"CASE {mixed(seed, len(values), column)} {cases} END"


def execute(statement: str) -> None:
    """Run one statement without parameters; per cent signs stand for themselves."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
