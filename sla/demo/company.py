"""The demo company itself: its people, teams, hours, rules and sources. Everything is invented."""

import unicodedata
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password

from accounts.models import Absence, Role, Team, User
from leads.models import ExclusionRule, Form, Source, SourceKind
from leads.models.exclusion import ExclusionKind
from leads.models.intake import digest_of_key
from sla.business_time import BusinessCalendar
from sla.models import Agreement, Calendar, CalendarVersion, Reason, Territory

DOMAIN = "demo.example"
PASSWORD = "baton-demo"  # noqa: S105 - printed for everybody who starts the demo; refused where DEBUG is off
# Known and not random, so that the command can print it again on the second start.
API_KEY = "bk_demo_not_for_production"
COMPETITOR = "rivalworks.example"
BLOCKED_COUNTRY = "AU"
OUT_OF_TARGET = ("Restaurants", "Farming")

DEMO_REP = f"rep@{DOMAIN}"
LOG_INS = (
    (Role.MARKETING, f"marketing@{DOMAIN}", "Nora Falk", "Europe/Copenhagen"),
    (Role.REP, DEMO_REP, "Freja Lindqvist", "Europe/Copenhagen"),
    (Role.SALES_MANAGER, f"manager@{DOMAIN}", "Ingrid Sørensen", "Europe/Copenhagen"),
    (Role.AUDITOR, f"auditor@{DOMAIN}", "Henrik Aaltonen", "Europe/Helsinki"),
    (Role.ADMINISTRATOR, f"admin@{DOMAIN}", "Robin Castle", "Europe/Copenhagen"),
)
_DAY = [["09:00", "17:00"]]
_WEEK = {"mon": _DAY, "tue": _DAY, "wed": _DAY, "thu": _DAY, "fri": _DAY}
NORDICS, AMERICAS = "Nordics", "Americas"
# name, zone, weekly hours, countries, colleagues (the person of the log-in comes first in the Nordics)
_TEAMS = (
    (
        NORDICS,
        "Europe/Copenhagen",
        {**_WEEK, "fri": [["09:00", "16:00"]]},
        ["DK", "SE", "NO", "FI", "IS", "DE", "NL", "GB"],
        ("Anders Holm", "Maja Nyström", "Jonas Eklund"),
    ),
    (
        AMERICAS,
        "America/New_York",
        _WEEK,
        ["US", "CA", "MX", "BR", "CO", "CL"],
        ("Grace Whitfield", "Marcus Bell", "Elena Ortiz", "Tyler Brooks"),
    ),
)


@dataclass(frozen=True)
class Character:
    """How a rep works: share of answers in time, and how much of the time is used up by then (0 to 1)."""

    punctuality: float
    pace: float


_FAST, _AVERAGE, _SLOW = Character(0.94, 0.3), Character(0.86, 0.45), Character(0.72, 0.6)
_CHARACTERS = (_AVERAGE, _FAST, _AVERAGE, _SLOW, _FAST, _AVERAGE, _AVERAGE, _SLOW)


@dataclass
class Rep:
    """A sales rep of the demo, with the absences that are planned for them (from, until)."""

    user: User
    character: Character
    calendar: BusinessCalendar
    away: list[tuple[datetime, datetime]] = field(default_factory=list)

    def back(self, at: datetime) -> datetime:
        """The first moment at or after `at` at which the rep is not absent."""
        for start, end in sorted(self.away):
            if start <= at < end:
                at = end
        return at


@dataclass
class Company:
    """Everybody and everything that the simulation needs, read once."""

    users: dict[str, User]
    reps: dict[int, Rep]
    calendars: dict[int, BusinessCalendar]
    nordics: Team
    website: Source
    api: Source
    forms: dict[str, Form]
    reasons: dict[str, Reason]

    @property
    def marketing(self) -> User:
        """Who reviews submissions."""
        return self.users[f"marketing@{DOMAIN}"]

    @property
    def demo_rep(self) -> Rep:
        """The rep as whom the demo logs in."""
        return self.reps[self.users[DEMO_REP].pk]


def found(start: datetime, end: datetime) -> None:
    """Write the company as of `start`: users, teams, calendars with the holidays up to `end`, rules, the API source."""
    password = make_password(PASSWORD)
    agreement = Agreement.objects.get()
    teams = {}
    for name, zone, week, countries, _colleagues in _TEAMS:
        teams[name] = Team.objects.create(name=name)
        Territory.objects.create(
            team=teams[name],
            calendar=_calendar(name, zone, week, start, end),
            agreement=agreement,
            countries=countries,
            is_fallback=name == AMERICAS,
        )
    User.objects.bulk_create(_people(teams, password, start))
    rules = [(ExclusionKind.COMPETITOR, COMPETITOR), (ExclusionKind.COUNTRY, BLOCKED_COUNTRY)]
    rules += [(ExclusionKind.OUT_OF_TARGET, name.lower()) for name in OUT_OF_TARGET]
    ExclusionRule.objects.bulk_create([ExclusionRule(kind=kind, value=value) for kind, value in rules])
    Source.objects.create(
        slug="api",
        name="Product and website events",
        kind=SourceKind.API,
        key_digest=digest_of_key(API_KEY),
        key_hint=API_KEY[-4:],
    )
    Source.objects.filter(slug="api").update(created_at=start)


