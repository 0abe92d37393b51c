"""What lists are narrowed by; it lives in the address, so that a view can be bookmarked and sent to a colleague."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from leads.models import Outcome, Review
from leads.querysets import SubmissionQuerySet

type_choices = Sequence[tuple[str, str | Promise]]

ANY = "any"
JUNK = "junk"  # spam and repeats together
REVIEWS: type_choices = [*Review.choices, (ANY, _("Any state"))]
OUTCOMES: type_choices = [
    *((value, label) for value, label in Outcome.choices if value),
    (JUNK, _("Spam and duplicates")),
]
PERIODS: type_choices = [
    ("today", _("Today")),
    ("7d", _("Last 7 days")),
    ("30d", _("Last 30 days")),
    ("90d", _("Last 90 days")),
]
SHORTEST_SEARCH = 2  # characters; one letter would match a tenth of everybody


@dataclass(frozen=True)
class SubmissionFilters:
    """The filters of the submissions list; "" means not narrowed. `source` and `form` are short names."""

    review: str = Review.PENDING.value
    outcome: str = ""
    source: str = ""
    form: str = ""
    period: str = ""
    q: str = ""

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> "SubmissionFilters":
        """Read an address; what it does not know is left out, so that an old bookmark still opens."""
        given = {part.name: str(query.get(part.name, "")).strip() for part in fields(cls)}
        allowed = {"review": REVIEWS, "outcome": OUTCOMES, "period": PERIODS}
        for name, choices in allowed.items():
            if given[name] not in dict(choices):
                given[name] = ""
        given["review"] = given["review"] or Review.PENDING.value
        given["q"] = given["q"][:254].replace("\x00", "")
        return cls(**given)

    def address(self, **changes: str) -> str:
        """The query string with these filters changed; filters that do not narrow are left out."""
        changed = replace(self, **changes)
        told = {part.name: getattr(changed, part.name) for part in fields(self)}
        return "?" + urlencode({name: value for name, value in told.items() if value != _DEFAULTS[name]})

    @property
    def is_default(self) -> bool:
        """Whether this is the list as it opens."""
        return self == SubmissionFilters()

    def narrow(self, rows: SubmissionQuerySet, now: datetime) -> SubmissionQuerySet:
        """Narrow by review, outcome and period; sources, forms and searches are looked up by the selector."""
        if self.review != ANY:
            rows = rows.in_review(self.review)
        if self.outcome:
            rows = rows.junk() if self.outcome == JUNK else rows.with_outcome(self.outcome)
        if since := self.since(now):
            rows = rows.filter(received_at__gte=since)
        return rows

    def since(self, now: datetime) -> datetime | None:
        """Where the period begins: midnight of the reader for today, else so many days before `now`."""
        if self.period == "today":
            return timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
        days = {"7d": 7, "30d": 30, "90d": 90}.get(self.period)
        return now - timedelta(days=days) if days else None


_DEFAULTS = {part.name: part.default for part in fields(SubmissionFilters)}
