"""What is done with handoffs over the API: the verbs of the pages, by the same services and with the same rights."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from ninja import Body, Field, Path, Router, Status
from pydantic import field_validator
from pydantic_core import PydanticCustomError

from accounts.api import TokenAuth, asker
from accounts.models import User
from drains.clock import current_time
from leads.api.activities import Key
from leads.api.errors import Invalid
from leads.api.reading import Asked, Day, Flag, Moment, Name, Note, Nothing, Number, Text, Whole
from sla.api.errors import VERB_REFUSALS
from sla.api.handoffs import detail_of
from sla.api.schemas import HandoffDetailOut, TouchOut, touch_out
from sla.models import Clock, Handoff, PauseReason, Reason, TouchKind
from sla.policies import check_can_assign, check_can_waive, check_can_work
from sla.querysets import ReasonQuerySet
from sla.selectors.handoffs import detail_queryset
from sla.services import answering, passing, pausing, working

router = Router(tags=["handoffs"], auth=TokenAuth())

HandoffId = Path[Number]
Short = Annotated[str, Field(max_length=300), Text]
# Of a verb that needs nothing: an empty body will do.
Empty = Annotated[Nothing | None, Body(None)]


class RejectIn(Asked):
    """Why sales gives a lead back before working it."""

    reason: Name = Field(description="Code of a rejection, from /reasons.")
    note: Note = ""


class DisqualifyIn(Asked):
    """Why a lead is none."""

    reason: Name = Field(description="Code of a disqualification, from /reasons.")
    note: Note = ""


class TouchIn(Asked):
    """One thing that a person did to reach the lead."""

    kind: TouchKind
    reached: Flag = Field(False, description="Whether the lead was reached.")
    at: Moment | None = Field(None, description="When it was done, since the handoff began. Left out: now.")
    note: Note = ""
    automatic: Flag = Field(False, description="What a machine did by itself is no touch and is refused.")
    external_id: Name | None = Field(None, description="Your name for it: sent again it is the same touch.")

    @field_validator("kind", mode="before")
    @classmethod
    def human(cls, value: object) -> object:
        """Internal notes, changes of status and automatic mail are told apart from a slip of the pen."""
        if isinstance(value, str) and value not in TouchKind.values:
            raise PydanticCustomError("no_touch", "no touch", {"sent": value[:80]})
        return value

    @field_validator("automatic")
    @classmethod
    def by_a_person(cls, value: bool) -> bool:
        """Case 20: nothing but a human touch stops a clock."""
        if value:
            raise PydanticCustomError("automatic_touch", "automatic")
        return value


class QualifyIn(Asked):
    """Budget, authority, need and timeline: all four."""

    budget: Short
    authority: Short
    need: Short
    timeline: Short


class RecycleIn(Asked):
    """Not now: the day on which marketing looks again."""

    until: Annotated[date, Day]
    note: Note = ""


class PauseIn(Asked):
    """Why nobody can work on the lead, and until when."""

    reason: PauseReason
    until: Moment
    note: Annotated[str, Field(max_length=300)] = ""


class AssignIn(Asked):
    """To whom."""

    to: Whole = Field(description="Number of a rep of the handoff's team, from /reps.")


class GiveBackIn(Asked):
    """Why the new owner cannot take the lead on."""

    why: Short


class WaiveIn(Asked):
    """Which promise is taken out of the account, and why."""

    clock: Whole = Field(description="Number of a clock of this handoff.")
    reason: Short


class Touched(TouchOut):
    """The touch, and the handoff after it. `repeated`: it was here before under this name, and nothing was done."""

    repeated: bool
    handoff: HandoffDetailOut


Deed = Callable[[Handoff, User, datetime], object]


def _do(request: HttpRequest, number: int, deed: Deed) -> HandoffDetailOut:
    """Find the handoff, do it, and tell how it is afterwards. The clock is read once."""
    user, now = asker(request), current_time()
    deed(get_object_or_404(detail_queryset(user), pk=number), user, now)
    return detail_of(user, number, now)


def verb(name: str, summary: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The address of a verb."""
    return router.post(
        f"/handoffs/{{handoff_id}}/{name}",
        response={200: HandoffDetailOut, **VERB_REFUSALS},
        url_name=f"handoff_{name.replace('-', '_')}",
        summary=summary,
    )


@verb("accept", "Accept a handoff")
def accept(request: HttpRequest, handoff_id: HandoffId, payload: Empty) -> Any:
    """Take the lead on. Of two at once one wins; the other is answered with 409, which names the winner."""
    return _do(request, handoff_id, lambda row, by, now: answering.accept(handoff=row, by=by, now=now))


@verb("reject", "Reject a handoff")
def reject(request: HttpRequest, handoff_id: HandoffId, payload: RejectIn) -> Any:
    """Give the lead back before working it, with a reason; it never comes to the same rep again."""

    def deed(row: Handoff, by: User, now: datetime) -> object:
        answering.check_answerable(handoff=row, by=by)
        reason = _reason(Reason.objects.for_rejection(row.agreement_version_id), payload.reason, row)
        return answering.reject(handoff=row, reason=reason, note=payload.note, by=by, now=now)

    return _do(request, handoff_id, deed)


