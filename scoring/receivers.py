"""What scoring does when leads tells it something."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from leads.models import Lead
from leads.signals import leads_merged
from scoring.services import rescore


@receiver(leads_merged)
def score_what_was_merged(sender: type, kept: Lead, now: datetime, **kwargs: Any) -> None:
    """The score of both ledgers at once, so that no page shows the one with the lines of the other; it may hand the lead off."""
    rescore([kept], now)
