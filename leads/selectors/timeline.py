"""The page of one lead: its way through the stages, its facts, and the one timeline of everything, newest first."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final

from django.db.models import Max, Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import Team, User
from leads.events import NO_TELLING, Telling, names_of_rule, tell
from leads.keyset import as_datetime, as_int
from leads.models import Activity, IdentityKind, JournalEntry, Lead, StageChange, Submission
from leads.models.lead import STAGE_CHOICES
from leads.selectors.merged import numbers_of
from leads.stages import Stage

PAGE: Final = 50
STAGE_NAMES: Final = dict(STAGE_CHOICES)
WAY: Final = (Stage.LEAD, Stage.MQL, Stage.SRL, Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER)
_CURSOR = re.compile(r"(-?\d{1,17})\.(\d)\.(\d{1,18})")
# What is on the timeline by rows of its own, or says nothing beyond them.
SILENT: Final = (
    "lead.created",
    "lead.stage_changed",
    "submission.processed",
    "activity.recorded",
    "clock.ended",
)
_TOLD_OTHERWISE: Final = Q(event="clock.escalated", after__action__in=("reassign", "return_to_queue"))


@dataclass(frozen=True)
class Event:
    """One thing that happened, as the component timeline shows it. Sorted by `place`: time, kind of row, number."""

    place: tuple[datetime, int, int]
    icon: str
    title: str
    text: str = ""
    by: str = ""
    url: str = ""
    meaning: str = ""

    @property
    def at(self) -> datetime:
        """When."""
        return self.place[0]

    @property
    def is_journal(self) -> bool:
        """Whether it is a row of the journal."""
        return self.place[1] == 3


@dataclass(frozen=True)
class TimelinePage:
    """Up to PAGE events, and where older ones begin (an empty text at the end)."""

    events: list[Event]
    before: str


@dataclass
class _Names:
    """Names of people and teams that events mention by number."""

    people: Mapping[int, str] = field(default_factory=dict)
    teams: Mapping[int, str] = field(default_factory=dict)
    # Whose timeline it is.
    lead: int = 0

    def of_absorbed(self, lead: int | None) -> str:
        """Said of what happened to a lead before it was merged into this one."""
        if lead in (None, self.lead):
            return ""
        return _("as lead no. %d, which was merged into this one") % lead


def events(lead: Lead, before: str = "", *, with_links: bool = True) -> TimelinePage:
    """The events older than `before`, from activities, submissions, changes of stage and the journal, of the lead and of all that
    were merged into it: seven queries.

    `with_links` leads to the submissions, for those who may open them.
    """
    place = _parse(before)
    found = [list(_older(rows, column, rank, place)) for rank, (rows, column) in enumerate(_sources(lead))]
    names = replace(_names(found[3]), lead=lead.pk)
    shown = [[_SHOW[rank](row, names) for row in rows] for rank, rows in enumerate(found)]
    newest = list(islice(merge(*shown, key=lambda event: event.place, reverse=True), PAGE + 1))
    page = newest[:PAGE] if with_links else [replace(event, url="") for event in newest[:PAGE]]
    if len(newest) <= PAGE:
        return TimelinePage(_folded(page), "")
    at, rank, number = page[-1].place
    return TimelinePage(_folded(page), f"{as_int(at)}.{rank}.{number}")


def _folded(events: Iterable[Event]) -> list[Event]:
    """What one deed did at one moment to several clocks is one event, with what it did to each."""
    told: list[Event] = []
    for event in events:
        last = told[-1] if told else None
        if (
            last
            and event.is_journal
            and (last.place[:2], last.title, last.by)
            == (
                event.place[:2],
                event.title,
                event.by,
            )
        ):
            texts = dict.fromkeys(text for text in (event.text, last.text) if text)
            told[-1] = replace(event, text=", ".join(texts))
        else:
            told.append(event)
    return told


def _sources(lead: Lead) -> list[tuple[QuerySet[Any], str]]:
    """The rows by kind, and the column that dates them. A kind's place in this list is its rank at equal times."""
    leads = numbers_of(lead.pk)
    return [
        (
            Submission.objects.filter(contact__in=leads, made_activity__isnull=True)
            .select_related("form", "source")
            .defer("raw"),
            "received_at",
        ),
        (
            Activity.objects.filter(contact__in=leads).select_related("kind", "submission__source"),
            "occurred_at",
        ),
        (StageChange.objects.filter(lead__in=leads).select_related("by"), "at"),
        (
            JournalEntry.objects.filter(lead_id__in=leads).exclude(event__in=SILENT).exclude(_TOLD_OTHERWISE),
            "at",
        ),
    ]


def _parse(text: str) -> tuple[datetime, int, int] | None:
    found = _CURSOR.fullmatch(text)
    at = as_datetime(int(found[1])) if found else None
    return (at, int(found[2]), int(found[3])) if found and at else None


def _older(
    rows: QuerySet[Any], column: str, rank: int, place: tuple[datetime, int, int] | None
) -> Iterable[Any]:
    if place is not None:
        at, last_rank, number = place
        if rank < last_rank:
            rows = rows.filter(**{f"{column}__lte": at})
        elif rank > last_rank:
            rows = rows.filter(**{f"{column}__lt": at})
        else:
            rows = rows.filter(Q(**{f"{column}__lt": at}) | Q(**{column: at}, pk__lt=number))
    return rows.order_by(f"-{column}", "-pk")[: PAGE + 1]


