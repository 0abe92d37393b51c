"""Where submissions come from, and the submissions as they came."""

import hashlib
import secrets

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Team
from leads import form_fields
from leads.models.people import Contact
from leads.querysets import SubmissionQuerySet


class SourceKind(models.TextChoices):
    """How a source delivers."""

    FORM = "form", _("Hosted form")
    API = "api", _("API")
    IMPORT = "import", _("Import")


class Source(models.Model):
    """A place that sends submissions, with a key of its own."""

    slug = models.SlugField(_("short name"), max_length=50, unique=True)
    name = models.CharField(_("name"), max_length=100)
    kind = models.CharField(_("kind"), max_length=10, choices=SourceKind.choices)
    # Only the digest is kept; the key itself is shown once.
    key_digest = models.CharField(
        _("key digest"), max_length=64, null=True, blank=True, unique=True, editable=False
    )
    key_hint = models.CharField(_("key ends with"), max_length=8, blank=True, editable=False)
    identity_namespace = models.CharField(
        _("system of its ids"),
        max_length=50,
        blank=True,
        help_text=_("Sources of the same system share external ids. Empty: the short name."),
    )
    starts_clocks = models.BooleanField(
        _("starts clocks"),
        default=True,
        help_text=_("Off for history and bought lists: what they bring is handed off without a deadline."),
    )
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("team"),
        help_text=_(
            "Leads that this source brought first go to this team. Empty: the team that sells to their country."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("source")
        verbose_name_plural = _("sources")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=SourceKind.values), name="source_kind_known")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def namespace(self) -> str:
        """The system within which this source's external ids are unique."""
        return self.identity_namespace or self.slug

    def new_key(self) -> str:
        """Set a fresh key and return it, the only time it can be read. Does not save."""
        key = f"bk_{secrets.token_urlsafe(24)}"
        self.key_digest = digest_of_key(key)
        self.key_hint = key[-4:]
        return key


