"""Leads, activities and scoring models of tests."""

import itertools
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from leads.models import Activity, ActivityKind, Contact, Lead, Source
from scoring.models import BehaviourRule, ModelState, ProfileRule, ScoringModel

NOW = datetime(2026, 3, 4, 10, 0, 0, 123456, tzinfo=UTC)
_numbers = itertools.count(1)


def make_lead(*, at: datetime = NOW, tier: int = 1, stage: str = "lead", **person: Any) -> Lead:
    """A dirty lead of a new contact."""
    number = next(_numbers)
    person.setdefault("email", f"person{number}@company{number}.example")
    contact = Contact.objects.create(created_at=at, **person)
    return Lead.objects.create(
        contact=contact,
        stage=stage,
        stage_since=at,
        tier=tier,
        created_at=at,
        first_source=Source.objects.get(slug="website"),
        first_activity_at=at,
        last_activity_at=at,
        dirty_at=at,
    )


def make_activity(lead: Lead, kind: str, at: datetime = NOW, **fields: Any) -> Activity:
    """One activity; marks the lead as processing does: in one transaction, so that no score comes between the two."""
    ActivityKind.objects.get_or_create(slug=kind, defaults={"label": slugify(kind)})
    with transaction.atomic():
        Lead.objects.filter(pk=lead.pk).update(dirty_at=at)
        return Activity.objects.create(contact_id=lead.pk, kind_id=kind, occurred_at=at, **fields)


def activate(
    profile: list[dict[str, Any]] | None = None, behaviour: list[dict[str, Any]] | None = None, **fields: Any
) -> ScoringModel:
    """A new active model with these rules; the one before is retired."""
    ScoringModel.objects.active().update(state=ModelState.RETIRED)
    model = ScoringModel.objects.create(
        name="Test", version=next(_numbers), state=ModelState.ACTIVE, **fields
    )
    for rule in profile or []:
        ProfileRule.objects.create(model=model, label="profile", **rule)
    for rule in behaviour or []:
        kind, _ = ActivityKind.objects.get_or_create(slug=rule["kind"], defaults={"label": rule["kind"]})
        BehaviourRule.objects.create(model=model, label="behaviour", **{**rule, "kind": kind})
    return model
