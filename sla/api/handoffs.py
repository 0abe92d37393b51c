"""Handoffs to read: the list, one with everything, and its evidence; and the reasons that its verbs need."""

from datetime import datetime
from typing import Any, Literal

from django.db.models import prefetch_related_objects
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Field, Path, Query, Router, Schema

from accounts.api import PersonOut, TeamOut, TokenAuth, asker
from accounts.models import Role, User
from drains.clock import current_time
from leads.api.errors import REFUSALS, Invalid
from leads.api.paging import Paged, page_of
from leads.api.reading import Asked, Number, check_names
from sla.api.evidence import EvidenceOut, evidence_out
from sla.api.schemas import HandoffDetailOut, HandoffOut, detail_out, handoff_out
from sla.models import HandoffTier, PauseReason, Reason
from sla.policies import visible_handoffs
from sla.querysets import HandoffQuerySet
from sla.reports.evidence import evidence_of
from sla.selectors.handoffs import detail_queryset, handoff_detail, with_clocks

router = Router(tags=["handoffs"], auth=TokenAuth())

States = Literal[
    "open", "closed", "waiting", "accepted", "rejected", "qualified", "recycled", "disqualified", "withdrawn"
]


class HandoffPage(Schema):
    """Some handoffs, the newest first."""

    items: list[HandoffOut]
    next: str | None


class HandoffFilters(Paged):
    """Which handoffs."""

    state: States | None = Field(None, description="`open`: waiting or accepted. `closed`: all others.")
    owner: str = Field(
        "", pattern=r"^(me|nobody|[1-9][0-9]{0,17})?$", description="Number of the rep, `me`, or `nobody`."
    )
    team: Number | None = None
    tier: HandoffTier | None = None
    lead: Number | None = None
    late: bool | None = Field(None, description="Whether a promise of sales runs past its due time now.")


@router.get("/handoffs", response={200: HandoffPage, **REFUSALS}, url_name="handoffs", summary="Handoffs")
def list_handoffs(request: HttpRequest, asked: Query[HandoffFilters]) -> Any:
    """The handoffs that you may see, the newest first, each with its clocks as they are now."""
    user, now = asker(request), current_time()
    rows = _left(visible_handoffs(user), asked, user, now).select_related(
        "lead__contact__company", "owner", "team", "reason", "answered_by", "agreement_version"
    )
    # The text of the agreement is long, and not told here.
    page = page_of(request, asked, with_clocks(rows).defer("agreement_version__document"))
    return HandoffPage(items=[handoff_out(row, now) for row in page.rows], next=page.next)


def _left(rows: HandoffQuerySet, asked: HandoffFilters, user: User, now: datetime) -> HandoffQuerySet:
    if asked.state in ("open", "closed"):
        rows = rows.open() if asked.state == "open" else rows.closed()
    elif asked.state is not None:
        rows = rows.in_state(asked.state)
    if asked.owner:
        words: dict[str, int | None] = {"me": user.pk, "nobody": None}
        rows = rows.had_by(words[asked.owner] if asked.owner in words else int(asked.owner))
    if asked.late is not None:
        rows = rows.late(now) if asked.late else rows.not_late(now)
    columns = {"team": asked.team, "tier": asked.tier, "lead": asked.lead}
    return rows.filter(**{name: value for name, value in columns.items() if value is not None})


@router.get(
    "/handoffs/{handoff_id}",
    response={200: HandoffDetailOut, **REFUSALS},
    url_name="handoff",
    summary="One handoff",
)
def get_handoff(request: HttpRequest, handoff_id: Path[Number]) -> Any:
    """A handoff with clocks, pauses, touches, and what you can do with it."""
    return detail_of(asker(request), handoff_id, current_time())


def detail_of(user: User, number: int, now: datetime) -> HandoffDetailOut:
    """A handoff as it is now in the database. Raises Http404 where the person may not see it."""
    row = get_object_or_404(detail_queryset(user), pk=number)
    return detail_out(handoff_detail(handoff=row, user=user, now=now), now)


