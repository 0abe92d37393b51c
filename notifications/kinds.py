"""What people and channels can be told about."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The kinds of notices that people choose from. A notice of another kind is always told."""

    HANDED_OFF = "handed_off", _("A lead is handed off")
    WARNING = "warning", _("A deadline is near")
    BREACH = "breach", _("A deadline has passed")
    GIVEN_BACK = "given_back", _("A rep gives a lead back")
    REP_AWAY = "rep_away", _("Leads wait for a rep who is away")
    EMPTY_POOL = "empty_pool", _("Nobody can take a lead")
    AGREEMENT = "agreement", _("An agreement is proposed or signed")


# A try-out of a channel; it is nothing to choose.
TEST = "test"
