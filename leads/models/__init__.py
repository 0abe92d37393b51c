"""The tables of leads, one module per noun."""

from leads.models.activity import Activity, ActivityKind
from leads.models.exclusion import ExclusionRule
from leads.models.intake import Form, Outcome, Review, Source, SourceKind, State, Submission
from leads.models.journal import JournalEntry
from leads.models.lead import Lead, StageChange, Tier
from leads.models.opportunity import Opportunity, OpportunityState
from leads.models.people import Company, Contact, ContactIdentity, IdentityKind

__all__ = [
    "Activity",
    "ActivityKind",
    "Company",
    "Contact",
    "ContactIdentity",
    "ExclusionRule",
    "Form",
    "IdentityKind",
    "JournalEntry",
    "Lead",
    "Opportunity",
    "OpportunityState",
    "Outcome",
    "Review",
    "Source",
    "SourceKind",
    "StageChange",
    "State",
    "Submission",
    "Tier",
]
