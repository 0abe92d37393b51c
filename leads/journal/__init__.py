"""Writing the journal, and the triggers that protect it."""

from leads.journal.record import Entry, record

__all__ = ["Entry", "record"]
