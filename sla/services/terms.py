"""What holds for a team at a time: its calendar, its agreement's version in force, and the promises of that version."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sla.business_time import BusinessCalendar
from sla.clock import Stretch, Times, seconds_of_days, times
from sla.models import Agreement, AgreementVersion, CalendarVersion, Clock, Hours, Promise, Territory

ROUND_THE_CLOCK = BusinessCalendar.round_the_clock()
DAY = 86_400


class NoTerms(RuntimeError):
    """A team has no agreement in force, or no calendar: nothing can be promised on its behalf."""


@dataclass(frozen=True)
class Terms:
    """Territory, calendar version and agreement version of one team at one time."""

    territory: Territory
    calendar_version: CalendarVersion
    version: AgreementVersion
    promises: dict[tuple[str, str], Promise]

    def promise(self, kind: str, tier: str) -> Promise | None:
        """The promise of that kind for that tier, if the agreement makes one."""
        return self.promises.get((kind, tier))


def terms_of_all(now: datetime) -> dict[int, Terms]:
    """The terms of every team with a territory, by team number; four queries."""
    territories = list(Territory.objects.select_related("team", "calendar"))
    versions = {row.agreement_id: row for row in AgreementVersion.objects.in_force(now)}
    calendars: dict[int, CalendarVersion] = {}
    for row in CalendarVersion.objects.order_by("number"):
        calendars[row.calendar_id] = row
    promises: dict[int, dict[tuple[str, str], Promise]] = {}
    for promise in Promise.objects.filter(version__in=versions.values()).order_by():
        promises.setdefault(promise.version_id, {})[promise.kind, promise.tier] = promise
    found = {}
    for territory in territories:
        version, calendar = versions.get(territory.agreement_id), calendars.get(territory.calendar_id)
        if version is not None and calendar is not None:
            found[territory.team_id] = Terms(territory, calendar, version, promises.get(version.pk, {}))
    return found


class Versions:
    """The versions of one agreement through time, with their promises; two queries for any number of questions."""

    def __init__(self, agreement: Agreement) -> None:
        rows = AgreementVersion.objects.filter(agreement=agreement).by_time().select_related("agreement")
        self._versions = [(row.in_force_from, row) for row in rows if row.in_force_from is not None]
        self._promises = {
            (row.version_id, row.kind, row.tier): row
            for row in Promise.objects.filter(version__agreement=agreement).select_related("version")
        }

    def at(self, at: datetime) -> AgreementVersion | None:
        """The signed version in force at a time; None before the first."""
        place = bisect_right(self._versions, at, key=lambda pair: pair[0])
        return self._versions[place - 1][1] if place else None

    def promise(self, version: AgreementVersion, kind: str, tier: str) -> Promise | None:
        """What one of these versions promises, if anything."""
        return self._promises.get((version.pk, kind, tier))


def calendar_version_of(team_id: int) -> CalendarVersion:
    """The hours that a team works by today; one query. Raises CalendarVersion.DoesNotExist for a team without a territory."""
    calendar = Territory.objects.filter(team=team_id).values("calendar")
    return CalendarVersion.objects.filter(calendar__in=calendar).latest("number")


def calendar_of(promise: Promise, calendar_version: CalendarVersion | None) -> BusinessCalendar:
    """The hours that a promise counts."""
    if promise.hours == Hours.ROUND_THE_CLOCK or calendar_version is None:
        return ROUND_THE_CLOCK
    return calendar_version.business()


def target_of(promise: Promise, calendar_version: CalendarVersion | None, start: datetime) -> int | float:
    """What is promised from `start` on, in seconds of its hours. Raises NeverOpen."""
    if promise.target_days is None:
        assert promise.target_seconds is not None  # one of the two, says the database
        return promise.target_seconds
    if promise.hours == Hours.ROUND_THE_CLOCK or calendar_version is None:
        return promise.target_days * DAY
    return seconds_of_days(calendar_version.business(), start, promise.target_days)


def promise_times(
    promise: Promise,
    calendar_version: CalendarVersion | None,
    start: datetime,
    pauses: Sequence[Stretch] = (),
) -> Times:
    """Due and warning time of a promise from `start`, pauses left out. Raises NeverOpen."""
    calendar = calendar_of(promise, calendar_version)
    target = target_of(promise, calendar_version, start)
    return times(calendar, start, target, promise.warn_percent, pauses)


def pauses_of(clock: Clock) -> list[Stretch]:
    """When the clock stood still; no query for one that never did, and one for each of the few that did."""
    if clock.paused_until is None:
        return []
    return [Stretch(pause.starts_at, pause.ends_at) for pause in clock.pauses.all()]
