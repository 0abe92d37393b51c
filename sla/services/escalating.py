"""The drain that takes the steps of ladders: each once per clock, in order, and none that has become useless."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.clock import is_late
from sla.models import (
    TAKES_BACK,
    Clock,
    ClockOutcome,
    Escalation,
    EscalationState,
    Handoff,
    HandoffState,
    StepAction,
)
from sla.notices import empty_pool_notices, escalation_notices
from sla.services.ladders import ENDED, TOO_LATE, time_of
from sla.services.routing import give, read_turns, return_to_queue
from sla.services.terms import pauses_of, terms_of_all

RULE = "sla.escalate"
# A step that comes so long after its time was held up: by an outage, or a worker that was busy.
LATE_AFTER = timedelta(minutes=1)
NOTIFY = (StepAction.NOTIFY_REP, StepAction.NOTIFY_MANAGER, StepAction.NOTIFY_CHANNEL)
# Why a step was left out, or how it went; beside those of sla.services.ladders.
ANSWERED, IN_QUEUE, NOT_THEIRS, NOT_LATE, EMPTY_POOL = (
    "answered",
    "in_queue",
    "not_theirs",
    "not_late",
    "empty_pool",
)


@transaction.atomic
def escalate(rows: Sequence[Escalation], now: datetime) -> None:
    """Take a claimed batch of steps, one per clock and with it the notices of the same moment, in a bounded number of statements.

    Each is checked against the clock as it is now. What cannot be said in time any more is left out with its reason; what
    an outage held up is done once and marked late; what falls into a pause waits for its end.
    """
    steps = _with_those_beside(rows)
    doing = [row for row in steps if not _put_off(row, now) and not _leave_out(row, now)]
    taken_back = _take_back([row for row in doing if row.step.action in TAKES_BACK], now)
    doing = [row for row in doing if row.state == EscalationState.PLANNED]
    put_first = [row.clock.handoff_id for row in doing if row.step.action == StepAction.PUT_FIRST]
    if put_first:
        Handoff.objects.filter(pk__in=put_first, put_first_at__isnull=True).update(put_first_at=now)
    escalation_notices(rows=[row for row in doing if row.step.action in NOTIFY], now=now)
    for row in doing:
        row.state, row.done_at, row.is_late = EscalationState.DONE, now, now - row.at > LATE_AFTER
        row.detail = taken_back.get(row.pk, "")
    update_rows(steps, ["at", "state", "done_at", "is_late", "detail"])
    record(entries=[_entry(row) for row in doing], at=now, rule=RULE)


def _with_those_beside(rows: Sequence[Escalation]) -> list[Escalation]:
    """The claimed steps and the notices that follow them at the same moment, in order. Those are nobody else's: they are not
    due as long as the claimed ones are planned."""
    first = {row.clock_id: row for row in rows}
    found = Escalation.objects.planned().filter(clock__in=first, at__in={row.at for row in rows})
    found = found.with_facts().select_for_update(skip_locked=True, of=("self",))
    steps: list[Escalation] = []
    told: set[int] = set()
    for row in found.order_by("at", "position", "pk"):
        tells = row.step.action in NOTIFY
        if row.pk == first[row.clock_id].pk:
            steps.append(row)
            told |= {row.clock_id} if tells else set()
        elif row.clock_id in told and row.at == first[row.clock_id].at:
            if tells:
                steps.append(row)
            else:
                told.discard(row.clock_id)
    return steps


def _put_off(row: Escalation, now: datetime) -> bool:
    """A paused clock alarms nobody (case 23), and a due time that was moved meanwhile moves what follows it."""
    clock = row.clock
    if clock.outcome != ClockOutcome.RUNNING:
        return False
    at = None
    if clock.paused_until is not None and now < clock.paused_until and not is_late(clock.due_at, now):
        at = clock.paused_until
    elif not row.step.rung.is_before_due and not is_late(clock.due_at, now):
        at = time_of(row.step, clock, pauses_of(clock))
    if at is None or at < now:
        return False
    row.at = at
    return True


def _leave_out(row: Escalation, now: datetime) -> bool:
    """Whether the step is of no use any more; the row then says why."""
    why = _why_not(row, now)
    if why:
        row.state, row.done_at, row.detail = EscalationState.SKIPPED, now, why
    return bool(why)


def _why_not(row: Escalation, now: datetime) -> str:
    clock, reminds = row.clock, row.step.rung.is_before_due
    if clock.outcome != ClockOutcome.RUNNING:
        ended = clock.ended_at
        was_passed = clock.outcome == ClockOutcome.MISSED and ended is not None and row.at < ended
        return "" if was_passed and not reminds and row.step.action in NOTIFY else ENDED
    if reminds:
        return TOO_LATE if is_late(clock.due_at, now) else ""
    if not is_late(clock.due_at, now):
        return NOT_LATE
    return ""


def _take_back(rows: Sequence[Escalation], now: datetime) -> dict[int, str]:
    """Take handoffs that nobody answered from their reps: to the next one, or to the queue where there is none (then the
    managers are told). The breach stays with the one who had it. Returns how it went, by step."""
    if not rows:
        return {}
    keys = {row.clock.handoff_id for row in rows}
    locked = Handoff.objects.filter(pk__in=keys).waiting().select_for_update(of=("self",)).order_by("pk")
    handoffs = {row.pk: row for row in locked.select_related("lead__contact", "team")}
    running = set(
        Clock.objects.running().filter(pk__in=[row.clock_id for row in rows]).values_list("pk", flat=True)
    )
    terms = terms_of_all(now)
    turns = read_turns(terms, [row.lead_id for row in handoffs.values()], now)
    given: dict[Handoff, User] = {}
    returned, nobody, went = [], [], {}
    for row in rows:
        handoff = handoffs.get(row.clock.handoff_id)
        if why := _why_not_taken(row, handoff, row.clock_id in running):
            row.state, row.done_at, row.detail = EscalationState.SKIPPED, now, why
            continue
        assert handoff is not None
        is_passed_on = row.step.action == StepAction.REASSIGN
        heir = turns.take(handoff.team_id, handoff.lead_id, but=handoff.owner_id) if is_passed_on else None
        if heir is not None:
            given[handoff] = heir
        else:
            returned.append(handoff)
        if is_passed_on and heir is None:
            nobody.append(handoff)
            went[row.pk] = EMPTY_POOL
        del handoffs[handoff.pk]
    turns.save()
    calendars = {number: term.calendar_version for number, term in terms.items()}
    give(owners=given, calendars=calendars, now=now, rule=RULE)
    return_to_queue(handoffs=returned, calendars=calendars, now=now, rule=RULE)
    empty_pool_notices(handoffs=nobody, now=now, taken_back=True)
    return went


def _why_not_taken(row: Escalation, handoff: Handoff | None, is_running: bool) -> str:
    if handoff is None or handoff.state != HandoffState.WAITING or not is_running:
        return ANSWERED
    if handoff.owner_id is None:
        return IN_QUEUE
    return "" if handoff.owner_id == row.clock.owner_id else NOT_THEIRS


def _entry(row: Escalation) -> Entry:
    clock = row.clock
    told = {"step": row.position, "action": row.step.action, "planned_for": row.at.isoformat()}
    if row.is_late:
        told["is_late"] = True
    if row.detail:
        told["detail"] = row.detail
    return Entry("clock.escalated", "clock", clock.pk, clock.handoff.lead_id, after=told)
