"""Accepting and rejecting a handoff."""

from datetime import datetime

from django.db import transaction
from django.db.models import Value
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import Role, User
from accounts.policies import Refusal
from leads.journal import Entry, record
from leads.models import Lead
from leads.services.handing import return_to_marketing
from leads.services.stages import Move
from leads.stages import Stage
from sla.models import Handoff, HandoffState, PromiseKind, Reason
from sla.policies import check_can_answer
from sla.services.clocks import end_clocks
from sla.services.promised import OF_ACCEPTANCE, ended, start_promised
from sla.services.tenures import leave, locked_clocks, settle_running


class AlreadyAnswered(RuntimeError):
    """Somebody else was first. The text says who, when and what."""


class NotPossible(RuntimeError):
    """The handoff's state or the input does not allow the verb. The text says why and what to do; `field` names the input, and is
    blank where it is the state."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


@transaction.atomic
def accept(*, handoff: Handoff, by: User, now: datetime) -> Handoff:
    """Take the lead on: ends the accept clock and starts the one for the first touch.

    Of two people at once one wins; the other gets AlreadyAnswered, which names the winner. The owner is always a rep: a
    manager accepts for the rep who has the lead, and assigns one that is nobody's yet (else NotPossible). A lead that was
    accepted before and passed on keeps its clocks; the time of the first acceptance stays.
    """
    check_answerable(handoff=handoff, by=by)
    owner = by if by.role == Role.REP else handoff.owner
    if owner is None:
        raise NotPossible(
            _("Nobody has this lead yet. Assign it to a rep of %s, who then accepts it.") % handoff.team
        )
    row = _answer(
        handoff, HandoffState.ACCEPTED, by, now, owner=owner, accepted_at=Coalesce("accepted_at", Value(now))
    )
    clocks = locked_clocks([row])
    if row.owner_id != handoff.owner_id:
        leave(handoffs=[handoff], now=now)
        settle_running(clocks=clocks, now=now, by=by)
    for_answer = [clock for clock in clocks if clock.kind == PromiseKind.ACCEPT]
    end_clocks(clocks=for_answer, at=now, now=now, by=by)
    start_promised(handoff=row, kinds=OF_ACCEPTANCE, at=now, now=now, by=by)
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

    Raises NotPossible without a reason of the agreement, and for a lead that was accepted before (that one is given back to the
    team: sla.services.passing), AlreadyAnswered where somebody was faster.
    """
    check_answerable(handoff=handoff, by=by)
    if handoff.accepted_at is not None:
        raise NotPossible(
            _("This lead was accepted before, and its clocks run. Give it back to %s instead.") % handoff.team
        )
    if (
        reason is None
        or not Reason.objects.for_rejection(handoff.agreement_version_id).filter(pk=reason.pk).exists()
    ):
        raise NotPossible(
            _("Choose why you reject this lead: marketing can only mend what it is told."), "reason"
        )
    if reason.needs_note and not note.strip():
        raise NotPossible(_("“%s” needs a note that says more.") % reason.label, "note")
    row = _answer(
        handoff, HandoffState.REJECTED, by, now, owner=handoff.owner, reason=reason, note=note, ended_at=now
    )
    ended(ended_at={row: now}, now=now, by=by)
    target = Stage.NURTURE if reason.to_nurture else Stage.MQL
    return_to_marketing(moves=[Move(row.lead, target, _("Rejected: %s") % reason.label)], now=now, by=by)
    start_promised(handoff=row, kinds=[PromiseKind.PICK_UP], at=now, now=now, by=by)
    _record(
        row,
        "handoff.rejected",
        {"state": HandoffState.WAITING.value},
        {"state": row.state, "reason": reason.slug, "class": reason.reason_class},
        by,
        now,
    )
    return row


def check_answerable(*, handoff: Handoff, by: User) -> None:
    """Raises Refusal, or AlreadyAnswered where it is: a rep of the team who is too late is told who was first."""
    try:
        check_can_answer(by, handoff)
    except Refusal:
        if handoff.state == HandoffState.WAITING or by.role != Role.REP or by.team_id != handoff.team_id:
            raise
    if handoff.state != HandoffState.WAITING:
        raise AlreadyAnswered(told(handoff))


def _answer(handoff: Handoff, state: HandoffState, by: User, now: datetime, **fields: object) -> Handoff:
    """The guarded UPDATE that has one winner."""
    won = (
        Handoff.objects.had_by(handoff.owner_id)
        .filter(pk=handoff.pk)
        .waiting()
        .update(state=state, answered_by=by, answered_at=now, **fields)
    )
    row = Handoff.objects.select_related(
        "lead__contact", "team", "owner", "answered_by", "agreement_version"
    ).get(pk=handoff.pk)
    if not won:
        raise AlreadyAnswered(told(row))
    row.lead = Lead.objects.select_for_update().get(pk=row.lead_id)
    return row


def told(row: Handoff) -> str:
    """What happened to a handoff while somebody was about to answer or assign it, and what to do now."""
    if row.state == HandoffState.WAITING:
        now_with = row.owner or _("the queue of %s") % row.team
        return _("This lead was passed on meanwhile: it is with %s now.") % now_with
    at = date_format(localtime(row.answered_at), "j M, H:i T") if row.answered_at else ""
    who = row.answered_by or _("Somebody")
    if row.state == HandoffState.ACCEPTED:
        return _("%(who)s accepted this lead on %(at)s. Take the next one from your inbox.") % {
            "who": who,
            "at": at,
        }
    if row.state == HandoffState.REJECTED:
        return _("%(who)s rejected this lead on %(at)s. It is back with marketing.") % {"who": who, "at": at}
    if row.state == HandoffState.MERGED:
        return (
            _("This lead turned out to be one that goes on elsewhere: %s. Nothing is left to do here.")
            % row.lead
        )
    return _("This handoff has ended (%s).") % row.get_state_display()


def _record(
    row: Handoff, event: str, before: dict[str, object], after: dict[str, object], by: User, now: datetime
) -> None:
    record(entries=[Entry(event, "handoff", row.pk, row.lead_id, before, after)], at=now, by=by)
