"""Taking submissions in: the raw row first, everything else later."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from drains.wake import announce
from leads.models import Outcome, Review, Source, State, Submission
from leads.payload_errors import PayloadErrors
from leads.services.arrival_rows import Delivery, insert_arrival, row_of

__all__ = [
    "Delivery",
    "Receipt",
    "UnknownSender",
    "keep_refused",
    "receive",
    "receive_many",
    "source_of",
]


class UnknownSender(LookupError):
    """No active source has this key; nothing was kept."""


@dataclass(frozen=True)
class Receipt:
    """What the sender is told: the number of the submission, and whether this arrival repeats an earlier one.

    `differs` says that the same key came with other content; the arrival is kept, but it is no second submission.
    """

    submission_id: int
    repeated: bool = False
    differs: bool = False


def receive(*, delivery: Delivery, now: datetime) -> Receipt:
    """Keep one arrival. The same key twice gives one submission and two logged arrivals, whoever comes first.

    Outside of a transaction this is one statement that commits itself. Raises UnknownSender.
    """
    try:
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            number = insert_arrival(delivery, now)
    except IntegrityError:
        known = replace(delivery, source=delivery.source or source_of(delivery.source_key))
        if not delivery.key:
            raise
        return _log_repeat(known, now)
    announce("submissions.received")
    return Receipt(number)


def source_of(key_digest: str) -> Source:
    """The active source whose key has this digest. Raises UnknownSender."""
    source = Source.objects.filter(key_digest=key_digest, is_active=True).first()
    if source is None:
        raise UnknownSender
    return source


def receive_many(*, deliveries: Sequence[Delivery], now: datetime) -> int:
    """Keep the arrivals of an import; rows whose key is here already are left out. Returns how many were new."""
    rows = [row_of(delivery, now) for delivery in deliveries]
    sources = {row.source_id for row in rows}
    keys = [row.delivery_key for row in rows if row.delivery_key]
    with transaction.atomic():
        here = set(
            Submission.objects.originals()
            .filter(source__in=sources, delivery_key__in=keys)
            .values_list("source_id", "delivery_key")
        )
        fresh: dict[tuple[int, str], Submission] = {}
        for number, row in enumerate(rows):
            if (row.source_id, row.delivery_key) not in here:
                fresh.setdefault((row.source_id, row.delivery_key or f"\n{number}"), row)
        Submission.objects.bulk_create(fresh.values(), batch_size=500, ignore_conflicts=True)
        announce("submissions.received")
    return len(fresh)


def keep_refused(*, delivery: Delivery, errors: PayloadErrors, now: datetime) -> int:
    """Keep an arrival that was refused with 4xx, for correction in the review; returns its number.

    Without its key, so that the sender's corrected delivery under the same key is taken in.
    """
    row = row_of(delivery, now)
    row.delivery_key = None
    row.state, row.processed_at = State.PROCESSED, now
    row.outcome, row.outcome_rule = Outcome.REFUSED, "payload"
    row.outcome_detail = str(errors)[:500]
    row.save(force_insert=True)
    return row.pk


@transaction.atomic
def _log_repeat(delivery: Delivery, now: datetime) -> Receipt:
    # Locked, so that the original is either waiting, and tells its repeats whose they are, or done, and is known to be whose.
    rows = Submission.objects.originals().select_for_update(of=("self",))
    original = rows.get(source=delivery.source, delivery_key=delivery.key)
    row = row_of(delivery, now)
    row.duplicate_of = original
    row.contact_id = original.contact_id
    row.email, row.activity = original.email, original.activity
    row.state, row.processed_at = State.PROCESSED, now
    row.outcome, row.outcome_rule, row.review = Outcome.DUPLICATE, "delivery_key", Review.NOT_NEEDED
    row.outcome_detail = f"The same delivery as submission {original.pk}."
    row.save(force_insert=True)
    return Receipt(original.pk, repeated=True, differs=original.digest != row.digest)
