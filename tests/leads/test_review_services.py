"""What marketing's verbs do to submissions, activities and leads, and that undo brings everything back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from accounts.policies import Refusal
from drains.models import SetAside
from drains.runner import run_until_idle
from leads.models import (
    Activity,
    ContactIdentity,
    JournalEntry,
    Lead,
    Outcome,
    Review,
    StageChange,
    Submission,
)
from leads.services.review import NotPossible, accept, correct, reject, take_back, treat_as_leads
from leads.services.stages import Move, change_stage
from leads.stages import Stage
from tests.leads.arrivals import NOW, arrive, contact_of, deliver, lead_of, process
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=5)


def correct_now(row: Submission, by, treat_as_lead: bool = False, **values: str) -> None:
    correct(submission=row, values=values, treat_as_lead=treat_as_lead, by=by, now=LATER)
    process(LATER)
    row.refresh_from_db()


def test_an_accepted_submission_keeps_its_lead_and_is_taken_back_to_review() -> None:
    row, by = arrive(), make_user("marketing")
    assert accept(submissions=[row], by=by, now=LATER) == 1
    row.refresh_from_db()
    assert (row.review, row.reviewed_by, row.reviewed_at) == (Review.ACCEPTED, by, LATER)
    assert accept(submissions=[row], by=by, now=LATER) == 0
    assert take_back(submissions=[row], by=by, now=LATER) == 1
    row.refresh_from_db()
    assert row.review == Review.PENDING
    assert lead_of(row).stage == Stage.LEAD


def test_a_rejection_voids_the_activity_and_disqualifies_a_lead_that_nothing_else_speaks_for() -> None:
    row, by = arrive(), make_user("marketing")
    assert reject(submissions=[row], note="Spam", by=by, now=LATER) == 1
    assert Activity.objects.get(submission=row).voided_at == LATER
    lead = lead_of(row)
    assert lead.stage == Stage.DISQUALIFIED
    assert lead.dirty_at is not None
    assert "Spam" in StageChange.objects.filter(lead=lead).latest("pk").reason


def test_a_rejection_leaves_a_lead_with_other_activities_alone() -> None:
    first = arrive("eve@firm.example")
    second = arrive("eve@firm.example")
    reject(submissions=[second], note="", by=make_user("marketing"), now=LATER)
    assert lead_of(first).stage == Stage.LEAD
    assert Activity.objects.get(submission=first).voided_at is None


@pytest.mark.parametrize("stage", [Stage.LEAD, Stage.MQL, Stage.NURTURE])
def test_taking_a_rejection_back_restores_activity_and_stage(stage: Stage) -> None:
    row, by = arrive(), make_user("marketing")
    lead = lead_of(row)
    if stage != Stage.LEAD:
        change_stage(moves=[Move(lead, stage)], now=NOW, rule="test")
    Lead.objects.filter(pk=lead.pk).update(nurture_until=NOW.date())
    reject(submissions=[row], note="", by=by, now=LATER)
    assert lead_of(row).stage == Stage.DISQUALIFIED
    take_back(submissions=[row], by=by, now=LATER)
    assert lead_of(row).stage == stage
    assert lead_of(row).nurture_until == NOW.date()
    assert Activity.objects.get(submission=row).voided_at is None


def test_taking_back_reopens_nobody_whom_sales_disqualified() -> None:
    row, by = arrive(), make_user("marketing")
    change_stage(moves=[Move(lead_of(row), Stage.DISQUALIFIED)], now=NOW, rule="sales")
    reject(submissions=[row], note="", by=by, now=LATER)
    take_back(submissions=[row], by=by, now=LATER)
    assert lead_of(row).stage == Stage.DISQUALIFIED


def test_a_lead_that_waits_for_sales_because_of_a_rejected_request_waits_no_longer() -> None:
    arrive("eve@firm.example", form="newsletter")
    row = arrive(
        "eve@firm.example",
        form="demo",
        job_title="Director",
        employees=100,
        industry="Software",
        country="DE",
    )
    run_until_idle(NOW, ["scoring.rescore"])
    assert lead_of(row).ready_at is not None
    reject(submissions=[row], note="", by=make_user("marketing"), now=LATER)
    assert lead_of(row).ready_at is None
    run_until_idle(LATER, ["scoring.rescore"])
    assert lead_of(row).ready_at is None


def test_what_is_not_classified_yet_cannot_be_decided() -> None:
    row, by = deliver({"email": "a@firm.example"}), make_user("marketing")
    assert accept(submissions=[row], by=by, now=NOW) == 0
    assert reject(submissions=[row], note="", by=by, now=NOW) == 0
    process()
    assert lead_of(row).stage == Stage.LEAD


def test_a_corrected_address_merges_into_the_contact_who_has_it() -> None:
    right = arrive("ada@firm.example", first_name="Ada")
    typo = arrive("ada@frim.example", job_title="Director")
    wrong_lead = lead_of(typo)
    correct_now(typo, make_user("marketing"), email="ada@firm.example")
    assert typo.contact_id == right.contact_id
    assert (typo.review, typo.outcome) == (Review.CORRECTED, Outcome.KNOWN_LEAD)
    assert Activity.objects.filter(contact=right.contact_id).count() == 2
    wrong_lead.refresh_from_db()
    assert wrong_lead.stage == Stage.DISQUALIFIED
    assert contact_of(typo).job_title == "Director"
    assert lead_of(typo).dirty_at is not None


def test_the_ids_of_a_corrected_submission_go_to_the_right_contact() -> None:
    right = arrive("ada@firm.example")
    typo = arrive("ada@frim.example", external_id="crm-7")
    correct_now(typo, make_user("marketing"), email="ada@firm.example")
    assert ContactIdentity.objects.get(value="crm-7").contact_id == right.contact_id


def test_ids_stay_with_a_contact_who_has_other_submissions() -> None:
    arrive("ada@firm.example")
    other = arrive("bob@frim.example", external_id="crm-7")
    typo = arrive("bob@frim.example", external_id="crm-7")
    correct_now(typo, make_user("marketing"), email="ada@firm.example")
    assert ContactIdentity.objects.get(value="crm-7").contact_id == other.contact_id


def test_a_correction_that_moves_nobody_leaves_the_outcome_new_lead() -> None:
    row = arrive("ada@firm.example", name="Ada Lovelase", title="Director", company={"size": "51-200"})
    correct_now(row, make_user("marketing"), last_name="Lovelace", company_name="Firm")
    assert row.outcome == Outcome.NEW_LEAD
    contact = contact_of(row)
    assert (contact.first_name, contact.last_name, contact.job_title) == ("Ada", "Lovelace", "Director")
    assert (contact.company_name, contact.employees) == ("Firm", 51)


def test_a_correction_changes_only_the_fields_it_names() -> None:
    old = arrive("ada@firm.example", job_title="Intern")
    by = make_user("marketing")
    new = arrive("ada@firm.example")
    correct_now(new, by, job_title="Director")
    correct_now(old, by, first_name="Ada")
    assert contact_of(old).job_title == "Director"


def test_a_field_can_be_emptied() -> None:
    row = arrive(phone="0123", employees=50)
    correct_now(row, make_user("marketing"), phone="", employees="")
    assert (contact_of(row).phone, contact_of(row).employees) == ("", None)
    assert b"0123" in bytes(row.raw)


def test_an_excluded_person_becomes_a_lead_by_one_decision() -> None:
    row = arrive("eve@gmail.com")
    assert (row.outcome, row.outcome_rule) == (Outcome.EXCLUDED, "personal_mail")
    assert treat_as_leads(submissions=[row], by=make_user("marketing"), now=LATER) == 1
    process(LATER)
    row.refresh_from_db()
    assert (row.outcome, row.review) == (Outcome.NEW_LEAD, Review.CORRECTED)
    assert lead_of(row).stage == Stage.LEAD
    assert contact_of(row).exclusion_rule == ""


def test_spam_becomes_a_lead_by_one_decision() -> None:
    row = arrive(first_name="www.example.com")
    assert row.outcome == Outcome.SPAM
    treat_as_leads(submissions=[row], by=make_user("marketing"), now=LATER)
    process(LATER)
    row.refresh_from_db()
    assert row.outcome == Outcome.NEW_LEAD


def test_only_what_a_rule_kept_out_is_overruled() -> None:
    visitor = deliver({"anonymous_id": "device-1"})
    process()
    lead = arrive()
    assert treat_as_leads(submissions=[visitor, lead], by=make_user("marketing"), now=LATER) == 0


def test_a_body_that_no_program_could_read_is_corrected_by_hand() -> None:
    row = deliver(b"name=Ada, mail: ada at firm", content_type="application/json")
    process()
    row.refresh_from_db()
    assert row.outcome == Outcome.REFUSED
    correct_now(row, make_user("marketing"), email="ada@firm.example", first_name="Ada")
    assert row.outcome == Outcome.NEW_LEAD
    assert contact_of(row).first_name == "Ada"


def test_a_repeat_is_not_corrected_and_says_what_to_correct() -> None:
    first = arrive(key="same")
    deliver({"email": "other@firm.example"}, key="same")
    repeat = Submission.objects.get(duplicate_of=first)
    with pytest.raises(NotPossible, match=f"#{first.pk}"):
        correct(submission=repeat, values={}, treat_as_lead=False, by=make_user("marketing"), now=LATER)


def test_correcting_a_rejected_submission_brings_its_lead_back() -> None:
    row, by = arrive(), make_user("marketing")
    reject(submissions=[row], note="", by=by, now=LATER)
    correct_now(row, by, job_title="Director")
    assert lead_of(row).stage == Stage.LEAD
    assert Activity.objects.get(submission=row).voided_at is None


def test_a_correction_tries_a_submission_that_was_set_aside_at_once() -> None:
    row, by = arrive(), make_user("marketing")
    aside = SetAside.objects.create(
        drain="leads.process_submissions",
        row_id=row.pk,
        error="x",
        first_at=NOW,
        retry_at=NOW + timedelta(hours=4),
    )
    correct(submission=row, values={"job_title": "CEO"}, treat_as_lead=False, by=by, now=LATER)
    aside.refresh_from_db()
    assert aside.retry_at == LATER


@pytest.mark.parametrize("role", ["rep", "sales_manager", "auditor"])
def test_only_marketing_and_administrators_review(role: str) -> None:
    row, by = arrive(), make_user(role)
    with pytest.raises(Refusal):
        accept(submissions=[row], by=by, now=NOW)
    with pytest.raises(Refusal):
        reject(submissions=[row], note="", by=by, now=NOW)
    with pytest.raises(Refusal):
        take_back(submissions=[row], by=by, now=NOW)
    with pytest.raises(Refusal):
        correct(submission=row, values={}, treat_as_lead=True, by=by, now=NOW)
    with pytest.raises(Refusal):
        treat_as_leads(submissions=[row], by=by, now=NOW)


def test_every_decision_is_in_the_journal_without_personal_data() -> None:
    row, by = arrive(), make_user("administrator")
    reject(submissions=[row], note="call Ada on 0123", by=by, now=LATER)
    take_back(submissions=[row], by=by, now=LATER)
    correct(submission=row, values={"phone": "0123"}, treat_as_lead=True, by=by, now=LATER)
    entries = JournalEntry.objects.filter(subject_kind="submission", subject_id=row.pk, actor_id=by.pk)
    assert [entry.event for entry in entries.order_by("pk")] == [
        "submission.reviewed",
        "submission.reviewed",
        "submission.corrected",
    ]
    assert not any("0123" in f"{entry.before}{entry.after}" for entry in entries)
