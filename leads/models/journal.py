"""The journal: what happened, append-only; the database itself refuses to change or delete a row."""

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class JournalEntry(models.Model):
    """One thing that happened to a lead or a handoff.

    Plain numbers instead of foreign keys, and no personal data in `before` and `after`: erasing a person must leave the
    journal whole (invariant 11). Names and notes are kept in the rows that the entry points to.
    """

    at = models.DateTimeField(_("when"))
    event = models.CharField(_("what"), max_length=50)
    subject_kind = models.CharField(_("on"), max_length=20)
    subject_id = models.BigIntegerField(_("number"))
    lead_id = models.BigIntegerField(_("lead"), null=True)
    actor_id = models.BigIntegerField(_("by"), null=True)
    rule = models.CharField(_("by rule"), max_length=50, blank=True)
    before = models.JSONField(_("before"), default=dict)
    after = models.JSONField(_("after"), default=dict)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ["at", "pk"]
        indexes = [
            models.Index(fields=["lead_id", "at"], name="journal_of_lead"),
            models.Index(fields=["subject_kind", "subject_id"], name="journal_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.event}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused, as in the database."""
        raise TypeError("The journal is append-only.")
