"""The tables of the agreement and of handoffs, one module per noun."""

from sla.models.agreement import (
    MARKETING_KINDS,
    SALES_KINDS,
    HandoffTier,
    Hours,
    Promise,
    PromiseKind,
    side_of,
)
from sla.models.calendar import Calendar, CalendarVersion
from sla.models.clock import Breach, Clock, ClockOutcome
from sla.models.handoff import Handoff, HandoffState, Qualification, Reason, ReasonClass, ReasonKind
from sla.models.ladder import (
    TAKES_BACK,
    Escalation,
    EscalationState,
    LadderStep,
    StepAction,
    StepHours,
    StepWhen,
)
from sla.models.pause import Pause, PauseReason, Waiver
from sla.models.routing import AwayTold, RepTurn, Territory
from sla.models.tenure import Tenure
from sla.models.touch import Touch, TouchKind, TouchOrigin
from sla.models.version import Agreement, AgreementVersion, Side, Signature, VersionState

__all__ = [
    "MARKETING_KINDS",
    "SALES_KINDS",
    "TAKES_BACK",
    "Agreement",
    "AgreementVersion",
    "AwayTold",
    "Breach",
    "Calendar",
    "CalendarVersion",
    "Clock",
    "ClockOutcome",
    "Escalation",
    "EscalationState",
    "Handoff",
    "HandoffState",
    "HandoffTier",
    "Hours",
    "LadderStep",
    "Pause",
    "PauseReason",
    "Promise",
    "PromiseKind",
    "Qualification",
    "Reason",
    "ReasonClass",
    "ReasonKind",
    "RepTurn",
    "Side",
    "Signature",
    "StepAction",
    "StepHours",
    "StepWhen",
    "Tenure",
    "Territory",
    "Touch",
    "TouchKind",
    "TouchOrigin",
    "VersionState",
    "Waiver",
    "side_of",
]
