"""First half of processing: what does each submission say, and is it one of its own? No contact is touched here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.text import slugify
from django.utils.translation import gettext as _

from leads.arrivals import Arrival, same_field
from leads.models import Form, Outcome, Review, SourceKind, Submission
from leads.payload import parse, read
from leads.payload_errors import PayloadErrors
from leads.spam import spam_reason

# Two arrivals of one source with the same bytes within this time are one delivery (a webhook or browser that retries
# without a key). Longer than any usual retry of a minute, shorter than a person's second visit.
REPEAT_WINDOW = timedelta(minutes=10)

# Corrections under these names are decisions of marketing, not fields of the person.
DECISION = "_decision"
TREAT_AS_LEAD = "lead"


@dataclass
class Reading:
    """One submission and what it says; `arrival` is None where it is settled already."""

    submission: Submission
    arrival: Arrival | None = None
    activity: str = ""
    occurred_at: datetime | None = None


def read_batch(submissions: Sequence[Submission]) -> list[Reading]:
    """Parse the submissions in their order, and settle repeats, spam and what cannot be read, in one query for the batch."""
    earlier = _Earlier(submissions)
    readings = []
    for submission in submissions:
        readings.append(_read_one(submission, earlier.original_of(submission)))
        earlier.add(submission)
    return readings


def _read_one(submission: Submission, original: Submission | None) -> Reading:
    reading = Reading(submission)
    if original is not None:
        _settle(
            submission,
            Outcome.DUPLICATE,
            "same_content",
            _("The same content as submission %d.") % original.pk,
        )
        submission.duplicate_of = original
        submission.email, submission.activity = original.email, original.activity
        submission.review = Review.NOT_NEEDED
        return reading
    try:
        arrival = read(stated(submission, submission.corrections), submission.received_at)
    except PayloadErrors as errors:
        _settle(submission, Outcome.REFUSED, "payload", str(errors)[:500])
        return reading
    submission.email = arrival.email
    reading.activity = activity_slug(arrival, submission.form)
    submission.activity = reading.activity
    reading.occurred_at = arrival.occurred_at or submission.received_at
    reason = spam_reason(arrival) if submission.source.kind != SourceKind.IMPORT else ""
    if reason and submission.corrections.get(DECISION) != TREAT_AS_LEAD:
        _settle(submission, Outcome.SPAM, "spam", reason)
        return reading
    reading.arrival = arrival
    return reading


def activity_slug(arrival: Arrival, form: Form | None) -> str:
    """What the submission counts as: what it says itself, else what its form counts as, else a plain form post."""
    if form is not None:
        return form.activity
    return slugify(arrival.activity.replace("_", "-")).replace("-", "_")[:50] or "form_submission"


def corrected_fields(corrections: Mapping[str, object]) -> dict[str, object]:
    """The fields among the corrections, without the decisions of marketing."""
    return {name: value for name, value in corrections.items() if not name.startswith("_")}


def stated(submission: Submission, corrections: Mapping[str, object]) -> dict[str, object]:
    """The received fields with marketing's corrections over them, under whatever name the sender used.

    Raises PayloadErrors where nothing can be read and nothing was corrected. Where no program could read the body but a
    person has, the corrections are all there is.
    """
    fixed = corrected_fields(corrections)
    try:
        data = parse(bytes(submission.raw), submission.content_type)
    except PayloadErrors:
        if not fixed:
            raise
        return fixed
    if not fixed:
        return data
    try:
        # In normal form each field stands under its own name: a corrected first name leaves the last name of "name" alone.
        data = read(data, submission.received_at).as_dict()
    except PayloadErrors:
        data = _without(data, fixed)
    return _without(data, fixed) | fixed


def _without(data: Mapping[str, object], fixed: Mapping[str, object]) -> dict[str, object]:
    """The data without any spelling of the fields in `fixed`."""
    kept = {
        key: value for key, value in data.items() if isinstance(value, dict) or same_field(key) not in fixed
    }
    inner = kept.get("fields")
    if isinstance(inner, dict):
        kept["fields"] = {key: value for key, value in inner.items() if same_field(str(key)) not in fixed}
    return kept


def _settle(submission: Submission, outcome: Outcome, rule: str, detail: str) -> None:
    submission.outcome, submission.outcome_rule, submission.outcome_detail = outcome, rule, detail[:500]


class _Earlier:
    """The submissions that a keyless one may repeat: those before this batch, and those of the batch as they are settled.

    So a batch finds the same repeats as its submissions would one by one.
    """

    def __init__(self, batch: Sequence[Submission]) -> None:
        self._by_content: dict[tuple[int, str], list[Submission]] = {}
        keyless = [row for row in batch if _has_no_name(row)]
        if not keyless:
            return
        first = min(row.received_at for row in keyless) - REPEAT_WINDOW
        before = (
            Submission.objects.originals()
            .exclude_refused()
            .filter(
                source__in={row.source_id for row in keyless},
                digest__in={row.digest for row in keyless},
                received_at__gte=first,
            )
            .exclude(pk__in=[row.pk for row in batch])
            .only("pk", "source_id", "digest", "received_at", "contact_id", "email", "activity")
            .order_by("pk")
        )
        for row in before:
            self._by_content.setdefault((row.source_id, row.digest), []).append(row)

    def original_of(self, row: Submission) -> Submission | None:
        """The earlier submission of the same source and content, if it came shortly before and `row` names no key."""
        if not _has_no_name(row):
            return None
        # By their numbers, so that two workers at once never take each for a repeat of the other.
        for earlier in self._by_content.get((row.source_id, row.digest), []):
            if earlier.pk < row.pk and abs(row.received_at - earlier.received_at) <= REPEAT_WINDOW:
                return earlier
        return None

    def add(self, row: Submission) -> None:
        """Remember a settled submission of the batch, unless it is a repeat itself or could not be read."""
        if row.duplicate_of_id is None and row.outcome != Outcome.REFUSED:
            self._by_content.setdefault((row.source_id, row.digest), []).append(row)


def _has_no_name(row: Submission) -> bool:
    return row.delivery_key is None and not row.corrections
