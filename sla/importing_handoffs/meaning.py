"""What a checked mapping says about an event log. Pure: no Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leads.importing.meaning import Moment, Origin


@dataclass(frozen=True, slots=True)
class Stamp:
    """A column of times whose clock was off: the local time of `moment.zone` is what is written plus `standard` in winter,
    plus `summer` in summer time."""

    moment: Moment
    standard: timedelta
    summer: timedelta

    def read(self, text: str) -> datetime:
        """The moment in UTC. Raises ValueError for a text in another format."""
        written = datetime.strptime(text, self.moment.pattern)  # noqa: DTZ007 - the zone comes from the mapping
        try:
            local = written + self.standard
            if local.replace(tzinfo=self.moment.zone).dst():
                local = written + self.summer
            return local.replace(tzinfo=self.moment.zone).astimezone(UTC)
        except OverflowError as error:
            raise ValueError(str(error)) from None


@dataclass(frozen=True, slots=True)
class Activities:
    """Which activity of the log opens a handoff, accepts it, pauses it until the next event (or "" for none), and ends it."""

    open: str
    accept: str
    pause: str
    end: str


@dataclass(frozen=True, slots=True)
class Hours:
    """The calendar to judge by, made where it is missing and `week` is given."""

    name: str
    time_zone: str
    week: Mapping[str, list[list[str]]]


@dataclass(frozen=True, slots=True)
class Promised:
    """One promise of an agreement to be made: seconds or days (one of the two), of business hours or round the clock; for
    attempts also how many."""

    target_seconds: int | None
    hours: str
    target_days: int | None = None
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Contract:
    """An agreement, made where it is missing with these promises by kind for the tier of the log."""

    name: str
    promises: Mapping[str, Promised]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Under whose name pauses are kept, for a log names nobody: an inactive user, made where it is missing."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class LogMapping:
    """A checked mapping of an event log. The first agreement is the one that the handoffs are judged by."""

    source: Origin
    case: str
    activity: str
    time: Stamp
    activities: Activities
    pause_reason: str
    ended_as: str
    tier: str
    calendar: Hours
    agreements: tuple[Contract, ...]
    recorded_by: Recorder
    encoding: str
    delimiter: str

    def used(self) -> list[tuple[str, str]]:
        """Every (place in the mapping, column of the file)."""
        return [
            ("columns.case", self.case),
            ("columns.activity", self.activity),
            ("columns.time", self.time.moment.column),
        ]

    def key_of(self, case: str) -> str:
        """The delivery key of a case: the same case of two files has the same one."""
        return f"{self.source.slug}:{case}"
