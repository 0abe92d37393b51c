"""Submissions of tests: sent through the real intake, processed by the real drain."""

from __future__ import annotations

import itertools
import json
from datetime import UTC, datetime
from typing import Any

from drains.runner import run_until_idle
from leads.models import Contact, Form, Lead, Source, Submission
from leads.services.intake import Delivery, receive

# A Wednesday morning.
NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def website() -> Source:
    """The source of the hosted forms."""
    return Source.objects.get(slug="website")


def deliver(
    fields: dict[str, Any] | bytes,
    *,
    now: datetime = NOW,
    key: str | None = None,
    form: str = "",
    source: Source | None = None,
    content_type: str = "application/json",
) -> Submission:
    """One received submission, not yet processed. `form` is the slug of a hosted form."""
    raw = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
    receipt = receive(
        delivery=Delivery(
            source=source or website(),
            raw=raw,
            content_type=content_type,
            key=key,
            form=Form.objects.get(slug=form) if form else None,
        ),
        now=now,
    )
    return Submission.objects.get(pk=receipt.submission_id)


def process(now: datetime = NOW) -> int:
    """Run the drain of intake until nothing waits."""
    return run_until_idle(now, ["leads.process_submissions"])


def arrive(
    email: str = "", *, now: datetime = NOW, form: str = "", key: str | None = None, **fields: Any
) -> Submission:
    """A processed submission of somebody at a company, or of `email`."""
    number = next(_numbers)
    address = email or f"ada{number}@firm{number}.example"
    row = deliver({"email": address, **fields}, now=now, form=form, key=key or f"key-{number}")
    process(now)
    row.refresh_from_db()
    return row


def contact_of(row: Submission) -> Contact:
    """The contact whom the submission was recognised as."""
    assert row.contact is not None
    return row.contact


def lead_of(row: Submission) -> Lead:
    """The lead of the submission's contact, as it is now."""
    row.refresh_from_db()
    return Lead.objects.get(pk=row.contact_id)
