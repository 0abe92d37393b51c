"""Who had a handoff before."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from sla.models.handoff import Handoff
from sla.querysets import TenureQuerySet


class Tenure(models.Model):
    """A stretch in which a rep, or the team's queue (no owner), had a handoff; written when it is over.

    Who has it now is in the handoff itself, since the end of the last tenure. A handoff that never changed hands has none.
    """

    handoff = models.ForeignKey(
        Handoff, on_delete=models.PROTECT, related_name="tenures", verbose_name=_("handoff")
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rep"),
    )
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    # The rep could not take on a lead that was passed on to them, and said why: it never comes back to them.
    given_back = models.BooleanField(_("given back"), default=False)
    note = models.CharField(_("note"), max_length=300, blank=True)

    objects = TenureQuerySet.as_manager()

    class Meta:
        verbose_name = _("tenure")
        verbose_name_plural = _("tenures")
        ordering = ["ends_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gte=F("starts_at")), name="tenure_ends_after_start"),
            models.CheckConstraint(
                condition=Q(given_back=False) | Q(owner__isnull=False), name="tenure_given_back_by_a_rep"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.owner or _('Queue')}: {self.starts_at:%Y-%m-%d %H:%M} – {self.ends_at:%Y-%m-%d %H:%M}"
