"""The agreement, the calendar and the reasons that a new installation starts with (defaults of product.md)."""

from datetime import UTC, datetime
from typing import Any

AGREEMENT = "Standard agreement"
CALENDAR = "Office hours"
BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)

OFFICE_WEEK = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}

MINUTE, HOUR = 60, 3600
# kind, tier, target in seconds of business time: a hand-raiser minutes, a score-qualified lead hours, tier 2 a working day.
PROMISES = (
    ("accept", "hand_raiser", 15 * MINUTE),
    ("accept", "scored", 4 * HOUR),
    ("accept", "tier_2", 8 * HOUR),
    ("first_touch", "hand_raiser", 1 * HOUR),
    ("first_touch", "scored", 24 * HOUR),
    ("first_touch", "tier_2", 40 * HOUR),
)
# What was agreed beyond these later on (product.md, “Both sides promise”), for every tier: kind and what it promises.
FURTHER_PROMISES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("attempts", {"count": 6, "target_days": 10}),
    ("disposition", {"target_days": 15}),
    ("routing", {"target_seconds": 5 * MINUTE, "hours": "round_the_clock"}),
    ("completeness", {"target_seconds": 1}),
    ("pick_up", {"target_days": 5}),
)

# slug, label, class, to nurture, needs a note
REJECTIONS = (
    ("wrong_team", "Wrong team or territory", "procedural", False, False),
    ("already_worked", "Somebody works on this account already", "procedural", False, False),
    ("wrong_contact_data", "Contact data is wrong", "clerical", False, False),
    ("incomplete", "Agreed fields are missing", "clerical", False, False),
    ("duplicate", "Duplicate", "clerical", False, False),
    ("not_the_persona", "Not the person we agreed on", "definitional", True, False),
    ("not_the_company", "Not the kind of company we agreed on", "definitional", True, False),
    ("no_interest", "No buying interest", "definitional", True, True),
)

# slug, label, needs the agreed attempts, needs a note
DISQUALIFICATIONS = (
    ("unable_to_reach", "Unable to reach", True, False),
    ("wrong_data", "Wrong data", False, False),
    ("no_need", "No need", False, False),
    ("no_budget", "No budget", False, False),
    ("no_authority", "No authority", False, False),
    ("bad_timing", "Bad timing", False, False),
    ("no_fit", "No fit", False, True),
)


def promise_further(apps: Any) -> None:
    """Add the later promises to the first version of the standard agreement, unless handoffs are judged by it already."""
    versions = apps.get_model("sla", "AgreementVersion").objects
    first = versions.filter(agreement__name=AGREEMENT, number=1).first()
    if first is None or first.handoffs.exists():
        return
    promises = apps.get_model("sla", "Promise").objects
    for kind, terms in FURTHER_PROMISES:
        for tier in ("hand_raiser", "scored", "tier_2"):
            promises.get_or_create(version=first, kind=kind, tier=tier, defaults=terms)


def seed(apps: Any) -> None:
    """Write the defaults that are missing."""
    calendar, made = apps.get_model("sla", "Calendar").objects.get_or_create(name=CALENDAR)
    if made:
        apps.get_model("sla", "CalendarVersion").objects.create(
            calendar=calendar, number=1, time_zone="UTC", week=OFFICE_WEEK, created_at=BEGINNING
        )
    agreement, made = apps.get_model("sla", "Agreement").objects.get_or_create(name=AGREEMENT)
    if made:
        version = apps.get_model("sla", "AgreementVersion").objects.create(
            agreement=agreement, number=1, in_force_from=BEGINNING
        )
        for kind, tier, seconds in PROMISES:
            apps.get_model("sla", "Promise").objects.create(
                version=version, kind=kind, tier=tier, target_seconds=seconds
            )
    reasons = apps.get_model("sla", "Reason").objects
    for slug, label, reason_class, to_nurture, needs_note in REJECTIONS:
        reasons.get_or_create(
            slug=slug,
            defaults={
                "label": label,
                "kind": "rejection",
                "reason_class": reason_class,
                "to_nurture": to_nurture,
                "needs_note": needs_note,
            },
        )
    for slug, label, needs_attempts, needs_note in DISQUALIFICATIONS:
        reasons.get_or_create(
            slug=slug,
            defaults={
                "label": label,
                "kind": "disqualification",
                "needs_attempts": needs_attempts,
                "needs_note": needs_note,
            },
        )
