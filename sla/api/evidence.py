"""The evidence of a handoff as JSON: the same facts, from the same functions, as its page."""

from datetime import datetime

from ninja import Field, Schema

from sla.api.schemas import ClockOut, clock_out
from sla.reports.evidence import ClockEvidence, Evidence, Sum


class LineOut(Schema):
    """One line of a receipt; `seconds` is what it counts."""

    label: str
    note: str
    seconds: int
    kind: str


class SumOut(Schema):
    """A receipt: its lines add up to `seconds`."""

    lines: list[LineOut]
    seconds: int
    total: str


class BreachOut(Schema):
    """A broken promise, dated by its deadline; `lifted_at` where a touch in time became known later."""

    deadline: datetime
    recorded_at: datetime
    lifted_at: datetime | None
    whose: str


class RecomputationOut(Schema):
    """A due time that was computed anew, in words."""

    when: str
    who: str
    before: str
    after: str
    why: str


class StepOut(Schema):
    """What became of one step of the ladder, in words: taken, taken late, to come, or left out and why."""

    action: str
    when: str
    state: str
    text: str


class FactOut(Schema):
    """A fact in words."""

    label: str
    value: str


class ClockEvidenceOut(Schema):
    """One clock with its arithmetic. `agrees`: computing it again gives what is stored."""

    clock: ClockOut
    agrees: bool
    target: str
    calendar: str
    zone: str
    due: SumOut
    used: SumOut | None
    ended_by: str
    breaches: list[BreachOut]
    recomputations: list[RecomputationOut]
    steps: list[StepOut]
    facts: list[FactOut]


class HappeningOut(Schema):
    """One row of the journal, in words."""

    number: int
    at: datetime
    title: str
    text: str
    who: str


class EvidenceOut(Schema):
    """All there is to know about how a handoff was kept."""

    handoff: int
    clocks: list[ClockEvidenceOut]
    happenings: list[HappeningOut] = Field(description="From the journal, in order.")
    as_of: datetime


def evidence_out(evidence: Evidence, now: datetime) -> EvidenceOut:
    """No query."""
    return EvidenceOut(
        handoff=evidence.handoff.pk,
        clocks=[_clock(clock, now) for clock in evidence.clocks],
        happenings=[
            HappeningOut(number=row.number, at=row.at, title=row.title, text=row.text, who=row.who)
            for row in evidence.happenings
        ],
        as_of=now,
    )


def _clock(row: ClockEvidence, now: datetime) -> ClockEvidenceOut:
    return ClockEvidenceOut(
        clock=clock_out(row.clock, now),
        agrees=row.agrees,
        target=row.target,
        calendar=row.calendar,
        zone=row.zone,
        due=_sum(row.due),
        used=_sum(row.used) if row.used is not None else None,
        ended_by=row.ended_by,
        breaches=[
            BreachOut(
                deadline=breach.deadline,
                recorded_at=breach.recorded_at,
                lifted_at=breach.lifted_at,
                whose=breach.rep,
            )
            for breach in row.breaches
        ],
        recomputations=[
            RecomputationOut(when=one.when, who=one.who, before=one.before, after=one.after, why=one.why)
            for one in row.recomputations
        ],
        steps=[StepOut(action=one.action, when=one.when, state=one.word, text=one.text) for one in row.steps],
        facts=[FactOut(label=str(label), value=value) for label, value in row.facts],
    )


def _sum(row: Sum) -> SumOut:
    lines = [
        LineOut(label=line.label, note=line.note, seconds=line.seconds, kind=line.kind) for line in row.lines
    ]
    return SumOut(lines=lines, seconds=sum(line.seconds for line in row.lines), total=row.total)
