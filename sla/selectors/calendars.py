"""What the pages of calendars show: the list, one calendar with its versions, and what a correction would change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from leads.models import JournalEntry
from sla.business_time import BusinessCalendar, NeverOpen
from sla.calendars.days import OwnDay, days_of, write_hours
from sla.calendars.preview import ShownDay, next_weeks, typical_week, weekly_minutes
from sla.clock import closes_at
from sla.models import Calendar, CalendarVersion, Clock, Territory
from sla.opening_hours import WEEKDAYS as CODES
from sla.policies import visible_clocks
from sla.receipts import Skipped
from sla.services.terms import pauses_of, promise_times

EXAMPLES = 10
# A correction is shown for the clocks that are due next; all of them follow it when it is saved.
EXAMINED = 20_000
VERSIONS_SHOWN = 20


@dataclass(frozen=True)
class Opening:
    """Whether a team works now, and when that changes; none where it never does."""

    is_open: bool
    closes_at: datetime | None
    opens_at: datetime | None


def opening(business: BusinessCalendar, now: datetime) -> Opening:
    """`opens_at` is the next opening after the present one."""
    closes = closes_at(business, now) if business.is_open(now) else None
    try:
        opens_at = None if business.is_open(now) and closes is None else business.opens_at(closes or now)
    except NeverOpen:
        opens_at = None
    return Opening(business.is_open(now), closes, opens_at)


@dataclass(frozen=True)
class CalendarRow:
    """One line of the list."""

    calendar: Calendar
    version: CalendarVersion
    opening: Opening
    hours: str
    teams: list[str]
    missing: list[int]


def calendar_list(now: datetime) -> list[CalendarRow]:
    """Every calendar with its newest version; three queries."""
    newest: dict[int, CalendarVersion] = {}
    for version in CalendarVersion.objects.select_related("calendar").order_by("calendar__name", "number"):
        newest[version.calendar_id] = version
    teams: dict[int, list[str]] = {}
    for territory in Territory.objects.select_related("team").order_by("team__name"):
        teams.setdefault(territory.calendar_id, []).append(territory.team.name)
    return [
        CalendarRow(
            version.calendar,
            version,
            opening(version.business(), now),
            hours_a_week(version),
            teams.get(key, []),
            years_without_holidays(version, now),
        )
        for key, version in newest.items()
    ]


def hours_a_week(version: CalendarVersion) -> str:
    """Such as 37.5 h."""
    return _hours_text(weekly_minutes(version.week) / 60)


def years_without_holidays(version: CalendarVersion, now: datetime) -> list[int]:
    """This year, and from October on the next, where no day off is entered for them: somebody should look at them."""
    today = now.astimezone(version.business().zone).date()
    known = {row.day.year for row in own_days(version)}
    wanted = [today.year] + ([today.year + 1] if today.month >= 10 else [])
    return [year for year in wanted if year not in known]


def own_days(version: CalendarVersion) -> list[OwnDay]:
    """The dates that differ from the week, in order."""
    return days_of(version.holidays, version.special)


def drawing(version: CalendarVersion, now: datetime) -> dict[str, Any]:
    """The week and the next eight weeks, for the component and the grid."""
    business = version.business()
    days = [
        {"label": WEEKDAYS[CODES.index(code)], "spans": spans} for code, spans in typical_week(version.week)
    ]
    weeks = [
        {
            "monday": week.monday,
            "days": [_cell(day) for day in week.days],
            "hours": _hours_text(week.seconds / 3600),
            "own": [_cell(day) for day in week.days if day.is_own],
        }
        for week in next_weeks(business, now)
    ]
    return {
        "week": days,
        "zone": version.time_zone,
        "weeks": weeks,
        "hours_a_week": hours_a_week(version),
        "opening": opening(business, now),
        "heads": [str(WEEKDAYS[number])[:2] for number in range(7)],
    }


def _cell(day: ShownDay) -> dict[str, Any]:
    minutes = sum(end - start for start, end in day.spans)
    return {
        "day": day.day,
        "label": date_format(day.day, "D j M Y"),
        "bars": [
            {"x": f"{start / 14.4:.2f}%", "width": f"{(end - start) / 14.4:.2f}%"} for start, end in day.spans
        ],
        "hours": _hours_text(minutes / 60) if minutes else "",
        "text": spans_text(day.spans) or _why_closed(day.skipped),
        "name": day.name,
        "kind": ("own-" if day.is_own else "") + ("open" if day.spans else "closed"),
        "is_today": day.is_today,
        "is_past": day.is_past,
    }


def _why_closed(skipped: Skipped | None) -> str:
    words = {
        Skipped.CLOSED_WEEKDAY: _("closed every week"),
        Skipped.HOLIDAY: _("closed, holiday"),
        Skipped.SPECIAL_CLOSED: _("closed that day"),
        Skipped.CLOCK_CHANGE: _("its hours are left out by the change of clocks"),
        Skipped.NO_SUCH_DATE: _("this date does not exist in the zone"),
    }
    return words[skipped] if skipped in words else _("closed")


def spans_text(spans: Iterable[tuple[int, int]]) -> str:
    """Such as 09:00–12:00, 13:00–17:00."""
    return ", ".join(f"{start // 60:02}:{start % 60:02}–{end // 60:02}:{end % 60:02}" for start, end in spans)


def _hours_text(hours: float) -> str:
    return _("%(hours)s h") % {"hours": number_format(f"{hours:.2f}".rstrip("0").rstrip("."))}


def hours_words(hours: Iterable[Iterable[str]]) -> str:
    """The hours of one date or weekday in words."""
    return write_hours(hours).replace("-", "–") or _("closed")


def years_of(version: CalendarVersion, years: Iterable[int]) -> list[dict[str, Any]]:
    """Each year with its dates that differ from the week."""
    rows = own_days(version)
    return [
        {
            "year": year,
            "days": [
                {"day": row.day, "name": row.name, "hours": hours_words(row.hours), "holiday": row.is_holiday}
                for row in rows
                if row.day.year == year
            ],
        }
        for year in years
    ]


@dataclass(frozen=True)
class VersionRow:
    """One version, who made it, and how it differs from the one before."""

    version: CalendarVersion
    by: str
    rows: list[dict[str, str]]
    before: int | None


def versions_of(calendar: Calendar) -> list[VersionRow]:
    """The newest versions, newest first."""
    versions = list(calendar.versions.order_by("-number")[: VERSIONS_SHOWN + 1])
    makers = _makers(calendar)
    pairs = zip(versions, [*versions[1:], None], strict=True)
    return [
        VersionRow(
            version,
            makers.get(version.number, ""),
            difference(before, version) if before else [],
            before.number if before else None,
        )
        for version, before in pairs
    ][:VERSIONS_SHOWN]


def _makers(calendar: Calendar) -> dict[int, str]:
    entries = JournalEntry.objects.filter(
        subject_kind="calendar",
        subject_id=calendar.pk,
        event__in=["calendar.created", "calendar.corrected"],
    )
    actors = {entry.after.get("number"): entry.actor_id for entry in entries}
    people = {user.pk: str(user) for user in User.objects.filter(pk__in=set(actors.values()))}
    return {number: people.get(actor, "") for number, actor in actors.items()}


def difference(before: CalendarVersion, after: CalendarVersion) -> list[dict[str, str]]:
    """What changed from one version to another, in words."""
    rows = [{"label": _("Time zone"), "old": before.time_zone, "new": after.time_zone}]
    for number, code in enumerate(CODES):
        old, new = (hours_words(version.week.get(code, [])) for version in (before, after))
        rows.append({"label": str(WEEKDAYS[number]), "old": old, "new": new})
    old_days, new_days = ({row.day: _told(row) for row in own_days(version)} for version in (before, after))
    for day in sorted({*old_days, *new_days}):
        rows.append(
            {
                "label": date_format(day, "D j M Y"),
                "old": old_days.get(day, _("as every week")),
                "new": new_days.get(day, _("as every week")),
            }
        )
    return [row for row in rows if row["old"] != row["new"]]


def _told(row: OwnDay) -> str:
    hours = hours_words(row.hours)
    return f"{row.name}: {hours}" if row.name else hours


@dataclass(frozen=True)
class Moved:
    """An open clock whose due time a correction would move."""

    clock: Clock
    old: datetime
    new: datetime


@dataclass
class Effect:
    """What a correction would do to open clocks: how many are open, examined, later, earlier, or never due at all."""

    open: int = 0
    examined: int = 0
    later: int = 0
    earlier: int = 0
    never: int = 0
    first: list[Moved] = field(default_factory=list)

    @property
    def changed(self) -> int:
        """How many of the examined get another due time."""
        return self.later + self.earlier

    @property
    def text(self) -> str:
        """In words."""
        if not self.open:
            return _("No clock is running on this calendar.")
        return ngettext(
            "%(changed)d of %(examined)d open promise gets another due time.",
            "%(changed)d of %(examined)d open promises get another due time.",
            self.examined,
        ) % {"changed": self.changed, "examined": self.examined}


def effect_of(*, version: CalendarVersion, user: User) -> Effect:
    """What saving `version`, a draft, would do; writes nothing. The examples are those that the reader may see."""
    clocks = Clock.objects.running().on_calendar(version.calendar_id)
    effect = Effect(open=clocks.count())
    seen: list[tuple[int, datetime, datetime]] = []
    rows = (
        clocks.with_terms()
        .prefetch_related("pauses")
        .annotate(is_visible=Exists(visible_clocks(user).filter(pk=OuterRef("pk"))))
        .order_by("due_at", "pk")[:EXAMINED]
    )
    for clock in rows:
        effect.examined += 1
        try:
            due = promise_times(clock.promise, version, clock.started_at, pauses_of(clock)).due_at
        except NeverOpen:
            effect.never += 1
            continue
        if due == clock.due_at:
            continue
        effect.later += due > clock.due_at
        effect.earlier += due < clock.due_at
        if clock.is_visible and len(seen) < EXAMPLES:
            seen.append((clock.pk, clock.due_at, due))
    shown = Clock.objects.select_related("handoff__lead__contact").in_bulk([pk for pk, _old, _new in seen])
    effect.first = [Moved(shown[pk], old, new) for pk, old, new in seen]
    return effect


def first_editable(now: datetime) -> date:
    """Days before last year stay as they are: no open clock reaches back to them."""
    return date(now.year - 1, 1, 1)
