"""Accepting and rejecting a handoff, and giving it to a rep by hand."""

from datetime import datetime

from django.db import transaction
from django.utils.formats import time_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.policies import Refusal
from leads.journal import Entry, record
from leads.models import Lead
from leads.services.handing import return_to_marketing
from leads.services.stages import Move
from leads.stages import Stage
from sla.models import AgreementVersion, Clock, Handoff, HandoffState, Promise, PromiseKind, Reason
from sla.policies import check_can_answer, check_can_assign
from sla.services.clocks import Start, end_clocks, start_clocks
from sla.services.routing import give
from sla.services.terms import calendar_version_of


class AlreadyAnswered(RuntimeError):
    """Somebody else was first. The text says who, when and what."""


class NotPossible(RuntimeError):
    """The handoff's state or the input does not allow the verb. The text says why and what to do."""


@transaction.atomic
def accept(*, handoff: Handoff, by: User, now: datetime) -> Handoff:
    """Take the lead on: ends the accept clock and starts the one for the first touch.

    Of two people at once one wins; the other gets AlreadyAnswered, which names the winner. The owner is always a rep: a
    manager accepts for the rep who has the lead, and assigns one that is nobody's yet (else NotPossible).
    """
    check_answerable(handoff=handoff, by=by)
    owner = by if by.role == Role.REP else handoff.owner
    if owner is None:
        raise NotPossible(
            _("Nobody has this lead yet. Assign it to a rep of %s, who then accepts it.") % handoff.team
        )
    row = _answer(handoff, HandoffState.ACCEPTED, by, now, owner=owner, accepted_at=now)
    _end_accept_clocks(row, now, by)
    _start_first_touch(row, now, by)
    _record(
        row,
        "handoff.accepted",
        {"state": HandoffState.WAITING.value},
        {"state": row.state, "owner": row.owner_id},
        by,
        now,
    )
    return row


@transaction.atomic
def reject(*, handoff: Handoff, reason: Reason | None, note: str, by: User, now: datetime) -> Handoff:
    """Give the lead back before working it, with a reason; it never comes back to the same rep.

    Raises NotPossible without a reason of the agreement, AlreadyAnswered where somebody was faster.
    """
    check_answerable(handoff=handoff, by=by)
    if (
        reason is None
        or not Reason.objects.for_rejection(handoff.agreement_version_id).filter(pk=reason.pk).exists()
    ):
        raise NotPossible(_("Choose why you reject this lead: marketing can only mend what it is told."))
    if reason.needs_note and not note.strip():
        raise NotPossible(_("“%s” needs a note that says more.") % reason.label)
    row = _answer(
        handoff, HandoffState.REJECTED, by, now, owner=handoff.owner, reason=reason, note=note, ended_at=now
    )
    _end_accept_clocks(row, now, by)
    target = Stage.NURTURE if reason.to_nurture else Stage.MQL
    return_to_marketing(moves=[Move(row.lead, target, _("Rejected: %s") % reason.label)], now=now, by=by)
    _record(
        row,
        "handoff.rejected",
        {"state": HandoffState.WAITING.value},
        {"state": row.state, "reason": reason.slug, "class": reason.reason_class},
        by,
        now,
    )
    return row


@transaction.atomic
def assign(*, handoff: Handoff, to: User, by: User, now: datetime) -> Handoff:
    """A manager gives a waiting handoff to a rep of its team; the rep gets an accept clock of their own.

    Raises NotPossible for somebody else than an active rep of the team, or for one who rejected the lead before.
    """
    check_can_assign(by, handoff)
    if to.role != Role.REP or to.team_id != handoff.team_id or not to.is_active:
        raise NotPossible(_("%(rep)s is no active rep of %(team)s.") % {"rep": to, "team": handoff.team})
    row = (
        Handoff.objects.select_for_update(of=("self",))
        .select_related("lead__contact", "team")
        .get(pk=handoff.pk)
    )
    if row.state != HandoffState.WAITING:
        raise AlreadyAnswered(_told(row))
    if row.owner_id == to.pk:
        return row
    if Handoff.objects.rejected_by(to).filter(lead=row.lead_id).exists():
        raise NotPossible(_("%s rejected this lead before. Choose somebody else.") % to)
    row.owner, row.assigned_at = to, now
    give(handoffs=[row], calendars={row.team_id: calendar_version_of(row.team_id)}, now=now, by=by)
    return row


def check_answerable(*, handoff: Handoff, by: User) -> None:
    """Raises Refusal, or AlreadyAnswered where it is: a rep of the team who is too late is told who was first."""
    try:
        check_can_answer(by, handoff)
    except Refusal:
        if handoff.state == HandoffState.WAITING or by.role != Role.REP or by.team_id != handoff.team_id:
            raise
    if handoff.state != HandoffState.WAITING:
        raise AlreadyAnswered(_told(handoff))


def _answer(handoff: Handoff, state: HandoffState, by: User, now: datetime, **fields: object) -> Handoff:
    """The guarded UPDATE that has one winner."""
    won = (
        Handoff.objects.filter(pk=handoff.pk)
        .waiting()
        .update(state=state, answered_by=by, answered_at=now, **fields)
    )
    row = Handoff.objects.select_related(
        "lead__contact", "team", "owner", "answered_by", "agreement_version"
    ).get(pk=handoff.pk)
    if not won:
        raise AlreadyAnswered(_told(row))
    row.lead = Lead.objects.select_for_update().get(pk=row.lead_id)
    return row


def _told(row: Handoff) -> str:
    at = time_format(localtime(row.answered_at), "H:i") if row.answered_at else ""
    who = row.answered_by or _("Somebody")
    if row.state == HandoffState.ACCEPTED:
        return _("%(who)s accepted this lead at %(at)s. Take the next one from your inbox.") % {
            "who": who,
            "at": at,
        }
    if row.state == HandoffState.REJECTED:
        return _("%(who)s rejected this lead at %(at)s. It is back with marketing.") % {"who": who, "at": at}
    return _("This handoff has ended (%s).") % row.get_state_display()


def _end_accept_clocks(row: Handoff, now: datetime, by: User) -> None:
    clocks = row.clocks.running().filter(kind=PromiseKind.ACCEPT).with_terms().select_for_update(of=("self",))
    end_clocks(clocks=list(clocks), at=now, now=now, by=by)


def _start_first_touch(row: Handoff, now: datetime, by: User) -> None:
    """By the agreement version the handoff began under, and the calendar of today. History has no clocks."""
    accept_clock = Clock.objects.filter(handoff=row).order_by("pk").first()
    promise = Promise.objects.filter(
        version=AgreementVersion(pk=row.agreement_version_id), kind=PromiseKind.FIRST_TOUCH, tier=row.tier
    ).first()
    if accept_clock is None or promise is None:
        return
    calendar = calendar_version_of(row.team_id)
    start_clocks(
        starts=[Start(row, promise, calendar, now, row.owner, accept_clock.source_id)], now=now, by=by
    )


def _record(
    row: Handoff, event: str, before: dict[str, object], after: dict[str, object], by: User, now: datetime
) -> None:
    record(entries=[Entry(event, "handoff", row.pk, row.lead_id, before, after)], at=now, by=by)
