"""One submission: as a row of the list, and with all about it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from drains.models import SetAside
from leads.models import Lead, Outcome, Review, State, Submission, Tier
from leads.querysets import SubmissionQuerySet

DRAIN = "leads.process_submissions"
_NOT_LISTED = ("raw", "corrections", "user_agent", "digest", "delivery_key", "request_id", "content_type")
_BADGES = {
    Outcome.NEW_LEAD: "lead",
    Outcome.KNOWN_LEAD: "lead",
    Outcome.EXCLUDED: "excluded",
    Outcome.SPAM: "spam",
    Outcome.DUPLICATE: "duplicate",
    Outcome.REFUSED: "failed",
    Outcome.DEAL: "workable",
}
_ACCEPT = gettext_lazy("Accept")
_AGREEMENTS = {
    Outcome.EXCLUDED: gettext_lazy("Keep as excluded"),
    Outcome.SPAM: gettext_lazy("Keep as spam"),
    Outcome.REFUSED: gettext_lazy("Keep as refused"),
}
# Rule of an outcome -> what it is called for people.
RULES: dict[str, str | Promise] = {
    "no_exclusion": "",  # its sentence says it all
    "known_identity": gettext_lazy("Known e-mail address or id"),
    "anonymous": gettext_lazy("No name and no address"),
    "competitor": gettext_lazy("Competitors"),
    "disposable_mail": gettext_lazy("Disposable mail domains"),
    "academic_mail": gettext_lazy("Academic mail domains"),
    "personal_mail": gettext_lazy("Personal mail domains"),
    "blocked_country": gettext_lazy("Countries not sold to"),
    "spam": gettext_lazy("Signs of a robot"),
    "same_content": gettext_lazy("The same content within ten minutes"),
    "delivery_key": gettext_lazy("The same delivery again"),
    "payload": gettext_lazy("It could not be read"),
    "deal": gettext_lazy("A deal from another system"),
}


@dataclass(frozen=True)
class Row:
    """One submission as the list shows it; the same facts head its detail. What a template asks for twice is remembered."""

    submission: Submission
    aside: SetAside | None = None

    @cached_property
    def is_waiting(self) -> bool:
        """Received and not classified yet."""
        return self.submission.state != State.PROCESSED

    @property
    def is_open(self) -> bool:
        """Waits for marketing, and can be decided."""
        return self.submission.review == Review.PENDING and not self.is_waiting

    @property
    def may_be_overruled(self) -> bool:
        """Kept out by a rule that one click overrules."""
        row = self.submission
        kept_out = row.outcome in (Outcome.EXCLUDED, Outcome.SPAM) and row.outcome_rule != "anonymous"
        return kept_out and not self.is_waiting

    @property
    def lead(self) -> Lead | None:
        """The lead of its contact, if the contact is one."""
        return getattr(self.submission.contact, "lead", None)

    @cached_property
    def name(self) -> str:
        """Who sent it, as far as is known."""
        row = self.submission
        if row.contact is not None and (row.contact.full_name or row.contact.email):
            return row.contact.full_name or row.contact.email
        if row.email:
            return row.email
        if self.is_waiting:
            return _("Just arrived")
        return _("A visitor without a name") if row.contact is not None else _("Nobody named")

    @property
    def address(self) -> str:
        """The address it came with, where the name says something else."""
        row = self.submission
        address = row.email or (row.contact.email if row.contact else "")
        return "" if address == self.name else address

    @cached_property
    def badge(self) -> str:
        """Value of the classification badge (accounts/templatetags/ui.py)."""
        if self.is_waiting:
            return "failed" if self.aside else "pending"
        outcome = Outcome(self.submission.outcome)
        if outcome == Outcome.NEW_LEAD and self.lead is not None and self.lead.tier == Tier.TWO:
            return "tier2"
        return _BADGES.get(outcome, "pending")

    @property
    def verdict(self) -> str:
        """The outcome in words."""
        if self.is_waiting:
            return _("Set aside") if self.aside else _("Not yet classified")
        if self.badge == "tier2":
            return _("New lead, tier 2")
        return str(Outcome(self.submission.outcome).label)

    @property
    def review(self) -> str:
        """What marketing made of it, in words."""
        return str(Review(self.submission.review).label)

    @property
    def why(self) -> str:
        """The sentence that goes with the outcome."""
        if self.is_waiting:
            return ""
        detail = self.submission.outcome_detail
        return _(detail) if detail else ""

    @cached_property
    def gist(self) -> str:
        """What the list says below the outcome: of a lead who it is, of anything else why it is none."""
        row, lead = self.submission, self.lead
        if lead is None or row.contact is None or row.outcome not in (Outcome.NEW_LEAD, Outcome.KNOWN_LEAD):
            return self.why
        role = ", ".join(part for part in (row.contact.job_title, row.contact.company_name) if part)
        score = _("Score %(score)d") % {"score": lead.score}
        return f"{score} · {role}" if role else score

    @cached_property
    def agreement(self) -> str:
        """What accepting it says: a verb for the button."""
        return str(_AGREEMENTS.get(Outcome(self.submission.outcome), _ACCEPT))

    # The names of the row's controls: a template takes ten times as long to put a name into a sentence.
    @property
    def to_choose(self) -> str:
        """What the box before the row does."""
        return _("Choose %(name)s") % {"name": self.name}

    @property
    def to_agree(self) -> str:
        """What accepting does, and to whom."""
        return _("%(verb)s: %(name)s") % {"verb": self.agreement, "name": self.name}

    @property
    def to_reject(self) -> str:
        """What rejecting does, and to whom."""
        return _("Reject: %(name)s") % {"name": self.name}


def listed(rows: SubmissionQuerySet) -> SubmissionQuerySet:
    """The rows with what the list shows of them, and without what it does not."""
    return rows.select_related("source", "form", "contact__lead", "reviewed_by").defer(*_NOT_LISTED)


def rows_of(found: Iterable[Submission]) -> list[Row]:
    """The submissions as rows; those that wait with what went wrong, in one statement."""
    found = list(found)
    waiting = [row.pk for row in found if row.state != State.PROCESSED]
    aside = (
        {one.row_id: one for one in SetAside.objects.filter(drain=DRAIN, row_id__in=waiting)}
        if waiting
        else {}
    )
    return [Row(row, aside.get(row.pk)) for row in found]


def one_row(pk: int) -> Row | None:
    """One row of the list as it is now."""
    rows = list(listed(Submission.objects.filter(pk=pk)))
    return rows_of(rows)[0] if rows else None


@dataclass(frozen=True)
class Detail:
    """One submission and all that belongs to it."""

    row: Row
    rule: str
    repeats: list[Submission] = field(default_factory=list)
    others: list[Submission] = field(default_factory=list)
    more_others: bool = False

    @property
    def submission(self) -> Submission:
        """The submission itself, with its raw bytes."""
        return self.row.submission


MOST_SHOWN = 10  # repeats, and other submissions of the contact


def submission_detail(pk: int) -> Detail | None:
    """One submission with its repeats and the others of its contact, in at most five statements; None without one."""
    submission = (
        Submission.objects.select_related(
            "source", "form", "contact__lead", "contact__company", "reviewed_by", "duplicate_of"
        )
        .filter(pk=pk)
        .first()
    )
    if submission is None:
        return None
    others = _others(submission)
    return Detail(
        row=rows_of([submission])[0],
        rule=str(RULES.get(submission.outcome_rule, submission.outcome_rule)),
        repeats=list(
            Submission.objects.filter(duplicate_of=submission).defer(*_NOT_LISTED).newest_first()[:MOST_SHOWN]
        ),
        others=others[:MOST_SHOWN],
        more_others=len(others) > MOST_SHOWN,
    )


def _others(submission: Submission) -> list[Submission]:
    """Other submissions of the same contact, or, where it has none, of the same address; repeats are told apart."""
    rows = Submission.objects.originals().exclude(pk=submission.pk)
    if submission.contact_id is not None:
        rows = rows.filter(contact=submission.contact_id)
    elif submission.email:
        rows = rows.filter(email=submission.email)
    else:
        return []
    listed = rows.select_related("source", "form").defer(*_NOT_LISTED).newest_first()
    return list(listed[: MOST_SHOWN + 1])
