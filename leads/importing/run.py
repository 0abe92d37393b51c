"""Takes the rows of a file in by the door of every other submission, and drives the drains over them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.utils.translation import gettext as _

from drains.registry import get
from drains.runner import step
from leads.importing.meaning import ImportMapping
from leads.importing.rows import Row, read_rows
from leads.models import Source, Submission
from leads.services.deals import retry_refused_deals
from leads.services.intake import Delivery, receive_many

# Rows in one transaction. A run that is stopped goes on where it stopped when it is started again.
CHUNK = 1000

#: (what is done, how many there are) -> a context whose value is called with the number done since the last call.
Bars = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@dataclass
class Intake:
    """What became of the rows of a file: `fresh` are new, `here` were taken in before, `bad` have mistakes."""

    rows: int = 0
    fresh: int = 0
    here: int = 0
    retried: int = 0
    bad: list[Row] = field(default_factory=list)


def people_of(path: Path, mapping: ImportMapping, now: datetime) -> dict[str, set[str]]:
    """The ids of colleagues in a measured file, each with the parts (owner, prepared_by) that it is named in."""
    found: dict[str, set[str]] = {}
    if mapping.deal is None or not mapping.deal.people:
        return found
    for row in read_rows(path, mapping, now):
        if not row.errors:
            for part, number in row.people.items():
                found.setdefault(number, set()).add(part)
    return found


def look(
    *,
    path: Path,
    mapping: ImportMapping,
    source: Source | None,
    now: datetime,
    advance: Callable[[int], None],
) -> Intake:
    """What `take_in` would do, without writing anything."""
    found = Intake()
    for chunk in _chunks(read_rows(path, mapping, now)):
        good = _good(chunk, found)
        here = len(_here(source, good)) if source else 0
        found.here, found.fresh = found.here + here, found.fresh + len(good) - here
        advance(len(chunk))
    return found


def take_in(
    *,
    path: Path,
    mapping: ImportMapping,
    source: Source,
    addresses: Mapping[str, str],
    now: datetime,
    advance: Callable[[int], None],
) -> Intake:
    """Receive the rows of a measured file; those whose key is here already are left as they are.

    `addresses` gives the e-mail address of each colleague by the id in the file. Deals that were refused by an earlier run,
    because nobody knew the person, are tried again once the person is here.
    """
    found = Intake()
    for chunk in _chunks(read_rows(path, mapping, now)):
        good = _good(chunk, found)
        for row in good:
            row.payload.get("deal", {}).update(
                {part: addresses[number] for part, number in row.people.items()}
            )
        fresh = receive_many(
            deliveries=[Delivery(source, row.raw(), "application/json", key=row.key) for row in good], now=now
        )
        found.here, found.fresh = found.here + len(good) - fresh, found.fresh + fresh
        if mapping.deal is not None and fresh < len(good):
            found.retried += retry_refused_deals(
                source=source, delivery_keys=[row.key for row in good], now=now
            )
        advance(len(chunk))
    return found


def drive(*, steps: Sequence[tuple[str, str]], clock: Callable[[], datetime], bars: Bars) -> None:
    """Run drains one after the other, each until nothing waits for it: (name, what it does, in words)."""
    for name, label in steps:
        drain = get(name)
        waiting = drain.pending(clock()).count()
        if not waiting:
            continue
        with bars(label, waiting) as advance:
            while done := step(drain, clock()):
                advance(done)


def mistakes(row: Row) -> Iterator[str]:
    """What is wrong with a row, for people: line, column, what happened, what to do."""
    for error in row.errors:
        told = error.as_dict(_)
        yield _("Line %(line)d, %(column)s: %(message)s %(remedy)s") % {
            "line": row.line,
            "column": told["field"],
            "message": told["message"],
            "remedy": told["remedy"],
        }


def _good(chunk: Sequence[Row], found: Intake) -> list[Row]:
    found.rows += len(chunk)
    found.bad += [row for row in chunk if row.errors]
    return [row for row in chunk if not row.errors]


def _here(source: Source, rows: Iterable[Row]) -> set[str]:
    keys = [row.key for row in rows]
    found = Submission.objects.originals().filter(source=source, delivery_key__in=keys)
    return {key for key in found.values_list("delivery_key", flat=True) if key is not None}


def _chunks(rows: Iterator[Row]) -> Iterator[list[Row]]:
    while chunk := list(islice(rows, CHUNK)):
        yield chunk
