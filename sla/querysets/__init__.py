"""The vocabulary of agreements, handoffs, clocks and ladders."""

from sla.querysets.agreements import AgreementQuerySet, AgreementVersionQuerySet, ReasonQuerySet
from sla.querysets.clocks import LEADS_OWN, ClockQuerySet
from sla.querysets.handoffs import HandoffQuerySet, TenureQuerySet, arrival
from sla.querysets.ladders import EscalationQuerySet

__all__ = [
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
