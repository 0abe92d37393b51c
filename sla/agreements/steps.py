"""The steps of a ladder in words: for the agreement, the editor and the simulation."""

from django.utils.translation import gettext as _

from sla.agreements.targets import say_seconds
from sla.models.ladder import StepAction, StepHours, StepWhen


def say_when(when: str, amount: int, hours: str) -> str:
    """When a step comes, such as “1 h before the due time, by the wall clock”."""
    if when == StepWhen.SHARE:
        return _("At %d %% of the time") % amount
    if when == StepWhen.AFTER and not amount:
        return _("When the time is over")
    text = _("%s before the due time") if when == StepWhen.BEFORE else _("%s after the due time")
    text %= say_seconds(amount)
    return _("%s, by the wall clock") % text if hours == StepHours.WALL else text


def say_action(action: str) -> str:
    """What it does."""
    return str(StepAction(action).label)
