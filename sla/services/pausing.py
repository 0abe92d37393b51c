"""Pausing a clock, ending a pause early, and taking a clock out of the account."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads.journal import Entry, record
from sla.clock import is_late
from sla.models import Clock, ClockOutcome, Pause, PauseReason, PromiseKind, Waiver
from sla.policies import check_can_waive, check_can_work
from sla.services.answering import NotPossible
from sla.services.clocks import seconds_between
from sla.services.recompute import recompute


@transaction.atomic
def pause(
    *, clock: Clock, until: datetime, reason: PauseReason, note: str = "", by: User, now: datetime
) -> Pause:
    """Stop a clock until a time: its due time moves by the business time in between, once, whatever else is paused.

    It goes on by itself at the end, or when the lead does something. Raises NotPossible for the accept clock, for one that
    ended or is late, and for an end that is not in the future.
    """
    row = _locked(clock)
    check_can_work(by, row.handoff)
    if row.kind == PromiseKind.ACCEPT:
        raise NotPossible(_("Accepting or rejecting cannot be paused: it needs nobody but you."))
    if row.outcome != ClockOutcome.RUNNING:
        raise NotPossible(_("This promise is over, so there is nothing to pause."))
    if is_late(row.due_at, now):
        raise NotPossible(
            _("This promise is late already. A pause cannot make it in time; a manager can waive it.")
        )
    if until <= now:
        raise NotPossible(_("Choose an end in the future: the clock goes on by itself then."))
    made = Pause.objects.create(
        clock=row, starts_at=now, ends_at=until, reason=reason, note=note[:300], by=by
    )
    row.paused_until = max(until, row.paused_until or until)
    recompute(clocks=[row], why=f"paused:{reason}", now=now, by=by)
    return made


@transaction.atomic
def resume(
    *, clock: Clock, now: datetime, by: User | None = None, rule: str = "", reason: str = "resumed"
) -> bool:
    """End what pauses a clock now; False where nothing does. Time that was paused until now stays out of the account."""
    row = _locked(clock)
    if by is not None:
        check_can_work(by, row.handoff)
    running = [stretch for stretch in row.pauses.all() if stretch.ends_at > now]
    if row.outcome != ClockOutcome.RUNNING or not running:
        return False
    for stretch in running:
        stretch.ends_at = max(now, stretch.starts_at)
    Pause.objects.bulk_update(running, ["ends_at"])
    row = _locked(clock)
    row.paused_until = now
    recompute(clocks=[row], why=reason, now=now, by=by, rule=rule)
    return True


@transaction.atomic
def waive(*, clock: Clock, reason: str, by: User, now: datetime) -> Waiver:
    """A manager takes a missed or running clock out of the account, for a reason that everybody can read.

    It is shown as waived beside kept and missed, and its breach stays. Raises NotPossible without a reason, or for a clock
    that was kept, cancelled or waived.
    """
    row = _locked(clock)
    check_can_waive(by, row.handoff)
    if not reason.strip():
        raise NotPossible(_("Write why this promise is waived: it is shown wherever the promise is counted."))
    if row.outcome not in (ClockOutcome.RUNNING, ClockOutcome.MISSED):
        raise NotPossible(_("Only a promise that runs or was missed can be waived."))
    before = row.outcome
    if row.ended_at is None:
        row.ended_at = now
        row.seconds_used = seconds_between(row, row.started_at, now)
    row.outcome = ClockOutcome.WAIVED
    row.save(update_fields=["ended_at", "seconds_used", "outcome"])
    made = Waiver.objects.create(clock=row, outcome_before=before, reason=reason.strip()[:300], at=now, by=by)
    entry = Entry(
        "clock.waived",
        "clock",
        row.pk,
        row.handoff.lead_id,
        {"outcome": before},
        {"outcome": str(row.outcome)},
    )
    record(entries=[entry], at=now, by=by)
    return made


def _locked(clock: Clock) -> Clock:
    return (
        Clock.objects.filter(pk=clock.pk)
        .with_terms()
        .prefetch_related("pauses")
        .select_for_update(of=("self",))
        .get()
    )
