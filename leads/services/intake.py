"""Taking submissions in: the raw row first, everything else later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from drains.wake import announce
from leads.models import Form, Outcome, Review, Source, State, Submission
from leads.payload import delivery_digest
from leads.payload_errors import PayloadErrors


@dataclass(frozen=True)
class Delivery:
    """One arrival as the transport saw it. `key` is the sender's name for it (Idempotency-Key, form token, row id)."""

    source: Source
    raw: bytes
    content_type: str = ""
    key: str | None = None
    form: Form | None = None
    remote_addr: str | None = None
    user_agent: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: the number of the submission, and whether this arrival repeats an earlier one.

    `differs` says that the same key came with other content; the arrival is kept, but it is no second submission.
    """

    submission_id: int
    repeated: bool = False
    differs: bool = False


def receive(*, delivery: Delivery, now: datetime) -> Receipt:
    """Keep one arrival. The same key twice gives one submission and two logged arrivals, whoever comes first."""
    try:
        with transaction.atomic():
            row = _row(delivery, now)
            row.save(force_insert=True)
            announce("submissions.received")
        return Receipt(row.pk)
    except IntegrityError:
        if not delivery.key:
            raise
    return _log_repeat(delivery, now)


def receive_many(*, deliveries: Sequence[Delivery], now: datetime) -> int:
    """Keep the arrivals of an import; rows whose key is here already are left out. Returns how many were new."""
    sources = {delivery.source for delivery in deliveries}
    keys = [delivery.key for delivery in deliveries if delivery.key]
    with transaction.atomic():
        here = set(
            Submission.objects.originals()
            .filter(source__in=sources, delivery_key__in=keys)
            .values_list("source_id", "delivery_key")
        )
        fresh: dict[tuple[int, str | None], Submission] = {}
        for number, delivery in enumerate(deliveries):
            if (delivery.source.pk, delivery.key) not in here:
                fresh.setdefault((delivery.source.pk, delivery.key or f"\n{number}"), _row(delivery, now))
        Submission.objects.bulk_create(fresh.values(), batch_size=500, ignore_conflicts=True)
        announce("submissions.received")
    return len(fresh)


def keep_refused(*, delivery: Delivery, errors: PayloadErrors, now: datetime) -> int:
    """Keep an arrival that was refused with 4xx, for correction in the review; returns its number.

    Without its key, so that the sender's corrected delivery under the same key is taken in.
    """
    row = _row(delivery, now)
    row.delivery_key = None
    row.state, row.processed_at = State.PROCESSED, now
    row.outcome, row.outcome_rule = Outcome.REFUSED, "payload"
    row.outcome_detail = str(errors)[:500]
    row.save(force_insert=True)
    return row.pk


def _log_repeat(delivery: Delivery, now: datetime) -> Receipt:
    original = Submission.objects.originals().get(source=delivery.source, delivery_key=delivery.key)
    row = _row(delivery, now)
    row.duplicate_of = original
    row.contact_id = original.contact_id
    row.email, row.activity = original.email, original.activity
    row.state, row.processed_at = State.PROCESSED, now
    row.outcome, row.outcome_rule, row.review = Outcome.DUPLICATE, "delivery_key", Review.NOT_NEEDED
    row.outcome_detail = f"The same delivery as submission {original.pk}."
    row.save(force_insert=True)
    return Receipt(original.pk, repeated=True, differs=original.digest != row.digest)


def _row(delivery: Delivery, now: datetime) -> Submission:
    return Submission(
        source=delivery.source,
        form=delivery.form,
        received_at=now,
        raw=delivery.raw,
        content_type=delivery.content_type[:100],
        delivery_key=delivery.key,
        digest=delivery_digest(delivery.raw),
        remote_addr=delivery.remote_addr,
        user_agent=delivery.user_agent[:300],
        request_id=delivery.request_id[:64],
    )
