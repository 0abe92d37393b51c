"""What marketing decides about submissions: accept, reject, correct, and take back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import cast

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import check_can_change, check_can_open
from drains.models import SetAside
from drains.wake import announce
from leads.journal import Entry, record
from leads.models import Activity, Lead, Review, StageChange, State, Submission
from leads.services.reading import DECISION, TREAT_AS_LEAD
from leads.services.stages import Move, change_stage
from leads.signals import leads_emptied
from leads.stages import Stage

# A rejected submission takes its lead along only while sales has not begun with it: before the handoff, or while that waits.
_BEFORE_SALES = (Stage.LEAD.value, Stage.MQL.value, Stage.NURTURE.value)
_RULE = "leads.review"
_DRAIN = "leads.process_submissions"


class NotPossible(RuntimeError):
    """The submission does not allow the verb. The text says why and what to do."""


@transaction.atomic
def accept(*, submissions: Sequence[Submission], by: User, now: datetime) -> int:
    """Marketing agrees with the classification.

    Returns how many were open; those decided or not yet classified stay as they are.
    """
    rows = _open(submissions, by)
    _decide(rows, Review.ACCEPTED, "", by, now)
    return len(rows)


@transaction.atomic
def reject(*, submissions: Sequence[Submission], note: str, by: User, now: datetime) -> int:
    """Marketing takes the submissions out: their activities pay no points, and leads made by nothing else are disqualified.

    Returns how many were open; those decided or not yet classified stay as they are.
    """
    rows = _open(submissions, by)
    _decide(rows, Review.REJECTED, note, by, now)
    Activity.objects.filter(submission__in=rows).update(voided_at=now)
    touched = {row.contact_id for row in rows if row.contact_id}
    _disqualify_empty(touched, _("Its only submission was rejected: %s") % (note or _("no note")), now, by)
    _lower_hands(rows)
    Lead.objects.filter(pk__in=touched).update(dirty_at=now)
    announce("leads.dirty")
    return len(rows)


@transaction.atomic
def correct(
    *, submission: Submission, values: Mapping[str, str], treat_as_lead: bool, by: User, now: datetime
) -> None:
    """Lay `values` (names of leads.arrivals.Arrival) over what was received and process the submission again.

    `treat_as_lead` overrules exclusions and the spam check. The received bytes stay as they are. Raises NotPossible for a
    repeat: what it repeats is what counts.
    """
    check_can_open(by, "submissions")
    check_can_change(by)
    row = Submission.objects.select_for_update().get(pk=submission.pk)
    if row.duplicate_of_id is not None:
        raise NotPossible(
            _("This repeats submission #%d, and nothing was made of it. Correct that one instead.")
            % row.duplicate_of_id
        )
    decision = {DECISION: TREAT_AS_LEAD} if treat_as_lead else {}
    _process_again([row], {**values, **decision}, by, now)


@transaction.atomic
def treat_as_leads(*, submissions: Sequence[Submission], by: User, now: datetime) -> int:
    """Overrule the exclusions and spam checks of several submissions; returns how many are processed again as leads."""
    check_can_open(by, "submissions")
    check_can_change(by)
    keys = [row.pk for row in submissions]
    rows = list(Submission.objects.select_for_update().filter(pk__in=keys).may_be_overruled().order_by("pk"))
    _process_again(rows, {DECISION: TREAT_AS_LEAD}, by, now)
    return len(rows)


@transaction.atomic
def take_back(*, submissions: Sequence[Submission], by: User, now: datetime) -> int:
    """Undo acceptances and rejections: open for review again, with activities and leads as they were before.

    Returns how many were taken back; submissions that were not decided, or corrected since, stay as they are.
    """
    check_can_open(by, "submissions")
    check_can_change(by)
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
    _lower_hands(list(moved.values()))
    Lead.objects.filter(pk__in=moved).update(dirty_at=now)


def _process_again(
    rows: Sequence[Submission], corrections: Mapping[str, str], by: User, now: datetime
) -> None:
    before = {row.pk: {"outcome": row.outcome, "review": row.review} for row in rows}
    rejected = {row.contact_id for row in rows if row.review == Review.REJECTED and row.contact_id}
    for row in rows:
        row.corrections = {**row.corrections, **corrections}
        row.state, row.review, row.review_note = State.RECEIVED, Review.CORRECTED, ""
        row.reviewed_by, row.reviewed_at = by, now
    fields = ["corrections", "state", "review", "review_note", "reviewed_by", "reviewed_at"]
    Submission.objects.bulk_update(rows, fields, batch_size=200)
    _reopen(rejected, now, by)
    # What stood in its way may be mended now: it is tried at once, whatever pause it was in.
    SetAside.objects.filter(drain=_DRAIN, row_id__in=list(before)).update(retry_at=now)
    record(
        entries=[
            Entry(
                "submission.corrected",
                "submission",
                row.pk,
                row.contact_id,
                before[row.pk],
                {"fields": sorted(row.corrections)},
            )
            for row in rows
        ],
        at=now,
        by=by,
    )
    announce("submissions.received")


def _open(submissions: Sequence[Submission], by: User) -> list[Submission]:
    check_can_open(by, "submissions")
    check_can_change(by)
    keys = [row.pk for row in submissions]
    rows = Submission.objects.select_for_update().filter(pk__in=keys).to_review().classified()
    return list(rows.order_by("pk"))


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
    empty = list(
        Lead.objects.select_for_update()
        .filter(pk__in=contact_ids)
        .in_stage(*_BEFORE_SALES, Stage.SRL.value)
        .exclude(pk__in=alive)
        .order_by("pk")
    )
    handed = [lead.pk for lead in empty if lead.stage == Stage.SRL]
    answers = leads_emptied.send(sender=Lead, lead_ids=handed, by=by, now=now) if handed else []
    let_go = {number for _receiver, numbers in answers for number in cast("list[int]", numbers)}
    leads = [lead for lead in empty if lead.stage != Stage.SRL or lead.pk in let_go]
    change_stage(moves=[Move(lead, Stage.DISQUALIFIED, reason) for lead in leads], now=now, by=by, rule=_RULE)
    Lead.objects.filter(pk__in=[lead.pk for lead in leads]).update(ready_at=None, ready_activity=None)


def _lower_hands(rows: Sequence[Submission]) -> None:
    """Leads that wait for sales because of one of these submissions wait no longer; their score decides anew."""
    Lead.objects.ready().filter(ready_activity__submission__in=rows).order_by().update(
        ready_at=None, ready_rule="", ready_detail="", ready_activity=None
    )


def _reopen(contact_ids: set[int], now: datetime, by: User) -> None:
    """Leads that a rejection or a correction had disqualified go back to where they were."""
    if not contact_ids:
        return
    last = {
        change.lead_id: change for change in StageChange.objects.filter(lead__in=contact_ids).order_by("pk")
    }
    leads = [
        lead
        for lead in Lead.objects.select_for_update()
        .filter(pk__in=contact_ids)
        .in_stage(Stage.DISQUALIFIED.value)
        .order_by("pk")
        if last[lead.pk].rule == _RULE
    ]
    why = _("The rejection of its submission was taken back.")
    was = {lead.pk: last[lead.pk].from_stage for lead in leads}
    moves = [Move(lead, Stage.LEAD if was[lead.pk] == Stage.LEAD else Stage.MQL, why) for lead in leads]
    change_stage(moves=moves, now=now, by=by, rule=_RULE)
    # Their handoff was withdrawn unanswered: what made them sales-ready does so again.
    handed = [lead.pk for lead in leads if was[lead.pk] == Stage.SRL]
    Lead.objects.filter(pk__in=handed).update(hand_answered_at=None, threshold_armed=True)
    # The table knows no way from disqualified to nurture; the day to look again is still on the lead.
    nurtured = [Move(lead, Stage.NURTURE, why) for lead in leads if was[lead.pk] == Stage.NURTURE]
    change_stage(moves=nurtured, now=now, by=by, rule=_RULE)
