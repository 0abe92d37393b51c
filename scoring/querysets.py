"""The vocabulary of scoring."""

from typing import Self

from django.db import models


class ScoringModelQuerySet(models.QuerySet):
    """Scoring models by their state."""

    def active(self) -> Self:
        """The one that scores."""
        return self.filter(state="active")
