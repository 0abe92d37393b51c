"""The inbox: what a person has to act on, ordered by time left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, TextChoices, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from accounts.models import Absence, Role, User
from leads.models import Lead
from sla.models import Handoff
from sla.policies import can_reassign
from sla.querysets import HandoffQuerySet
from sla.selectors.lateness import add_lateness

PAGE_SIZE = 25


class InboxView(TextChoices):
    """The saved views of the inbox; the value stands in the address."""

    ALL = "all", _("To do")
    ANSWER = "answer", _("To answer")
    WORK = "work", _("In work")
    QUEUE = "queue", _("Team queue")
    AWAY = "away", _("Rep away")
    CLOSED = "closed", _("Closed")


@dataclass(frozen=True)
class Tally:
    """How many wait, how many of all are late, and how many each view holds; `newest` is the last arrival."""

    waiting: int
    late: int
    of_view: Mapping[InboxView, int]
    newest: datetime | None


@dataclass(frozen=True)
class Away:
    """A rep who is absent until a time, or who left, and how many open leads they have."""

    rep: User
    until: datetime | None
    count: int


@dataclass(frozen=True)
class InboxPage:
    """One page of one view. `total` is None for what is closed: nobody counts history to show fifty rows of it."""

    view: InboxView
    rows: Sequence[Handoff]
    tally: Tally
    number: int
    total: int | None
    has_next: bool
    away: Sequence[Away] = ()

    @property
    def first(self) -> int:
        """Number of the first row."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.first + len(self.rows) - 1


def inbox_page(*, user: User, view: InboxView, number: int, now: datetime) -> InboxPage:
    """Page `number` (from 1) of a view; six statements at most, whatever the number of handoffs, and a few more for who passes
    leads on."""
    tally = _tally(user, now)
    away = _away(user, now) if view == InboxView.AWAY else []
    start = (number - 1) * PAGE_SIZE
    rows = list(handoffs_of(user, view, now)[start : start + PAGE_SIZE + 1])
    _add_people(rows[:PAGE_SIZE], user)
    if view != InboxView.CLOSED:
        add_lateness(rows[:PAGE_SIZE], now)
    total = tally.of_view.get(view)
    return InboxPage(view, rows[:PAGE_SIZE], tally, number, total, len(rows) > PAGE_SIZE, away)


def handoffs_of(user: User, view: InboxView, now: datetime) -> HandoffQuerySet:
    """The handoffs of a view, in its order."""
    if view == InboxView.CLOSED:
        return Handoff.objects.closed_by(user).order_by("-started_at", "-pk")
    rows = Handoff.objects.to_act(user)
    if view == InboxView.ANSWER:
        rows = rows.waiting().of_a_rep()
    elif view == InboxView.WORK:
        rows = rows.accepted()
    elif view == InboxView.QUEUE:
        rows = rows.queued()
    elif view == InboxView.AWAY:
        rows = rows.rep_away(now)
    return rows.by_time_left(now)


def count_new(*, user: User, view: InboxView, seen: datetime) -> int:
    """How many came into a view after the newest one that its reader has seen."""
    return handoffs_of(user, view, seen).arrived_since(seen).order_by().count()


def _tally(user: User, now: datetime) -> Tally:
    counts: dict[str, Any] = Handoff.objects.to_act(user).tally(now)
    of_view = {
        InboxView.ALL: counts["all"],
        InboxView.ANSWER: counts["for_answer"],
        InboxView.WORK: counts["accepted"],
        InboxView.QUEUE: counts["queued"],
    }
    if can_reassign(user):
        of_view[InboxView.AWAY] = Handoff.objects.to_act(user).rep_away(now).count()
    waiting = counts["for_answer"] + counts["queued"]
    return Tally(waiting, counts["late"], of_view, counts["newest"])


def _away(user: User, now: datetime) -> list[Away]:
    """The reps whose open leads are to be passed on, those with most first; two statements."""
    rows = (
        Handoff.objects.to_act(user).rep_away(now).order_by().values_list("owner").annotate(count=Count("pk"))
    )
    counts = dict(rows)
    until = dict(
        Absence.objects.running(now)
        .filter(user__in=counts)
        .order_by("ends_at")
        .values_list("user", "ends_at")
    )
    reps = User.objects.filter(pk__in=counts)
    found = [Away(rep, until.get(rep.pk) if rep.is_active else None, counts[rep.pk]) for rep in reps]
    return sorted(found, key=lambda one: (-one.count, str(one.rep)))


def _add_people(rows: Sequence[Handoff], user: User) -> None:
    """Read the leads of one page, and owners and teams where they are shown. Not joined to the rows before they are chosen:
    everything that waits would be joined to be thrown away, and planning so many joins takes longer than reading them."""
    leads = Lead.objects.select_related("contact__company", "first_source")
    parts: list[Prefetch | str] = [Prefetch("lead", leads)]
    if user.role != Role.REP:
        parts.append("owner")
    if user.team_id is None:
        parts.append("team")
    prefetch_related_objects(rows, *parts)
