"""The score of one lead as a person would work it out from the rules, without the database's help."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from leads.models import Activity, Contact
from scoring.models import BehaviourRule, ProfileRule, ScoringModel


def applies(rule: ProfileRule, contact: Contact) -> bool:
    value = getattr(contact, rule.field)
    if rule.operator == "is_known":
        return value not in ("", None)
    if value in ("", None):
        return False
    if rule.operator == "at_least":
        return value >= rule.values[0]
    if rule.operator == "below":
        return value < rule.values[0]
    if rule.operator == "is_one_of":
        return value.lower() in [wanted.lower() for wanted in rule.values]
    return any(part.lower() in value.lower() for part in rule.values)


def fit(model: ScoringModel, rules: Iterable[ProfileRule], contact: Contact) -> int:
    return min(sum(rule.points for rule in rules if applies(rule, contact)), model.fit_cap)


def line(rule: BehaviourRule, activities: Iterable[Activity], now: datetime) -> int:
    counted = [
        activity
        for activity in activities
        if activity.kind_id == rule.kind_id
        and activity.voided_at is None
        and (rule.window_days is None or now - activity.occurred_at < timedelta(days=rule.window_days))
    ]
    points = len(counted) * rule.points
    if rule.cap is None:
        return points
    return min(points, rule.cap) if rule.points >= 0 else max(points, rule.cap)


def engagement(
    model: ScoringModel, rules: Iterable[BehaviourRule], activities: list[Activity], now: datetime
) -> int:
    return max(0, min(sum(line(rule, activities, now) for rule in rules), model.engagement_cap))


def grade(model: ScoringModel, fit: int, engagement: int) -> str:
    """Quarters of the caps: at least three quarters is the best, below one quarter the last."""

    def step(points: int, cap: int) -> int:
        return sum(points * 4 < cap * quarter for quarter in (3, 2, 1))

    return "ABCD"[step(fit, model.fit_cap)] + "1234"[step(engagement, model.engagement_cap)]


def next_change(rules: Iterable[BehaviourRule], activities: list[Activity], now: datetime) -> datetime | None:
    """When the first activity that still counts leaves its window."""
    ends = [
        activity.occurred_at + timedelta(days=rule.window_days)
        for rule in rules
        if rule.window_days is not None
        for activity in activities
        if activity.kind_id == rule.kind_id and activity.voided_at is None
    ]
    return min((end for end in ends if end > now), default=None)
