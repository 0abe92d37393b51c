"""Working an accepted lead: touches, and how it ends."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from leads.journal import Entry, record
from leads.models import Lead, Opportunity, OpportunityState
from leads.services.handing import return_to_marketing
from leads.services.opportunities import close_opportunity, open_opportunity
from leads.services.stages import Move, change_stage
from leads.stages import MoveRefused, Stage
from sla.models import (
    Handoff,
    HandoffState,
    PromiseKind,
    Qualification,
    Reason,
    Touch,
    TouchKind,
    TouchOrigin,
)
from sla.policies import check_can_work
from sla.services.answering import NotPossible, accept
from sla.services.promised import ended, start_promised, touched

# Clocks of telephones and other systems may run a little ahead.
FUTURE_TOLERANCE = timedelta(minutes=1)
_RECYCLED_ENOUGH = gettext_lazy(
    "This lead was recycled %(times)d times; %(agreed)d were agreed. Qualify it, or disqualify it with the reason."
)


class TouchDiffers(RuntimeError):
    """The same name came before with another touch. The text says which."""


@transaction.atomic
def log_touch(
    *,
    handoff: Handoff,
    kind: TouchKind,
    reached: bool,
    note: str,
    at: datetime,
    by: User,
    now: datetime,
    origin: TouchOrigin = TouchOrigin.PAGE,
    external_id: str | None = None,
) -> Touch:
    """Record a human touch of time `at`; the clocks that it ends are ended whatever path it came by.

    Touching a lead that still waits accepts it. A touch that becomes known after a later one still is the first. Raises
    NotPossible for a time in the future or before the handoff, or on a handoff that has ended.

    `external_id` is the sender's name for it; of what may be delivered twice see deliver_touch.
    """
    check_can_work(by, handoff)
    if at > now + FUTURE_TOLERANCE:
        raise NotPossible(_("A touch cannot be in the future: log it once you did it."), "at")
    row = _lock(handoff)
    if row.state == HandoffState.WAITING:
        row = accept(handoff=row, by=by, now=now)
    if not row.is_open:
        raise NotPossible(_("This handoff has ended, so nothing more can be logged on it."))
    if at < row.started_at:
        raise NotPossible(_("That is before the lead was handed off: check the date and time."), "at")
    touch = Touch.objects.create(
        handoff=row,
        kind=kind,
        by=by,
        at=at,
        recorded_at=now,
        reached=reached,
        note=note,
        origin=origin,
        external_id=external_id,
    )
    touched(handoff=row, at=at, now=now, by=by)
    record(
        entries=[
            Entry(
                "touch.logged",
                "handoff",
                row.pk,
                row.lead_id,
                after={"touch": touch.pk, "kind": str(kind), "at": at.isoformat(), "reached": reached},
            )
        ],
        at=now,
        by=by,
    )
    return touch


@transaction.atomic
def deliver_touch(
    *,
    handoff: Handoff,
    external_id: str | None,
    kind: TouchKind,
    reached: bool,
    note: str,
    at: datetime,
    by: User,
    now: datetime,
) -> tuple[Touch, bool]:
    """Log a touch that another system tells of, and maybe tells of twice: under the same name it is the same touch, and nothing is
    done again, also where the handoff has ended since. Returns the touch, and whether it is new.

    Raises what log_touch raises, and TouchDiffers where the name stands for a touch of another kind or answer.
    """
    check_can_work(by, handoff)
    row = _lock(handoff)
    known = row.touches.select_related("by").filter(external_id=external_id).first() if external_id else None
    if known is not None:
        _check_same(known, kind, reached)
        return known, False
    touch = log_touch(
        handoff=row,
        kind=kind,
        reached=reached,
        note=note,
        at=at,
        by=by,
        now=now,
        origin=TouchOrigin.API,
        external_id=external_id,
    )
    return touch, True


def _check_same(known: Touch, kind: TouchKind, reached: bool) -> None:
    if (known.kind, known.reached) != (kind, reached):
        raise TouchDiffers(
            _("“%(name)s” came before as another touch: %(kind)s (no. %(number)d).")
            % {"name": known.external_id, "kind": known.get_kind_display(), "number": known.pk}
        )


@transaction.atomic
def qualify(*, handoff: Handoff, bant: Mapping[str, str], by: User, now: datetime) -> Qualification:
    """The lead is an SQL: budget, authority, need and timeline are known. Raises NotPossible where one is missing."""
    row = _lock_accepted(handoff, by)
    missing = [name for name in ("budget", "authority", "need", "timeline") if not bant.get(name, "").strip()]
    if missing:
        raise NotPossible(_("Qualifying needs all four of budget, authority, need and timeline."))
    _check_touched(row)
    qualification = Qualification.objects.create(
        handoff=row, at=now, by=by, **{name: value[:300] for name, value in bant.items()}
    )
    change_stage(
        moves=[Move(row.lead, Stage.SQL, _("Budget, authority, need and timeline are known."))],
        now=now,
        by=by,
    )
    _end(row, HandoffState.QUALIFIED, by, now)
    return qualification


@transaction.atomic
def recycle(*, handoff: Handoff, until: date, note: str, by: User, now: datetime) -> None:
    """Not now: to nurture, with the day to look again. Raises NotPossible for a day that is not in the future, and for a lead
    that was recycled as often as the agreement allows."""
    row = _lock_accepted(handoff, by)
    if until <= now.date():
        raise NotPossible(_("Choose a day in the future to look at this lead again."), "until")
    times, agreed = (
        Handoff.objects.recycled().filter(lead=row.lead_id).count(),
        row.agreement_version.recycle_limit,
    )
    if times >= agreed:
        raise NotPossible(_RECYCLED_ENOUGH % {"times": times, "agreed": agreed})
    _check_touched(row)
    return_to_marketing(moves=[Move(row.lead, Stage.NURTURE, note or _("Recycled by sales"))], now=now, by=by)
    Lead.objects.filter(pk=row.lead_id).update(nurture_until=until)
    _end(row, HandoffState.RECYCLED, by, now, note=note)
    start_promised(handoff=row, kinds=[PromiseKind.PICK_UP], at=now, now=now, by=by)


@transaction.atomic
def disqualify(*, handoff: Handoff, reason: Reason | None, note: str, by: User, now: datetime) -> None:
    """Never: with a reason. “Unable to reach” only after the attempts that the agreement asks for."""
    row = _lock_accepted(handoff, by)
    offered = Reason.objects.for_disqualification(row.agreement_version_id)
    if reason is None or not offered.filter(pk=reason.pk).exists():
        raise NotPossible(_("Choose why this lead is disqualified."), "reason")
    if reason.needs_note and not note.strip():
        raise NotPossible(_("“%s” needs a note that says more.") % reason.label, "note")
    attempts, agreed = row.touches.count(), row.agreement_version.attempts_before_unreachable
    if reason.needs_attempts and attempts < agreed:
        raise NotPossible(
            _("“%(reason)s” needs %(agreed)d attempts; %(attempts)d are logged.")
            % {"reason": reason.label, "agreed": agreed, "attempts": attempts}
        )
    _check_touched(row)
    return_to_marketing(
        moves=[Move(row.lead, Stage.DISQUALIFIED, _("Disqualified: %s") % reason.label)], now=now, by=by
    )
    _end(row, HandoffState.DISQUALIFIED, by, now, reason=reason, note=note)


@transaction.atomic
def open_deal(*, handoff: Handoff, amount: Decimal | None, by: User, now: datetime) -> Opportunity:
    """Open the deal of a qualified lead, for the rep who qualified it. Raises NotPossible in any other state."""
    check_can_work(by, handoff)
    row = _lock(handoff)
    if row.state != HandoffState.QUALIFIED:
        raise NotPossible(_("Qualify the lead first: a deal needs budget, authority, need and timeline."))
    if _open_deal(row.lead) is not None:
        raise NotPossible(_("This lead has an open deal already. Close that one first."))
    try:
        return open_opportunity(lead=row.lead, amount=amount, owner=row.owner or by, by=by, now=now)
    except MoveRefused:
        stage = row.lead.get_stage_display()
        raise NotPossible(_("No deal can be opened while the lead is in “%s”.") % stage) from None


@transaction.atomic
def close_deal(
    *, handoff: Handoff, state: OpportunityState, amount: Decimal | None, by: User, now: datetime
) -> Opportunity:
    """The open deal is won or lost. Raises NotPossible where there is none."""
    check_can_work(by, handoff)
    row = _lock(handoff)
    deal = _open_deal(row.lead)
    if deal is None:
        raise NotPossible(_("This lead has no open deal."))
    return close_opportunity(opportunity=deal, state=state, amount=amount, by=by, now=now)


def _open_deal(lead: Lead) -> Opportunity | None:
    return next((row for row in lead.opportunities.all() if row.state == OpportunityState.OPEN), None)


def _lock(handoff: Handoff) -> Handoff:
    return (
        Handoff.objects.select_for_update(of=("self",))
        .select_related("lead__contact", "owner", "team", "agreement_version")
        .get(pk=handoff.pk)
    )


def _lock_accepted(handoff: Handoff, by: User) -> Handoff:
    check_can_work(by, handoff)
    row = _lock(handoff)
    if row.state == HandoffState.WAITING:
        raise NotPossible(_("Accept the lead first."))
    if row.state != HandoffState.ACCEPTED:
        raise NotPossible(_("This handoff has ended (%s).") % row.get_state_display())
    row.lead = Lead.objects.select_for_update().get(pk=row.lead_id)
    return row


def _check_touched(row: Handoff) -> None:
    if not row.touches.exists():
        raise NotPossible(
            _("Log how you reached the lead first; until then its clock for the first touch runs.")
        )


def _end(
    row: Handoff, state: HandoffState, by: User, now: datetime, reason: Reason | None = None, note: str = ""
) -> None:
    before = {"state": row.state}
    row.state, row.ended_at, row.reason, row.note = state, now, reason, note
    row.save(update_fields=["state", "ended_at", "reason", "note"])
    ended(ended_at={row: now}, now=now, by=by)
    after = {"state": str(state), "reason": reason.slug if reason else ""}
    record(entries=[Entry(f"handoff.{state}", "handoff", row.pk, row.lead_id, before, after)], at=now, by=by)
