"""Leads over the API. Here and not in leads, because a lead is shown with its handoff, of which leads knows nothing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Path, Query, Router, Schema

from accounts.api import PersonOut, TeamOut, TokenAuth, asker, person_out
from accounts.models import User
from drains.clock import current_time
from leads.api.errors import REFUSALS
from leads.api.paging import Paged, page_of
from leads.api.reading import Number
from leads.api.schemas import LeadOut, facts_of
from leads.models import Lead
from leads.policies import number_of_kept, visible_leads
from leads.selectors.people import Question, matching
from leads.stages import Stage
from sla.clock import Look
from sla.models import Handoff, HandoffState, PromiseKind
from sla.policies import visible_handoffs
from sla.selectors.handoffs import look_of

router = Router(tags=["leads"], auth=TokenAuth())


class NextClock(Schema):
    """Sales' promise that is due next."""

    kind: PromiseKind
    due_at: datetime
    state: Look


class HandoffSummary(Schema):
    """The newest handoff of a lead: the open one, where there is one."""

    id: int
    state: HandoffState
    team: TeamOut
    owner: PersonOut | None
    started_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    next_clock: NextClock | None


class LeadWithHandoff(LeadOut):
    """A lead, with its newest handoff as far as you may see it."""

    handoff: HandoffSummary | None


class LeadPage(Schema):
    """Some leads, the newest first."""

    items: list[LeadWithHandoff]
    next: str | None


class LeadFilters(Paged):
    """Which leads."""

    stage: Stage | None = None
    tier: Literal["1", "2"] | None = None
    grade: Literal["A", "B", "C", "D"] | None = Field(None, description="The letter of the grade: fit.")
    min_score: int | None = Field(None, ge=0, le=1_000_000)
    max_score: int | None = Field(None, ge=0, le=1_000_000)
    email: str = Field("", max_length=254, description="Exactly this address, in any case.")
    q: str = Field("", max_length=200, description="What address, name, last name or company begins with.")


@router.get("/leads", response={200: LeadPage, **REFUSALS}, url_name="leads", summary="Leads")
def list_leads(request: HttpRequest, asked: Query[LeadFilters]) -> Any:
    """The leads that you may see, the newest first: a rep those of the team, everybody else all."""
    user, now = asker(request), current_time()
    page = page_of(request, asked, _left(_rows(user), asked))
    summaries = _summaries(user, page.rows, now)
    return LeadPage(items=[_lead_out(row, summaries) for row in page.rows], next=page.next)


@router.get(
    "/leads/{lead_id}", response={200: LeadWithHandoff, **REFUSALS}, url_name="lead", summary="One lead"
)
def get_lead(request: HttpRequest, lead_id: Path[Number]) -> Any:
    """A lead with its score and its newest handoff."""
    user = asker(request)
    row = get_object_or_404(_rows(user), pk=number_of_kept(lead_id))
    return _lead_out(row, _summaries(user, [row], current_time()))


def _rows(user: User) -> QuerySet[Lead]:
    return visible_leads(user).select_related("contact__company", "first_source")


def _left(rows: QuerySet[Lead], asked: LeadFilters) -> QuerySet[Lead]:
    question = Question(
        search=asked.q,
        stage=asked.stage or "",
        tier=int(asked.tier) if asked.tier else None,
        letter=asked.grade or "",
        low=asked.min_score,
        high=asked.max_score,
    )
    rows = matching(rows, question)
    return rows.filter(contact__email=asked.email.strip().lower()) if asked.email else rows


def _lead_out(row: Lead, summaries: dict[int, HandoffSummary]) -> LeadWithHandoff:
    return LeadWithHandoff.model_validate(facts_of(row) | {"handoff": summaries.get(row.pk)})


def _summaries(user: User, leads: Iterable[Lead], now: datetime) -> dict[int, HandoffSummary]:
    """By the number of the lead; one query."""
    rows = (
        visible_handoffs(user)
        .filter(lead__in=[lead.pk for lead in leads])
        .select_related("team", "owner", "next_clock")
        .order_by("started_at", "pk")
    )
    # An open one has begun last, but for history that an import brought later: it is closed, and stands back.
    found: dict[int, HandoffSummary] = {}
    for row in sorted(rows, key=lambda row: row.is_open):
        found[row.lead_id] = _summary(row, now)
    return found


def _summary(row: Handoff, now: datetime) -> HandoffSummary:
    clock = row.next_clock
    return HandoffSummary(
        id=row.pk,
        state=HandoffState(row.state),
        team=TeamOut(id=row.team_id, name=row.team.name),
        owner=person_out(row.owner),
        started_at=row.started_at,
        accepted_at=row.accepted_at,
        ended_at=row.ended_at,
        next_clock=NextClock(kind=PromiseKind(clock.kind), due_at=clock.due_at, state=look_of(clock, now))
        if clock is not None
        else None,
    )
