"""Who had a handoff at which time, and who answers for its clocks because of that."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import Max

from accounts.models import User
from leads.bulk import update_rows
from leads.journal import Entry, record
from sla.models import Clock, ClockOutcome, Handoff, Tenure
from sla.services.terms import calendar_of, pauses_of
from sla.tenure import Held, answers_for, holder_at


def leave(
    *, handoffs: Sequence[Handoff], now: datetime, given_back: bool = False, note: str = ""
) -> list[Tenure]:
    """Write that whoever has these handoffs has them until now; call it before their owner changes. Two statements."""
    since = dict(
        Tenure.objects.filter(handoff__in=handoffs)
        .order_by()
        .values_list("handoff")
        .annotate(since=Max("ends_at"))
    )
    return Tenure.objects.bulk_create(
        [
            Tenure(
                handoff=row,
                owner_id=row.owner_id,
                starts_at=since.get(row.pk, row.started_at),
                ends_at=now,
                given_back=given_back,
                note=note,
            )
            for row in handoffs
        ],
        batch_size=500,
    )


def held_of(handoffs: Iterable[Handoff]) -> dict[int, list[Held]]:
    """Who had each handoff and when, the last one without an end; those that never changed hands are left out. One query."""
    rows = {row.pk: row for row in handoffs}
    found: dict[int, list[Held]] = {}
    for tenure in Tenure.objects.filter(handoff__in=rows).order_by("ends_at", "pk"):
        found.setdefault(tenure.handoff_id, []).append(
            Held(tenure.owner_id, tenure.starts_at, tenure.ends_at)
        )
    for number, held in found.items():
        last = held[-1].end
        assert last is not None
        held.append(Held(rows[number].owner_id, last))
    return found


def settle(clocks: Iterable[Clock]) -> list[Clock]:
    """Put the one who answers into the leads' own clocks (any but for the answer); returns those whose owner changed, unsaved.

    A kept promise is to the credit of whoever had the lead when it was kept. Any other, running or missed, falls to whoever
    had most of its time up to the deadline (sla.tenure.answers_for): so the right rep answers for a clock that runs out
    whether or not a sweep ever comes. One query; the clocks come from with_terms().
    """
    own = [clock for clock in clocks if clock.is_of_lead]
    if not own:
        return []
    held = held_of(clock.handoff for clock in own)
    changed = []
    for clock in own:
        if (stretches := held.get(clock.handoff_id)) is None:
            continue
        who = _who(clock, stretches)
        if who != clock.owner_id:
            clock.owner_id = who
            changed.append(clock)
    return changed


def _who(clock: Clock, held: Sequence[Held]) -> int | None:
    if clock.outcome == ClockOutcome.KEPT and clock.ended_at is not None:
        # Who had given the lead away when the clock began had none of it, also where it was touched in that very moment.
        since = [one for one in held if one.end is None or one.end > clock.started_at]
        return holder_at(since, clock.ended_at)
    calendar = calendar_of(clock.promise, clock.calendar_version)
    return answers_for(calendar, clock.started_at, clock.due_at, pauses_of(clock), held)


def locked_clocks(handoffs: Sequence[Handoff]) -> list[Clock]:
    """Every clock of these handoffs, in the one order in which everybody locks them, with the handoff as it is now."""
    rows = Clock.objects.filter(handoff__in=handoffs).with_terms()
    return list(rows.select_for_update(of=("self",)).order_by("pk"))


def settle_running(
    *, clocks: Iterable[Clock], now: datetime, by: User | None = None, rule: str = ""
) -> list[Clock]:
    """After handoffs changed hands: see who answers for the leads' own clocks now; returns those that passed on."""
    changed = settle(clock for clock in clocks if clock.outcome == ClockOutcome.RUNNING)
    pass_on(clocks=changed, now=now, by=by, rule=rule)
    return changed


def pass_on(*, clocks: Iterable[Clock], now: datetime, by: User | None = None, rule: str = "") -> None:
    """Write who answers for clocks now, with a row of the journal each."""
    rows = list(clocks)
    if not rows:
        return
    update_rows(rows, ["owner"])
    Handoff.objects.point_to_next_clock({row.handoff_id for row in rows})
    record(
        entries=[
            Entry("clock.passed_on", "clock", row.pk, row.handoff.lead_id, after={"owner": row.owner_id})
            for row in rows
        ],
        at=now,
        by=by,
        rule=rule,
    )
