"""The vocabulary of the outbox."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Exists, OuterRef, Q


class ChannelQuerySet(models.QuerySet):
    """Channels by whether they are told."""

    def active(self) -> Self:
        """Not switched off."""
        return self.filter(is_active=True)


class NotificationQuerySet(models.QuerySet):
    """Notices by how far they came."""

    def pending(self) -> Self:
        """Not delivered and not given up."""
        return self.filter(state="pending")

    def due(self, now: datetime) -> Self:
        """To people: pending, and their (next) try has come; oldest first. Of a digest its first notice, which stands for all."""
        from notifications.models import Notification

        first = Notification.objects.digest_of(OuterRef("recipient_id"), now).filter(pk__lt=OuterRef("pk"))
        return (
            self.pending()
            .filter(next_try_at__lte=now, channel__isnull=True)
            .exclude(Q(in_digest=True) & Exists(first))
            .select_related("recipient")
            .order_by("next_try_at", "pk")
        )

    def digest_of(self, recipient: int | OuterRef, now: datetime) -> Self:
        """What goes into the digest that is due to a person."""
        return self.pending().filter(recipient_id=recipient, in_digest=True, next_try_at__lte=now)

    def due_to_channels(self, now: datetime) -> Self:
        """To channels: pending, their (next) try has come, and the channel does not pause; oldest first."""
        return (
            self.pending()
            .filter(next_try_at__lte=now, channel__isnull=False)
            .filter(Q(channel__resumes_at__isnull=True) | Q(channel__resumes_at__lte=now))
            .select_related("channel")
            .order_by("next_try_at", "pk")
        )

    def untried(self) -> Self:
        """Pending, and no try began yet."""
        return self.pending().filter(attempts=0)

    def dead(self) -> Self:
        """Given up after the last try."""
        return self.filter(state="dead")