@router.get(
    "/handoffs/{handoff_id}/evidence",
    response={200: EvidenceOut, **REFUSALS},
    url_name="handoff_evidence",
    summary="The evidence of a handoff",
)
def get_evidence(request: HttpRequest, handoff_id: Path[Number]) -> Any:
    """What happened in order, and the arithmetic of each clock, computed again; as the page shows it."""
    rows = visible_handoffs(asker(request)).select_related("team", "owner")
    now = current_time()
    evidence = evidence_of(get_object_or_404(rows, pk=handoff_id), now)
    prefetch_related_objects([row.clock for row in evidence.clocks], "pauses__by")
    return evidence_out(evidence, now)


class RepOut(PersonOut):
    """A rep. `is_here`: neither absent now, nor is the account closed."""

    team: TeamOut
    is_here: bool


class RepList(Schema):
    """The reps of the teams that you see, by name."""

    items: list[RepOut]
    next: None = None


@router.get("/reps", response={200: RepList, **REFUSALS}, url_name="reps", summary="Reps")
def list_reps(request: HttpRequest) -> Any:
    """Who can be assigned to: of sales those of one's own team, for everybody else all."""
    user, now = asker(request), current_time()
    rows = User.objects.reps().select_related("team").order_by("name", "email")
    if user.team_id is not None and user.role in (Role.REP, Role.SALES_MANAGER):
        rows = rows.filter(team=user.team_id)
    here = set(User.objects.reps().at_work(now).values_list("pk", flat=True))
    return RepList(
        items=[
            RepOut(
                id=row.pk,
                name=str(row),
                team=TeamOut(id=row.team.pk, name=row.team.name),
                is_here=row.pk in here,
            )
            for row in rows
        ]
    )


class ReasonOut(Schema):
    """A reason by its code, which the verbs take."""

    code: str
    label: str
    kind: Literal["rejection", "disqualification", "pause"]
    reason_class: str = Field(description="Of a rejection: whose mistake it points to.")
    to_nurture: bool = Field(description="Rejected so, the lead goes to nurture.")
    needs_note: bool
    needs_attempts: bool = Field(description="Only after the agreed number of attempts.")


class ReasonList(Schema):
    """All reasons, in the order in which they are offered."""

    items: list[ReasonOut]
    next: None = None


class ReasonFilters(Asked):
    """Which reasons."""

    kind: Literal["rejection", "disqualification", "pause"] | None = None
    handoff: Number | None = Field(None, description="Only those that its agreement offers.")


@router.get("/reasons", response={200: ReasonList, **REFUSALS}, url_name="reasons", summary="Reasons")
def list_reasons(request: HttpRequest, asked: Query[ReasonFilters]) -> Any:
    """The reasons that reject, disqualify and pause take. A recycled lead needs none but the day to look again."""
    check_names(request, ReasonFilters)
    rows = Reason.objects.offered()
    if asked.handoff is not None:
        handoff = visible_handoffs(asker(request)).filter(pk=asked.handoff).first()
        if handoff is None:
            raise Invalid(
                "handoff", _("There is no handoff of this number that you may see."), _("Check the number.")
            )
        rows = Reason.objects.offered_under(handoff.agreement_version_id)
    found = [_reason_out(row) for row in rows] + [_pause_reason_out(reason) for reason in PauseReason]
    return ReasonList(items=[row for row in found if asked.kind in (None, row.kind)])


def _reason_out(row: Reason) -> ReasonOut:
    same = ("label", "kind", "reason_class", "to_nurture", "needs_note", "needs_attempts")
    return ReasonOut.model_validate({"code": row.slug, **{name: getattr(row, name) for name in same}})


def _pause_reason_out(reason: PauseReason) -> ReasonOut:
    return ReasonOut(
        code=reason.value,
        label=str(reason.label),
        kind="pause",
        reason_class="",
        to_nurture=False,
        needs_note=False,
        needs_attempts=False,
    )
