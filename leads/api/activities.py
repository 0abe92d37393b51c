"""What a lead did: to read, and to record."""

import re
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Field, Header, Path, Query, Router, Schema, Status
from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

from accounts.api import Problem, TokenAuth, asker
from drains.clock import current_time
from leads.api.errors import REFUSALS, Invalid, one
from leads.api.paging import Paged, page_of
from leads.api.reading import Asked, Moment, Name, Number
from leads.api.schemas import ActivityOut, activity_out
from leads.models import Activity
from leads.policies import check_can_record_activity, number_of_kept, visible_leads
from leads.services.activities import ActivityDiffers, ActivityNotPossible, record_activity

router = Router(tags=["leads"], auth=TokenAuth())

Key = Annotated[
    str, Header("", alias="Idempotency-Key", max_length=100, description="Instead of external_id.")
]


_KIND = r"^[a-z0-9][a-z0-9_]{0,49}$"


def _kind(text: str) -> str:
    if not re.fullmatch(_KIND, text):
        raise PydanticCustomError("bad_kind", "not a kind")
    return text


class ActivityIn(Asked):
    """One thing that a lead did, as another system knows it."""

    kind: Annotated[str, AfterValidator(_kind)] = Field(
        json_schema_extra={"pattern": _KIND},
        description="Such as webinar, whitepaper, event. Scoring rules are by kind; one nobody has heard of becomes a kind.",
        examples=["webinar"],
    )
    occurred_at: Moment | None = Field(None, description="When it happened. Left out: now.")
    detail: str = Field("", max_length=300)
    external_id: Name | None = Field(
        None, description="Your name for it: sent again it is the same activity."
    )


class ActivityPage(Schema):
    """Some activities, the latest first."""

    items: list[ActivityOut]
    next: str | None


class Recorded(ActivityOut):
    """The activity. `repeated`: it was here before under this name, and nothing was recorded anew."""

    repeated: bool


@router.get(
    "/leads/{lead_id}/activities",
    response={200: ActivityPage, **REFUSALS},
    url_name="lead_activities",
    summary="What a lead did",
)
def list_activities(request: HttpRequest, lead_id: Path[Number], asked: Query[Paged]) -> Any:
    """The activities of a lead, the latest first."""
    lead = get_object_or_404(visible_leads(asker(request)), pk=number_of_kept(lead_id))
    rows = Activity.objects.filter(contact=lead.pk).select_related("kind")
    page = page_of(request, asked, rows, "occurred_at")
    return ActivityPage(items=[activity_out(row) for row in page.rows], next=page.next)


@router.post(
    "/leads/{lead_id}/activities",
    response={200: Recorded, 201: Recorded, 409: Problem, **REFUSALS},
    url_name="lead_activities",
    summary="Record what a lead did",
)
def record(request: HttpRequest, lead_id: Path[Number], payload: ActivityIn, key: Key) -> Any:
    """Record one activity; the score follows within seconds. For marketing and administrators.

    With `external_id`, or the header Idempotency-Key, a repeated delivery is answered with 200 and what is there already.
    """
    user, now = asker(request), current_time()
    check_can_record_activity(user)
    lead = get_object_or_404(visible_leads(user), pk=number_of_kept(lead_id))
    try:
        row, is_new = record_activity(
            lead=lead,
            kind=payload.kind,
            occurred_at=payload.occurred_at or now,
            detail=payload.detail,
            external_id=payload.external_id or key.strip() or None,
            by=user,
            now=now,
        )
    except ActivityNotPossible as problem:
        remedy = _("Leave it out for now, or correct the clock of the sender.")
        raise Invalid("occurred_at", str(problem), remedy) from None
    except ActivityDiffers as problem:
        return differs(str(problem))
    return Status(201 if is_new else 200, Recorded(**activity_out(row).dict(), repeated=not is_new))


def differs(message: str) -> HttpResponse:
    """The same name came with other content."""
    remedy = _("Send a new name for something new; what came first stands.")
    return one(409, "differs", "external_id", message, remedy)