@router.post(
    "/handoffs/{handoff_id}/touches",
    response={200: Touched, 201: Touched, **VERB_REFUSALS},
    url_name="handoff_touches",
    summary="Log a touch",
)
def log_touch(request: HttpRequest, handoff_id: HandoffId, payload: TouchIn, key: Key) -> Any:
    """Log what a person did to reach the lead; it ends the clocks that it answers, as of its own time, in whatever order touches
    become known. A lead that waits is accepted by it.

    With `external_id`, or the header Idempotency-Key, a repeated delivery is answered with 200 and what is there already.
    """
    user, now = asker(request), current_time()
    touch, is_new = working.deliver_touch(
        handoff=get_object_or_404(detail_queryset(user), pk=handoff_id),
        kind=payload.kind,
        reached=payload.reached,
        note=payload.note,
        at=payload.at or now,
        by=user,
        now=now,
        external_id=payload.external_id or key.strip() or None,
    )
    handoff = detail_of(user, handoff_id, now)
    return Status(
        201 if is_new else 200, Touched(**touch_out(touch).dict(), repeated=not is_new, handoff=handoff)
    )


@verb("qualify", "Qualify a lead")
def qualify(request: HttpRequest, handoff_id: HandoffId, payload: QualifyIn) -> Any:
    """Budget, authority, need and timeline are known: the lead is an SQL, and the handoff ends."""
    bant = payload.dict()
    return _do(
        request, handoff_id, lambda row, by, now: working.qualify(handoff=row, bant=bant, by=by, now=now)
    )


@verb("recycle", "Recycle a lead")
def recycle(request: HttpRequest, handoff_id: HandoffId, payload: RecycleIn) -> Any:
    """Not now: the lead rests in nurture until a day, and the handoff ends."""
    until, note = payload.until, payload.note
    return _do(
        request,
        handoff_id,
        lambda row, by, now: working.recycle(handoff=row, until=until, note=note, by=by, now=now),
    )


@verb("disqualify", "Disqualify a lead")
def disqualify(request: HttpRequest, handoff_id: HandoffId, payload: DisqualifyIn) -> Any:
    """Never, with a reason; “unable to reach” only after the agreed attempts. The handoff ends."""

    def deed(row: Handoff, by: User, now: datetime) -> object:
        check_can_work(by, row)
        reason = _reason(Reason.objects.for_disqualification(row.agreement_version_id), payload.reason, row)
        return working.disqualify(handoff=row, reason=reason, note=payload.note, by=by, now=now)

    return _do(request, handoff_id, deed)


@verb("pause", "Pause the clocks")
def pause(request: HttpRequest, handoff_id: HandoffId, payload: PauseIn) -> Any:
    """Stop every clock of the handoff that can be paused until a time; that for the answer never is."""
    return _do(
        request,
        handoff_id,
        lambda row, by, now: pausing.pause_handoff(
            handoff=row, until=payload.until, reason=payload.reason, note=payload.note, by=by, now=now
        ),
    )


@verb("resume", "Resume the clocks")
def resume(request: HttpRequest, handoff_id: HandoffId, payload: Empty) -> Any:
    """End what pauses clocks of the handoff; what was paused until now stays out of the account."""
    return _do(request, handoff_id, lambda row, by, now: pausing.resume_handoff(handoff=row, by=by, now=now))


@verb("assign", "Assign a handoff")
def assign(request: HttpRequest, handoff_id: HandoffId, payload: AssignIn) -> Any:
    """Give the handoff to a rep of its team, whose own clock for the answer starts. For the team's manager."""

    def deed(row: Handoff, by: User, now: datetime) -> object:
        check_can_assign(by, row)
        rep = User.objects.reps().filter(team=row.team_id, pk=payload.to).first()
        if rep is None:
            message = _("%(team)s has no rep of this number.") % {"team": row.team}
            raise Invalid("to", message, _("Take a number from /api/v1/reps."))
        return passing.assign(handoff=row, to=rep, by=by, now=now)

    return _do(request, handoff_id, deed)


@verb("give-back", "Give a handoff back")
def give_back(request: HttpRequest, handoff_id: HandoffId, payload: GiveBackIn) -> Any:
    """The new owner of a lead that was accepted before cannot take it on: it goes to the queue of the team."""
    why = payload.why
    return _do(
        request, handoff_id, lambda row, by, now: passing.give_back(handoff=row, why=why, by=by, now=now)
    )


@verb("waive", "Waive a promise")
def waive(request: HttpRequest, handoff_id: HandoffId, payload: WaiveIn) -> Any:
    """Take a running or missed promise out of the account, with a reason; its breach stays. For the team's manager."""

    def deed(row: Handoff, by: User, now: datetime) -> object:
        check_can_waive(by, row)
        clock = Clock.objects.filter(handoff=row, pk=payload.clock).first()
        if clock is None:
            message = _("This handoff has no clock of this number.")
            raise Invalid("clock", message, _("Take it from the clocks of the handoff."))
        return pausing.waive(clock=clock, reason=payload.reason, by=by, now=now)

    return _do(request, handoff_id, deed)


def _reason(offered: ReasonQuerySet, code: str, row: Handoff) -> Reason:
    reason = offered.filter(slug=code).first()
    if reason is None:
        remedy = _("Send a code from /api/v1/reasons?handoff=%d.") % row.pk
        raise Invalid("reason", _("The agreement of this handoff offers no reason of this code."), remedy)
    return reason
