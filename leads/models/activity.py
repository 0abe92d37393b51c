"""What leads did."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from leads.models.intake import Submission
from leads.models.people import Contact


class ActivityKind(models.Model):
    """A kind of activity, under the name by which forms and APIs send it."""

    slug = models.SlugField(_("short name"), max_length=50, primary_key=True)
    label = models.CharField(_("name"), max_length=100)
    raises_hand = models.BooleanField(
        _("raises a hand"),
        default=False,
        help_text=_("Demo, trial, consultation, quote: handed off at once if it fits."),
    )

    class Meta:
        verbose_name = _("kind of activity")
        verbose_name_plural = _("kinds of activity")
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label


class Activity(models.Model):
    """One thing a contact did at one time."""

    contact = models.ForeignKey(
        Contact,
        on_delete=models.CASCADE,
        related_name="activities",
        db_index=False,
        verbose_name=_("contact"),
    )
    kind = models.ForeignKey(
        ActivityKind, on_delete=models.PROTECT, related_name="+", db_index=False, verbose_name=_("kind")
    )
    occurred_at = models.DateTimeField(_("when"))
    submission = models.OneToOneField(
        Submission,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="made_activity",
        verbose_name=_("submission"),
    )
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    # The sender's name for it, where another system recorded it with a person's token; what an import or a form brought is named
    # by its submission.
    external_id = models.CharField(_("name elsewhere"), max_length=100, null=True, blank=True)
    # Taken back by marketing (spam, a test): stays visible and pays no points.
    voided_at = models.DateTimeField(_("taken back"), null=True, blank=True)

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            # Read by the scoring engine, for which it holds everything, and by the lead's timeline.
            models.Index(
                fields=["contact", "occurred_at"], include=["kind", "voided_at"], name="activity_of_contact"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "external_id"],
                condition=models.Q(external_id__isnull=False),
                name="activity_recorded_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind_id} {self.occurred_at:%Y-%m-%d}"
