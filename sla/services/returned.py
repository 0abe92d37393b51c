"""What marketing does with leads that sales gave back: rejected before working them, or recycled to nurture."""

from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Lead
from leads.services import people
from leads.services.stages import Move, change_stage
from leads.stages import Stage
from sla.models import Clock, Handoff, PromiseKind
from sla.policies import check_can_pick_up
from sla.querysets import ClockQuerySet
from sla.services.answering import AlreadyAnswered, NotPossible
from sla.services.clocks import cancel_clocks, end_clocks

# How long a returned lead rests where nobody named a day.
REST = timedelta(days=30)


class PickedUp(TextChoices):
    """What marketing did with a returned lead."""

    NURTURE = "nurture", gettext_lazy("Back into nurture")
    REQUALIFIED = "requalified", gettext_lazy("Re-qualified")
    DISQUALIFIED = "disqualified", gettext_lazy("Disqualified")


def suggested(handoff: Handoff, now: datetime) -> tuple[PickedUp, date | None]:
    """What one click does: a lead that came back into nurture rests until its day, every other one is an MQL again."""
    if handoff.lead.stage != Stage.NURTURE:
        return PickedUp.REQUALIFIED, None
    day = handoff.lead.nurture_until
    return PickedUp.NURTURE, day if day is not None and day > now.date() else (now + REST).date()


@transaction.atomic
def pick_up(
    *, handoff: Handoff, done: PickedUp, until: date | None = None, note: str = "", by: User, now: datetime
) -> Clock:
    """Marketing picks a returned lead up, which ends the clock of that promise; of two people at once one wins.

    `until` is the day to look again, for nurture; a disqualification needs a note. Raises AlreadyAnswered where the lead was
    picked up already or has moved on, NotPossible for what the lead does not allow.
    """
    check_can_pick_up(by)
    row = Handoff.objects.select_for_update(of=("self",)).select_related("lead__contact").get(pk=handoff.pk)
    clock = _running({row.lead_id}).filter(handoff=row).first()
    if clock is None:
        raise AlreadyAnswered(
            _("This lead was picked up already, or has moved on. Nothing is left to do here.")
        )
    end_clocks(clocks=[clock], at=now, now=now, by=by)
    try:
        _move(row.lead, PickedUp(done), until, note.strip(), by, now)
    except people.NotPossible as problem:
        raise NotPossible(str(problem)) from None
    after = {"done": str(done), "until": until.isoformat() if until else None}
    record(entries=[Entry("handoff.picked_up", "handoff", row.pk, row.lead_id, after=after)], at=now, by=by)
    return clock


def _move(lead: Lead, done: PickedUp, until: date | None, note: str, by: User, now: datetime) -> None:
    if done == PickedUp.NURTURE:
        if until is None:
            raise NotPossible(_("Choose the day on which marketing looks at this lead again."))
        people.nurture(lead=lead, until=until, reason=note or _("Back into nurture"), by=by, now=now)
    elif done == PickedUp.DISQUALIFIED:
        people.disqualify(lead=lead, reason=note, by=by, now=now)
    else:
        _requalify(lead, note, by, now)


def _requalify(lead: Lead, note: str, by: User, now: datetime) -> None:
    """An MQL with an armed threshold: its score, or a new raised hand, hands it off again."""
    row = Lead.objects.select_for_update().get(pk=lead.pk)
    if row.stage not in (Stage.MQL, Stage.NURTURE):
        raise NotPossible(
            _("This lead is %s now, so it cannot be qualified again.") % row.get_stage_display()
        )
    if row.stage == Stage.NURTURE:
        change_stage(moves=[Move(row, Stage.MQL, note or _("Qualified again by marketing"))], now=now, by=by)
    Lead.objects.filter(pk=row.pk).update(nurture_until=None, threshold_armed=True, dirty_at=now)
    announce("leads.dirty")


@transaction.atomic
def end_pick_ups(*, leads: Collection[int], now: datetime, by: User | None = None, rule: str = "") -> None:
    """Returned leads went on by another way: a new handoff, or marketing moved their stage. That is a pick-up as well."""
    end_clocks(clocks=list(_running(leads)), at=now, now=now, by=by, rule=rule)


@transaction.atomic
def cancel_pick_ups(*, leads: Collection[int], now: datetime, by: User | None = None, rule: str) -> None:
    """Nobody has to pick these leads up any more: they turned out to be nobody, or another system closed a deal with them."""
    cancel_clocks(clocks=list(_running(leads)), now=now, by=by, rule=rule)


def _running(leads: Collection[int]) -> ClockQuerySet:
    clocks = Clock.objects.running().of_leads(leads).filter(kind=PromiseKind.PICK_UP).with_terms()
    return clocks.select_for_update(of=("self",)).order_by("pk")
