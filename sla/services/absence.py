"""Leads of reps who are away: nobody takes them silently, the managers are told."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q

from accounts.models import Absence, User
from accounts.querysets import UserQuerySet
from sla.models import AwayTold, Handoff
from sla.notices import rep_away_notices


def reps_away(now: datetime) -> UserQuerySet:
    """Reps whose leads nobody was told of: absent with leads that wait for an answer, or inactive with open ones.

    An absence is told once; of one who left it is told anew when leads were given to them since.
    """
    theirs = Handoff.objects.filter(owner=OuterRef("pk"))
    untold = Absence.objects.running(now).filter(
        ~Exists(AwayTold.objects.filter(absence=OuterRef("pk"))), user=OuterRef("pk")
    )
    told = AwayTold.objects.filter(
        user=OuterRef("owner"), absence__isnull=True, at__gte=OuterRef("assigned_at")
    )
    absent = Q(Exists(untold), Exists(theirs.waiting()), is_active=True)
    gone = Q(Exists(theirs.open().filter(~Exists(told))), is_active=False)
    return User.objects.filter(absent | gone, team__isnull=False).order_by("pk")


@transaction.atomic
def tell_of_absences(reps: Sequence[User], now: datetime) -> None:
    """Tell the managers of a claimed batch of reps who are away, how many leads each has, and where to pass them on."""
    gone = [rep for rep in reps if not rep.is_active]
    absences = list(Absence.objects.running(now).filter(user__in=[rep for rep in reps if rep.is_active]))
    AwayTold.objects.bulk_create(
        [
            *(AwayTold(user=rep, at=now) for rep in gone),
            *(AwayTold(user_id=row.user_id, absence=row, at=now) for row in absences),
        ],
        ignore_conflicts=True,
    )
    counts = dict(
        Handoff.objects.filter(owner__in=reps).open().order_by().values_list("owner").annotate(n=Count("pk"))
    )
    until: dict[int, datetime] = {}
    for row in absences:
        until[row.user_id] = max(row.ends_at, until.get(row.user_id, row.ends_at))
    rep_away_notices(waiting={rep: counts.get(rep.pk, 0) for rep in reps}, until=until, now=now)
