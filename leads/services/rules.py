"""The organisation's exclusion rules, read once per batch."""

from dataclasses import dataclass

from leads.exclusions import ExclusionRules
from leads.models import ExclusionRule
from leads.models.exclusion import ExclusionKind


@dataclass(frozen=True)
class IntakeRules:
    """Who is excluded, and which industries (lower case) make a lead tier 2."""

    exclusions: ExclusionRules
    industries_out_of_target: frozenset[str]


def intake_rules() -> IntakeRules:
    """The rules in force, in one query."""
    values: dict[str, set[str]] = {}
    for kind, value in ExclusionRule.objects.active().values_list("kind", "value"):
        values.setdefault(kind, set()).add(value)
    listed = {kind: frozenset(values.get(kind, ())) for kind in ExclusionKind.values}
    return IntakeRules(
        exclusions=ExclusionRules(
            exclude_academic=ExclusionKind.ACADEMIC in values,
            exclude_personal=ExclusionKind.PERSONAL in values,
            exclude_disposable=ExclusionKind.DISPOSABLE in values,
            competitor_domains=listed[ExclusionKind.COMPETITOR],
            blocked_countries=listed[ExclusionKind.COUNTRY],
            allowed_domains=listed[ExclusionKind.ALLOWED],
        ),
        industries_out_of_target=listed[ExclusionKind.OUT_OF_TARGET],
    )
