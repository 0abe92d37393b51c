"""The cases of an event log, and the story of each as a handoff. Pure: no Django.

log = read_log(path, mapping, now)          # the whole file, by case; log.bad has the rows with mistakes
told = tell(case, mapping.activities)       # a Story, or the Untold reason why the case is none
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from leads.importing.meaning import mistake
from leads.importing.rows import Row, read_cells
from leads.payload import parse, read
from leads.payload_errors import PayloadError, PayloadErrors, gettext_noop, shown
from sla.clock import Stretch
from sla.importing_handoffs.meaning import Activities, LogMapping

_ = gettext_noop

MAX_CASE: Final = 200


@dataclass(frozen=True, slots=True)
class Event:
    """One activity, when it was completed; `written` is the time as in the file."""

    at: datetime
    activity: str
    written: str


@dataclass(slots=True)
class Case:
    """The events of one case in the order of their times, then of the file."""

    number: str
    line: int
    events: list[Event] = field(default_factory=list)

    def raw(self) -> bytes:
        """The submission of the case, with its rows as they are written: the same rows give the same bytes."""
        payload = {
            "external_id": self.number,
            "activity": "handoff_log",
            "occurred_at": self.events[0].at.isoformat(),
            "events": [[event.activity, event.written] for event in self.events],
        }
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


@dataclass
class Log:
    """A whole file: its cases, how many rows it has, how many only repeat another, and those with mistakes.

    A case with a bad row is not among the cases: judging it by the others could blame or praise wrongly.
    """

    cases: list[Case] = field(default_factory=list)
    rows: int = 0
    repeated: int = 0
    bad: list[Row] = field(default_factory=list)


class Untold(StrEnum):
    """Why a case is no past handoff."""

    NOT_OPENED = "not_opened"
    NOT_ENDED = "not_ended"


@dataclass(frozen=True, slots=True)
class Story:
    """A case as a handoff: handed over, accepted (if ever), first worked on, ended, and what paused the work in between."""

    case: Case
    opened_at: datetime
    accepted_at: datetime | None
    touched_at: datetime | None
    ended_at: datetime
    waits: tuple[Stretch, ...]
    # When somebody worked on it: whatever follows the acceptance and is no pause, the end among it.
    works: tuple[datetime, ...] = ()


def read_log(path: Path, mapping: LogMapping, now: datetime, advance: Callable[[int], None]) -> Log:
    """The cases of a measured file, by their first line. Rows that repeat another (case, activity, time) are dropped."""
    log = Log()
    cases: dict[str, Case] = {}
    spoilt: set[str] = set()
    seen: set[tuple[str, str, datetime]] = set()
    for row, number, event in _rows(path, mapping, now):
        log.rows += 1
        advance(1)
        if event is None:
            log.bad.append(row)
            spoilt.add(number)
        elif (known := (number, event.activity, event.at)) in seen:
            log.repeated += 1
        else:
            seen.add(known)
            cases.setdefault(number, Case(number, row.line)).events.append(event)
    for case in cases.values():
        case.events.sort(key=lambda event: event.at)
        if case.number not in spoilt:
            _keep(log, case, now)
    return log


def tell(case: Case, activities: Activities) -> Story | Untold:
    """Read a case as a handoff: from the first opening to the last end.

    Accepted by the first acceptance in between. First worked on by whatever follows that and is no pause, at the latest the end.
    A pause lasts until the case's next event.
    """
    names = [event.activity for event in case.events]
    if activities.open not in names:
        return Untold.NOT_OPENED
    first = names.index(activities.open)
    last = max((place for place, name in enumerate(names) if name == activities.end), default=-1)
    if last < first:
        return Untold.NOT_ENDED
    opened, ended = case.events[first].at, case.events[last].at
    accepts = [place for place in range(first, last) if names[place] == activities.accept]
    if not accepts:
        return Story(case, opened, None, None, ended, ())
    after = accepts[0] + 1
    touch = next(place for place in range(after, last + 1) if names[place] != activities.pause)
    works = [case.events[place].at for place in range(after, last + 1) if names[place] != activities.pause]
    waits = (
        Stretch(case.events[place].at, case.events[place + 1].at)
        for place in range(after, last)
        if names[place] == activities.pause
    )
    return Story(
        case,
        opened,
        case.events[accepts[0]].at,
        case.events[touch].at,
        ended,
        tuple(wait for wait in waits if wait.end > wait.start),
        tuple(works),
    )


def _keep(log: Log, case: Case, now: datetime) -> None:
    """By the same check that the submission will meet when it is processed, so that a mistake is told with its line."""
    row = Row(case.line)
    if len(case.number) > MAX_CASE:
        text, remedy = _("The name of the case is longer than %(limit)d characters."), _("Shorten it.")
        row.errors.append(mistake("case", text, remedy, limit=MAX_CASE))
    else:
        try:
            read(parse(case.raw(), "application/json"), now)
        except PayloadErrors as errors:
            row.errors += errors.errors
    if row.errors:
        log.bad.append(row)
    else:
        log.cases.append(case)


def _rows(path: Path, mapping: LogMapping, now: datetime) -> Iterator[tuple[Row, str, Event | None]]:
    """Each row with its case and its event; without an event where it has a mistake."""
    for line, cells in read_cells(path, mapping):
        row = Row(line)
        if isinstance(cells, PayloadError):
            row.errors.append(cells)
            yield row, "", None
            continue
        event = _event(row, cells, mapping, now)
        yield row, cells[mapping.case], None if row.errors else event


def _event(row: Row, cells: Mapping[str, str], mapping: LogMapping, now: datetime) -> Event | None:
    for column in (mapping.case, mapping.activity):
        if not cells[column]:
            row.errors.append(mistake(column, _("The cell is empty."), _("Fill it in.")))
    column = mapping.time.moment.column
    text = cells[column]
    try:
        at = mapping.time.read(text)
    except ValueError:
        row.errors.append(
            mistake(
                column,
                _("“%(text)s” is no time in the format %(format)s."),
                _("Correct the time, or the format in the mapping if the whole file is written so."),
                text=shown(text),
                format=mapping.time.moment.shown,
            )
        )
        return None
    if at > now:
        row.errors.append(
            mistake(
                column,
                _("“%(text)s” is in the future."),
                _("Correct the time: only what has happened can be taken in."),
                text=shown(text),
            )
        )
    return Event(at, cells[mapping.activity], text)
