"""What the API says of handoffs: their clocks as they are at the moment of asking, touches, and how they ended."""

from dataclasses import fields
from datetime import datetime
from typing import Any

from ninja import Field, Schema

from accounts.api import PersonOut, TeamOut, person_out
from sla.clock import Look
from sla.models import (
    Clock,
    ClockOutcome,
    Handoff,
    HandoffState,
    HandoffTier,
    Hours,
    Pause,
    PauseReason,
    PromiseKind,
    Side,
    Touch,
    TouchKind,
    TouchOrigin,
    side_of,
)
from sla.selectors.handoffs import HandoffDetail, Verbs, look_of
from sla.selectors.lateness import lateness_of


class LeadRef(Schema):
    """The lead of a handoff."""

    id: int
    name: str
    email: str
    company: str


class VersionRef(Schema):
    """The version of an agreement that a handoff is judged by."""

    agreement: int
    version: int


class PauseOut(Schema):
    """A stretch that does not count; `ends_at` lies ahead while it goes on."""

    starts_at: datetime
    ends_at: datetime
    reason: PauseReason
    note: str
    by: PersonOut


class WaiverOut(Schema):
    """Who took a clock out of the account, when and why."""

    reason: str
    at: datetime
    by: PersonOut


class TargetOut(Schema):
    """What was promised: in seconds or in business days, in which hours; for attempts also how many."""

    seconds: int | None
    days: int | None
    count: int | None
    hours: Hours


class ClockOut(Schema):
    """One promise of one agreement on one handoff."""

    id: int
    kind: PromiseKind
    side: Side
    owner: PersonOut | None = Field(description="Who answers for it; nobody: the team's queue, or marketing.")
    target: TargetOut
    started_at: datetime
    due_at: datetime
    warn_at: datetime
    ended_at: datetime | None
    paused_until: datetime | None
    state: Look = Field(description="How it stands at `as_of`, whether or not a sweep has run.")
    outcome: ClockOutcome = Field(description="How it ended; running until then, also when it is late.")
    seconds_left: int | None = Field(
        description="Until it is due, by the clock on the wall; null unless it runs in time."
    )
    seconds_late: int | None = Field(
        description="Past its due time, in the hours of the promise; it stays once the clock ended."
    )
    seconds_used: int | None = Field(
        description="From start to end in the hours of the promise; null while it runs."
    )
    pauses: list[PauseOut]
    waiver: WaiverOut | None


class HandoffOut(Schema):
    """One passing of the baton, as it is at `as_of`."""

    id: int
    lead: LeadRef
    state: HandoffState
    tier: HandoffTier
    team: TeamOut
    owner: PersonOut | None = Field(
        description="The rep who has it; nobody while it waits in the team's queue."
    )
    agreement: VersionRef
    ready_at: datetime
    ready_rule: str
    started_at: datetime
    assigned_at: datetime | None
    accepted_at: datetime | None
    answered_at: datetime | None
    answered_by: PersonOut | None
    ended_at: datetime | None
    reason: str | None = Field(description="Code of the reason why it was rejected or disqualified.")
    note: str
    clocks: list[ClockOut]
    as_of: datetime


class TouchOut(Schema):
    """One thing that a rep did to reach the lead."""

    id: int
    kind: TouchKind
    at: datetime
    recorded_at: datetime
    reached: bool
    note: str
    by: PersonOut
    origin: TouchOrigin
    external_id: str | None


class QualificationOut(Schema):
    """What makes the lead an SQL."""

    budget: str
    authority: str
    need: str
    timeline: str
    at: datetime


class HandoffDetailOut(HandoffOut):
    """A handoff with all that its page shows."""

    touches: list[TouchOut] = Field(description="The latest first.")
    attempts_agreed: int
    missing_fields: list[str] = Field(description="Agreed fields that are empty still, in words.")
    qualification: QualificationOut | None
    verbs: list[str] = Field(description="What you can do with it as it stands.")


