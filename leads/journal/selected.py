"""Writing the journal about many rows at once: the database itself makes the entries from a query."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Expression, F, Func, JSONField, QuerySet, TextField, Value
from django.db.models.functions import JSONObject

from accounts.models import User
from leads.bulk import insert_selected
from leads.models.journal import JournalEntry


class IsoTime(Func):
    """A time as the journal writes it, `datetime.isoformat` in UTC: 2026-03-02T09:00:00+00:00, with microseconds where
    there are any."""

    output_field = TextField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Microseconds are shown by the second pattern alone."""
        template = (
            "replace(to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US') || '+00:00',"
            " '.000000+', '+')"
        )
        return self.as_sql(compiler, connection, template=template, **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps the text that Python wrote, in UTC."""
        template = "replace(%(expressions)s, ' ', 'T') || '+00:00'"
        return self.as_sql(compiler, connection, template=template, **context)


def record_selected(
    *,
    rows: QuerySet[Any],
    event: str,
    subject_kind: str,
    lead: str,
    after: Mapping[str, Expression | F],
    at: datetime,
    by: User | None = None,
    rule: str = "",
) -> int:
    """Append one entry per row of the query, in one statement; returns how many.

    The subject is the row itself, `lead` the path to the number of its lead. `after` holds codes, numbers and times
    (IsoTime), never personal data. Raises ValueError without a person or a rule.
    """
    if by is None and not rule:
        raise ValueError("A journal entry needs the person or the rule that did it.")
    return insert_selected(
        JournalEntry,
        rows,
        {
            "at": at,
            "event": event,
            "subject_kind": subject_kind,
            "subject_id": F("pk"),
            "lead_id": F(lead),
            "actor_id": by.pk if by else None,
            "rule": rule,
            "before": Value({}, output_field=JSONField()),
            "after": JSONObject(**after),
        },
    )
