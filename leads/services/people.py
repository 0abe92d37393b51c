"""What marketing decides about one lead: hand it off now, put it into nurture, disqualify it, reopen it."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Lead
from leads.policies import check_can_decide
from leads.services.handing import REQUESTED, Readiness, make_ready
from leads.services.stages import Move, change_stage
from leads.stages import Stage

# Stages in which a lead is marketing's; afterwards sales decides.
WITH_MARKETING = (Stage.LEAD, Stage.MQL, Stage.NURTURE)
RULE = "leads.people"


class NotPossible(ValueError):
    """The lead cannot be decided on like this now; the text says why and what to do."""


@transaction.atomic
def hand_off(*, lead: Lead, by: User, now: datetime) -> Lead:
    """Put a lead before sales whatever its score; the handoff with its clock follows within seconds. Raises NotPossible."""
    row = _locked(lead, by, WITH_MARKETING)
    if row.ready_at is not None:
        raise NotPossible(_("This lead is on its way to sales already: it waits for its handoff."))
    reason = Readiness(REQUESTED, _("Handed off by %(who)s") % {"who": by}, now)
    make_ready(leads={row: reason}, now=now, rule=RULE, by=by)
    Lead.objects.filter(pk=row.pk).update(nurture_until=None)
    return row


@transaction.atomic
def nurture(*, lead: Lead, until: date, reason: str, by: User, now: datetime) -> Lead:
    """Put a lead aside until a day after today (UTC); a lead in nurture gets another day. Raises NotPossible.

    On that day it is an MQL again. What it raised a hand for until now counts as answered; a new raised hand hands it off.
    """
    if until <= now.date():
        raise NotPossible(_("Choose a day after today: on that day the lead comes back by itself."))
    row = _locked(lead, by, WITH_MARKETING)
    before = row.nurture_until
    if row.stage != Stage.NURTURE:
        change_stage(moves=[Move(row, Stage.NURTURE, reason)], now=now, by=by, rule=RULE)
        _take_out(row)
    Lead.objects.filter(pk=row.pk).update(nurture_until=until)
    entry = Entry(
        "lead.nurture_dated",
        "lead",
        row.pk,
        row.pk,
        {"until": before.isoformat() if before else None},
        {"until": until.isoformat()},
    )
    record(entries=[entry], at=now, by=by)
    row.nurture_until = until
    return row


@transaction.atomic
def disqualify(*, lead: Lead, reason: str, by: User, now: datetime) -> Lead:
    """Take a lead out that sales does not work on. Needs a reason; `reopen` takes it back. Raises NotPossible."""
    if not reason.strip():
        raise NotPossible(_("Write why: the next reader of this page will ask."))
    row = _locked(lead, by, WITH_MARKETING)
    change_stage(moves=[Move(row, Stage.DISQUALIFIED, reason.strip())], now=now, by=by, rule=RULE)
    _take_out(row)
    return row


@transaction.atomic
def reopen(*, lead: Lead, by: User, now: datetime) -> Lead:
    """Take a disqualified lead back among the leads; its score decides how it goes on. Raises NotPossible."""
    row = _locked(lead, by, (Stage.DISQUALIFIED,))
    change_stage(moves=[Move(row, Stage.LEAD, _("Reopened"))], now=now, by=by, rule=RULE)
    Lead.objects.filter(pk=row.pk).update(dirty_at=now)
    announce("leads.dirty")
    return row


def _locked(lead: Lead, by: User, stages: Sequence[Stage]) -> Lead:
    check_can_decide(by)
    row = Lead.objects.select_for_update().get(pk=lead.pk)
    if row.stage not in stages:
        raise NotPossible(
            _("This lead is %(stage)s now, so this cannot be done. Reload its page to see what happened.")
            % {"stage": row.get_stage_display()}
        )
    return row


def _take_out(row: Lead) -> None:
    """It no longer waits for sales, and what it asked for so far was answered by this decision."""
    Lead.objects.filter(pk=row.pk).update(
        ready_at=None,
        ready_rule="",
        ready_detail="",
        ready_activity=None,
        nurture_until=None,
        hand_answered_at=F("hand_raised_at"),
    )
