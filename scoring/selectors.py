"""“Why 72?”: the lines that add up to a score."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from leads.models import Lead
from scoring.engine import Rules, Span, engagement_query, fit_query, grade_of, load
from scoring.models import ScoringModel


@dataclass(frozen=True)
class ScoreLine:
    """One rule's contribution. `count` is None for profile rules; `capped` when the rule's own cap cut it."""

    label: str
    points: int
    count: int | None = None
    capped: bool = False


@dataclass(frozen=True)
class Explanation:
    """The lines of both halves, the clamps between their sums and their totals, and the score: it all adds up.

    fit = sum of fit_lines + fit_clamp; engagement likewise; score = fit + engagement + floor.
    """

    fit_lines: tuple[ScoreLine, ...]
    fit_clamp: int
    fit: int
    engagement_lines: tuple[ScoreLine, ...]
    engagement_clamp: int
    engagement: int
    floor: int
    score: int
    grade: str
    as_of: datetime
    model: ScoringModel


def explain(*, lead: Lead, now: datetime) -> Explanation:
    """The score of one lead as a full computation gives it at `now`, with its lines. Six queries."""
    return explain_by(rules=load(ScoringModel.objects.active().get()), lead=lead, now=now)


def explain_by(*, rules: Rules, lead: Lead, now: datetime) -> Explanation:
    """As `explain`, by given rules."""
    span = Span(keys=[lead.pk])
    person = fit_query(rules, span.condition("pk")).values().get()
    deed: dict[str, Any] = next(iter(engagement_query(rules, span.condition("contact_id"), now)), {})
    fit_lines = tuple(
        ScoreLine(rule.label, person[f"fit_{number}"])
        for number, rule in enumerate(rules.profile)
        if person[f"fit_{number}"]
    )
    engagement_lines = []
    for number, rule in enumerate(rules.behaviour):
        count = deed.get(f"count_{number}", 0)
        full = count * rule.points
        capped = rule.cap is not None and abs(full) > abs(rule.cap)
        if count:
            engagement_lines.append(ScoreLine(rule.label, rule.cap if capped else full, count, capped))  # type: ignore[arg-type]
    fit, engagement = person["fit"], deed.get("engagement", 0)
    score = max(0, fit + engagement)
    return Explanation(
        fit_lines=fit_lines,
        fit_clamp=fit - sum(line.points for line in fit_lines),
        fit=fit,
        engagement_lines=tuple(engagement_lines),
        engagement_clamp=engagement - sum(line.points for line in engagement_lines),
        engagement=engagement,
        floor=score - fit - engagement,
        score=score,
        grade=grade_of(rules.model, fit, engagement),
        as_of=now,
        model=rules.model,
    )
