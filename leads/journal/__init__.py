"""Writing the journal, and the triggers that protect it."""

from leads.journal.record import Entry, record
from leads.journal.selected import IsoTime, record_selected

__all__ = ["Entry", "IsoTime", "record", "record_selected"]
