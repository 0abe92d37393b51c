"""From contact to customer: leads and won deals by origin, and how long it took to win, by rep.

A lead without a won deal is not won yet; it is not lost. Medians and 90th percentiles are by nearest rank (sla.reports.ranks).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from django.db.models import Count

from leads.models import Lead, Opportunity
from sla.reports.ranks import Ranks, ranks_of

#: A figure over fewer deals than this is marked: one deal more or less would move it a good way.
SMALL_GROUP: Final = 20


@dataclass(frozen=True)
class OriginRow:
    """One first origin as it was stated; "" is a lead whose origin was not stated, which is not the origin “unknown”."""

    origin: str
    leads: int
    won: int

    @property
    def rate(self) -> float:
        """Won of all leads so far, 0 to 1; it rises while leads that are not won yet are won."""
        return self.won / self.leads if self.leads else 0.0


@dataclass(frozen=True)
class TimeRow:
    """Days from first contact to the won deal, of one rep or of all (`rep` is "")."""

    rep: str
    days: Ranks

    @property
    def is_small(self) -> bool:
        """Too few deals to compare by."""
        return self.days.count < SMALL_GROUP


@dataclass(frozen=True)
class Funnel:
    """The report. `negative` deals were won on a date before that of the first contact, `same_day` on the same date."""

    origins: Sequence[OriginRow]
    total: OriginRow
    overall: TimeRow
    by_rep: Sequence[TimeRow]
    negative: int
    same_day: int


def funnel(*, zone: ZoneInfo, sources: Sequence[str] = ()) -> Funnel:
    """Leads that `sources` (short names; all if empty) brought first, and their first won deal each; three queries.

    Days are calendar dates of `zone`: the date of winning less the date of the first contact, as it is, below zero too.
    """
    leads = Lead.objects.not_merged().from_sources(sources)
    counts = {
        row["first_origin"]: row["number"]
        for row in leads.values("first_origin").annotate(number=Count("pk")).order_by()
    }
    won = first_won(sources)
    won_of: dict[str, int] = {}
    days: list[tuple[str, int]] = []
    for origin, first, closed, rep in won:
        won_of[origin] = won_of.get(origin, 0) + 1
        days.append((rep, (closed.astimezone(zone).date() - first.astimezone(zone).date()).days))
    rows = [OriginRow(origin, number, won_of.get(origin, 0)) for origin, number in counts.items()]
    by_rep: dict[str, list[int]] = {}
    for rep, number in days:
        by_rep.setdefault(rep, []).append(number)
    times = [TimeRow(rep, ranks_of(several)) for rep, several in by_rep.items()]
    return Funnel(
        origins=sorted(rows, key=lambda row: (-row.leads, row.origin)),
        total=OriginRow("", sum(counts.values()), len(won)),
        overall=TimeRow("", ranks_of(number for _rep, number in days)),
        by_rep=sorted(times, key=lambda row: (-row.days.count, row.rep)),
        negative=sum(number < 0 for _rep, number in days),
        same_day=sum(number == 0 for _rep, number in days),
    )


def first_won(sources: Sequence[str]) -> list[tuple[str, datetime, datetime, str]]:
    """(first origin, first contact, won at, owner's name) of every won lead; of several deals the first one counts."""
    found: dict[int, tuple[str, datetime, datetime, str]] = {}
    rows = (
        Opportunity.objects.won()
        .filter(lead__in=Lead.objects.from_sources(sources))
        .order_by("closed_at", "pk")
        .values_list("lead_id", "lead__first_origin", "lead__first_activity_at", "closed_at", "owner__name")
    )
    for lead, origin, first, closed, rep in rows:
        assert closed is not None  # a constraint: won deals have their date
        found.setdefault(lead, (origin, first, closed, rep or ""))
    return list(found.values())
