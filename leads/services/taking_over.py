"""What a lead takes over from another one that is merged into it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from leads.bulk import update_rows
from leads.models import Activity, Contact, ContactIdentity, Lead, Opportunity, Submission
from leads.services.handing import HAND_RAISE
from leads.services.identify import FILLED, attach_companies
from leads.stages import Stage

UNDECIDED: Mapping[str, Any] = {
    "ready_at": None,
    "ready_rule": "",
    "ready_detail": "",
    "ready_activity_id": None,
}
_FIRST = ("first_source", "first_origin", "first_medium", "first_campaign", "first_landing_page")
_LAST = ("last_origin", "last_medium", "last_campaign", "last_landing_page")


def take_over_contact(kept: Contact, absorbed: Contact) -> list[str]:
    """Fill what the kept contact lacks; returns the names of the fields that were filled. What both know stays as the kept
    one has it, and the absorbed row stays as it was."""
    filled = []
    for name in ("email", *FILLED):
        value = getattr(absorbed, name)
        if value not in ("", None) and getattr(kept, name) in ("", None):
            setattr(kept, name, value)
            filled.append(name)
    extra = {key: value for key, value in absorbed.extra.items() if key not in kept.extra}
    if extra:
        kept.extra = {**kept.extra, **extra}
        filled.append("extra")
    if "email" in filled:
        attach_companies([kept], {})
    if kept.company_id is None:
        kept.company_id = absorbed.company_id
    kept.created_at = min(kept.created_at, absorbed.created_at)
    update_rows([kept], ["email", *FILLED, "extra", "company", "created_at"])
    return filled


def take_over_facts(kept: Lead, absorbed: Lead, target: Stage, *, tier_too: bool, now: datetime) -> None:
    """First and last touch, dates, the day to look again, and what hands were raised and answered; to be scored anew.

    A threshold that either crossed stays disarmed: the crossing was used up.
    """
    if absorbed.first_activity_at < kept.first_activity_at:
        for name in _FIRST:
            setattr(kept, name, getattr(absorbed, name))
    if absorbed.last_activity_at > kept.last_activity_at:
        for name in _LAST:
            setattr(kept, name, getattr(absorbed, name))
    if tier_too:
        kept.tier = absorbed.tier
    kept.first_activity_at = min(kept.first_activity_at, absorbed.first_activity_at)
    kept.last_activity_at = max(kept.last_activity_at, absorbed.last_activity_at)
    kept.created_at = min(kept.created_at, absorbed.created_at)
    days = [lead.nurture_until for lead in (kept, absorbed) if lead.stage == Stage.NURTURE]
    if target == Stage.NURTURE:
        kept.nurture_until = min((day for day in days if day is not None), default=None)
    elif target != kept.stage:
        kept.nurture_until = None
    kept.threshold_armed = kept.threshold_armed and absorbed.threshold_armed
    kept.hand_raised_at = _latest(kept.hand_raised_at, absorbed.hand_raised_at)
    kept.hand_answered_at = _latest(kept.hand_answered_at, absorbed.hand_answered_at)
    kept.dirty_at = now
    update_rows(
        [kept],
        [
            *_FIRST,
            *_LAST,
            "tier",
            "first_activity_at",
            "last_activity_at",
            "created_at",
            "nurture_until",
            "threshold_armed",
            "hand_raised_at",
            "hand_answered_at",
            "dirty_at",
        ],
    )


def take_over_rows(kept: Lead, absorbed: Lead) -> dict[str, list[int]]:
    """Let submissions, activities, identities and deals point to the kept lead; returns their numbers, for the journal."""
    contact = absorbed.pk
    # What another system told of both under one name stays two activities; the kept lead's goes by that name.
    named = Activity.objects.filter(contact=kept.pk, external_id__isnull=False)
    Activity.objects.filter(
        contact=contact, external_id__in=list(named.values_list("external_id", flat=True))
    ).update(external_id=None)
    return {
        "submissions": _point(Submission.objects.filter(contact=contact), contact=kept.pk),
        "activities": _point(Activity.objects.filter(contact=contact), contact=kept.pk),
        "identities": _point(ContactIdentity.objects.filter(contact=contact), contact=kept.pk),
        "deals": _point(Opportunity.objects.filter(lead=absorbed), lead=kept.pk),
    }


def chosen_readiness(kept: Lead, absorbed: Lead) -> dict[str, Any] | None:
    """Which of two waits for sales goes on: a raised hand before a score, then the longer one. None where neither waits."""
    waiting = [lead for lead in (kept, absorbed) if lead.ready_at is not None]
    if not waiting:
        return None
    first = min(waiting, key=lambda lead: (lead.ready_rule != HAND_RAISE, lead.ready_at, lead.pk))
    return {name: getattr(first, name) for name in UNDECIDED}


def _point(rows: QuerySet[Any], **to: int) -> list[int]:
    numbers = list(rows.order_by("pk").values_list("pk", flat=True))
    rows.update(**to)
    return numbers


def _latest(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((at for at in (one, other) if at is not None), default=None)
