"""Writing the journal."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from accounts.models import User
from leads.bulk import insert_rows
from leads.models.journal import JournalEntry

_FIELDS = ("at", "event", "subject_kind", "subject_id", "lead_id", "actor_id", "rule", "before", "after")


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
    actor = by.pk if by else None
    insert_rows(
        JournalEntry,
        _FIELDS,
        (
            (
                at,
                entry.event,
                entry.subject_kind,
                entry.subject_id,
                entry.lead_id,
                actor,
                rule,
                dict(entry.before),
                dict(entry.after),
            )
            for entry in entries
        ),
    )