def plan_absences(company: Company, rng: Random, start: datetime, end: datetime) -> None:
    """Holidays of a week or two and a few sick days for every rep, one day away for the whole second team."""
    days = (end - start).days
    outing = _midnight(start + timedelta(days=days * 0.55), company.nordics)
    for rep in company.reps.values():
        for length, reason in ((rng.choice((5, 7, 12)), "Holiday"), (rng.choice((1, 2)), "Ill")):
            if days > 2 * length + 6:
                first = start + timedelta(days=rng.uniform(2, days - length - 4))
                begin = _midnight(first, rep.user.team)
                send_away(rep, begin, begin + timedelta(days=length), reason)
        if rep.user.team_id != company.nordics.pk:
            send_away(rep, outing, outing + timedelta(days=1), "Team day")


def send_away(rep: Rep, begin: datetime, until: datetime, reason: str) -> None:
    """Keep an absence of a rep."""
    Absence.objects.create(user=rep.user, starts_at=begin, ends_at=until, reason=reason)
    rep.away.append((begin, until))


def is_there() -> bool:
    """Whether this database holds the demo company."""
    return User.objects.filter(email=DEMO_REP).exists()


def read() -> Company:
    """The company as it is in the database. Raises DoesNotExist where there is none."""
    reps = list(
        User.objects.reps().filter(email__endswith=f"@{DOMAIN}").select_related("team").order_by("pk")
    )
    calendars = {
        row.team_id: row.calendar.current.business() for row in Territory.objects.select_related("calendar")
    }
    return Company(
        users={user.email: user for user in User.objects.filter(email__endswith=f"@{DOMAIN}")},
        reps={
            user.pk: Rep(user, character, calendars[user.team_id])
            for user, character in zip(reps, _CHARACTERS, strict=True)
        },
        calendars=calendars,
        nordics=Team.objects.get(name=NORDICS),
        website=Source.objects.get(slug="website"),
        api=Source.objects.get(slug="api"),
        forms={form.slug: form for form in Form.objects.select_related("source")},
        reasons={reason.slug: reason for reason in Reason.objects.offered()},
    )


def _people(teams: dict[str, Team], password: str, start: datetime) -> list[User]:
    people = [
        User(
            email=email,
            name=name,
            role=role,
            time_zone=zone,
            team=teams[NORDICS] if role == Role.REP else None,
            is_staff=role == Role.ADMINISTRATOR,
            is_superuser=role == Role.ADMINISTRATOR,
        )
        for role, email, name, zone in LOG_INS
    ]
    for team, zone, _week, _countries, names in _TEAMS:
        for name in names:
            email = f"{mailbox(name)}@{DOMAIN}"
            people.append(User(email=email, name=name, role=Role.REP, time_zone=zone, team=teams[team]))
    for user in people:
        user.password, user.date_joined = password, start
    return people


def mailbox(name: str) -> str:
    """The part of an address before the @ for a name: Maja Nyström -> maja.nystrom."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ø", "o").replace("æ", "ae"))
    return "".join(
        letter for letter in plain if letter.isascii() and (letter.isalnum() or letter == " ")
    ).replace(" ", ".")


def _calendar(
    name: str, zone: str, week: dict[str, list[list[str]]], start: datetime, end: datetime
) -> Calendar:
    """The hours as first written, and the second version in which somebody remembered the holidays."""
    calendar = Calendar.objects.create(name=f"{name} office")
    holidays = {
        day.isoformat(): label
        for year in range(start.year, end.year + 2)
        for day, label in (_nordic_holidays(year) if name == NORDICS else _american_holidays(year))
    }
    for number, days, since in ((1, {}, start - timedelta(days=30)), (2, holidays, start)):
        version = CalendarVersion(
            calendar=calendar, number=number, time_zone=zone, week=week, holidays=days, created_at=since
        )
        version.clean()
        version.save()
    return calendar


def _midnight(at: datetime, team: Team | None) -> datetime:
    zone = ZoneInfo("Europe/Copenhagen" if team is None or team.name == NORDICS else "America/New_York")
    return at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)


def _nordic_holidays(year: int) -> list[tuple[date, str]]:
    easter = _easter(year)
    return [
        (date(year, 1, 1), "New Year's Day"),
        (easter - timedelta(days=3), "Maundy Thursday"),
        (easter - timedelta(days=2), "Good Friday"),
        (easter + timedelta(days=1), "Easter Monday"),
        (easter + timedelta(days=39), "Ascension Day"),
        (date(year, 6, 5), "Constitution Day"),
        (date(year, 12, 24), "Christmas Eve"),
        (date(year, 12, 25), "Christmas Day"),
        (date(year, 12, 26), "Second day of Christmas"),
    ]


def _american_holidays(year: int) -> list[tuple[date, str]]:
    return [
        (date(year, 1, 1), "New Year's Day"),
        (_weekday_of(year, 5, 0, -1), "Memorial Day"),
        (date(year, 7, 4), "Independence Day"),
        (_weekday_of(year, 9, 0, 0), "Labor Day"),
        (_weekday_of(year, 11, 3, 3), "Thanksgiving"),
        (date(year, 12, 25), "Christmas Day"),
    ]


def _weekday_of(year: int, month: int, weekday: int, which: int) -> date:
    """The first (0), second (1) ... or last (-1) such weekday of a month."""
    days = [date(year, month, 1) + timedelta(days=number) for number in range(31)]
    return [day for day in days if day.month == month and day.weekday() == weekday][which]


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = b // 4, b % 4
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    m = (a + 11 * h) // 319
    r = (2 * e + 2 * (c // 4) - c % 4 - h + m + 32) % 7
    month = (h - m + r + 90) // 25
    return date(year, month, (h - m + r + month + 19) % 32)
