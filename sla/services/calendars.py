"""Making and correcting calendars. A version is never edited: a correction is the next version, and open clocks follow it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads.journal import Entry, record
from sla.business_time import BusinessCalendar, NeverOpen
from sla.calendars.preview import weekly_minutes
from sla.models import Calendar, CalendarVersion
from sla.policies import check_can_edit_calendar
from sla.services.recompute import recompute_open_clocks


class CalendarMovedOn(Exception):
    """Somebody else saved a version while this one was being made; str() says so to people."""


@transaction.atomic
def create_calendar(
    *,
    name: str,
    time_zone: str,
    week: Mapping[str, Any],
    holidays: Mapping[str, str],
    special: Mapping[str, Any],
    by: User,
    now: datetime,
) -> CalendarVersion:
    """A new calendar with its first version. Raises ValidationError (never open, unreadable, name taken) and Refusal."""
    check_can_edit_calendar(by, None)
    calendar = Calendar(name=name)
    calendar.full_clean()
    calendar.save()
    version = _new_version(calendar, 1, time_zone, week, holidays, special, now)
    _journal("calendar.created", None, version, by, now)
    return version


@transaction.atomic
def correct_calendar(
    *,
    calendar: Calendar,
    time_zone: str,
    week: Mapping[str, Any],
    holidays: Mapping[str, str],
    special: Mapping[str, Any],
    by: User,
    now: datetime,
    expected: int | None = None,
) -> CalendarVersion:
    """The next version of a calendar; every open clock on it gets its due time anew, at once, and ended ones keep theirs.

    Hours equal to the newest version's make no new one. Raises ValidationError (never open, unreadable, an open clock would
    never be due), CalendarMovedOn unless the newest version is still the `expected` one, and Refusal.
    """
    check_can_edit_calendar(by, calendar)
    locked = Calendar.objects.select_for_update().get(pk=calendar.pk)
    newest = locked.versions.order_by("-number").first()
    wanted = draft(locked, time_zone, week, holidays, special, now)
    wanted.full_clean()
    if newest is not None and _hours(newest) == _hours(wanted):
        return newest
    if newest is not None and expected not in (None, newest.number):
        raise CalendarMovedOn(
            _(
                "Somebody saved version %(number)d of this calendar meanwhile. Look at it, then change it again."
            )
            % {"number": newest.number}
        )
    number = newest.number + 1 if newest else 1
    version = _new_version(locked, number, time_zone, week, holidays, special, now)
    _journal("calendar.corrected", newest, version, by, now)
    try:
        recompute_open_clocks(calendar_version=version, by=by, now=now)
    except NeverOpen as error:
        raise ValidationError(
            _("With these hours an open promise would never be due. Keep some opening hours ahead.")
        ) from error
    return version


@transaction.atomic
def rename_calendar(*, calendar: Calendar, name: str, by: User, now: datetime) -> None:
    """Another name for the calendar. Raises ValidationError where it is taken, and Refusal."""
    check_can_edit_calendar(by, calendar)
    if name == calendar.name:
        return
    before, calendar.name = calendar.name, name
    calendar.full_clean()
    calendar.save(update_fields=["name"])
    entry = Entry("calendar.renamed", "calendar", calendar.pk, None, {"name": before}, {"name": name})
    record(entries=[entry], at=now, by=by)


def draft(
    calendar: Calendar,
    time_zone: str,
    week: Mapping[str, Any],
    holidays: Mapping[str, str],
    special: Mapping[str, Any],
    now: datetime,
) -> CalendarVersion:
    """A version that is not saved: for checking and for drawing what it would be."""
    return CalendarVersion(
        calendar=calendar,
        number=0,
        time_zone=time_zone,
        week=dict(week),
        holidays=dict(holidays),
        special=dict(special),
        created_at=now,
    )


def _new_version(
    calendar: Calendar,
    number: int,
    time_zone: str,
    week: Mapping[str, Any],
    holidays: Mapping[str, str],
    special: Mapping[str, Any],
    now: datetime,
) -> CalendarVersion:
    version = draft(calendar, time_zone, week, holidays, special, now)
    version.number = number
    version.full_clean()
    version.save()
    return version


def _hours(version: CalendarVersion) -> dict[str, Any]:
    """The hours in one spelling, names and all."""
    return BusinessCalendar.from_dict(version.as_dict()).to_dict()


def _journal(
    event: str, before: CalendarVersion | None, after: CalendarVersion, by: User, now: datetime
) -> None:
    """Numbers and dates only: the name of a day off may name a person."""
    old, new = (_facts(version) if version else {} for version in (before, after))
    record(entries=[Entry(event, "calendar", after.calendar_id, None, before=old, after=new)], at=now, by=by)


def _facts(version: CalendarVersion) -> dict[str, Any]:
    return {
        "version": version.pk,
        "number": version.number,
        "time_zone": version.time_zone,
        "week": version.week,
        "weekly_minutes": weekly_minutes(version.week),
        "holidays": sorted(version.holidays),
        "special": version.special,
    }
