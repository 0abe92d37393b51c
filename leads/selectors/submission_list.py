"""The list of the submissions workplace: views, filters, counts and pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.counting import said_up_to
from leads.filters import ANY, JUNK, OUTCOMES, PERIODS, REVIEWS, SHORTEST_SEARCH, SubmissionFilters
from leads.keyset import Cursor, as_datetime, as_int
from leads.models import Contact, Form, Outcome, Review, Source, Submission
from leads.querysets import SubmissionQuerySet
from leads.selectors.submissions import Row, listed, rows_of

PAGE = 50
# Nobody needs to know whether 48,000 or 49,000 wait; counting further would cost more the more there are.
MOST_COUNTED = 1000
MOST_PEOPLE = 200  # that a search by name looks up
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Page:
    """The list under some filters. `counts` are texts such as "14" and "1,000+", by name of the view."""

    filters: SubmissionFilters
    rows: list[Row]
    count: str
    number: int | None
    views: list[dict[str, Any]]
    options: list[dict[str, Any]]
    chips: list[dict[str, str]]
    newest: int
    first: int
    previous: str = ""
    following: str = ""
    search_is_short: bool = False

    @property
    def kept(self) -> list[tuple[str, str]]:
        """The filters that a new search keeps: name and value."""
        return [pair for pair in parse_qsl(self.filters.address(q="")[1:]) if pair[0] != "q"]

    @property
    def clear_url(self) -> str:
        """The same view without further filters."""
        view = next((view for view in VIEWS if view.of(self.filters)), VIEWS[0])
        return _only(view).address()

    @property
    def empty(self) -> dict[str, str]:
        """Why there is nothing to show, and what fills it."""
        return _empty(self.filters)

    @property
    def last(self) -> int:
        """The position of the last row on the page."""
        return self.first + len(self.rows) - 1


@dataclass(frozen=True)
class _View:
    key: str
    label: str | Promise
    review: str
    outcome: str
    is_counted: bool = True

    def of(self, filters: SubmissionFilters) -> bool:
        return (filters.review, filters.outcome) == (self.review, self.outcome)


VIEWS = (
    _View("review", gettext_lazy("To review"), Review.PENDING.value, ""),
    _View("excluded", gettext_lazy("Excluded"), ANY, Outcome.EXCLUDED.value),
    _View("junk", gettext_lazy("Spam and duplicates"), ANY, JUNK),
    _View("refused", gettext_lazy("Refused"), ANY, Outcome.REFUSED.value),
    _View("all", gettext_lazy("All"), ANY, "", is_counted=False),
)


@dataclass
class _Search:
    """The rows of some filters, with sources, forms and people looked up once."""

    filters: SubmissionFilters
    now: datetime

    @cached_property
    def sources(self) -> list[Source]:
        return list(Source.objects.order_by("name"))

    @cached_property
    def forms(self) -> list[Form]:
        return list(Form.objects.order_by("title").only("pk", "slug", "title"))

    @cached_property
    def people(self) -> list[int]:
        """The contacts whose name begins with what is searched for."""
        q = self.filters.q.lower()
        named = Q(search_name__startswith=q) | Q(search_last_name__startswith=q)
        return list(Contact.objects.filter(named).values_list("pk", flat=True)[:MOST_PEOPLE])

    def rows(self) -> SubmissionQuerySet:
        rows = self.filters.narrow(Submission.objects.all(), self.now)
        if self.filters.source:
            rows = rows.filter(source__in=[s.pk for s in self.sources if s.slug == self.filters.source])
        if self.filters.form:
            rows = rows.filter(form__in=[f.pk for f in self.forms if f.slug == self.filters.form])
        if len(self.filters.q) >= SHORTEST_SEARCH:
            rows = rows.filter(Q(email__startswith=self.filters.q.lower()) | Q(contact__in=self.people))
        return rows


def submissions_page(
    *,
    filters: SubmissionFilters,
    now: datetime,
    after: Cursor | None = None,
    before: Cursor | None = None,
) -> Page:
    """One page of the list, in a number of statements that depends on nothing."""
    search = _Search(filters, now)
    found, first, has_more = _slice(search.rows(), after, before)
    counts = {view.key: _count(_view_rows(view)) for view in VIEWS if view.is_counted}
    same_view = next((view.key for view in VIEWS if view.of(filters) and filters == _only(view)), None)
    number = counts[same_view] if same_view in counts else _count(search.rows())
    rows = rows_of(found)
    return Page(
        filters=filters,
        rows=rows,
        count=said_up_to(MOST_COUNTED, number),
        number=number if number <= MOST_COUNTED else None,
        views=[_view(view, filters, counts) for view in VIEWS],
        options=_options(search),
        chips=_chips(search),
        newest=Submission.objects.order_by("-pk").values_list("pk", flat=True).first() or 0,
        first=first,
        previous=_place(filters, "before", found[0], first) if found and first > 1 else "",
        following=_place(filters, "after", found[-1], first + len(found) - 1) if has_more else "",
        search_is_short=0 < len(filters.q) < SHORTEST_SEARCH,
    )


def arrived_since(*, filters: SubmissionFilters, pk: int, now: datetime) -> int:
    """How many submissions that the filters show came after number `pk`; at most MOST_COUNTED + 1."""
    return _count(_Search(filters, now).rows().filter(pk__gt=pk))


def _empty(filters: SubmissionFilters) -> dict[str, str]:
    everywhere = SubmissionFilters(review=ANY, q=filters.q)
    if filters.is_default:
        return {
            "icon": "check2-all",
            "title": _("Nothing waits for review"),
            "text": _(
                "Submissions appear here as forms, the API and webhooks send them. All are kept under “All”."
            ),
            "action": _("Show all submissions"),
            "action_url": everywhere.address(),
        }
    if filters.q and filters != everywhere:
        return {
            "icon": "search",
            "title": _("Nobody found here"),
            "text": _("The search looks for addresses and names that begin with “%s”, under these filters.")
            % filters.q,
            "action": _("Search all submissions"),
            "action_url": everywhere.address(),
        }
    if any(filters == _only(view) for view in VIEWS):
        return {
            "icon": "inbox",
            "title": _("Nothing of this kind yet"),
            "text": _("Submissions come here as forms, the API and webhooks send them, and are classified."),
            "action": _("Back to review"),
            "action_url": SubmissionFilters().address(),
        }
    return {
        "icon": "filter",
        "title": _("Nothing fits these filters"),
        "text": _("Remove a filter above, or look at everything that arrived."),
        "action": _("Show all submissions"),
        "action_url": SubmissionFilters(review=ANY).address(),
    }


def _slice(
    rows: SubmissionQuerySet, after: Cursor | None, before: Cursor | None
) -> tuple[list[Submission], int, bool]:
    """The submissions of one page, the position of the first, and whether more follow."""
    shown = listed(rows)
    if before is not None and (at := as_datetime(before.value)) is not None:
        above = shown.earlier_in_list(at, before.number).order_by("received_at", "pk")
        found = list(above[:PAGE])[::-1]
        return found, max(1, before.position - len(found)), True
    first = 1
    if after is not None and (at := as_datetime(after.value)) is not None:
        shown, first = shown.later_in_list(at, after.number), after.position + 1
    found = list(shown.newest_first()[: PAGE + 1])
    return found[:PAGE], first, len(found) > PAGE


def _count(rows: SubmissionQuerySet) -> int:
    return rows.order_by()[: MOST_COUNTED + 1].count()


def _place(filters: SubmissionFilters, name: str, row: Submission, number: int) -> str:
    address = filters.address()
    return (
        f"{address}{'&' if len(address) > 1 else ''}{name}={Cursor(as_int(row.received_at), row.pk, number)}"
    )


def _only(view: _View) -> SubmissionFilters:
    return SubmissionFilters(review=view.review, outcome=view.outcome)


def _view_rows(view: _View) -> SubmissionQuerySet:
    # What these rows are does not depend on a time, so any will do for a filter without a period.
    return _only(view).narrow(Submission.objects.all(), _EPOCH)


def _view(view: _View, filters: SubmissionFilters, counts: dict[str, int]) -> dict[str, Any]:
    return {
        "label": view.label,
        "url": _only(view).address(),
        "active": view.of(filters),
        "count": said_up_to(MOST_COUNTED, counts[view.key]) if counts.get(view.key) else None,
    }


def _options(search: _Search) -> list[dict[str, Any]]:
    """The menus of the filter bar; choosing what is chosen takes it away. A form has its source: one of the two."""
    lists: list[tuple[str, str, Iterable[tuple[str, Any]], dict[str, str]]] = [
        ("review", _("Review"), REVIEWS, {}),
        ("outcome", _("Outcome"), OUTCOMES, {}),
        ("source", _("Source"), [(one.slug, one.name) for one in search.sources], {"form": ""}),
        ("form", _("Form"), [(one.slug, one.title) for one in search.forms], {"source": ""}),
        ("period", _("Period"), PERIODS, {}),
    ]
    return [
        {"label": label, "choices": [_choice(search.filters, name, *pair, clears) for pair in choices]}
        for name, label, choices, clears in lists
    ]


def _choice(
    filters: SubmissionFilters, name: str, value: str, label: Any, clears: dict[str, str]
) -> dict[str, Any]:
    active = getattr(filters, name) == value
    without = Review.PENDING.value if name == "review" else ""
    changes = {name: without} if active else {**clears, name: value}
    return {"label": label, "url": filters.address(**changes), "active": active, "count": None}


def _chips(search: _Search) -> list[dict[str, str]]:
    """The filters that narrow the view; what the view itself says needs no chip."""
    filters = search.filters
    names = {
        "source": {one.slug: one.name for one in search.sources},
        "form": {one.slug: one.title for one in search.forms},
        "period": {key: str(label) for key, label in PERIODS},
        "review": {key: str(label) for key, label in REVIEWS},
        "outcome": {key: str(label) for key, label in OUTCOMES},
    }
    labels = {
        "review": _("Review"),
        "outcome": _("Outcome"),
        "source": _("Source"),
        "form": _("Form"),
        "period": _("Period"),
        "q": _("Search"),
    }
    told = ["source", "form", "period", "q"]
    if not any(view.of(filters) for view in VIEWS):
        told = ["review", "outcome", *told]
    chips = []
    for name in told:
        value = getattr(filters, name)
        if value and not (name == "review" and value == ANY):
            without = {name: ANY if name == "review" else ""}
            shown = names[name].get(value, value) if name in names else value
            chips.append({"label": labels[name], "value": shown, "remove_url": filters.address(**without)})
    return chips
