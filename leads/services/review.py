"""What marketing decides about submissions: accept, reject, correct, and take back."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import check_can_change, check_can_open
from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Activity, Lead, Review, StageChange, State, Submission
from leads.services.reading import DECISION, TREAT_AS_LEAD
from leads.services.stages import Move, change_stage
from leads.signals import leads_withdrawn
from leads.stages import Stage, can_move

# A rejected submission takes its lead along only while sales has not begun with it.
_BEFORE_SALES = (Stage.LEAD.value, Stage.MQL.value, Stage.NURTURE.value)


@transaction.atomic
def accept(*, submissions: Sequence[Submission], by: User, now: datetime) -> int:
    """Marketing agrees with the classification. Returns how many were still open; decided ones stay as they are."""
    rows = _open(submissions, by)
    _decide(rows, Review.ACCEPTED, "", by, now)
    return len(rows)


@transaction.atomic
def reject(*, submissions: Sequence[Submission], note: str, by: User, now: datetime) -> int:
    """Marketing takes the submissions out: their activities pay no points, and leads made by nothing else are disqualified."""
    rows = _open(submissions, by)
    _decide(rows, Review.REJECTED, note, by, now)
    Activity.objects.filter(submission__in=rows).update(voided_at=now)
    touched = {row.contact_id for row in rows if row.contact_id}
    _disqualify_empty(touched, _("Its only submission was rejected: %s") % (note or _("no note")), now, by)
    Lead.objects.filter(pk__in=touched).update(dirty_at=now)
    announce("leads.dirty")
    return len(rows)


@transaction.atomic
def correct(
    *, submission: Submission, values: Mapping[str, str], treat_as_lead: bool, by: User, now: datetime
) -> None:
    """Lay `values` (names of leads.arrivals.Arrival) over what was received and process the submission again.

    `treat_as_lead` overrules exclusions and the spam check. The received bytes stay as they are.
    """
    check_can_open(by, "submissions")
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    decision = {DECISION: TREAT_AS_LEAD} if treat_as_lead else {}
    before = {"outcome": row.outcome, "review": row.review}
    row.corrections = {**row.corrections, **values, **decision}
    row.state, row.review, row.duplicate_of = State.RECEIVED, Review.CORRECTED, None
    row.reviewed_by, row.reviewed_at = by, now
    row.save()
    entry = Entry(
        "submission.corrected",
        "submission",
        row.pk,
        row.contact_id,
        before,
        {"fields": sorted(row.corrections)},
    )
    record(entries=[entry], at=now, by=by)
    announce("submissions.received")


@transaction.atomic
def take_back(*, submissions: Sequence[Submission], by: User, now: datetime) -> int:
    """Undo an acceptance or rejection: open for review again, with activities and leads as they were before."""
    check_can_open(by, "submissions")
    rows = list(
        Submission.objects.select_for_update()
        .filter(pk__in=[row.pk for row in submissions])
        .decided()
        .order_by("pk")
    )
    _decide(rows, Review.PENDING, "", by, now)
    Activity.objects.filter(submission__in=rows).update(voided_at=None)
    touched = {row.contact_id for row in rows if row.contact_id}
    _reopen(touched, now, by)
    Lead.objects.filter(pk__in=touched).update(dirty_at=now)
    announce("leads.dirty")
    return len(rows)


def leave_behind(*, moved: Mapping[int, Submission], now: datetime) -> None:
    """A correction moved submissions to other contacts: leads that have nothing left are disqualified."""
    if not moved:
        return
    number = ", ".join(f"#{row.contact_id}" for row in moved.values())
    _disqualify_empty(
        set(moved), _("Its submission was corrected and belongs to %s now.") % number, now, None
    )
    Lead.objects.filter(pk__in=moved).update(dirty_at=now)


def _open(submissions: Sequence[Submission], by: User) -> list[Submission]:
    check_can_open(by, "submissions")
    check_can_change(by)
    keys = [row.pk for row in submissions]
    return list(Submission.objects.select_for_update().filter(pk__in=keys).to_review().order_by("pk"))


def _decide(rows: Sequence[Submission], review: Review, note: str, by: User, now: datetime) -> None:
    Submission.objects.filter(pk__in=[row.pk for row in rows]).update(
        review=review, reviewed_by=by, reviewed_at=now, review_note=note[:500]
    )
    record(
        entries=[
            Entry(
                "submission.reviewed",
                "submission",
                row.pk,
                row.contact_id,
                {"review": row.review},
                {"review": review},
            )
            for row in rows
        ],
        at=now,
        by=by,
    )


def _disqualify_empty(contact_ids: set[int], reason: str, now: datetime, by: User | None) -> None:
    alive = Activity.objects.filter(contact__in=contact_ids, voided_at__isnull=True).values("contact")
    leads = list(
        Lead.objects.select_for_update()
        .filter(pk__in=contact_ids)
        .in_stage(*_BEFORE_SALES)
        .exclude(pk__in=alive)
        .order_by("pk")
    )
    moves = [
        Move(lead, Stage.DISQUALIFIED, reason) for lead in leads if can_move(lead.stage, Stage.DISQUALIFIED)
    ]
    change_stage(moves=moves, now=now, by=by, rule="leads.review")
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(ready_at=None, ready_activity=None)
    if leads:
        leads_withdrawn.send(sender=Lead, lead_ids=[lead.pk for lead in leads], by=by, now=now)


def _reopen(contact_ids: set[int], now: datetime, by: User) -> None:
    """Leads that a rejection had disqualified go back to where they were (an MQL is made again by its score)."""
    leads = Lead.objects.select_for_update().filter(pk__in=contact_ids).in_stage(Stage.DISQUALIFIED.value)
    last = {
        change.lead_id: change for change in StageChange.objects.filter(lead__in=contact_ids).order_by("pk")
    }
    moves = [
        Move(lead, Stage.LEAD, _("The rejection of its submission was taken back."))
        for lead in leads
        if last[lead.pk].rule == "leads.review"
    ]
    change_stage(moves=moves, now=now, by=by, rule="leads.review")
