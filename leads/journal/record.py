"""Writing the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from leads.models.journal import JournalEntry


@dataclass(frozen=True)
class Entry:
    """What happened to one subject. `before` and `after` hold codes, numbers and times, never personal data."""

    event: str
    subject_kind: str
    subject_id: int
    lead_id: int | None = None
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


def record(*, entries: Iterable[Entry], at: datetime, by: User | None = None, rule: str = "") -> None:
    """Append the entries, in the transaction of the change itself. Raises ValueError without a person or a rule."""
    if by is None and not rule:
        raise ValueError("A journal entry needs the person or the rule that did it.")
    JournalEntry.objects.bulk_create(
        [
            JournalEntry(
                at=at,
                event=entry.event,
                subject_kind=entry.subject_kind,
                subject_id=entry.subject_id,
                lead_id=entry.lead_id,
                actor_id=by.pk if by else None,
                rule=rule,
                before=dict(entry.before),
                after=dict(entry.after),
            )
            for entry in entries
        ],
        batch_size=1000,
    )
