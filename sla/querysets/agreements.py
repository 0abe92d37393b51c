"""The vocabulary of agreements."""

from datetime import datetime
from typing import Any, Self

from django.db import models
from django.db.models import Q


class AgreementQuerySet(models.QuerySet):
    """Agreements by who may read them."""

    def visible_to(self, user: Any) -> Self:
        """A rep reads the one that the team works by, and those that its handoffs are judged by; everybody else all."""
        from sla.models import Handoff

        if user.role == "rep":
            judged = Handoff.objects.filter(
                team=user.team_id, agreement_version__agreement=models.OuterRef("pk")
            )
            return self.filter(Q(territories__team=user.team_id) | models.Exists(judged)).distinct()
        return self


class AgreementVersionQuerySet(models.QuerySet):
    """Versions by how far they are, and by time."""

    def unsigned(self) -> Self:
        """Drafts and proposals: an agreement has at most one."""
        return self.filter(state__in=["draft", "proposed"])

    def signed(self) -> Self:
        """By both sides: the only ones that anything is judged by."""
        return self.filter(state="signed")

    def in_force(self, now: datetime) -> Self:
        """In force at `now`: signed and begun, and followed by no other one that has begun. Of two from the same moment on, the
        newer."""
        begun = type(self)(self.model).signed().filter(in_force_from__lte=now)
        later = begun.filter(
            Q(in_force_from__gt=models.OuterRef("in_force_from"))
            | Q(in_force_from=models.OuterRef("in_force_from"), number__gt=models.OuterRef("number")),
            agreement=models.OuterRef("agreement"),
        )
        return self.signed().filter(~models.Exists(later), in_force_from__lte=now)

    def by_time(self) -> Self:
        """Signed ones in the order in which they came, or will come, into force."""
        return self.signed().order_by("in_force_from", "number")


class ReasonQuerySet(models.QuerySet):
    """Reasons by what they are for."""

    def offered(self) -> Self:
        """Still in use."""
        return self.filter(is_active=True)

    def offered_under(self, version_id: int) -> Self:
        """Those that a version of the agreement names, else all in use."""
        from sla.models import AgreementVersion

        named = AgreementVersion.reasons.through._default_manager.filter(agreementversion=version_id)
        return self.filter(Q(pk__in=named.values("reason")) | Q(is_active=True) & ~models.Exists(named))

    def for_rejection(self, version_id: int) -> Self:
        """Before working a lead, under a version of the agreement."""
        return self.offered_under(version_id).filter(kind="rejection")

    def for_disqualification(self, version_id: int) -> Self:
        """After contact, under a version of the agreement."""
        return self.offered_under(version_id).filter(kind="disqualification")
