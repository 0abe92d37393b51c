"""What the API says of leads and activities."""

from datetime import date, datetime

from ninja import Field, Schema

from leads.models import Activity, Lead
from leads.stages import Stage


class SourceOut(Schema):
    """Where somebody came from first."""

    id: int
    name: str


class LeadOut(Schema):
    """A lead as it is known and scored. What is not known is an empty text, or null."""

    id: int
    email: str
    first_name: str
    last_name: str
    job_title: str
    company: str
    industry: str
    country: str = Field(description="Two letters, ISO 3166.")
    phone: str
    employees: int | None
    stage: Stage
    stage_since: datetime
    tier: int
    score: int
    fit: int
    engagement: int
    grade: str = Field(description="Fit A to D and engagement 1 to 4; empty before the first scoring.")
    scored_at: datetime | None
    ready_at: datetime | None = Field(description="Sales-ready since, while no handoff has followed.")
    nurture_until: date | None
    created_at: datetime
    first_activity_at: datetime
    last_activity_at: datetime
    first_source: SourceOut


class ActivityOut(Schema):
    """One thing that a lead did. One that marketing took back (`voided_at`) pays no points."""

    id: int
    kind: str
    label: str
    raises_hand: bool
    occurred_at: datetime
    detail: str
    submission: int | None
    external_id: str | None
    voided_at: datetime | None


def facts_of(lead: Lead) -> dict[str, object]:
    """The fields of LeadOut; no query for a lead with its contact, company and first source."""
    contact = lead.contact
    own = {name: getattr(lead, name) for name in LeadOut.model_fields if hasattr(lead, name)}
    theirs = {name: getattr(contact, name) for name in LeadOut.model_fields if hasattr(contact, name)}
    return {
        **theirs,
        **own,
        "id": lead.pk,
        "company": contact.company_name or (str(contact.company) if contact.company else ""),
        "first_source": SourceOut(id=lead.first_source_id, name=lead.first_source.name),
    }


def activity_out(row: Activity) -> ActivityOut:
    """No query for an activity with its kind."""
    return ActivityOut(
        id=row.pk,
        kind=row.kind_id,
        label=row.kind.label,
        raises_hand=row.kind.raises_hand,
        occurred_at=row.occurred_at,
        detail=row.detail,
        submission=row.submission_id,
        external_id=row.external_id,
        voided_at=row.voided_at,
    )
