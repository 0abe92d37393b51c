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

# Stands where the names of the signers stand: nobody signed what a new installation starts with.
DEFAULT_SIGNER = "Default of the installation"
# For versions that were in force before agreements were signed here.
EARLIER_SIGNER = "In force before signatures were asked"
# The words of the standard agreement (product.md).
TEXTS: dict[str, Any] = {
    "mql_definition": (
        "Known well enough, and fits: a persona by title or role, company size or purchase volume, "
        "a location we sell to, and a need that one of our products answers."
    ),
    "srl_definition": (
        "Handed to sales because behaviour crossed the score below, or because a fitting person raised a hand: "
        "demo, trial, consultation or quote. A raised hand goes to sales at once, whatever the score."
    ),
    "sql_definition": ("Accepted by the rep, and qualified: budget, authority, need and timeline are known."),
    "required_fields": ["email", "company_name", "job_title"],
    "exclusions": (
        "Students and academic addresses, personal and disposable mail addresses, competitors, and countries we do not "
        "sell to. Industries out of target are kept as tier 2."
    ),
    "route_around": (
        "A lead goes to the next rep of the team who is at work. Where nobody is, it waits in the team's queue with its "
        "clock running, and the sales manager is told. A rejected lead never goes back to the same rep."
    ),
}

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


def default_ladder(kind: str, tier: str, warn_percent: int) -> list[dict[str, Any]]:
    """The steps a promise starts with: a reminder, notices once it is late; who has not answered a tier-1 lead in twice the
    time loses it to the next rep (product.md, “no answer in time”). Marketing's promises are told to its managers."""

    def step(when: str, amount: int, action: str) -> dict[str, Any]:
        return {"when": when, "amount": amount, "hours": "working", "action": action}

    late = [step("after", 0, "notify_manager"), step("after", 0, "notify_channel")]
    if kind in ("routing", "completeness", "pick_up"):
        return late
    reminders = [step("share", warn_percent, "notify_rep"), step("share", warn_percent, "notify_channel")]
    steps = [*reminders, step("after", 0, "notify_rep"), *late]
    if kind == "accept" and tier in ("hand_raiser", "scored"):
        steps.append(step("share", 200, "reassign"))
    return steps


def write_ladders(apps: Any) -> None:
    """Give every promise that has no ladder the default one."""
    ladder_step = apps.get_model("sla", "LadderStep")
    ladder_step.objects.bulk_create(
        ladder_step(promise=promise, position=position, **step)
        for promise in apps.get_model("sla", "Promise").objects.filter(ladder=None)
        for position, step in enumerate(
            default_ladder(promise.kind, promise.tier, promise.warn_percent), start=1
        )
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


def sign_what_is_in_force(apps: Any) -> None:
    """Give the standard agreement its words, and sign every version there is for both sides, by nobody in particular."""
    # Read here alone: the models that these modules look at are not there yet while migrations import this one.
    from sla.agreements.document import digest_of
    from sla.agreements.reading import facts_of
    from sla.agreements.wording import compose

    signatures = apps.get_model("sla", "Signature").objects
    for version in apps.get_model("sla", "AgreementVersion").objects.select_related("agreement"):
        is_default = version.agreement.name == AGREEMENT and version.number == 1
        for name, text in TEXTS.items() if is_default else ():
            setattr(version, name, text)
        version.created_at = version.in_force_from
        document = compose(facts_of(version, apps))
        version.document, version.digest, version.state = document.to_dict(), digest_of(document), "signed"
        version.save()
        for side in ("marketing", "sales"):
            signatures.create(
                version=version,
                side=side,
                name=DEFAULT_SIGNER if is_default else EARLIER_SIGNER,
                at=version.in_force_from,
                digest=version.digest,
            )
