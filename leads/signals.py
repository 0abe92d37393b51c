"""What leads tells the apps further down the stream, which it does not know."""

from django.dispatch import Signal

# opportunities: list[Opportunity] just recorded as won or lost, in the running transaction; now: datetime; rule: str.
deals_recorded = Signal()

# lead_ids: list[int] whose stage was changed by marketing to one without a handoff (disqualified, nurture); by, now.
leads_withdrawn = Signal()
