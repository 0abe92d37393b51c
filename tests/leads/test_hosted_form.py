"""The hosted form: one submission per visit and content, errors that name the field, and never a server error."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from urllib.parse import urlencode

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.form_fields import TYPES, mistakes
from leads.models import Form, Lead, Outcome, Submission
from leads.payload import MAX_BYTES
from leads.spam import TRAP_FIELD

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
FORM_TYPE = "application/x-www-form-urlencoded"
ANNA = {
    "email": "anna@acme.example",
    "first_name": "Anna",
    "last_name": "Lü",
    "company_name": "Acme",
    "employees": "250-999",
    "country": "DE",
}

pytestmark = pytest.mark.django_db


def page_of(client, address="/f/demo/", **extra):
    return client.get(address, **extra).content.decode()


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page)
    return {name: unescape(value) for name, value in found}


def send(client, fields, address="/f/demo/", **extra):
    return client.post(address, urlencode(fields), content_type=FORM_TYPE, **extra)


def test_a_visitor_without_cookies_sends_the_form_and_is_thanked():
    client = Client(enforce_csrf_checks=True)
    page = page_of(client)
    assert not client.cookies
    answer = send(client, {**hidden(page), **ANNA})
    assert answer.status_code == 303
    thanks = client.get(answer.headers["Location"])
    assert "A specialist will contact you" in thanks.content.decode()
    row = Submission.objects.get()
    assert row.form == Form.objects.get(slug="demo")
    assert json.loads(bytes(row.raw))["last_name"] == "Lü"
    run_until_idle(NOW, ["leads.process_submissions"])
    assert Lead.objects.get().contact.employees == 250


def test_the_same_page_sent_twice_is_one_submission_and_thanks_again(client):
    fields = {**hidden(page_of(client)), **ANNA}
    first, second = send(client, fields), send(client, fields)
    assert first.headers["Location"] == second.headers["Location"]
    assert [row.outcome for row in Submission.objects.order_by("pk")] == ["", Outcome.DUPLICATE]
    run_until_idle(NOW, ["leads.process_submissions"])
    assert Lead.objects.get().contact.activities.count() == 1


def test_a_correction_after_going_back_is_a_submission_of_its_own(client):
    fields = {**hidden(page_of(client)), **ANNA}
    send(client, fields)
    send(client, {**fields, "company_name": "Acme Limited"})
    assert Submission.objects.originals().count() == 2


def test_two_visits_with_the_same_words_are_two_submissions(client):
    for _ in range(2):
        send(client, {**hidden(page_of(client)), **ANNA})
    assert Submission.objects.originals().count() == 2


def test_where_the_visitor_came_from_is_carried_to_the_lead(client):
    page = page_of(
        client,
        "/f/demo/?utm_source=google&utm_medium=cpc&utm_campaign=spring",
        headers={"referer": "https://search.example/?q=a"},
    )
    send(client, {**hidden(page), **ANNA})
    run_until_idle(NOW, ["leads.process_submissions"])
    lead = Lead.objects.get()
    assert (lead.first_origin, lead.first_medium, lead.first_campaign) == ("google", "cpc", "spring")
    assert lead.first_landing_page.endswith("/f/demo/?utm_source=google&utm_medium=cpc&utm_campaign=spring")
    assert json.loads(bytes(Submission.objects.get().raw))["referrer"] == "https://search.example/?q=a"


def test_a_source_longer_than_its_column_is_cut_and_stops_nobody(client):
    page = page_of(client, f"/f/demo/?utm_source={'s' * 3000}")
    assert send(client, {**hidden(page), **ANNA}).status_code == 303
    assert run_until_idle(NOW, ["leads.process_submissions"])
    assert Lead.objects.get().first_origin == "s" * 200


def test_what_is_missing_or_wrong_is_named_and_what_was_written_stays(client):
    fields = {**hidden(page_of(client)), **ANNA, "email": "anna at acme", "last_name": ""}
    answer = send(client, fields)
    page = unescape(answer.content.decode())
    assert answer.status_code == 422
    assert "“Work e-mail” is not an e-mail address" in page
    assert (
        "Last name is missing. Fill it in"
        in send(client, {**fields, "email": ANNA["email"]}).content.decode()
    )
    assert 'value="anna at acme"' in page
    assert hidden(page)["visit"] == fields["visit"]
    kept = Submission.objects.order_by("pk")[0]
    assert kept.outcome == Outcome.REFUSED
    assert json.loads(bytes(kept.raw))["email"] == "anna at acme"


def test_a_choice_that_was_not_offered_is_refused(client):
    answer = send(client, {**hidden(page_of(client)), **ANNA, "employees": "many"})
    assert answer.status_code == 422
    assert "Choose one of the answers of the list for Employees" in answer.content.decode()


def test_an_empty_post_is_refused_and_not_kept(client):
    answer = send(client, hidden(page_of(client)))
    assert answer.status_code == 422
    assert not Submission.objects.exists()


def test_who_fills_the_trap_is_thanked_and_becomes_no_lead(client):
    assert send(client, {**hidden(page_of(client)), **ANNA, TRAP_FIELD: "x"}).status_code == 303
    run_until_idle(NOW, ["leads.process_submissions"])
    assert Submission.objects.get().outcome == Outcome.SPAM
    assert not Lead.objects.exists()


def test_the_trap_is_hidden_from_eyes_and_screen_readers(client):
    trap = re.search(rf"<div[^>]*>\s*<label[^>]*{TRAP_FIELD}.*?</div>", page_of(client), re.DOTALL)
    assert trap is not None
    assert 'class="d-none" aria-hidden="true"' in trap[0]
    assert 'tabindex="-1"' in trap[0]


def test_unknown_and_closed_forms_are_not_found(client):
    assert client.get("/f/nothing/").status_code == 404
    Form.objects.filter(slug="demo").update(is_active=False)
    answer = client.get("/f/demo/")
    assert answer.status_code == 404
    assert "This form is closed" in answer.content.decode()
    assert send(client, ANNA).status_code == 404
    assert not Submission.objects.exists()


def test_a_large_body_is_refused_unread(client):
    answer = client.post("/f/demo/", b"email=" + b"a" * 5_000_000, content_type=FORM_TYPE)
    assert answer.status_code == 413
    assert f"at most {MAX_BYTES} are accepted" in answer.content.decode()
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"email=%ff%fe", FORM_TYPE, "not UTF-8"),
        (b"email=anna%40acme.example%00&last_name=L", FORM_TYPE, "NUL"),
        (b"email=a%40b.example&email=c%40d.example", FORM_TYPE, "more than once"),
        (b"&".join(b"f%d=1" % n for n in range(500)), FORM_TYPE, "more than 200 fields"),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x", "cannot be read"),
        (b"email=anna%40acme.example", "image/png", "cannot be read"),
        (b'{"email": ["a@b.example"], "last_name": {"a": 1}}', "application/json", "must be text"),
        (b'{"email": "anna@acme.example"', "application/json", "not valid JSON"),
    ],
)
def test_garbage_is_refused_with_a_reason_and_kept(client, body, content_type, words):
    answer = client.post("/f/demo/", body, content_type=content_type)
    assert answer.status_code == 422
    assert words in unescape(answer.content.decode())
    assert Submission.objects.get().outcome == Outcome.REFUSED


def test_json_of_the_same_fields_is_taken_as_the_form(client):
    answer = client.post("/f/newsletter/", json.dumps({"email": "anna@acme.example"}), "application/json")
    assert answer.status_code == 303


def test_nonsense_about_the_sender_does_no_harm(client):
    answer = send(
        client, ANNA, REMOTE_ADDR="unix:", HTTP_USER_AGENT="a\x00\ud800", HTTP_X_REQUEST_ID="é" * 99
    )
    assert answer.status_code == 303
    assert Submission.objects.get().remote_addr is None


NAMES = st.sampled_from(
    [*ANNA, "visit", "utm_source", "landing_page", TRAP_FIELD, "fields", "", "deal", "message"]
)
VALUES = st.one_of(
    st.text(max_size=40), st.sampled_from(["anna@acme.example", "\x00", "DE", "2" * 400, "1e999"])
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pairs=st.lists(st.tuples(NAMES, VALUES), max_size=12), slug=st.sampled_from(["demo", "newsletter"]))
def test_whatever_is_written_the_form_answers(client, pairs, slug):
    body = urlencode(pairs, errors="replace")
    assert client.post(f"/f/{slug}/", body, content_type=FORM_TYPE).status_code in (303, 413, 422)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=200),
    content_type=st.sampled_from(
        [FORM_TYPE, "application/json", "", "text/plain", "multipart/form-data", "\x00/é"]
    ),
)
def test_whatever_bytes_are_sent_the_form_answers(client, body, content_type):
    assert client.post("/f/demo/", body, content_type=content_type).status_code in (303, 413, 422)


@pytest.mark.once
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(max_size=30), name=st.sampled_from(["utm_source", "landing_page", "sent", "x"]))
def test_whatever_address_is_asked_for_the_form_is_shown(client, value, name):
    assert client.get("/f/demo/", {name: value.encode("utf-8", "replace")}).status_code == 200


def test_every_seeded_form_is_sound():
    for form in Form.objects.all():
        form.full_clean()


EMAIL = {"name": "email", "label": "E-mail", "type": "email", "required": True}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Write a list"),
        ([], "Write a list"),
        (["email"], "Field 1 is no object"),
        (
            [EMAIL, {"name": "First name", "label": "x", "type": "text"}],
            "Field 2 needs a name of small letters",
        ),
        ([EMAIL, {"name": "a", "label": " ", "type": "text"}], "“a” needs a label"),
        ([EMAIL, {"name": "a", "label": "A", "type": "date"}], "“a” needs one of these types: text"),
        ([EMAIL, {"name": "a", "label": "A", "type": "select"}], "“a” needs its choices"),
        (
            [EMAIL, {"name": "a", "label": "A", "type": "select", "choices": ["x", "x"]}],
            "“a” needs its choices",
        ),
        ([EMAIL, {"name": "a", "label": "A", "type": "text", "required": "yes"}], "true or false"),
        ([EMAIL, {"name": "a", "label": "A", "type": "text", "requierd": True}], "nobody reads: requierd"),
        ([EMAIL, {"name": TRAP_FIELD, "label": "A", "type": "text"}], "choose another name"),
        ([EMAIL, {"name": "work_email", "label": "A", "type": "text"}], "ask for the same thing"),
        ([{"name": "phone", "label": "Phone", "type": "tel"}], "Nobody could be recognised"),
        ([EMAIL] * 41, "at most 40 fields"),
    ],
)
def test_a_definition_of_a_form_is_refused_with_what_to_do(fields, words):
    form = Form.objects.get(slug="demo")
    form.fields = fields
    with pytest.raises(ValidationError) as caught:
        form.full_clean()
    assert words in " ".join(caught.value.message_dict["fields"])


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXTS | st.sampled_from([*TYPES, "email", "name"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "label", "type", "required", "choices", "help", "x"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(fields=JSON_VALUES.filter(lambda fields: fields is not None))
def test_any_definition_is_judged_and_any_stored_one_can_be_shown(client, fields):
    mistakes(fields)
    Form.objects.filter(slug="demo").update(fields=fields)
    assert client.get("/f/demo/").status_code == 200
