"""The inbox: what a person has to act on, ordered by time left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Prefetch, TextChoices, prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from accounts.models import Absence, Role, User
from leads.counting import count_up_to, said_up_to
from leads.models import Lead
from sla.models import Handoff
from sla.policies import can_reassign
from sla.querysets import HandoffQuerySet
from sla.selectors.lateness import add_lateness

PAGE_SIZE = 25
# What templates/sla/inbox_row.html says of a lead: a tenth of what is known of it and its person.
_SHOWN_OF_LEADS = (
    "score",
    "grade",
    "first_origin",
    "first_source__name",
    "contact__first_name",
    "contact__last_name",
    "contact__email",
    "contact__job_title",
    "contact__company_name",
    "contact__company__name",
    "contact__company__domain",
)
# Counted exactly up to here; beyond it the page says "1,000+".
MOST_COUNTED = 1000


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
    """How many wait, how many of all are late, and how many each view holds, MOST_COUNTED + 1 standing for any more than
    MOST_COUNTED; `newest` is the last arrival."""

    waiting: int
    late: int
    of_view: Mapping[InboxView, int]
    newest: datetime | None

    @property
    def waiting_said(self) -> str:
        """How many wait, as a text."""
        return said_up_to(MOST_COUNTED, self.waiting)

    @property
    def late_said(self) -> str:
        """How many are late, as a text."""
        return said_up_to(MOST_COUNTED, self.late)


@dataclass(frozen=True)
class Away:
    """A rep who is absent until a time, or who left, and how many open leads they have."""

    rep: User
    until: datetime | None
    count: int


@dataclass(frozen=True)
class InboxPage:
    """One page of one view. `total` is None for what is closed: nobody counts history to show fifty rows of it. Where there
    are `more_than_total`, nobody counted on."""

    view: InboxView
    rows: Sequence[Handoff]
    tally: Tally
    number: int
    total: int | None
    has_next: bool
    more_than_total: bool = False
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
    """Page `number` (from 1) of a view; eight statements at most, whatever the number of handoffs, and a few more for who passes
    leads on."""
    tally = _tally(user, now)
    away = _away(user, now) if view == InboxView.AWAY else []
    total = tally.of_view.get(view)
    rows = _slice(_in_order(user, view, now), (number - 1) * PAGE_SIZE, PAGE_SIZE + 1, total)
    has_next = len(rows) > PAGE_SIZE
    rows = rows[:PAGE_SIZE]
    _add_people(rows, user)
    if view != InboxView.CLOSED:
        add_lateness(rows, now)
    has_more = total is not None and total > MOST_COUNTED
    return InboxPage(view, rows, tally, number, MOST_COUNTED if has_more else total, has_next, has_more, away)


def handoffs_of(user: User, view: InboxView, now: datetime) -> HandoffQuerySet:
    """The handoffs of a view, in no order."""
    if view == InboxView.CLOSED:
        return Handoff.objects.closed_by(user)
    rows = Handoff.objects.to_act(user)
    if view == InboxView.ANSWER:
        return rows.waiting().of_a_rep()
    if view == InboxView.WORK:
        return rows.accepted()
    if view == InboxView.QUEUE:
        return rows.queued()
    return rows.rep_away(now) if view == InboxView.AWAY else rows


def count_new(*, user: User, view: InboxView, seen: datetime) -> int:
    """How many came into a view after the newest one that its reader has seen; MOST_COUNTED + 1 for any more than that."""
    return count_up_to(MOST_COUNTED, {view: handoffs_of(user, view, seen).arrived_since(seen)})[view]


def _in_order(user: User, view: InboxView, now: datetime) -> list[HandoffQuerySet]:
    """The parts of a view, one after the other: each is read from an index in its order, and pauses end while nobody writes
    anything, so that no index can know of them."""
    rows = handoffs_of(user, view, now)
    if view == InboxView.CLOSED:
        return [rows.order_by("-started_at", "-pk")]
    rows = rows.with_next_clock().by_time_left()
    return [rows.moving(now), rows.standing_still(now)]


def _slice(parts: Sequence[HandoffQuerySet], start: int, size: int, total: int | None) -> list[Handoff]:
    """`size` rows from place `start` of the parts put together, of which there are `total`, as far as that was counted."""
    found: list[Handoff] = []
    end = start + size if total is None or total > MOST_COUNTED else min(start + size, total)
    for part in parts:
        if start >= end:
            break
        rows = list(part[start:end])
        found += rows
        if rows or not start:
            passed = start + len(rows)
        else:
            passed = part.order_by()[:start].count()
        # The places of the next part are counted from the end of this one.
        start, end = max(0, start - passed), end - passed
    return found


def _tally(user: User, now: datetime) -> Tally:
    rows = Handoff.objects.to_act(user)
    views = [InboxView.ANSWER, InboxView.WORK, InboxView.QUEUE]
    if can_reassign(user):
        views.append(InboxView.AWAY)
    late = rows.due_before(now)
    counts = count_up_to(
        MOST_COUNTED,
        {
            **{view: handoffs_of(user, view, now) for view in views},
            # Two parts of the index, and not all of it.
            "late_first": late.put_first(),
            "late": late.not_put_first(),
        },
    )
    # Every open handoff is in one of three views.
    everything = counts[InboxView.ANSWER] + counts[InboxView.WORK] + counts[InboxView.QUEUE]
    return Tally(
        counts[InboxView.ANSWER] + counts[InboxView.QUEUE],
        counts["late_first"] + counts["late"],
        {InboxView.ALL: min(everything, MOST_COUNTED + 1), **{view: counts[view] for view in views}},
        rows.newest_arrival(),
    )


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
    leads = Lead.objects.select_related("contact__company", "first_source").only(*_SHOWN_OF_LEADS)
    parts: list[Prefetch | str] = [Prefetch("lead", leads)]
    if user.role != Role.REP:
        parts.append("owner")
    if user.team_id is None:
        parts.append("team")
    prefetch_related_objects(rows, *parts)
