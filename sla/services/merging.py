"""What becomes of the handoffs and clocks of two leads that turned out to be one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from leads.models import Lead
from leads.stages import SALES_HAS_IT, VETTED, Stage, stage_of_both
from sla.clock import Stretch, is_late, merged
from sla.models import Clock, Handoff, HandoffState, Pause, PromiseKind, Tenure
from sla.notices import merged_notices
from sla.querysets import ClockQuerySet
from sla.services.clocks import cancel_clocks
from sla.services.recompute import recompute
from sla.services.terms import pauses_of, promise_times

MERGED = "merged"


@dataclass(frozen=True)
class Earlier:
    """A running clock that goes on with the earlier start of another one of the same promise. `halts` are what stood still of the
    other one before this one began: that time counts for neither."""

    clock: Clock
    of: Clock
    due_at: datetime
    halts: Sequence[Stretch] = ()


@dataclass(frozen=True)
class Outlook:
    """What a merge does: the handoff that stays open, those that end with it, the running clocks that end, and those that go on
    with an earlier start."""

    stays: Handoff | None = None
    ends: Sequence[Handoff] = ()
    over: Sequence[Clock] = ()
    earlier: Sequence[Earlier] = ()
    goes_on: Sequence[Clock] = ()


def outlook(*, one: Lead, other: Lead, now: datetime) -> Outlook:
    """What merging these leads would do at `now`, for whoever is about to decide; three queries."""
    handoffs = Handoff.objects.filter(lead__in=[one, other]).open().select_related("owner", "team")
    clocks = Clock.objects.running().of_leads([one.pk, other.pk]).with_terms().prefetch_related("pauses")
    stage = stage_of_both(one.stage, other.stage)
    return _plan(list(handoffs.order_by("pk")), list(clocks.order_by("pk")), stage, now)


def merge_handoffs(*, kept: Lead, absorbed: Lead, by: User, now: datetime, rule: str) -> None:
    """Let every handoff of the absorbed lead belong to the kept one, in the transaction that merges them.

    At most one stays open: the one that is worked on, else the one that began earlier, and none beside a lead that sales has
    vetted. The other ends as merged, its clocks with it (late ones as missed), and the earliest start of each promise goes on.
    Breaches and everything that ended stay as they are.
    """
    both = Handoff.objects.filter(lead__in=[kept, absorbed])
    handoffs = list(
        both.select_related("lead", "owner", "team").select_for_update(of=("self",)).order_by("pk")
    )
    running = Clock.objects.running().filter(handoff__in=handoffs)
    plan = _plan([row for row in handoffs if row.is_open], _locked(running), Stage(kept.stage), now)
    cancel_clocks(clocks=plan.over, now=now, by=by, rule=rule, why=MERGED)
    _end(plan, by, now, rule)
    Handoff.objects.filter(lead=absorbed).update(lead=kept)
    _start_earlier(plan, by, now, rule)
    merged_notices(lead=kept, ended=plan.ends, goes_on=plan.stays, now=now)


def _plan(open_ones: Sequence[Handoff], running: Sequence[Clock], stage: Stage, now: datetime) -> Outlook:
    """Pure: what stays and what ends of open handoffs and running clocks, for a lead that stands in `stage` afterwards."""
    worked = sorted(open_ones, key=_by_work)
    stays = worked[0] if worked and stage not in VETTED else None
    ends = [row for row in worked if row is not stays]
    over = [clock for clock in running if clock.handoff_id in {row.pk for row in ends}]
    over += _pick_ups_to_end(running, stage)
    goes_on = [clock for clock in running if clock not in over]
    begun = [clock for clock in over if clock.kind != PromiseKind.PICK_UP]
    earlier = [
        shift
        for clock in goes_on
        if stays is not None and clock.handoff_id == stays.pk
        if (shift := _earlier(clock, begun, now)) is not None
    ]
    return Outlook(stays, ends, over, earlier, goes_on)


def _by_work(row: Handoff) -> tuple[bool, bool, datetime, int]:
    """Accepted before waiting, taken on once before never, and then the one that began earlier."""
    return row.state != HandoffState.ACCEPTED, row.accepted_at is None, row.started_at, row.pk


def _pick_ups_to_end(running: Sequence[Clock], stage: Stage) -> list[Clock]:
    """Marketing picks a person up once, and nobody whom sales has."""
    pick_ups = [clock for clock in running if clock.kind == PromiseKind.PICK_UP]
    pick_ups.sort(key=lambda clock: (clock.started_at, clock.pk))
    return pick_ups if stage in SALES_HAS_IT else pick_ups[1:]


def _earlier(clock: Clock, begun: Sequence[Clock], now: datetime) -> Earlier | None:
    """The earliest start among clocks of the same promise, if taking it breaks nothing.

    The clock for an answer is each rep's own: only one of the same owner counts. A start by which the promise would be broken
    already is not taken: whoever goes on could not have kept it, and where the other clock was missed, its breach is on record.
    """
    same = [
        one
        for one in begun
        if one.kind == clock.kind
        and one.started_at < clock.started_at
        and (clock.is_of_lead or one.owner_id == clock.owner_id)
    ]
    for one in sorted(same, key=lambda one: (one.started_at, one.pk)):
        until = clock.started_at
        halts = merged(
            [Stretch(pause.start, min(pause.end, until)) for pause in pauses_of(one) if pause.start < until]
        )
        times = promise_times(
            clock.promise, clock.calendar_version, one.started_at, [*pauses_of(clock), *halts]
        )
        if times.due_at <= clock.due_at and not is_late(times.due_at, now):
            return Earlier(clock, one, times.due_at, halts)
    return None


def _end(plan: Outlook, by: User, now: datetime, rule: str) -> None:
    before = {row.pk: {"state": str(row.state), "owner": row.owner_id} for row in plan.ends}
    for row in plan.ends:
        row.state, row.ended_at, row.put_first_at = HandoffState.MERGED, max(now, row.started_at), None
    update_rows(plan.ends, ["state", "ended_at", "put_first_at"])
    after = {"state": HandoffState.MERGED.value, "into": plan.stays.pk if plan.stays else None}
    record(
        entries=[
            Entry("handoff.merged", "handoff", row.pk, row.lead_id, before[row.pk], after)
            for row in plan.ends
        ],
        at=now,
        by=by,
        rule=rule,
    )


def _start_earlier(plan: Outlook, by: User, now: datetime, rule: str) -> None:
    """Write the earlier starts, and have the due times computed anew by the one function that does so."""
    if not plan.earlier:
        return
    shifts = {shift.clock.pk: shift for shift in plan.earlier}
    _keep_who_had_it(plan)
    Pause.objects.bulk_create(copy for shift in plan.earlier for copy in _copied_halts(shift))
    clocks = _locked(Clock.objects.filter(pk__in=shifts))
    entries = []
    for clock in clocks:
        shift = shifts[clock.pk]
        before = {"started_at": clock.started_at.isoformat()}
        if shift.halts:
            last = shift.halts[-1].end
            clock.paused_until = max(clock.paused_until or last, last)
        clock.started_at = shift.of.started_at
        after = {"started_at": clock.started_at.isoformat(), "why": MERGED, "clock": shift.of.pk}
        entries.append(Entry("clock.began_earlier", "clock", clock.pk, clock.handoff.lead_id, before, after))
    update_rows(clocks, ["started_at"])
    record(entries=entries, at=now, by=by, rule=rule)
    recompute(clocks=clocks, why=MERGED, now=now, by=by, rule=rule)


def _keep_who_had_it(plan: Outlook) -> None:
    """The time that a clock counts from now on and its owner did not have: whoever had the other handoff then answers for it
    (sla.tenure)."""
    others = [
        shift
        for shift in plan.earlier
        if shift.clock.is_of_lead and shift.of.owner_id != shift.clock.owner_id
    ]
    if others and plan.stays is not None:
        Tenure.objects.create(
            handoff=plan.stays,
            owner=others[0].of.owner,
            starts_at=min(shift.of.started_at for shift in others),
            ends_at=min(shift.clock.started_at for shift in others),
        )


def _copied_halts(shift: Earlier) -> list[Pause]:
    """The pauses of the other clock in the time that this one counts from now on."""
    until = shift.clock.started_at
    return [
        Pause(
            clock=shift.clock,
            starts_at=pause.starts_at,
            ends_at=min(pause.ends_at, until),
            reason=pause.reason,
            note=pause.note,
            by_id=pause.by_id,
        )
        for pause in shift.of.pauses.all()
        if shift.halts and pause.starts_at < until
    ]


def _locked(clocks: ClockQuerySet) -> list[Clock]:
    return list(clocks.with_terms().prefetch_related("pauses").select_for_update(of=("self",)).order_by("pk"))
