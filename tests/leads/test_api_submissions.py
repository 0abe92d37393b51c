"""The API takes submissions: answered 2xx they are kept, everything else says what is wrong and what to do."""

import json

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drains.runner import run_until_idle
from leads.models import Lead, Outcome, Source, Submission

URL = "/api/v1/submissions"
ANNA = {"email": "anna@acme.example", "last_name": "Lü", "activity": "demo_request"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def key() -> str:
    source = Source(slug="crm", name="CRM", kind="api")
    made = source.new_key()
    source.save()
    return made


@pytest.fixture
def send(client, key):
    def post(body, content_type="application/json", **headers):
        raw = body if isinstance(body, bytes | str) else json.dumps(body)
        # Not client.post: that encodes a body anew by the charset it is said to have.
        return client.generic(
            "POST", URL, raw, content_type, headers={"authorization": f"Bearer {key}", **headers}
        )

    return post


def errors(answer):
    return [(error["field"], bool(error["message"] and error["remedy"])) for error in answer.json()["errors"]]


def test_a_submission_is_accepted_kept_raw_and_becomes_a_lead(send):
    answer = send(ANNA)
    assert answer.status_code == 202
    row = Submission.objects.get(pk=answer.json()["id"])
    assert json.loads(bytes(row.raw)) == ANNA
    assert answer.json()["repeated"] is False
    run_until_idle(timezone.now(), ["leads.process_submissions"])
    assert Lead.objects.get().contact.email == ANNA["email"]


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer bk_wrong", "Basic abc", "Bearer é\u00ff", "bk_x"])
def test_without_the_key_of_an_active_source_nothing_is_kept(client, key, header):
    answer = client.post(URL, ANNA, "application/json", headers={"authorization": header})
    assert answer.status_code == 401
    assert errors(answer) == [("Authorization", True)]
    assert not Submission.objects.exists()


def test_the_key_of_a_source_that_was_switched_off_is_refused(send):
    Source.objects.update(is_active=False)
    assert send(ANNA).status_code == 401


def test_the_same_key_twice_is_one_submission_and_both_arrivals_are_logged(send):
    first, second = (send(ANNA, **{"idempotency-key": "a1"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert second.json() == {"id": first.json()["id"], "repeated": True}
    assert list(Submission.objects.order_by("pk").values_list("duplicate_of", flat=True)) == [
        None,
        first.json()["id"],
    ]
    run_until_idle(timezone.now(), ["leads.process_submissions"])
    assert Lead.objects.get().contact.activities.count() == 1


def test_the_same_key_with_other_content_is_a_conflict_that_names_the_first(send):
    first = send(ANNA, **{"idempotency-key": "a1"})
    second = send({**ANNA, "last_name": "Other"}, **{"idempotency-key": "a1"})
    assert second.status_code == 409
    assert errors(second) == [("Idempotency-Key", True)]
    assert second.json()["id"] == first.json()["id"]
    assert Submission.objects.originals().count() == 1


def test_a_refused_delivery_is_kept_and_its_correction_under_the_same_key_is_taken(send):
    refused = send({"email": "anna at acme"}, **{"idempotency-key": "a1"})
    assert refused.status_code == 422
    assert errors(refused) == [("email", True)]
    assert Submission.objects.get(pk=refused.json()["id"]).outcome == Outcome.REFUSED
    assert send(ANNA, **{"idempotency-key": "a1"}).status_code == 202


def test_a_large_body_is_refused_unread(send):
    answer = send(b'{"email": "' + b"a" * 5_000_000)
    assert answer.status_code == 413
    assert errors(answer) == [("body", True)]
    assert not Submission.objects.exists()


@pytest.mark.parametrize("name", ["x" * 256])
def test_a_key_that_is_too_long_is_named(send, name):
    answer = send(ANNA, **{"idempotency-key": name})
    assert answer.status_code == 400
    assert errors(answer) == [("Idempotency-Key", True)]


@pytest.mark.parametrize(
    ("body", "content_type", "field"),
    [
        (b"", "application/json", "body"),
        (b"null", "application/json", "body"),
        (b"[]", "application/json", "body"),
        (b'{"email": "\xff"}', "application/json", "body"),
        (b'{"email": "a@b.example\\u0000"}', "application/json", "email"),
        (b'{"email": "\\ud800"}', "application/json", "email"),
        (b'{"email": 5}', "application/json", "email"),
        (b'{"email": null}', "application/json", "email"),
        (b'{"phone": "1"}', "application/json", "email"),
        (b'{"email": "a@b.example", "employees": 1e99}', "application/json", "employees"),
        (b'{"email": "a@b.example", "x": NaN}', "application/json", "x"),
        (b"[" * 60_000, "application/json", "body"),
        (b"email=a", "text/csv", "content_type"),
    ],
)
def test_garbage_is_refused_by_the_field_and_kept(send, body, content_type, field):
    answer = send(body, content_type)
    assert answer.status_code == 422
    assert errors(answer)[0] == (field, True)
    assert bytes(Submission.objects.get(pk=answer.json()["id"]).raw) == body


def test_other_methods_are_refused(client, key):
    assert client.get(URL).status_code == 405


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["email", "fields", "company", "country", "é", "x"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)
ANY = settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])


@ANY
@given(body=JSON_VALUES)
def test_whatever_json_is_sent_the_api_answers_and_it_can_be_processed(send, body):
    answer = send(json.dumps(body))
    assert answer.status_code in (202, 413, 422)
    run_until_idle(timezone.now(), ["leads.process_submissions"])
    assert not Submission.objects.waiting().exists()


@ANY
@given(
    body=st.binary(max_size=300),
    content_type=st.sampled_from(["", "application/json", "é", "a/b; charset=nonsense"]),
)
def test_whatever_bytes_are_sent_the_api_answers(send, body, content_type):
    assert send(body, content_type).status_code in (202, 413, 422)


@ANY
@given(
    name=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=300),
    agent=st.text(st.characters(max_codepoint=255), max_size=400),
)
def test_whatever_headers_are_sent_the_api_answers(send, name, agent):
    answer = send(ANNA, **{"idempotency-key": name, "user-agent": agent, "x-request-id": agent})
    assert answer.status_code in (202, 400, 409)
