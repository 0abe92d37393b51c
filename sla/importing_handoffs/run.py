"""Takes the cases of a log in: first as submissions by the door of all others, then as handoffs that are over."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext as _

from leads.bulk import update_rows
from leads.journal import Entry, record
from leads.models import Lead, Source, Submission
from leads.services.handing import REQUESTED, Readiness, make_ready, mark_handed_off
from leads.services.intake import Delivery, receive_many
from leads.services.stages import Move, change_stage
from leads.stages import Stage
from sla.clock import Stretch, tried_enough_at
from sla.importing_handoffs.ground import RULE, Ground
from sla.importing_handoffs.log import Case, Story, Untold, tell
from sla.importing_handoffs.meaning import LogMapping
from sla.models import Clock, Handoff, HandoffState, Pause, PromiseKind
from sla.services.clocks import End, Start, end_each, start_clocks
from sla.services.pausing import paused_entry
from sla.services.promised import OF_ACCEPTANCE, ended
from sla.services.recompute import recompute

# Cases in one transaction. A run that is stopped goes on where it stopped when it is started again.
CHUNK = 500

# Where the lead stands when its handoff is over.
STAGES = {
    HandoffState.QUALIFIED: Stage.SQL,
    HandoffState.RECYCLED: Stage.NURTURE,
    HandoffState.DISQUALIFIED: Stage.DISQUALIFIED,
}
# Where a lead can be handed off from.
BEFORE_SALES = (Stage.LEAD, Stage.MQL, Stage.NURTURE, Stage.DISQUALIFIED)


@dataclass
class Taken:
    """What became of the cases of a log: `here` were handed off by an earlier run."""

    fresh: int = 0
    here: int = 0
    untold: Counter[Untold] = field(default_factory=Counter)
    # Cases that could not be handed off, by why.
    refused: Counter[str] = field(default_factory=Counter)


def stories_of(cases: Sequence[Case], mapping: LogMapping, taken: Taken) -> list[Story]:
    """The cases that are past handoffs; the others are counted by why they are none."""
    stories = []
    for case in cases:
        told = tell(case, mapping.activities)
        if isinstance(told, Untold):
            taken.untold[told] += 1
        else:
            stories.append(told)
    return stories


def look(*, stories: Sequence[Story], mapping: LogMapping, source: Source | None, taken: Taken) -> None:
    """Count what `receive` and `hand_over` would do, without writing anything."""
    for chunk in _chunks(stories):
        here = len(_handed_off(_leads_of(chunk, mapping, source))) if source else 0
        taken.here, taken.fresh = taken.here + here, taken.fresh + len(chunk) - here


def receive(
    *,
    stories: Sequence[Story],
    mapping: LogMapping,
    source: Source,
    now: datetime,
    advance: Callable[[int], None],
) -> int:
    """Keep the rows of each case as one submission; those that are here already are left as they are. Returns how many were new."""
    fresh = 0
    for chunk in _chunks(stories):
        fresh += receive_many(
            deliveries=[
                Delivery(source, story.case.raw(), "application/json", key=mapping.key_of(story.case.number))
                for story in chunk
            ],
            now=now,
        )
        advance(len(chunk))
    return fresh


def hand_over(
    *,
    stories: Sequence[Story],
    mapping: LogMapping,
    ground: Ground,
    now: datetime,
    taken: Taken,
    advance: Callable[[int], None],
) -> None:
    """Write the handoff, clocks, pauses and breaches of each case whose submission was processed, and move its lead on.

    Facts have the times of the log; the journal has `now`, when they became known here. Nobody gets a notice. Raises NeverOpen.
    """
    for chunk in _chunks(stories):
        _hand_over(chunk, mapping, ground, now, taken)
        advance(len(chunk))


@transaction.atomic
def _hand_over(
    chunk: Sequence[Story], mapping: LogMapping, ground: Ground, now: datetime, taken: Taken
) -> None:
    leads = _leads_of(chunk, mapping, ground.source)
    locked = {
        lead.pk: lead
        for lead in Lead.objects.select_for_update().filter(pk__in=leads.values()).order_by("pk")
    }
    here = _handed_off(leads)
    handoffs: dict[int, tuple[Handoff, Story]] = {}
    for story in chunk:
        lead = locked.get(leads.get(mapping.key_of(story.case.number), 0))
        version = ground.versions.at(story.opened_at)
        if lead is not None and lead.pk in here:
            taken.here += 1
        elif why := _why_not(lead, version is not None):
            taken.refused[why] += 1
        else:
            assert lead is not None
            handoff = _handoff(lead, story, mapping, ground)
            handoff.agreement_version = version  # type: ignore[assignment]  # _why_not has seen to it
            handoffs[lead.pk] = handoff, story
    taken.fresh += len(handoffs)
    pairs = list(handoffs.values())
    Handoff.objects.bulk_create([handoff for handoff, _story in pairs], batch_size=CHUNK)
    _move_leads(pairs, now)
    _record(pairs, now)
    _run_clocks(pairs, mapping, ground, now)


def _why_not(lead: Lead | None, is_agreed: bool) -> str:
    if lead is None:
        return _("its submission was refused, excluded or set aside")
    if lead.stage not in BEFORE_SALES:
        return _("its lead is with sales already, or beyond")
    return "" if is_agreed else _("no version of the agreement was in force when it was handed over")


def _handoff(lead: Lead, story: Story, mapping: LogMapping, ground: Ground) -> Handoff:
    return Handoff(
        lead=lead,
        team=ground.team,
        source_id=lead.first_source_id,
        tier=mapping.tier,
        state=mapping.ended_as,
        ready_at=story.opened_at,
        ready_rule=REQUESTED,
        ready_detail=_detail(story),
        started_at=story.opened_at,
        accepted_at=story.accepted_at,
        answered_at=story.accepted_at or story.ended_at,
        ended_at=story.ended_at,
    )


def _detail(story: Story) -> str:
    return _("Imported: case %s") % story.case.number[:150]


def _move_leads(pairs: Sequence[tuple[Handoff, Story]], now: datetime) -> None:
    """The way of every lead, as of the days on which it was gone."""
    if not pairs:
        return
    readiness = {
        handoff.lead: Readiness(REQUESTED, _detail(story), story.opened_at) for handoff, story in pairs
    }
    make_ready(leads=readiness, now=now, rule=RULE)
    mark_handed_off(
        leads=list(readiness), now=now, rule=RULE, history={handoff.lead_id for handoff, _story in pairs}
    )
    change_stage(
        moves=[
            Move(
                handoff.lead,
                STAGES[HandoffState(handoff.state)],
                _("The handoff ended."),
                at=max(story.ended_at, handoff.lead.stage_since),
            )
            for handoff, story in pairs
        ],
        now=now,
        rule=RULE,
    )


def _run_clocks(
    pairs: Sequence[tuple[Handoff, Story]], mapping: LogMapping, ground: Ground, now: datetime
) -> None:
    """Start, pause and end the clocks of what sales promised at the times of the log, and end the rest with the handoff, as a live
    one does (sla.services.promised). What marketing did, no log tells."""
    starts: list[Start] = []
    stories: list[Story] = []
    for handoff, story in pairs:
        spans = [(PromiseKind.ACCEPT, story.opened_at)]
        if story.accepted_at:
            spans += [(kind, story.accepted_at) for kind in OF_ACCEPTANCE]
        for kind, start in spans:
            promise = ground.versions.promise(handoff.agreement_version, kind, handoff.tier)
            if promise is not None:
                starts.append(Start(handoff, promise, ground.calendar_version, start, None, ground.source.pk))
                stories.append(story)
    clocks = start_clocks(starts=starts, now=now, rule=RULE, with_ladders=False)
    told = list(zip(clocks, stories, strict=True))
    waiting = [(clock, waits) for clock, story in told if (waits := _waits_of(clock, story))]
    _pause(waiting, mapping, ground, now)
    ends = [End(clock, at) for clock, story in told if (at := _answered_at(clock, story, mapping))]
    end_each(ends=ends, now=now, rule=RULE)
    ended(ended_at={handoff: story.ended_at for handoff, story in pairs}, now=now, rule=RULE)


def _answered_at(clock: Clock, story: Story, mapping: LogMapping) -> datetime | None:
    """When the log itself says that a promise was kept, or too late; None where the end of the handoff answers. Each piece of
    work is an attempt, and whoever qualified the lead at its end had reached it."""
    if clock.kind == PromiseKind.ACCEPT:
        return story.accepted_at
    if clock.kind == PromiseKind.FIRST_TOUCH:
        return story.touched_at
    if clock.kind == PromiseKind.ATTEMPTS:
        qualified = mapping.ended_as == HandoffState.QUALIFIED
        tries = [(at, qualified and at == story.ended_at) for at in story.works]
        return tried_enough_at(tries, clock.promise.count or 1)
    return None


def _waits_of(clock: Clock, story: Story) -> list[Stretch]:
    """What paused a clock while it ran; nothing pauses the one for the answer."""
    if clock.kind == PromiseKind.ACCEPT:
        return []
    until = story.touched_at if clock.kind == PromiseKind.FIRST_TOUCH else None
    return [wait for wait in story.waits if wait.start < (until or story.ended_at)]


def _pause(
    waiting: Sequence[tuple[Clock, Sequence[Stretch]]], mapping: LogMapping, ground: Ground, now: datetime
) -> None:
    if not waiting:
        return
    pauses = Pause.objects.bulk_create(
        [
            Pause(
                clock=clock,
                starts_at=wait.start,
                ends_at=wait.end,
                reason=mapping.pause_reason,
                by=ground.recorder,
            )
            for clock, waits in waiting
            for wait in waits
        ],
        batch_size=CHUNK,
    )
    record(entries=[paused_entry(pause.clock, pause) for pause in pauses], at=now, rule=RULE)
    for clock, waits in waiting:
        clock.paused_until = max(wait.end for wait in waits)
    clocks = [clock for clock, _waits in waiting]
    update_rows(clocks, ["paused_until"])
    prefetch_related_objects(clocks, "pauses")
    recompute(clocks=clocks, why=f"paused:{mapping.pause_reason}", now=now, rule=RULE)


def _record(pairs: Sequence[tuple[Handoff, Story]], now: datetime) -> None:
    entries = []
    for handoff, _story in pairs:
        opened = {
            "team": handoff.team_id,
            "owner": None,
            "tier": handoff.tier,
            "agreement_version": handoff.agreement_version_id,
            "ready_at": handoff.ready_at.isoformat(),
            "started_at": handoff.started_at.isoformat(),
        }
        ended = {
            "state": handoff.state,
            "accepted_at": handoff.accepted_at.isoformat() if handoff.accepted_at else None,
            "ended_at": handoff.ended_at.isoformat() if handoff.ended_at else None,
        }
        entries.append(Entry("handoff.opened", "handoff", handoff.pk, handoff.lead_id, after=opened))
        entries.append(Entry(f"handoff.{handoff.state}", "handoff", handoff.pk, handoff.lead_id, after=ended))
    record(entries=entries, at=now, rule=RULE)


def _leads_of(chunk: Sequence[Story], mapping: LogMapping, source: Source | None) -> dict[str, int]:
    """The number of the lead by delivery key, for cases whose submission made one or belongs to one."""
    keys = [mapping.key_of(story.case.number) for story in chunk]
    rows = Submission.objects.originals().filter(
        source=source, delivery_key__in=keys, contact__lead__isnull=False
    )
    return {key: number for key, number in rows.values_list("delivery_key", "contact_id") if key and number}


def _handed_off(leads: dict[str, int]) -> set[int]:
    """Leads that an import handed off: as of their readiness, which no live handoff is. A case is one handoff, once."""
    rows = Handoff.objects.filter(lead__in=leads.values(), ready_rule=REQUESTED).exclude(
        pk__in=Handoff.objects.live()
    )
    return set(rows.values_list("lead_id", flat=True))


def _chunks(stories: Sequence[Story]) -> Iterator[Sequence[Story]]:
    for first in range(0, len(stories), CHUNK):
        yield stories[first : first + CHUNK]
