"""Scores computed by the database: the lines that explain a score and its total come from the same expressions."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import add, or_
from typing import Any

from django.db import connection
from django.db.models import Case, Count, Expression, IntegerField, Max, Min, Q, QuerySet, Value, When
from django.db.models.functions import Greatest, Least

from leads.models import Activity, ActivityKind, Contact
from scoring.models import BehaviourRule, Operator, ProfileRule, ScoringModel

# Stands for no kind at all in conditions: Django drops a query whose list of kinds is empty, and with it the lead's fit.
_NO_KIND = ("",)


@dataclass(frozen=True)
class Rules:
    """A scoring model with everything the engine needs, read once per batch."""

    model: ScoringModel
    profile: tuple[ProfileRule, ...]
    behaviour: tuple[BehaviourRule, ...]
    hand_kinds: tuple[str, ...]


def load(model: ScoringModel) -> Rules:
    """Read the rules of a model: three queries."""
    return Rules(
        model=model,
        profile=tuple(model.profile_rules.all()),
        behaviour=tuple(model.behaviour_rules.all()),
        hand_kinds=tuple(ActivityKind.objects.filter(raises_hand=True).values_list("slug", flat=True))
        or _NO_KIND,
    )


def fit_condition(rule: ProfileRule) -> Q:
    """When a profile rule applies. Texts compare without case; what is unknown matches nothing."""
    field, operator = rule.field, rule.operator
    if operator == Operator.IS_KNOWN:
        return Q(**{f"{field}__isnull": False}) if field == "employees" else ~Q(**{field: ""})
    if operator == Operator.AT_LEAST:
        return Q(**{f"{field}__gte": rule.values[0]})
    if operator == Operator.BELOW:
        return Q(**{f"{field}__lt": rule.values[0]})
    return reduce(
        or_, (_text_condition(field, value, whole=operator == Operator.IS_ONE_OF) for value in rule.values)
    )


def _text_condition(field: str, value: str, *, whole: bool) -> Q:
    """SQLite compares without case in ASCII only; its regular expressions are Python's, and know every alphabet."""
    if connection.vendor == "sqlite" and not value.isascii():
        pattern = re.escape(value)
        return Q(**{f"{field}__iregex": rf"\A{pattern}\Z" if whole else pattern})
    return Q(**{f"{field}__{'iexact' if whole else 'icontains'}": value})


def fit_terms(rules: Rules) -> list[Expression]:
    """One expression per profile rule, over Contact: its points or 0."""
    return [
        Case(
            When(fit_condition(rule), then=Value(rule.points)), default=Value(0), output_field=IntegerField()
        )
        for rule in rules.profile
    ]


def count_terms(rules: Rules, now: datetime) -> list[Expression]:
    """One aggregate per behaviour rule, over Activity: how many activities of its kind are within its window."""
    return [Count("kind", filter=_counts(rule, now)) for rule in rules.behaviour]


def line_points(rule: BehaviourRule, count: Any) -> Expression:
    """Points of a behaviour rule for `count` activities, within the rule's own cap."""
    points = count * Value(rule.points)
    if rule.cap is None:
        return points
    return Least(points, Value(rule.cap)) if rule.points >= 0 else Greatest(points, Value(rule.cap))


def clamp(total: Any, cap: int) -> Expression:
    """A sum of points between 0 and the cap of its half (fit keeps what is below 0: unfit is not unknown)."""
    return Least(total, Value(cap))


def fit_query(rules: Rules, contact_ids: Any) -> QuerySet[Any, Any]:
    """Per contact: `fit_0`, `fit_1` ... in the order of the rules, and `fit`, their capped sum."""
    terms = fit_terms(rules)
    named = {f"fit_{number}": term for number, term in enumerate(terms)}
    total = reduce(add, terms) if terms else Value(0, output_field=IntegerField())
    return (
        Contact.objects.filter(contact_ids)
        .order_by()
        .annotate(**named, fit=clamp(total, rules.model.fit_cap))
    )