def handoff_out(row: Handoff, now: datetime) -> HandoffOut:
    """No query for a handoff with its lead, people and clocks."""
    return HandoffOut(**_facts(row, now))


def detail_out(detail: HandoffDetail, now: datetime) -> HandoffDetailOut:
    """No query for a handoff from `detail_queryset`."""
    row = detail.handoff
    bant = getattr(row, "qualification", None)
    return HandoffDetailOut(
        **_facts(row, now),
        touches=[touch_out(touch) for touch in detail.touches],
        attempts_agreed=detail.attempts_agreed,
        missing_fields=detail.missing,
        qualification=QualificationOut.from_orm(bant) if bant is not None else None,
        verbs=[field.name for field in fields(Verbs) if getattr(detail.verbs, field.name)],
    )


def touch_out(row: Touch) -> TouchOut:
    """No query for a touch with the person."""
    return TouchOut(
        id=row.pk,
        kind=TouchKind(row.kind),
        at=row.at,
        recorded_at=row.recorded_at,
        reached=row.reached,
        note=row.note,
        by=PersonOut(id=row.by_id, name=str(row.by)),
        origin=TouchOrigin(row.origin),
        external_id=row.external_id,
    )


def _facts(row: Handoff, now: datetime) -> dict[str, Any]:
    contact = row.lead.contact
    company = contact.company_name or (str(contact.company) if contact.company else "")
    version = row.agreement_version
    same = ("id", "state", "tier", "ready_at", "ready_rule", "started_at", "assigned_at", "accepted_at")
    return {
        **{name: getattr(row, name) for name in (*same, "answered_at", "ended_at", "note")},
        "lead": LeadRef(id=row.lead_id, name=str(contact), email=contact.email, company=company),
        "team": TeamOut(id=row.team_id, name=row.team.name),
        "owner": person_out(row.owner),
        "agreement": VersionRef(agreement=version.agreement_id, version=version.number),
        "answered_by": person_out(row.answered_by),
        "reason": row.reason.slug if row.reason else None,
        "clocks": [clock_out(clock, now) for clock in row.clocks.all()],
        "as_of": now,
    }


def clock_out(row: Clock, now: datetime) -> ClockOut:
    """No query for a clock with its promise, people and pauses."""
    state = look_of(row, now)
    runs = state in (Look.ON_TIME, Look.WARNING, Look.PAUSED)
    is_late = state in (Look.LATE, Look.MISSED)
    waiver = getattr(row, "waiver", None)
    promise = row.promise
    return ClockOut(
        **{name: getattr(row, name) for name in ("id", "started_at", "due_at", "warn_at", "ended_at")},
        kind=PromiseKind(row.kind),
        side=side_of(row.kind),
        owner=person_out(row.owner),
        target=TargetOut(
            seconds=promise.target_seconds,
            days=promise.target_days,
            count=promise.count,
            hours=Hours(promise.hours),
        ),
        paused_until=row.paused_until,
        state=state,
        outcome=ClockOutcome(row.outcome),
        seconds_left=int((row.due_at - now).total_seconds()) if runs else None,
        seconds_late=_seconds_late(row, now) if is_late else None,
        seconds_used=row.seconds_used,
        pauses=[_pause_out(pause) for pause in row.pauses.all()],
        waiver=WaiverOut(
            reason=waiver.reason, at=waiver.at, by=PersonOut(id=waiver.by_id, name=str(waiver.by))
        )
        if waiver is not None
        else None,
    )


def _seconds_late(row: Clock, now: datetime) -> int:
    """As pages say it: in the hours of the promise."""
    late = lateness_of(row, now)
    return late.seconds if late is not None else int(((row.ended_at or now) - row.due_at).total_seconds())


def _pause_out(row: Pause) -> PauseOut:
    return PauseOut(
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        reason=PauseReason(row.reason),
        note=row.note,
        by=PersonOut(id=row.by_id, name=str(row.by)),
    )
