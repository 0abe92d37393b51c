"""What was received, made readable: every field as it was sent, with marketing's correction beside it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from leads.arrivals import same_field
from leads.models import Submission
from leads.payload import Arrival, parse, read
from leads.payload_errors import PayloadErrors
from leads.services.reading import corrected_fields, stated
from leads.spam import TRAP_FIELD

LONGEST_VALUE = 1000  # characters; the whole text is under "As received"
FIELD_LABELS: Mapping[str, str | Promise] = {
    "email": gettext_lazy("E-mail"),
    "external_id": gettext_lazy("Id in the sender's system"),
    "anonymous_id": gettext_lazy("Device"),
    "first_name": gettext_lazy("First name"),
    "last_name": gettext_lazy("Last name"),
    "name": gettext_lazy("Name"),
    "job_title": gettext_lazy("Job title"),
    "company_name": gettext_lazy("Company"),
    "industry": gettext_lazy("Industry"),
    "country": gettext_lazy("Country"),
    "phone": gettext_lazy("Phone"),
    "employees": gettext_lazy("Employees"),
    "website": gettext_lazy("Website"),
    "message": gettext_lazy("Message"),
    "activity": gettext_lazy("Activity"),
    "occurred_at": gettext_lazy("Happened"),
    "utm_source": gettext_lazy("UTM source"),
    "utm_medium": gettext_lazy("UTM medium"),
    "utm_campaign": gettext_lazy("UTM campaign"),
    "utm_term": gettext_lazy("UTM term"),
    "utm_content": gettext_lazy("UTM content"),
    "origin": gettext_lazy("Origin"),
    "landing_page": gettext_lazy("Landing page"),
    "referrer": gettext_lazy("Referrer"),
}
ATTRIBUTION = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "origin",
    "landing_page",
    "referrer",
)


@dataclass(frozen=True)
class ReceivedField:
    """One field: the sender's name for it, ours, what was sent, and what it was corrected to (None: it was not).

    `is_attribution`: it says where the person came from, and is shown there.
    """

    key: str
    label: str
    sent: str
    corrected: str | None = None
    is_attribution: bool = False


@dataclass(frozen=True)
class Received:
    """A submission taken apart. `arrival` is None where it cannot be read; `text` is all of it."""

    fields: list[ReceivedField]
    arrival: Arrival | None
    text: str

    def attribution(self) -> list[tuple[str, str]]:
        """Where the person came from, as far as the submission says: label and value."""
        if self.arrival is None:
            return []
        told = ((str(FIELD_LABELS[name]), str(getattr(self.arrival, name))) for name in ATTRIBUTION)
        return [(label, value) for label, value in told if value]


def received(submission: Submission) -> Received:
    """Take a submission apart, whatever its bytes are."""
    try:
        arrival = read(stated(submission, submission.corrections), submission.received_at)
    except PayloadErrors:
        arrival = None
    try:
        sent = list(_flat(parse(bytes(submission.raw), submission.content_type)))
    except PayloadErrors:
        sent = []
    fixed = {name: _said(value) for name, value in corrected_fields(submission.corrections).items()}
    rows = []
    for key, value in sent:
        known = same_field(key.removeprefix("fields."))
        says_where_from = known in ATTRIBUTION and arrival is not None
        rows.append(
            ReceivedField(visible(key), _label(key, known), value, fixed.pop(known, None), says_where_from)
        )
    rows += [ReceivedField("", _label(name, name), "", value) for name, value in fixed.items()]
    return Received(rows, arrival, visible(bytes(submission.raw).decode("utf-8", errors="replace")))


def visible(text: str) -> str:
    """Text in which nothing hides: control characters and those that reverse the direction are shown as such."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)


def _label(key: str, known: str) -> str:
    if key.removeprefix("fields.") == TRAP_FIELD:
        return _("Hidden field (people cannot see it)")
    return str(FIELD_LABELS.get(known, "")) or visible(key.removeprefix("fields.").replace("_", " "))


def _flat(data: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _said(value)


def _said(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(_said(item) for item in value)
    text = visible(str(value))
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
