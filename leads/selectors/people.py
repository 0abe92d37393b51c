"""The leads list: what its address asks for, the page of rows, and the count, at a cost that does not follow their number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Q, QuerySet

from leads.keyset import Cursor, RowCompare, as_datetime, as_int
from leads.models import Contact, Lead
from leads.stages import Stage

PAGE: Final = 50
# Counted exactly up to here; beyond it a list says "1,000+".
COUNTED: Final = 1000
# So many people are looked up by their numbers.
SEARCHED: Final = 3000
# Stands in addresses for leads whose origin was never stated, which is not the same as one stated as "unknown".
NOT_STATED: Final = "~"
MOST_ORIGINS: Final = 40
SORTS: Final = {"score": "score", "activity": "last_activity_at", "newest": "created_at"}
VIEWS: Final = ("", Stage.MQL, Stage.SRL, Stage.SQL, Stage.NURTURE, Stage.CUSTOMER)
# The stages of leads that are in the list.
STAGES: Final = tuple(stage.value for stage in Stage if stage != Stage.MERGED)
LETTERS: Final = "ABCD"
RANGES: Final = ((80, None), (60, 79), (40, 59), (20, 39), (None, 19))
_DEFAULT_SORT: Final = "-activity"
_MOST: Final = 1_000_000


@dataclass(frozen=True)
class Question:
    """What the address of the list asks for. Nonsense in an address is as if it were not there."""

    search: str = ""
    stage: str = ""
    tier: int | None = None
    letter: str = ""
    origin: str = ""
    low: int | None = None
    high: int | None = None
    sort: str = _DEFAULT_SORT
    after: Cursor | None = None
    before: Cursor | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str]) -> "Question":
        """Read an address."""
        told = {name: query.get(name, "").replace("\x00", "").strip() for name in query}
        sort = told.get("sort", "")
        return cls(
            search=told.get("q", "")[:200],
            stage=told["stage"] if told.get("stage") in STAGES else "",
            tier=int(told["tier"]) if told.get("tier") in ("1", "2") else None,
            letter=told["grade"] if told.get("grade", "") in tuple(LETTERS) else "",
            origin=told.get("origin", "")[:200],
            low=_whole(told.get("from", "")),
            high=_whole(told.get("to", "")),
            sort=sort if sort.removeprefix("-") in SORTS else _DEFAULT_SORT,
            after=Cursor.parse(told.get("after", "")),
            before=Cursor.parse(told.get("before", "")),
        )

    @property
    def filters(self) -> dict[str, str]:
        """The filters as they stand in an address."""
        told = {
            "q": self.search,
            "stage": self.stage,
            "tier": "" if self.tier is None else str(self.tier),
            "grade": self.letter,
            "origin": self.origin,
            "from": "" if self.low is None else str(self.low),
            "to": "" if self.high is None else str(self.high),
        }
        return {name: value for name, value in told.items() if value}

    def address(self, **changes: str) -> str:
        """The list's address with other filters (an empty one takes a filter away), from its first page on."""
        told = {**self.filters, "sort": "" if self.sort == _DEFAULT_SORT else self.sort, **changes}
        return "?" + urlencode({name: value for name, value in told.items() if value})

    @property
    def is_filtered(self) -> bool:
        """More is asked for than a saved view."""
        return bool(self.filters.keys() - {"stage"})


def _whole(text: str) -> int | None:
    return min(int(text), _MOST) if text.isascii() and text.isdecimal() and len(text) < 10 else None


@dataclass(frozen=True)
class Page:
    """One page of leads. `total` is exact up to COUNTED; `has_more_than_counted` says that there are more."""

    rows: list[Lead]
    first: int
    total: int
    has_more_than_counted: bool
    previous_url: str
    next_url: str

    @property
    def last(self) -> int:
        """The place of the last row."""
        return self.first + len(self.rows) - 1


def lead_page(leads: QuerySet[Lead], question: Question) -> Page:
    """The page that is asked for, of the leads a person may see: two queries, and at most five more for a search."""
    left = matching(leads, question)
    total = left.order_by().values("pk")[: COUNTED + 1].count()
    column = SORTS[question.sort.removeprefix("-")]
    backwards = question.after is None and question.before is not None
    cursor = question.before if backwards else question.after
    descends = question.sort.startswith("-")
    rows = _from_cursor(left, column, cursor, smaller=descends != backwards)
    signs = ("-", "-") if descends != backwards else ("", "")
    found = list(
        rows.select_related("contact")
        .only(*_COLUMNS)
        .order_by(f"{signs[0]}{column}", f"{signs[1]}contact_id")[: PAGE + 1]
    )
    goes_on = len(found) > PAGE
    found = found[:PAGE]
    if backwards:
        found.reverse()
    position = cursor.position if cursor else 0
    first = max(1, position - len(found) + 1) if backwards else position + 1
    has_previous, has_next = (goes_on, True) if backwards else (cursor is not None, goes_on)
    return Page(
        rows=found,
        first=first,
        total=min(total, COUNTED),
        has_more_than_counted=total > COUNTED,
        previous_url=_at(question, "before", found[0], column, first - 1) if has_previous and found else "",
        next_url=_at(question, "after", found[-1], column, first + len(found) - 1)
        if has_next and found
        else "",
    )