def _names(entries: Iterable[JournalEntry]) -> _Names:
    """Who is mentioned in journal rows: two queries, none where nobody is."""
    people: set[int] = set()
    teams: set[int] = set()
    for entry in entries:
        told = {**entry.before, **entry.after}
        people |= {number for number in (entry.actor_id, told.get("owner")) if isinstance(number, int)}
        teams |= {number for number in (told.get("team"),) if isinstance(number, int)}
    return _Names(
        {user.pk: str(user) for user in User.objects.filter(pk__in=people)} if people else {},
        dict(Team.objects.filter(pk__in=teams).values_list("pk", "name")) if teams else {},
    )


def _submission(row: Submission, names: _Names) -> Event:
    return Event(
        place=(row.received_at, 0, row.pk),
        icon="file-earmark-text",
        title=_("Submission: %(outcome)s") % {"outcome": row.get_outcome_display()},
        text=row.outcome_detail or str(row.form or row.source),
        url=f"/submissions/{row.pk}/",
        meaning="waived",
    )


_ACTIVITY_ICONS: Final = {
    "whitepaper": "file-earmark-arrow-down",
    "case_study": "file-earmark-arrow-down",
    "webinar": "camera-video",
    "event": "calendar-event",
    "newsletter": "envelope",
    "email_click": "envelope-open",
    "page_view": "eye",
    "blog_post": "journal-text",
    "product_page": "eye",
    "pricing_page": "currency-dollar",
    "return_visit": "arrow-repeat",
}


def _activity(row: Activity, names: _Names) -> Event:
    hand = row.kind.raises_hand
    texts = [
        row.detail,
        _("via %(source)s") % {"source": row.submission.source} if row.submission else "",
        _("Taken back by marketing: it gives no points.") if row.voided_at else "",
    ]
    return Event(
        place=(row.occurred_at, 1, row.pk),
        icon="person-raised-hand" if hand else _ACTIVITY_ICONS.get(row.kind_id, "activity"),
        title=row.kind.label,
        text=" · ".join(text for text in texts if text),
        url=f"/submissions/{row.submission_id}/" if row.submission_id else "",
        meaning="waived" if row.voided_at else "accent" if hand else "",
    )


def _stage(row: StageChange, names: _Names) -> Event:
    target = STAGE_NAMES[row.to_stage]
    title = (
        _("%(origin)s → %(target)s") % {"origin": STAGE_NAMES[row.from_stage], "target": target}
        if row.from_stage
        else _("Became a lead")
    )
    return Event(
        place=(row.at, 2, row.pk),
        icon="flag",
        title=title,
        text=" · ".join(text for text in (row.reason, names.of_absorbed(row.lead_id)) if text),
        by=str(row.by) if row.by else names_of_rule(row.rule),
        meaning="ontime" if row.to_stage in (Stage.SQL, Stage.OPPORTUNITY, Stage.CUSTOMER) else "",
    )


def _entry(row: JournalEntry, names: _Names) -> Event:
    telling: Telling = tell(row.event) or NO_TELLING
    told = {**row.before, **row.after}
    owner, team = names.people.get(told.get("owner", 0)), names.teams.get(told.get("team", 0))
    actor = names.people.get(row.actor_id or 0)
    texts = [
        telling.detail(told),
        _("for %(owner)s") % {"owner": owner} if owner and owner != actor else "",
        _("team %(team)s") % {"team": team} if team else "",
        names.of_absorbed(row.lead_id),
    ]
    return Event(
        place=(row.at, 3, row.pk),
        icon=telling.icon,
        title=_(telling.title) if telling.title else row.event.replace(".", ": ").replace("_", " "),
        text=" · ".join(text for text in texts if text),
        by=actor or names_of_rule(row.rule),
        meaning=telling.meaning,
    )


_SHOW: Final[tuple[Callable[[Any, _Names], Event], ...]] = (_submission, _activity, _stage, _entry)


def stage_track(lead: Lead) -> dict[str, Any]:
    """The way with the day each stage was last reached, by the lead or one that was merged into it, for the component
    stage_track: two queries."""
    reached = dict(
        StageChange.objects.filter(lead__in=numbers_of(lead.pk))
        .order_by()
        .values("to_stage")
        .annotate(last=Max("at"))
        .values_list("to_stage", "last")
    )
    here = WAY.index(Stage(lead.stage)) if lead.stage in WAY else None
    stages = []
    for number, stage in enumerate(WAY):
        if here is None:
            state = "done" if stage in reached else "ahead"
        else:
            state = "done" if number < here else "here" if number == here else "ahead"
        at = reached.get(stage) if state != "ahead" else None
        stages.append({"label": STAGE_NAMES[stage], "state": state, "at": at})
    return {"stages": stages, "aside": "" if here is not None else STAGE_NAMES[lead.stage]}


def facts(lead: Lead) -> list[tuple[str, object]]:
    """What is known about the person beyond the head of the page, as label and value; nothing that is blank; one query."""
    contact = lead.contact
    addresses = contact.identities.filter(kind=IdentityKind.EMAIL).exclude(value=contact.email).order_by("pk")
    told: list[tuple[str, object]] = [
        (_("Also known as"), ", ".join(addresses.values_list("value", flat=True))),
        (_("Website"), contact.website),
        *((str(name), value) for name, value in sorted(contact.extra.items())),
    ]
    return [(label, value) for label, value in told if value not in ("", None, {}, [])]


def attribution(lead: Lead) -> list[dict[str, str]]:
    """First and last touch side by side; rows that say nothing on either side are left out."""
    rows = [
        (_("Source"), str(lead.first_source), ""),
        (_("Origin"), lead.first_origin, lead.last_origin),
        (_("Medium"), lead.first_medium, lead.last_medium),
        (_("Campaign"), lead.first_campaign, lead.last_campaign),
        (_("Landing page"), lead.first_landing_page, lead.last_landing_page),
    ]
    return [{"label": label, "first": first, "last": last} for label, first, last in rows if first or last]
