"""Returned leads: what sales gave back and marketing has promised to pick up, by time left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from accounts.models import Team, User
from leads.models import Source
from sla.clock import Lateness
from sla.models import Clock, ReasonClass
from sla.policies import visible_clocks
from sla.querysets import ClockQuerySet
from sla.selectors.lateness import lateness_of
from sla.services.returned import PickedUp, suggested

PAGE_SIZE = 25


class ReturnedView(TextChoices):
    """The views of the list; the value stands in the address."""

    ALL = "all", _("To pick up")
    REJECTED = "rejected", _("Rejected")
    RECYCLED = "recycled", _("Recycled")
    DONE = "done", _("Picked up")


# Filter of the address -> (its words, the column of clocks).
FILTERS = {
    "class": (_("Class"), "handoff__reason__reason_class"),
    "team": (_("Team"), "team"),
    "source": (_("Source"), "source"),
}


@dataclass(frozen=True)
class ReturnedAsk:
    """What the address asks for: the view, the filters that are set, the page (from 1)."""

    view: ReturnedView = ReturnedView.ALL
    chosen: Mapping[str, str] = field(default_factory=dict)
    number: int = 1


@dataclass(frozen=True)
class ReturnedRow:
    """One returned lead: its clock of the pick-up, and what one click would do."""

    clock: Clock
    lateness: Lateness | None
    done: PickedUp
    until: date | None


@dataclass(frozen=True)
class ReturnedPage:
    """One page of one view. `counts` are those of each view under the filters, `late` of all that wait; `total` is None for what
    is over."""

    rows: Sequence[ReturnedRow]
    counts: Mapping[str, int]
    late: int
    number: int
    total: int | None
    has_next: bool

    @property
    def first(self) -> int:
        """Number of the first row."""
        return (self.number - 1) * PAGE_SIZE + 1

    @property
    def last(self) -> int:
        """Number of the last row."""
        return self.first + len(self.rows) - 1


def choices_of() -> dict[str, dict[str, str]]:
    """What each filter may be set to (value -> words); two queries."""
    return {
        "class": {value: str(label) for value, label in ReasonClass.choices if value},
        "team": {str(pk): name for pk, name in Team.objects.values_list("pk", "name")},
        "source": {str(pk): name for pk, name in Source.objects.values_list("pk", "name")},
    }


def returned_page(*, user: User, ask: ReturnedAsk, now: datetime) -> ReturnedPage:
    """A page of what came back; two statements, whatever the number of leads."""
    rows = visible_clocks(user).filter(**{FILTERS[key][1]: value for key, value in ask.chosen.items()})
    counts = rows.tally_to_pick_up(now)
    late = counts.pop("late")
    start = (ask.number - 1) * PAGE_SIZE
    found = list(_of_view(rows, ask.view)[start : start + PAGE_SIZE + 1])
    return ReturnedPage(
        rows=[
            ReturnedRow(clock, lateness_of(clock, now), *suggested(clock.handoff, now))
            for clock in found[:PAGE_SIZE]
        ],
        counts=counts,
        late=late,
        number=ask.number,
        total=counts.get(ask.view.value),
        has_next=len(found) > PAGE_SIZE,
    )


def _of_view(rows: ClockQuerySet, view: ReturnedView) -> ClockQuerySet:
    rows = rows.select_related(
        "handoff__lead__contact__company",
        "handoff__reason",
        "handoff__owner",
        "handoff__answered_by",
        "team",
        "source",
        "calendar_version",
    )
    if view == ReturnedView.DONE:
        return rows.picked_up()
    rows = rows.to_pick_up()
    return rows if view == ReturnedView.ALL else rows.of_handoffs_in(view.value)
