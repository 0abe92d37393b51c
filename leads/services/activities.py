"""What leads did, told by somebody who knows: a person, or another system in a person's name."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from drains.wake import announce
from leads.arrival_values import FUTURE_TOLERANCE
from leads.journal import Entry, record
from leads.models import Activity, ActivityKind, Lead
from leads.policies import check_can_record_activity
from leads.signals import activities_recorded

RULE = "leads.record_activity"


class ActivityDiffers(RuntimeError):
    """The same name came before with another activity. The text says which."""


class ActivityNotPossible(ValueError):
    """The activity cannot have happened as told. The text says why."""


@transaction.atomic
def record_activity(
    *,
    lead: Lead,
    kind: str,
    occurred_at: datetime,
    detail: str = "",
    external_id: str | None = None,
    by: User,
    now: datetime,
) -> tuple[Activity, bool]:
    """Record one activity of a lead; it is scored as one that a submission brought, and a pause that waits for the lead ends.

    `kind` is a short name; one that nobody has heard of becomes a kind, as in submissions. `external_id` is the sender's name for
    it: delivered again it is the same activity. Returns the activity, and whether it is new. Raises Refusal,
    ActivityDiffers, and ActivityNotPossible for a time in the future.
    """
    check_can_record_activity(by)
    if occurred_at > now + FUTURE_TOLERANCE:
        raise ActivityNotPossible(_("An activity cannot be in the future: record it once it happened."))
    row = Lead.objects.select_for_update().get(pk=lead.pk)
    if row.merged_into_id is not None:
        # Merged away meanwhile: what it did is what the one did that stands for it.
        row = Lead.objects.select_for_update().get(pk=row.merged_into_id)
    if external_id is not None:
        known = Activity.objects.filter(contact=row.pk, external_id=external_id).first()
        if known is not None:
            _check_same(known, kind, detail)
            return known, False
    ActivityKind.objects.get_or_create(slug=kind, defaults={"label": kind.replace("_", " ").capitalize()})
    activity = Activity.objects.create(
        contact_id=row.pk, kind_id=kind, occurred_at=occurred_at, detail=detail, external_id=external_id
    )
    row.dirty_at = row.dirty_at or now
    row.first_activity_at = min(row.first_activity_at, occurred_at)
    row.last_activity_at = max(row.last_activity_at, occurred_at)
    row.save(update_fields=["dirty_at", "first_activity_at", "last_activity_at"])
    after = {"activity": activity.pk, "kind": kind, "at": occurred_at.isoformat()}
    record(entries=[Entry("activity.recorded", "lead", row.pk, row.pk, after=after)], at=now, by=by)
    activities_recorded.send(sender=Activity, acted_at={row.pk: occurred_at}, now=now, rule=RULE)
    announce("leads.dirty")
    return activity, True


def _check_same(known: Activity, kind: str, detail: str) -> None:
    if (known.kind_id, known.detail) != (kind, detail):
        raise ActivityDiffers(
            _("“%(name)s” came before as another activity: %(kind)s (no. %(number)d).")
            % {"name": known.external_id, "kind": known.kind_id, "number": known.pk}
        )
