"""Pausing a clock, ending a pause early, and taking a clock out of the account."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.business_time import NeverOpen
from sla.clock import is_late
from sla.models import Clock, ClockOutcome, Handoff, Pause, PauseReason, PromiseKind, Side, Waiver, side_of
from sla.policies import check_can_waive, check_can_work
from sla.services.answering import NotPossible
from sla.services.clocks import end_of, point_to_next, record_breaches, seconds_between
from sla.services.ladders import close
from sla.services.recompute import recompute

LEAD_ACTED = "lead_acted"


def can_be_paused(clock: Clock, now: datetime) -> bool:
    """Whether the clock runs, is one of sales and not that for the answer, and has time left; at the due second it has none."""
    may_pause = side_of(clock.kind) == Side.SALES and clock.kind != PromiseKind.ACCEPT
    return clock.outcome == ClockOutcome.RUNNING and may_pause and now < clock.due_at


def can_be_waived(clock: Clock) -> bool:
    """Whether the clock runs or was missed."""
    return clock.outcome in (ClockOutcome.RUNNING, ClockOutcome.MISSED)


@transaction.atomic
def pause(
    *, clock: Clock, until: datetime, reason: PauseReason, note: str = "", by: User, now: datetime
) -> Pause:
    """Stop a clock until a time: its due time moves by the business time in between, once, whatever else is paused.

    It goes on by itself at the end, or when the lead does something. Raises NotPossible for the accept clock, for one that
    ended or has run out, and for an end that is not in the future.
    """
    row = _locked(clock)
    check_can_work(by, row.handoff)
    _check_pause(row, until, now)
    made = Pause.objects.create(
        clock=row, starts_at=now, ends_at=until, reason=reason, note=note.strip()[:300], by=by
    )
    row = _locked(clock)  # with the new pause among its pauses
    row.paused_until = max(until, row.paused_until or until)
    row.save(update_fields=["paused_until"])
    record(entries=[paused_entry(row, made)], at=now, by=by)
    try:
        recompute(clocks=[row], why=f"paused:{reason}", now=now, by=by)
    except NeverOpen:
        raise NotPossible(
            _("No business hours are left after that time. Choose an earlier end."), "until"
        ) from None
    return made


@transaction.atomic
def pause_handoff(
    *, handoff: Handoff, until: datetime, reason: PauseReason, note: str = "", by: User, now: datetime
) -> list[Pause]:
    """Pause every clock of a handoff that can be. Raises NotPossible where there is none."""
    check_can_work(by, handoff)
    clocks = [clock for clock in handoff.clocks.running().order_by("pk") if can_be_paused(clock, now)]
    if not clocks:
        raise NotPossible(
            _("No promise of this handoff can be paused: each is over, late, or waits for you.")
        )
    return [pause(clock=clock, until=until, reason=reason, note=note, by=by, now=now) for clock in clocks]


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
    _end(clocks=[row], pauses=running, why=reason, now=now, by=by, rule=rule)
    return True


@transaction.atomic
def resume_handoff(*, handoff: Handoff, by: User, now: datetime) -> list[Clock]:
    """End what pauses any clock of a handoff. Raises NotPossible where nothing does."""
    check_can_work(by, handoff)
    clocks = list(handoff.clocks.paused(now).order_by("pk"))
    resumed = [clock for clock in clocks if resume(clock=clock, by=by, now=now)]
    if not resumed:
        raise NotPossible(_("Nothing is paused here (any more)."))
    return resumed


@transaction.atomic
def resume_for_activity(*, acted_at: Mapping[int, datetime], now: datetime, rule: str = "") -> int:
    """End the pauses that wait for the answer of a lead which has acted since; returns how many clocks go on.

    `acted_at`: number of the lead -> time of what it did. Other reasons to pause stay. One statement where none waits.
    """
    paused = Clock.objects.paused(now).of_leads(acted_at).waiting_for_prospect(now).with_terms()
    clocks = list(paused.prefetch_related("pauses").select_for_update(of=("self",)).order_by("pk"))
    over = [
        stretch
        for clock in clocks
        for stretch in clock.pauses.all()
        if stretch.reason == PauseReason.WAITING_FOR_PROSPECT
        and stretch.ends_at > now
        and stretch.starts_at <= acted_at[clock.handoff.lead_id]
    ]
    if not over:
        return 0
    concerned = {stretch.clock_id for stretch in over}
    resumed = [clock for clock in clocks if clock.pk in concerned]
    _end(clocks=resumed, pauses=over, why=LEAD_ACTED, now=now, by=None, rule=rule)
    return len(resumed)


@transaction.atomic
def waive(*, clock: Clock, reason: str, by: User, now: datetime) -> Waiver:
    """A manager takes a missed or running clock out of the account, for a reason that everybody can read.

    It is shown as waived beside kept and missed, and its breach stays, also one that no sweep has seen yet. Raises
    NotPossible without a reason, or for a clock that was kept, cancelled or waived.
    """
    row = _locked(clock)
    check_can_waive(by, row.handoff)
    if not reason.strip():
        raise NotPossible(
            _("Write why this promise is waived: it is shown wherever the promise is counted."), "reason"
        )
    if not can_be_waived(row):
        raise NotPossible(_("Only a promise that runs or was missed can be waived."))
    before = row.outcome
    if row.ended_at is None:
        if is_late(row.due_at, now):
            record_breaches(clocks=[row], now=now, by=by)
        row.ended_at = now
        row.seconds_used = seconds_between(row, row.started_at, now)
    row.outcome = ClockOutcome.WAIVED
    row.save(update_fields=["ended_at", "seconds_used", "outcome"])
    point_to_next([row])
    close(clocks=[row], now=now)
    made = Waiver.objects.create(clock=row, outcome_before=before, reason=reason.strip()[:300], at=now, by=by)
    entry = Entry("clock.waived", "clock", row.pk, row.handoff.lead_id, {"outcome": before}, end_of(row))
    record(entries=[entry], at=now, by=by)
    return made


def paused_entry(clock: Clock, made: Pause) -> Entry:
    """A pause in the journal, with all that a due time needs to be computed again."""
    after = {
        "pause": made.pk,
        "from": made.starts_at.isoformat(),
        "until": made.ends_at.isoformat(),
        "reason": str(made.reason),
    }
    return Entry("clock.paused", "clock", clock.pk, clock.handoff.lead_id, after=after)


def _check_pause(row: Clock, until: datetime, now: datetime) -> None:
    if row.kind == PromiseKind.ACCEPT:
        raise NotPossible(_("Accepting or rejecting cannot be paused: it needs nobody but you."))
    if side_of(row.kind) == Side.MARKETING:
        raise NotPossible(_("Marketing promised this, so sales cannot pause it."))
    if row.outcome != ClockOutcome.RUNNING:
        raise NotPossible(_("This promise is over, so there is nothing to pause."))
    if not can_be_paused(row, now):
        raise NotPossible(
            _("The time of this promise has run out. A pause cannot make it in time; a manager can waive it.")
        )
    if until <= now:
        raise NotPossible(_("Choose an end in the future: the clock goes on by itself then."), "until")


def _end(
    *,
    clocks: Sequence[Clock],
    pauses: Sequence[Pause],
    why: str,
    now: datetime,
    by: User | None,
    rule: str,
) -> None:
    """End these pauses of these locked clocks, whose `pauses` were prefetched and are the same objects."""
    for stretch in pauses:
        stretch.ends_at = max(now, stretch.starts_at)
    update_rows(pauses, ["ends_at"])
    for clock in clocks:
        clock.paused_until = max(stretch.ends_at for stretch in clock.pauses.all())
    update_rows(clocks, ["paused_until"])
    record(
        entries=[
            Entry(
                "clock.resumed",
                "clock",
                clock.pk,
                clock.handoff.lead_id,
                after={
                    "why": why,
                    "pauses": {row.pk: row.ends_at.isoformat() for row in pauses if row.clock_id == clock.pk},
                },
            )
            for clock in clocks
        ],
        at=now,
        by=by,
        rule=rule,
    )
    recompute(clocks=clocks, why=why, now=now, by=by, rule=rule)


def _locked(clock: Clock) -> Clock:
    return (
        Clock.objects.filter(pk=clock.pk)
        .with_terms()
        .prefetch_related("pauses")
        .select_for_update(of=("self",))
        .get()
    )
