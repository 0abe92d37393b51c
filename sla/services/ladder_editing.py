"""Writing the ladder of a promise, as long as its version is a draft."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from leads.journal import Entry, record
from sla.models import AgreementVersion, LadderStep, Promise
from sla.policies import check_can_draft
from sla.services.agreements import MovedOn


@transaction.atomic
def edit_ladder(*, promise: Promise, steps: Sequence[LadderStep], by: User, now: datetime) -> None:
    """Put these steps, numbered from 1 on in their order, in place of those that a promise has.

    Raises MovedOn where the version is no draft any more, ValidationError for a step that cannot be, and Refusal.
    """
    version = AgreementVersion.objects.select_for_update(of=("self",)).select_related("agreement")
    row = version.get(pk=promise.version_id)
    check_can_draft(by, row.agreement)
    if not row.is_draft:
        raise MovedOn(
            _("This version is no draft any more, so its ladders stay as they are. Draft the next one.")
        )
    before = promise.ladder.count()
    promise.ladder.all().delete()
    for position, step in enumerate(steps, start=1):
        step.pk, step.promise, step.position = None, promise, position
        step.full_clean()
    LadderStep.objects.bulk_create(steps)
    record(
        entries=[
            Entry(
                "agreement.ladder_edited",
                "agreement_version",
                row.pk,
                None,
                {"steps": before},
                {"steps": len(steps), "kind": promise.kind, "tier": promise.tier},
            )
        ],
        at=now,
        by=by,
    )
