"""What the facts of a handoff start and end among the clocks of both sides, by whichever path they came: page, API, import, a deal
that another system recorded, a drain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from sla.clock import tried_enough_at
from sla.models import (
    Clock,
    ClockOutcome,
    Handoff,
    Promise,
    PromiseKind,
    Side,
    Touch,
    side_of,
)
from sla.querysets import ClockQuerySet
from sla.services.clocks import End, Start, amend_end, end_each, finish, start_clocks
from sla.services.terms import calendar_version_of

# What sales promises from the acceptance on.
OF_ACCEPTANCE = (PromiseKind.FIRST_TOUCH, PromiseKind.ATTEMPTS, PromiseKind.DISPOSITION)
# What the end of a handoff answers; everything else that runs with it is over without an answer.
ANSWERED_BY_THE_END = (PromiseKind.ACCEPT, PromiseKind.FIRST_TOUCH, PromiseKind.DISPOSITION)
# What an earlier touch can change; who was waived stays waived, whatever becomes known.
AMENDABLE = (ClockOutcome.KEPT, ClockOutcome.MISSED)


def start_promised(
    *, handoff: Handoff, kinds: Sequence[PromiseKind], at: datetime, now: datetime, by: User | None
) -> list[Clock]:
    """Start the clocks of what the handoff's version of the agreement promises, by the team's hours of today.

    None for history that an import brought (case 29), and none a second time: those of a lead that was accepted before go on.
    Marketing answers for its own: those have no owner.
    """
    known = set(handoff.clocks.values_list("kind", flat=True))
    wanted = set(kinds) - known
    version: Any = handoff.agreement_version_id
    promises = list(Promise.objects.filter(version=version, kind__in=wanted, tier=handoff.tier).order_by())
    # What has a clock was not imported; only a handoff without any is asked.
    if not promises or not (known or Handoff.objects.filter(pk=handoff.pk).not_imported().exists()):
        return []
    # In the order in which they are named, whatever the database likes.
    promises.sort(key=lambda promise: list(kinds).index(PromiseKind(promise.kind)))
    calendar = calendar_version_of(handoff.team_id)
    starts = [
        Start(
            handoff,
            promise,
            calendar,
            at,
            handoff.owner if side_of(promise.kind) == Side.SALES else None,
            handoff.source_id,
        )
        for promise in promises
    ]
    return start_clocks(starts=starts, now=now, by=by)


@transaction.atomic
def touched(*, handoff: Handoff, at: datetime, now: datetime, by: User) -> None:
    """A human touch of time `at` was logged: the first one ends the clock of the first touch; the agreed number of them, or one
    that reached the lead, ends that of the attempts. A touch that becomes known late counts by its time (case 18)."""
    newest: dict[str, Clock] = {}
    kinds = (PromiseKind.FIRST_TOUCH, PromiseKind.ATTEMPTS)
    for clock in _locked(Clock.objects.filter(handoff=handoff, kind__in=kinds)):
        newest[clock.kind] = clock
    ends: list[End] = []
    if (first := newest.get(PromiseKind.FIRST_TOUCH)) is not None:
        ends.append(End(first, max(at, first.started_at)))
    if (attempts := newest.get(PromiseKind.ATTEMPTS)) is not None:
        touches = Touch.objects.filter(handoff=handoff).values_list("at", "reached")
        enough = tried_enough_at(touches, attempts.promise.count or 1)
        if enough is not None:
            ends.append(End(attempts, max(enough, attempts.started_at)))
    # A call before the acceptance was recorded counts as made at once.
    for clock, earlier in ((end.clock, end.at) for end in ends):
        if clock.outcome in AMENDABLE and clock.ended_at is not None and earlier < clock.ended_at:
            amend_end(clock=clock, at=earlier, now=now, by=by)
    end_each(ends=ends, now=now, by=by)


@transaction.atomic
def ended(
    *, ended_at: Mapping[Handoff, datetime], now: datetime, by: User | None = None, rule: str = ""
) -> None:
    """Handoffs ended, each at its time. That answers what waited for an answer, a touch or a disposition; attempts and missing
    fields are nobody's business any more: cancelled, unless late already."""
    clocks = _locked(Clock.objects.filter(handoff__in=ended_at).running())
    times = {handoff.pk: at for handoff, at in ended_at.items()}
    ends = [End(clock, max(times[clock.handoff_id], clock.started_at)) for clock in clocks]
    finish(
        ends=[one for one in ends if one.clock.kind in ANSWERED_BY_THE_END],
        cancels=[one for one in ends if one.clock.kind not in ANSWERED_BY_THE_END],
        now=now,
        by=by,
        rule=rule,
    )


def _locked(clocks: ClockQuerySet) -> list[Clock]:
    return list(clocks.with_terms().select_for_update(of=("self",)).order_by("pk"))