def digest_of_key(key: str) -> str:
    """SHA-256 of a source key, in hex. Keys are long and random, so a plain digest is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


class Form(models.Model):
    """A hosted form: what it asks, and what having sent it counts as."""

    slug = models.SlugField(_("address"), max_length=50, unique=True)
    title = models.CharField(_("title"), max_length=150)
    intro = models.TextField(_("introduction"), blank=True)
    button = models.CharField(_("button"), max_length=50)
    thanks = models.TextField(_("thank-you text"))
    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="forms", verbose_name=_("source")
    )
    activity = models.SlugField(
        _("activity"), max_length=50, help_text=_("What a submission of this form counts as.")
    )
    fields = models.JSONField(
        _("fields"),
        help_text=_(
            'A list of objects such as {"name": "email", "label": "Work e-mail", "type": "email", "required": true}. '
            "Types: text, email, tel, number, textarea, select (with choices), country."
        ),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("form")
        verbose_name_plural = _("forms")
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        """Fields that a page can be made of, and that recognise somebody."""
        if found := form_fields.mistakes(self.fields):
            raise ValidationError({"fields": [mistake.text(gettext) for mistake in found]})

    def get_absolute_url(self) -> str:
        """The page that a visitor sees."""
        return f"/f/{self.slug}/"


class State(models.TextChoices):
    """How far a submission came."""

    RECEIVED = "received", _("Received")
    PROCESSED = "processed", _("Processed")


class Outcome(models.TextChoices):
    """What a submission turned out to be."""

    NONE = "", _("Not yet known")
    NEW_LEAD = "new_lead", _("New lead")
    KNOWN_LEAD = "known_lead", _("Known lead")
    EXCLUDED = "excluded", _("Excluded")
    SPAM = "spam", _("Spam")
    DUPLICATE = "duplicate", _("Duplicate")
    REFUSED = "refused", _("Refused")
    DEAL = "deal", _("Deal recorded")


class Review(models.TextChoices):
    """What marketing made of it."""

    PENDING = "pending", _("To review")
    ACCEPTED = "accepted", _("Accepted")
    CORRECTED = "corrected", _("Corrected")
    REJECTED = "rejected", _("Rejected")
    NOT_NEEDED = "not_needed", _("No review needed")


class Submission(models.Model):
    """One arrival of data, raw and as it came; beside it what became of it."""

    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="submissions", db_index=False, verbose_name=_("source")
    )
    form = models.ForeignKey(
        Form,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions",
        db_index=False,
        verbose_name=_("form"),
    )
    received_at = models.DateTimeField(_("received"))
    raw = models.BinaryField(_("as received"))
    content_type = models.CharField(_("content type"), max_length=100, blank=True)
    # The sender's name for this delivery; null where the sender gave none.
    delivery_key = models.CharField(_("delivery key"), max_length=255, null=True, blank=True)
    digest = models.CharField(_("digest"), max_length=64)
    remote_addr = models.GenericIPAddressField(_("sender's address"), null=True, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=300, blank=True)
    request_id = models.CharField(_("request"), max_length=64, blank=True)

    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    duplicate_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="repeats",
        db_index=False,
        verbose_name=_("repeats"),
    )
    outcome = models.CharField(
        _("outcome"), max_length=12, choices=Outcome.choices, default=Outcome.NONE, blank=True
    )
    outcome_rule = models.CharField(_("rule"), max_length=50, blank=True)
    outcome_detail = models.CharField(_("why"), max_length=500, blank=True)
    email = models.CharField(_("e-mail address"), max_length=254, blank=True)
    activity = models.CharField(_("activity"), max_length=50, blank=True)
    contact = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="submissions",
        db_index=False,
        verbose_name=_("contact"),
    )

    review = models.CharField(_("review"), max_length=10, choices=Review.choices, default=Review.PENDING)
    reviewed_at = models.DateTimeField(_("reviewed"), null=True, blank=True)
    reviewed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("by"),
    )
    review_note = models.CharField(_("note"), max_length=500, blank=True)
    # What marketing put right, laid over what was received; the received text itself stays.
    corrections = models.JSONField(_("corrections"), default=dict, blank=True)

    objects = SubmissionQuerySet.as_manager()

    class Meta:
        verbose_name = _("submission")
        verbose_name_plural = _("submissions")
        ordering = ["-received_at", "-pk"]
        indexes = [
            models.Index(fields=["id"], name="submission_to_process", condition=Q(state="received")),
            models.Index(fields=["source", "digest", "received_at"], name="submission_repeat"),
            # What is not known of an arrival yet is in no index, so that taking it in writes half of them.
            models.Index(
                fields=["contact"], name="submission_of_contact", condition=Q(contact__isnull=False)
            ),
            models.Index(
                fields=["duplicate_of"], name="submission_repeats", condition=Q(duplicate_of__isnull=False)
            ),
            # Each is an order of the marketing manager's list under one combination of its filters.
            models.Index(fields=["-received_at", "-id"], name="submission_list"),
            models.Index(fields=["review", "-received_at", "-id"], name="submission_review"),
            models.Index(
                fields=["outcome", "-received_at", "-id"], name="submission_outcome", condition=~Q(outcome="")
            ),
            models.Index(
                fields=["review", "outcome", "-received_at", "-id"],
                name="submission_review_outcome",
                condition=~Q(outcome=""),
            ),
            models.Index(fields=["source", "-received_at", "-id"], name="submission_source"),
            models.Index(fields=["source", "review", "-received_at", "-id"], name="submission_source_review"),
            models.Index(
                fields=["form", "-received_at", "-id"],
                name="submission_form",
                condition=Q(form__isnull=False),
            ),
            models.Index(
                fields=["form", "review", "-received_at", "-id"],
                name="submission_form_review",
                condition=Q(form__isnull=False),
            ),
            models.Index(
                fields=["-received_at", "-id"],
                name="submission_junk",
                condition=Q(outcome__in=["spam", "duplicate"]),
            ),
            # Its search is by the beginning of an address, which PostgreSQL finds by this class of operators only.
            models.Index(fields=["email"], name="submission_search_email", opclasses=["varchar_pattern_ops"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "delivery_key"],
                condition=Q(delivery_key__isnull=False, duplicate_of__isnull=True),
                name="submission_delivery_once",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="submission_state_known"),
            models.CheckConstraint(condition=Q(outcome__in=Outcome.values), name="submission_outcome_known"),
            models.CheckConstraint(condition=Q(review__in=Review.values), name="submission_review_known"),
            models.CheckConstraint(
                condition=Q(duplicate_of__isnull=True) | ~Q(duplicate_of=F("id")),
                name="submission_not_its_own_repeat",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.email}".strip()
