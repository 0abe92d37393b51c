"""What reps do to reach leads."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sla.models.handoff import Handoff


class TouchKind(models.TextChoices):
    """Ways of reaching a lead."""

    CALL = "call", _("Call")
    EMAIL = "email", _("E-mail")
    MEETING = "meeting", _("Meeting")
    MESSAGE = "message", _("Message")


class TouchOrigin(models.TextChoices):
    """Which path recorded a touch. Whatever the path, a human touch stops the clock."""

    PAGE = "page", _("Page")
    API = "api", _("API")
    IMPORT = "import", _("Import")


class Touch(models.Model):
    """One thing a rep did to reach the lead. Automatic mail and internal notes are no touches and have no row here."""

    handoff = models.ForeignKey(
        Handoff, on_delete=models.PROTECT, related_name="touches", verbose_name=_("handoff")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=TouchKind.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="touches", verbose_name=_("by")
    )
    at = models.DateTimeField(_("when"))
    recorded_at = models.DateTimeField(_("recorded"))
    reached = models.BooleanField(_("reached"), default=False)
    note = models.TextField(_("note"), blank=True)
    # The sender's name for it: the same touch delivered twice is one.
    external_id = models.CharField(_("name elsewhere"), max_length=100, null=True, blank=True)
    origin = models.CharField(
        _("recorded through"), max_length=10, choices=TouchOrigin.choices, default=TouchOrigin.PAGE
    )

    class Meta:
        verbose_name = _("touch")
        verbose_name_plural = _("touches")
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=TouchKind.values), name="touch_kind_known"),
            models.UniqueConstraint(
                fields=["handoff", "external_id"],
                condition=Q(external_id__isnull=False),
                name="touch_delivered_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.at:%Y-%m-%d %H:%M}"
