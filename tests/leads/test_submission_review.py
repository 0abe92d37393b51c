"""The review by plain form posts and by htmx: one or many, with undo, and never by the wrong people."""

from __future__ import annotations

import json

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from leads.models import Activity, Outcome, Review, Submission
from tests.leads.arrivals import arrive, deliver, process
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def marketing() -> Client:
    client = Client()
    client.force_login(make_user("marketing"))
    return client


def decide(client: Client, row: Submission, verb: str, **fields: str):
    return client.post(f"/submissions/{row.pk}/decide/", {"verb": verb, **fields})


def toast_of(answer) -> dict[str, str]:
    assert answer.status_code == 204
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["submissions-changed"]
    return events["toast"]


def review_of(row: Submission) -> str:
    row.refresh_from_db()
    return row.review


def test_accepting_without_script_goes_back_with_an_undo_that_works(marketing: Client) -> None:
    row = arrive()
    answer = decide(marketing, row, "accept", next="/submissions/?form=demo")
    assert answer.headers["Location"] == "/submissions/?form=demo"
    assert review_of(row) == Review.ACCEPTED
    (message,) = get_messages(answer.wsgi_request)
    undo = message.extra_tags.removeprefix("undo:")
    assert undo == f"/submissions/take-back/?ids={row.pk}"
    assert marketing.post(undo).status_code == 302
    assert review_of(row) == Review.PENDING


def test_accepting_by_htmx_answers_with_a_toast_and_its_undo(marketing: Client) -> None:
    row = arrive()
    answer = marketing.post(f"/submissions/{row.pk}/decide/", {"verb": "accept"}, headers=HTMX)
    toast = toast_of(answer)
    assert toast["level"] == "success"
    toast_of(marketing.post(toast["undo_url"], headers=HTMX))
    assert review_of(row) == Review.PENDING


def test_a_rejection_asks_for_the_reason_and_names_the_consequence(marketing: Client) -> None:
    row = arrive()
    page = marketing.get(f"/submissions/{row.pk}/decide/").content.decode()
    assert "pays no points any more" in page
    assert "<html" in page
    part = marketing.get(f"/submissions/{row.pk}/decide/", headers=HTMX).content.decode()
    assert "<html" not in part
    assert decide(marketing, row, "reject", reason="").status_code == 422
    assert decide(marketing, row, "reject", reason="other", note=" ").status_code == 422
    assert review_of(row) == Review.PENDING
    decide(marketing, row, "reject", reason="spam", note="sells links")
    assert review_of(row) == Review.REJECTED
    assert row.review_note == "Spam: sells links"
    assert Activity.objects.get(submission=row).voided_at is not None


def test_many_are_accepted_and_taken_back_at_once(marketing: Client) -> None:
    rows = [arrive() for _ in range(4)]
    decide(marketing, rows[3], "accept")
    answer = marketing.post(
        "/submissions/bulk/", {"verb": "accept", "chosen": [row.pk for row in rows]}, headers=HTMX
    )
    toast = toast_of(answer)
    assert toast["text"] == "3 submissions accepted."
    marketing.post(toast["undo_url"])
    # The fourth was decided before: it is not part of what is undone.
    assert [review_of(row) for row in rows] == ["pending"] * 3 + ["accepted"]


def test_many_are_rejected_after_one_question(marketing: Client) -> None:
    rows = [arrive(), arrive()]
    chosen = {"verb": "reject", "chosen": [row.pk for row in rows]}
    asked = marketing.post("/submissions/bulk/", chosen)
    assert asked.status_code == 200
    assert "Reject 2 submissions" in asked.content.decode()
    assert {review_of(row) for row in rows} == {"pending"}
    marketing.post("/submissions/bulk/", {**chosen, "reason": "test", "note": ""})
    assert {review_of(row) for row in rows} == {"rejected"}