def engagement_query(rules: Rules, contact_ids: Any, now: datetime) -> QuerySet[Any, Any]:
    """Per contact with live activities: `count_0` ... in the order of the rules, `engagement`, their capped sum,
    `hand_raised_at`, and `change_0` ..., the ends of windows."""
    counts = count_terms(rules, now)
    kinds = {rule.kind_id for rule in rules.behaviour} | set(rules.hand_kinds)
    parts = [line_points(rule, count) for rule, count in zip(rules.behaviour, counts, strict=True)]
    total = reduce(add, parts) if parts else Value(0, output_field=IntegerField())
    return (
        Activity.objects.filter(contact_ids, voided_at__isnull=True, kind__in=sorted(kinds))
        .order_by()
        .values("contact_id")
        .annotate(
            **{f"count_{number}": count for number, count in enumerate(counts)},
            engagement=Greatest(Value(0), clamp(total, rules.model.engagement_cap)),
            hand_raised_at=Max("occurred_at", filter=Q(kind__in=rules.hand_kinds)),
            **_window_ends(rules, now),
        )
    )


def _counts(rule: BehaviourRule, now: datetime) -> Q:
    within = Q(kind=rule.kind_id)
    if rule.window_days is not None:
        within &= Q(occurred_at__gt=now - timedelta(days=rule.window_days))
    return within


def _windows(rules: Rules) -> list[int]:
    return sorted({rule.window_days for rule in rules.behaviour if rule.window_days is not None})


def _window_ends(rules: Rules, now: datetime) -> dict[str, Expression]:
    """Per length of window: when the oldest activity that still counts under such a rule stops counting, less the window."""
    ends: dict[str, Expression] = {}
    for number, days in enumerate(_windows(rules)):
        counted = [_counts(rule, now) for rule in rules.behaviour if rule.window_days == days]
        ends[f"change_{number}"] = Min("occurred_at", filter=reduce(or_, counted))
    return ends


@dataclass(frozen=True)
class Span:
    """Which leads to score: those numbers, or a range of numbers (first inclusive, last inclusive)."""

    keys: Sequence[int] = ()
    first: int = 0
    last: int = 0

    def condition(self, field: str) -> Q:
        """The span as a condition on a column of contact numbers."""
        if self.last:
            return Q(**{f"{field}__gte": self.first, f"{field}__lte": self.last})
        return Q(**{f"{field}__in": list(self.keys)})


def apply_scores(rules: Rules, span: Span, now: datetime) -> int:
    """Score the leads of a span in one UPDATE; returns how many rows were written. Clean leads whose score stays are not.

    Sets fit, engagement, score, grade, scored_at, next_change_at, hand_raised_at, and clears dirty_at.
    """
    statement, params = _prepared(rules, span, now)
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        if connection.vendor == "sqlite":
            # SQLite's driver does not count what an UPDATE that begins with WITH has written.
            cursor.execute("SELECT changes()")
            return int(cursor.fetchone()[0])
        return cursor.rowcount


# What stands in for the time and the numbers of leads in a statement that is kept for the next batch.
_SOME_TIME = datetime(2903, 2, 5, 7, 11, 13, 170_019, tzinfo=UTC)
_SOMEBODY = -(10**15)
_STATEMENTS_KEPT = 128
_statements: dict[Hashable, tuple[str, tuple[Any, ...]]] = {}


def _prepared(rules: Rules, span: Span, now: datetime) -> tuple[str, list[Any]]:
    """The statement with its parameters. Its text depends on the rules and on how many leads there are, and is put together
    once: for a batch of a few leads that costs more than to run it."""
    keys = (span.first, span.last) if span.last else tuple(span.keys)
    shape = (connection.vendor, bool(span.last), len(keys), _signature(rules))
    if shape not in _statements:
        if len(_statements) >= _STATEMENTS_KEPT:
            _statements.clear()
        anybody = [_SOMEBODY - number for number in range(len(keys))]
        some = Span(first=anybody[0], last=anybody[1]) if span.last else Span(keys=anybody)
        _statements[shape] = _statement(rules, some, _SOME_TIME)
    text, params = _statements[shape]
    given: dict[Any, Any] = {_SOMEBODY - number: key for number, key in enumerate(keys)}
    for days in (0, *_windows(rules)):
        back = timedelta(days=days)
        given[_adapted(_SOME_TIME - back)] = _adapted(now - back)
    return text, [given.get(param, param) for param in params]


def _signature(rules: Rules) -> Hashable:
    """All of the rules that the statement depends on."""
    return (
        rules.model.fit_cap,
        rules.model.engagement_cap,
        tuple((rule.field, rule.operator, repr(rule.values), rule.points) for rule in rules.profile),
        tuple((rule.kind_id, rule.points, rule.cap, rule.window_days) for rule in rules.behaviour),
        rules.hand_kinds,
    )


