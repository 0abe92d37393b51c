"""What leads tells the apps further down the stream, which it does not know."""

from django.dispatch import Signal

# opportunities: list[Opportunity] just recorded as won or lost, in the running transaction; now: datetime; rule: str.
deals_recorded = Signal()

# lead_ids: list[int] of leads before sales that marketing found to be nobody (spam, a test); by: User | None; now: datetime.
# Receivers take back what sales has not answered yet, and return the numbers of the leads that they let go.
leads_emptied = Signal()

# contacts: set[int], numbers of known contacts some of whose fields were just filled or corrected, in the running transaction;
# now: datetime; rule: str.
contacts_changed = Signal()

# kept, absorbed: Lead, found to be one person. `kept` has all that `absorbed` had by now, and stands where the further one stood;
# sent in the running transaction, with both locked; by: User; now: datetime; rule: str.
leads_merged = Signal()

# lead_ids: list[int] of leads whose stage was just changed, in the running transaction; now: datetime; by: User | None; rule: str.
stages_changed = Signal()

# acted_at: dict[int, datetime], number of the contact (and of its lead) -> time of its latest activity just recorded, in the
# running transaction; now: datetime; rule: str.
activities_recorded = Signal()