def test_many_are_taken_for_leads_at_once(marketing: Client) -> None:
    rows = [arrive("a@gmail.com"), arrive("b@gmail.com"), arrive()]
    answer = marketing.post(
        "/submissions/bulk/", {"verb": "lead", "chosen": [row.pk for row in rows]}, headers=HTMX
    )
    assert toast_of(answer)["text"].startswith("2 taken for leads")
    process()
    assert [Submission.objects.get(pk=row.pk).outcome for row in rows] == [Outcome.NEW_LEAD] * 3


def test_nothing_chosen_says_so(marketing: Client) -> None:
    answer = marketing.post("/submissions/bulk/", {"verb": "accept", "chosen": ["x", "-1"]}, headers=HTMX)
    assert "Nothing was chosen" in toast_of(answer)["text"]


def test_the_second_of_two_decisions_is_told(marketing: Client) -> None:
    row = arrive()
    decide(marketing, row, "accept")
    answer = marketing.post(
        f"/submissions/{row.pk}/decide/", {"verb": "reject", "reason": "spam", "note": ""}, headers=HTMX
    )
    assert toast_of(answer)["level"] == "warning"
    assert review_of(row) == Review.ACCEPTED


def test_an_excluded_person_becomes_a_lead_in_one_click(marketing: Client) -> None:
    row = arrive("eve@gmail.com")
    decide(marketing, row, "lead")
    process()
    row.refresh_from_db()
    assert (row.outcome, row.review) == (Outcome.NEW_LEAD, Review.CORRECTED)


def test_the_form_of_a_correction_is_filled_with_what_was_understood(marketing: Client) -> None:
    row = arrive("eve@gmail.com", name="Eve Adams", Title="CEO", companySize="51-200", country="Germany")
    form = marketing.get(f"/submissions/{row.pk}/correct/").context["form"]
    assert form["first_name"].value() == "Eve"
    assert form["job_title"].value() == "CEO"
    assert form["employees"].value() == "51"
    assert form["country"].value() == "DE"
    assert "treat_as_lead" in form.fields


def test_only_what_is_changed_becomes_a_correction(marketing: Client) -> None:
    row = arrive("ada@frim.example", first_name="Ada", phone="0123")
    address = f"/submissions/{row.pk}/correct/"
    filled = {name: value or "" for name, value in marketing.get(address).context["form"].initial.items()}
    assert marketing.post(address, filled).status_code == 422
    answer = marketing.post(address, {**filled, "email": "ada@firm.example", "phone": ""})
    assert answer.status_code == 302
    row.refresh_from_db()
    assert row.corrections == {"email": "ada@firm.example", "phone": ""}
    process()
    page = marketing.get(f"/submissions/{row.pk}/").content.decode()
    assert "<del>ada@frim.example</del> <ins>ada@firm.example</ins>" in page
    assert "<ins>emptied</ins>" in page


def test_a_correction_that_cannot_be_read_is_refused_beside_its_field(marketing: Client) -> None:
    row = arrive("ada@firm.example")
    answer = marketing.post(
        f"/submissions/{row.pk}/correct/", {"email": "ada at firm", "employees": "many"}, headers=HTMX
    )
    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {"email", "employees"}
    row.refresh_from_db()
    assert row.corrections == {}


def test_a_repeat_says_which_submission_to_correct(marketing: Client) -> None:
    first = arrive(key="same")
    deliver({"email": "x@firm.example"}, key="same")
    repeat = Submission.objects.get(duplicate_of=first)
    answer = marketing.post(f"/submissions/{repeat.pk}/correct/", {"email": "y@firm.example"})
    assert answer.status_code == 422
    assert f"#{first.pk}" in answer.content.decode()


def test_the_way_back_never_leads_to_another_site(marketing: Client) -> None:
    answer = decide(marketing, arrive(), "accept", next="https://evil.example/")
    assert answer.headers["Location"] == "/submissions/"


def test_a_decision_needs_a_post_and_a_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user("marketing"))
    row = arrive()
    assert decide(client, row, "accept").status_code == 403
    assert client.get("/submissions/bulk/").status_code == 405
    assert client.get(f"/submissions/take-back/?ids={row.pk}").status_code == 405
    assert review_of(row) == Review.PENDING
