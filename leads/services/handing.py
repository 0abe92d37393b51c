"""Readiness: set by scoring when a lead may go to sales, used up by the handoff."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from leads.bulk import update_rows
from leads.journal import Entry, record
from leads.models import Activity, Lead
from leads.services.stages import Move, change_stage
from leads.stages import Stage

HAND_RAISE = "hand_raise"
THRESHOLD = "threshold"
REQUESTED = "requested"


@dataclass(frozen=True)
class Readiness:
    """Why a lead is sales-ready: HAND_RAISE (with the activity), THRESHOLD or REQUESTED, and the same in words."""

    rule: str
    detail: str
    at: datetime
    activity: Activity | None = None


@transaction.atomic
def make_ready(*, leads: Mapping[Lead, Readiness], now: datetime, rule: str, by: User | None = None) -> None:
    """Put leads (in lead, MQL, nurture or disqualified) before sales: they become MQL where they are not, and wait for their handoff."""
    climbing = [lead for lead in leads if lead.stage != Stage.MQL]
    change_stage(
        moves=[
            Move(lead, Stage.MQL, leads[lead].detail, at=max(lead.stage_since, leads[lead].at))
            for lead in climbing
        ],
        now=now,
        by=by,
        rule=rule,
    )
    for lead, readiness in leads.items():
        lead.ready_at, lead.ready_rule = readiness.at, readiness.rule
        lead.ready_detail, lead.ready_activity = readiness.detail[:200], readiness.activity
    update_rows(leads, ["ready_at", "ready_rule", "ready_detail", "ready_activity"])
    record(
        entries=[
            Entry(
                "lead.ready",
                "lead",
                lead.pk,
                lead.pk,
                after={"rule": reason.rule, "at": reason.at.isoformat()},
            )
            for lead, reason in leads.items()
        ],
        at=now,
        by=by,
        rule=rule,
    )
    announce("leads.ready")


@transaction.atomic
def mark_handed_off(
    *, leads: Sequence[Lead], now: datetime, rule: str, history: Collection[int] = ()
) -> None:
    """The handoffs of these ready leads were opened: they are SRL, their raised hands answered, their threshold disarmed.

    Those of `history` (numbers of leads) were handed off as of the day they were ready, the others now.
    """
    moves = []
    for lead in leads:
        at = max(lead.stage_since, lead.ready_at) if lead.pk in history and lead.ready_at else None
        moves.append(Move(lead, Stage.SRL, lead.ready_detail, at=at))
    change_stage(moves=moves, now=now, rule=rule)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
        ready_at=None,
        ready_rule="",
        ready_detail="",
        ready_activity=None,
        threshold_armed=False,
        hand_answered_at=F("hand_raised_at"),
    )


@transaction.atomic
def return_to_marketing(*, moves: Sequence[Move], now: datetime, by: User) -> None:
    """Sales gave leads back (rejected, recycled, disqualified). What they raised a hand for until now counts as answered."""
    change_stage(moves=moves, now=now, by=by)
    Lead.objects.filter(pk__in=[move.lead.pk for move in moves]).update(
        hand_answered_at=F("hand_raised_at"), dirty_at=now
    )
    announce("leads.dirty")


@transaction.atomic
def pick_up(leads: Sequence[Lead], now: datetime) -> None:
    """The drain of nurture: on their day leads are MQL again, with an armed threshold, so that new interest hands them off."""
    rule = "leads.pick_up"
    change_stage(
        moves=[Move(lead, Stage.MQL, _("The day to look again has come.")) for lead in leads],
        now=now,
        rule=rule,
    )
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(
        nurture_until=None, threshold_armed=True, dirty_at=now
    )
    announce("leads.dirty")