_COLUMNS = (
    "stage",
    "tier",
    "score",
    "grade",
    "first_origin",
    "last_activity_at",
    "created_at",
    "scored_at",
    "contact__email",
    "contact__first_name",
    "contact__last_name",
    "contact__company_name",
    "contact__job_title",
)


def _at(question: Question, name: str, row: Lead, column: str, position: int) -> str:
    return question.address(**{name: str(Cursor(as_int(getattr(row, column)), row.pk, position))})


def _from_cursor(
    rows: QuerySet[Lead], column: str, cursor: Cursor | None, *, smaller: bool
) -> QuerySet[Lead]:
    if cursor is None:
        return rows
    value: int | datetime | None = cursor.value if column == "score" else as_datetime(cursor.value)
    if value is None:
        return rows
    return rows.filter(RowCompare((column, "contact_id"), "<" if smaller else ">", (value, cursor.number)))


def matching(leads: Any, question: Question) -> QuerySet[Lead]:
    """Those of the leads that the filters leave, in no order."""
    if question.stage:
        leads = leads.in_stage(question.stage)
    conditions = Q()
    if question.tier is not None:
        conditions &= Q(tier=question.tier)
    if question.letter:
        # The four grades by name: a pattern would need an index of another kind.
        conditions &= Q(grade__in=[f"{question.letter}{digit}" for digit in range(1, 5)])
    if question.origin:
        conditions &= Q(first_origin="" if question.origin == NOT_STATED else question.origin)
    if question.low is not None:
        conditions &= Q(score__gte=question.low)
    if question.high is not None:
        conditions &= Q(score__lte=question.high)
    if question.search:
        conditions &= _found(question.search)
    return leads.filter(conditions)


def _found(text: str) -> Q:
    """Leads whose address, name, last name or company begins with the text.

    Few are found by their numbers. Where the text is the beginning of many, their numbers would be too long a list; then the
    database walks along the order of the list, in which it soon meets enough of them.
    """
    columns = ("email",) if "@" in text else ("email", "search_name", "search_last_name", "search_company")
    condition = Q()
    numbers: set[int] = set()
    for column in columns:
        begins = Q()
        for form in _forms(text):
            begins |= _begins(column, form)
        condition |= begins
        if len(numbers) <= SEARCHED:
            found = Contact.objects.filter(begins).order_by().values_list("pk", flat=True)
            numbers.update(found[: SEARCHED + 1])
    if len(numbers) > SEARCHED:
        return Q(contact__in=Contact.objects.filter(condition).order_by().values("pk"))
    # Who is known by the address or name of one that was merged is found as the lead that stands for both.
    numbers.update(Contact.objects.filter(lead__absorbed__in=numbers).values_list("pk", flat=True))
    return Q(pk__in=numbers)


def _forms(text: str) -> Sequence[str]:
    """The text as the database has it in lower case. SQLite lowers only the letters of ASCII, so there the other letters are
    looked for as written and as a name begins: "øst" finds "Østergaard"."""
    text = " ".join(text.split())
    if connection.vendor != "sqlite":
        return [text.lower()]
    return sorted({_ascii_lower(text), _ascii_lower(text.title())})


def _ascii_lower(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def _begins(column: str, text: str) -> Q:
    """The column begins with the text, in the form that the index of each database answers."""
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__gte": text, f"{column}__lt": f"{text}\U0010ffff"})
    return Q(**{f"{column}__startswith": text})


def origins() -> list[str]:
    """The first MOST_ORIGINS different first origins in the order of the alphabet, blank for not stated.

    One step in the index per origin, where DISTINCT would read an entry per lead.
    """
    table = Lead._meta.db_table
    statement = f"""
        WITH RECURSIVE origin(name) AS (
            SELECT MIN(first_origin) FROM {table}
            UNION ALL
            SELECT (SELECT MIN(first_origin) FROM {table} WHERE first_origin > origin.name)
            FROM origin WHERE origin.name IS NOT NULL)
        SELECT name FROM origin WHERE name IS NOT NULL LIMIT %s
    """  # noqa: S608 - the table's own name
    with connection.cursor() as cursor:
        cursor.execute(statement, [MOST_ORIGINS])
        return [row[0] for row in cursor.fetchall()]


def saved_views(question: Question) -> list[tuple[str, str, bool]]:
    """The saved views: stage ("" for all), address, and whether it is the one shown."""
    return [
        (
            str(stage),
            replace(_EMPTY, sort=question.sort).address(stage=str(stage)),
            question.stage == stage and not question.is_filtered,
        )
        for stage in VIEWS
    ]


_EMPTY = Question()
