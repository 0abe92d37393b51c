"""The vocabulary of agreements, handoffs, clocks and ladders."""

from sla.querysets.agreements import AgreementQuerySet, AgreementVersionQuerySet, ReasonQuerySet
from sla.querysets.clocks import LEADS_OWN, ClockQuerySet
from sla.querysets.handoffs import IS_LIVE, HandoffQuerySet, TenureQuerySet, arrival
from sla.querysets.ladders import EscalationQuerySet

__all__ = [
    "IS_LIVE",
    "LEADS_OWN",
    "AgreementQuerySet",
    "AgreementVersionQuerySet",
    "ClockQuerySet",
    "EscalationQuerySet",
    "HandoffQuerySet",
    "ReasonQuerySet",
    "TenureQuerySet",
    "arrival",
]