def _statement(rules: Rules, span: Span, now: datetime) -> tuple[str, tuple[Any, ...]]:
    fit_sql, fit_params = _sql(fit_query(rules, span.condition("pk")).values("pk", "fit"))
    windows = _windows(rules)
    changes = [f"change_{number}" for number in range(len(windows))]
    columns = ["contact_id", "engagement", "hand_raised_at", *changes]
    deed_sql, deed_params = _sql(engagement_query(rules, span.condition("contact_id"), now).values(*columns))
    next_change = _next_change_sql(windows)
    names = ", ".join(columns)
    statement = f"""
        WITH person(id, fit) AS ({fit_sql}),
             deed({names}) AS ({deed_sql}),
             fresh(id, fit, engagement, hand_raised_at, next_change_at) AS (
                SELECT person.id, person.fit, COALESCE(deed.engagement, 0), deed.hand_raised_at, {next_change}
                FROM person LEFT JOIN deed ON deed.contact_id = person.id)
        UPDATE leads_lead SET
            fit = fresh.fit,
            engagement = fresh.engagement,
            score = {_greatest()}(0, fresh.fit + fresh.engagement),
            grade = {_grade_sql(rules.model)},
            hand_raised_at = fresh.hand_raised_at,
            next_change_at = fresh.next_change_at,
            scored_at = %s,
            dirty_at = NULL
        FROM fresh
        WHERE leads_lead.contact_id = fresh.id
          AND leads_lead.merged_into_id IS NULL
          AND (leads_lead.dirty_at IS NOT NULL OR leads_lead.scored_at IS NULL
               OR leads_lead.fit <> fresh.fit OR leads_lead.engagement <> fresh.engagement
               OR {_differs("hand_raised_at")} OR {_differs("next_change_at")})
    """  # noqa: S608 - built from names and numbers of this module; values are parameters
    return statement, (*fit_params, *deed_params, _adapted(now))


def _sql(query: QuerySet[Any, Any]) -> tuple[str, tuple[Any, ...]]:
    sql, params = query.query.sql_with_params()
    return sql, params


def _adapted(now: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(now)


def _greatest() -> str:
    return "MAX" if connection.vendor == "sqlite" else "GREATEST"


def _differs(column: str) -> str:
    missing = "''" if connection.vendor == "sqlite" else "'-infinity'::timestamptz"
    return f"COALESCE(leads_lead.{column}, {missing}) <> COALESCE(fresh.{column}, {missing})"


def _next_change_sql(windows: Sequence[int]) -> str:
    """The earliest end of a window, or NULL. SQLite's dates are texts in Django's own form, kept to the microsecond."""
    if not windows:
        # PostgreSQL takes a bare NULL for a text.
        return "NULL" if connection.vendor == "sqlite" else "NULL::timestamptz"
    if connection.vendor == "sqlite":
        ends = [
            # The fraction is kept aside: datetime() rounds it, which would turn .9996 into the next second.
            f"COALESCE(datetime(substr(change_{n}, 1, 19), '+{int(days)} days') || substr(change_{n}, 20), '9999')"
            for n, days in enumerate(windows)
        ]
        least = ends[0] if len(ends) == 1 else f"MIN({', '.join(ends)})"
        return f"NULLIF({least}, '9999')"
    ends = [f"change_{n} + interval '{int(days) * 24} hours'" for n, days in enumerate(windows)]
    return f"LEAST({', '.join(ends)})"


def grade_of(model: ScoringModel, fit: int, engagement: int) -> str:
    """The grade in Python, as _grade_sql has it in the database; one test proves that they agree."""

    def quarter(points: int, cap: int, names: str) -> str:
        return next((names[number] for number in range(3) if points * 4 >= cap * (3 - number)), names[3])

    return quarter(fit, model.fit_cap, "ABCD") + quarter(engagement, model.engagement_cap, "1234")


def _grade_sql(model: ScoringModel) -> str:
    """A letter for fit and a digit for engagement, by quarters of their caps: A1 is the best, D4 the least."""

    def quarter(column: str, cap: int, names: str) -> str:
        cases = " ".join(
            f"WHEN {column} * 4 >= {int(cap) * (3 - number)} THEN '{names[number]}'" for number in range(3)
        )
        return f"CASE {cases} ELSE '{names[3]}' END"

    return f"{quarter('fresh.fit', model.fit_cap, 'ABCD')} || {quarter('fresh.engagement', model.engagement_cap, '1234')}"
