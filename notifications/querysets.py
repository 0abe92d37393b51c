"""The vocabulary of the outbox."""

from datetime import datetime
from typing import Self

from django.db import models


class NotificationQuerySet(models.QuerySet):
    """Notices by how far they came."""

    def pending(self) -> Self:
        """Not delivered and not given up."""
        return self.filter(state="pending")

    def due(self, now: datetime) -> Self:
        """Pending, and their (next) try has come; oldest first."""
        return (
            self.pending()
            .filter(next_try_at__lte=now)
            .select_related("recipient")
            .order_by("next_try_at", "pk")
        )

    def dead(self) -> Self:
        """Given up after the last try."""
        return self.filter(state="dead")
