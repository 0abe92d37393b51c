"""The vocabulary of people."""

from datetime import datetime
from typing import Any, Self

from django.db import models


class UserQuerySet(models.QuerySet):
    """Users by what they may do."""

    def active(self) -> Self:
        """May log in."""
        return self.filter(is_active=True)

    def reps(self) -> Self:
        """Sales reps."""
        return self.filter(role="rep")

    def at_work(self, now: datetime) -> Self:
        """Active and not absent at `now`.

        One absence must meet both conditions: `exclude()` over the relation would let an old and a coming one do together.
        """
        from accounts.models import Absence

        return self.active().exclude(
            models.Exists(Absence.objects.running(now).filter(user=models.OuterRef("pk")))
        )


class AbsenceQuerySet(models.QuerySet):
    """Absences by time."""

    def running(self, now: datetime) -> Self:
        """Absences that hold at `now` (from inclusive, until exclusive)."""
        return self.filter(starts_at__lte=now, ends_at__gt=now)


class ApiTokenQuerySet(models.QuerySet):
    """Tokens by whose they are and when they were used."""

    def of(self, user: Any) -> Self:
        """A person's own."""
        return self.filter(user=user)

    def not_revoked(self) -> Self:
        """Not taken back."""
        return self.filter(revoked_at__isnull=True)

    def not_used_since(self, at: datetime) -> Self:
        """Used never, or at `at` and before."""
        return self.filter(models.Q(last_used_at__isnull=True) | models.Q(last_used_at__lte=at))
