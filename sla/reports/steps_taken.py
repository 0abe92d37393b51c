"""What became of the ladder of one clock: the steps that were taken, those to come, and those left out with why."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from sla.agreements.steps import say_action, say_when
from sla.models import Clock, ClockOutcome, Escalation, EscalationState, LadderStep
from sla.reports.wording import STEP_DETAILS, exact
from sla.services.ladders import ENDED, time_of

OVER = {
    ClockOutcome.CANCELLED: gettext_lazy("the promise was cancelled"),
    ClockOutcome.WAIVED: gettext_lazy("the promise was waived"),
    ClockOutcome.KEPT: gettext_lazy("the promise was kept before"),
    ClockOutcome.MISSED: gettext_lazy("the promise was over, too late, before"),
}


@dataclass(frozen=True)
class StepFact:
    """One step of a ladder on a clock: what and when, a word with its icon for how it stands, and when that was or why."""

    action: str
    when: str
    word: str
    icon: str
    meaning: str
    text: str


def steps_of(clock: Clock) -> tuple[StepFact, ...]:
    """The steps in the order of their times; the clock comes with `escalations__step` and `promise__ladder` prefetched."""
    rows = sorted(clock.escalations.all(), key=lambda row: (row.at, row.position))
    planned = {row.step_id for row in rows}
    # Those of history that an import brought were never planned; others only where they would come at the start or before.
    never = [
        step for step in clock.promise.ladder.all() if step.pk not in planned and time_of(step, clock) is None
    ]
    return (*(_fact(row, clock) for row in rows), *(_never(step) for step in never))


def _fact(row: Escalation, clock: Clock) -> StepFact:
    words, planned = _words(row.step), _("planned for %s") % exact(row.at)
    why = str(STEP_DETAILS.get(row.detail, row.detail))
    if row.state == EscalationState.PLANNED:
        return StepFact(*words, _("to come"), "stopwatch", "", planned)
    if row.state == EscalationState.SKIPPED:
        if row.detail == ENDED:
            why = str(OVER.get(ClockOutcome(clock.outcome), why))
        return StepFact(*words, _("left out"), "slash-circle", "", f"{why} · {planned}")
    text = " · ".join(part for part in (exact(row.done_at), why, planned if row.is_late else "") if part)
    if row.is_late:
        return StepFact(*words, _("done late"), "alarm", "warning", text)
    return StepFact(*words, _("done"), "check-circle", "", text)


def _never(step: LadderStep) -> StepFact:
    why = _("it would have come at the start or before")
    return StepFact(*_words(step), _("left out"), "slash-circle", "", why)


def _words(step: LadderStep) -> tuple[str, str]:
    return say_action(step.action), say_when(step.when, step.amount, step.hours)
