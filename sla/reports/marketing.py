"""Marketing's side in figures: what was handed off in a period, how fast, and what sales said to it. Two queries."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import (
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    Min,
    Value,
    When,
)

from sla.models import AgreementVersion
from sla.reports.filters import REJECTIONS, Ask
from sla.reports.ranks import NONE, Ranks, ranks_by


@dataclass(frozen=True)
class Goals:
    """What marketing promised for the period, in percent. Where teams work by different agreements, the lowest and the highest."""

    accepted: tuple[int, int]
    clerical: tuple[int, int]


def goals(ask: Ask) -> Goals | None:
    """The monthly promises of the versions in force at the end of the period, or now; None where nothing is agreed. One query."""
    teams = [ask.chosen["team"]] if ask.chosen.get("team") else list(ask.choices["team"])
    versions = AgreementVersion.objects.in_force(min(ask.now, ask.period.end))
    agreed = versions.filter(agreement__territories__team__in=teams).aggregate(
        *(function(name) for function in (Min, Max) for name in ("acceptance_percent", "clerical_percent"))
    )
    if agreed["acceptance_percent__min"] is None:
        return None
    return Goals(
        (agreed["acceptance_percent__min"], agreed["acceptance_percent__max"]),
        (agreed["clerical_percent__min"], agreed["clerical_percent__max"]),
    )


@dataclass(frozen=True)
class Passed:
    """What was handed off in one period. `rejected` counts by class. `routing` ranks the time from sales-ready to handed off,
    around the clock, of all that began live (an import's history was never routed)."""

    count: int = 0
    accepted: int = 0
    waiting: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    routing: Ranks = NONE

    @property
    def answered(self) -> int:
        """Accepted or rejected."""
        return self.accepted + sum(self.rejected.values())

    @property
    def share_accepted(self) -> float | None:
        """Of those answered, from 0 to 1; None before any is."""
        return self.accepted / self.answered if self.answered else None


def passed(ask: Ask) -> tuple[Passed, Passed]:
    """What was handed off in the period and in the one before it."""
    cohort = (
        ask.handoffs()
        .started_between(ask.period.before_start, ask.period.end)
        .annotate(
            is_now=Case(
                When(started_at__gte=ask.period.start, then=Value(1)),
                default=Value(0),
                output_field=IntegerField(),
            )
        )
    )
    answers: dict[int, dict[str, int]] = {1: {}, 0: {}}
    counted = cohort.with_answer().order_by().values_list("is_now", "answer").annotate(count=Count("*"))
    for is_now, answer, count in counted:
        answers[is_now][answer] = count
    took = ExpressionWrapper(F("started_at") - F("ready_at"), output_field=DurationField())
    routing = ranks_by(cohort.live().annotate(took=took), "took", "is_now")
    return (
        _passed(answers[1], routing.get((1,), NONE)),
        _passed(answers[0], routing.get((0,), NONE)),
    )


def _passed(answers: dict[str, int], routing: Ranks) -> Passed:
    return Passed(
        count=sum(answers.values()),
        accepted=answers.get("accepted", 0),
        waiting=answers.get("waiting", 0),
        rejected={name: answers.get(name, 0) for name in REJECTIONS},
        routing=routing,
    )
