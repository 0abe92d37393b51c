"""The row of an arrival: as a model, and as one prepared INSERT for the path that must be fast."""

from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection
from django.db.models import Field

from leads.models import Form, Source, Submission
from leads.payload import delivery_digest


@dataclass(frozen=True)
class Delivery:
    """One arrival as the transport saw it. `key` is the sender's name for it (Idempotency-Key, form token, row id).

    `source` is None where the sender is known by `source_key` alone, the digest of the key that came with it.
    """

    source: Source | None
    raw: bytes
    content_type: str = ""
    key: str | None = None
    form: Form | None = None
    remote_addr: str | None = None
    user_agent: str = ""
    request_id: str = ""
    source_key: str = ""


def row_of(delivery: Delivery, now: datetime) -> Submission:
    """The unsaved row of an arrival whose source is known."""
    assert delivery.source is not None
    return Submission(source=delivery.source, form=delivery.form, **_values(delivery, now))


def insert_arrival(delivery: Delivery, now: datetime) -> int:
    """Insert the row and return its number, by a statement that is written once and finds the source by its key itself.

    Model.save writes the same statement anew for each row, which costs several times as much as running it. Raises
    IntegrityError for a delivery key that is here already, and where no active source has the key.
    """
    values = _values(delivery, now) | {
        "source": delivery.source.pk if delivery.source else None,
        "form": delivery.form.pk if delivery.form else None,
    }
    statement, fields, defaults = _insert()
    params = [
        field.get_db_prep_save(values[field.name], connection) if field.name in values else default
        for field, default in zip(fields, defaults, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(statement, [delivery.source_key, *params])
        return int(cursor.fetchone()[0])


def _values(delivery: Delivery, now: datetime) -> dict[str, Any]:
    return {
        "received_at": now,
        "raw": delivery.raw,
        "content_type": delivery.content_type[:100],
        "delivery_key": delivery.key,
        "digest": delivery_digest(delivery.raw),
        "remote_addr": delivery.remote_addr,
        "user_agent": delivery.user_agent[:300],
        "request_id": delivery.request_id[:64],
    }


@cache
def _insert() -> tuple[str, list[Field], list[Any]]:
    """The statement; the fields of its parameters after the first, which is the key of the source; their defaults."""
    meta, quote = Submission._meta, connection.ops.quote_name
    source = meta.get_field("source")
    fields = [f for f in meta.local_concrete_fields if not (f.primary_key or f.generated or f is source)]
    names = ", ".join(quote(str(field.column)) for field in [source, *fields])
    found = "(SELECT id FROM leads_source WHERE key_digest = %s AND is_active)"
    marks = ", ".join(["%s"] * len(fields))
    # NULL where no source is found, which the column refuses.
    statement = (
        f"INSERT INTO {quote(meta.db_table)} ({names}) "  # noqa: S608 - names of the model only
        f"VALUES (COALESCE({found}, %s), {marks}) RETURNING id"
    )
    defaults = [field.get_db_prep_save(field.get_default(), connection) for field in [source, *fields]]
    return statement, [source, *fields], defaults
