"""Two leads that are one person become one: the kept one goes on with all that both had, the absorbed one ends."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from leads.journal import Entry, record
from leads.locks import Busy, patiently
from leads.models import Contact, Lead, StageChange
from leads.policies import check_can_merge
from leads.services.identify import one_at_a_time
from leads.services.people import NotPossible
from leads.services.stages import Move, change_stage
from leads.services.taking_over import (
    UNDECIDED,
    chosen_readiness,
    take_over_contact,
    take_over_facts,
    take_over_rows,
)
from leads.signals import contacts_changed, leads_merged
from leads.stages import SALES_HAS_IT, Stage, stage_of_both

RULE = "leads.merge"


def older_first(one: Lead, other: Lead) -> tuple[Lead, Lead]:
    """Which of two leads is kept unless somebody decides otherwise: the one that is known for longer, and the other."""
    first, second = sorted((one, other), key=lambda lead: (lead.created_at, lead.pk))
    return first, second


def merge_leads(*, kept: Lead, absorbed: Lead, by: User, reason: str, now: datetime) -> Lead:
    """Say that two leads are one person. `kept` keeps its number and gets all that `absorbed` had: addresses and ids,
    submissions, activities, deals, and what other apps keep of it (signal leads_merged); its history stays where it is, and
    is told with that of the kept one. Works in every stage of both.

    Of two merges at once one wins. Raises Refusal for who may not, and NotPossible without a reason, for one and the same
    lead, for one that was merged meanwhile (which says into which), and where somebody holds one of them all the time.
    """
    check_can_merge(by)
    if not reason.strip():
        raise NotPossible(_("Write how you know that both are one person: the next reader will ask."))
    if kept.pk == absorbed.pk:
        raise NotPossible(_("That is the same lead. Choose another one to merge it with."))
    try:
        return patiently(lambda: _merge(kept.pk, absorbed.pk, by, reason.strip(), now), first=one_at_a_time)
    except Busy:
        raise NotPossible(
            _("Somebody is working on one of these leads this very moment. Nothing was changed: try again.")
        ) from None


@transaction.atomic
def _merge(kept_number: int, absorbed_number: int, by: User, reason: str, now: datetime) -> Lead:
    kept, absorbed = _locked(kept_number, absorbed_number)
    was = {"stage": kept.stage, "ready_at": _iso(kept.ready_at)}
    absorbed_was = {"stage": absorbed.stage, "ready_at": _iso(absorbed.ready_at)}
    target = stage_of_both(kept.stage, absorbed.stage)
    readiness = None if target in SALES_HAS_IT else chosen_readiness(kept, absorbed)
    filled = take_over_contact(kept.contact, absorbed.contact)
    take_over_facts(kept, absorbed, target, tier_too="industry" in filled, now=now)
    _write_readiness(kept, absorbed, readiness)
    moved = take_over_rows(kept, absorbed)
    moves = [Move(absorbed, Stage.MERGED, reason, into=kept)]
    if target != kept.stage:
        moves.append(Move(kept, target, _("Taken over from %s") % absorbed, taken_over=True))
    change_stage(moves=moves, now=now, by=by, rule=RULE)
    # Whatever was merged into the absorbed one before goes along, so that nobody follows more than one step.
    absorbed.absorbed.update(merged_into=kept)
    after = {"stage": str(target), "lead": absorbed.pk, "filled": filled, **moved}
    record(
        entries=[
            Entry("lead.merged", "lead", absorbed.pk, absorbed.pk, absorbed_was, {"into": kept.pk}),
            Entry("lead.absorbed", "lead", kept.pk, kept.pk, was, after),
        ],
        at=now,
        by=by,
        rule=RULE,
    )
    leads_merged.send(sender=Lead, kept=kept, absorbed=absorbed, by=by, now=now, rule=RULE)
    if filled:
        contacts_changed.send(sender=Contact, contacts={kept.pk}, now=now, rule=RULE)
    announce("leads.dirty")
    return kept


def _locked(kept: int, absorbed: int) -> tuple[Lead, Lead]:
    """Both leads, in the order of their numbers."""
    locked = Lead.objects.select_for_update(of=("self",)).select_related("contact")
    rows = {row.pk: row for row in locked.filter(pk__in=[kept, absorbed]).order_by("pk")}
    for number in (kept, absorbed):
        if rows[number].merged_into_id is not None:
            raise NotPossible(_merged_meanwhile(rows[number]))
    return rows[kept], rows[absorbed]


def _merged_meanwhile(lead: Lead) -> str:
    change = StageChange.objects.select_related("by").filter(lead=lead).latest("pk")
    return _(
        "%(lead)s was merged into %(kept)s already, by %(who)s on %(at)s. Open that lead to see how it goes on."
    ) % {
        "lead": lead,
        "kept": lead.merged_into,
        "who": change.by,
        "at": date_format(localtime(change.at), "j M Y, H:i"),
    }


def _write_readiness(kept: Lead, absorbed: Lead, readiness: Mapping[str, Any] | None) -> None:
    """The kept lead waits for sales as either did; the absorbed one waits for nothing any more."""
    Lead.objects.filter(pk=absorbed.pk).update(
        **UNDECIDED, dirty_at=None, next_change_at=None, nurture_until=None
    )
    Lead.objects.filter(pk=kept.pk).update(**(readiness or UNDECIDED))


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
