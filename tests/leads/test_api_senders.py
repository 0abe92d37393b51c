"""Who may send over the API: the statement that keeps a delivery is also the one that finds its sender."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Role
from leads.models import Outcome, Source, SourceKind, State, Submission
from tests.support.people import make_user

BODY = {"email": "ada@acme.example", "activity": "whitepaper"}


@pytest.fixture
def key(db: None) -> str:
    source = Source(slug="shop", name="Shop", kind=SourceKind.API)
    made = source.new_key()
    source.save()
    return made


def post(key: str, body: Any = BODY, **headers: str) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return Client().post(
        "/api/v1/submissions",
        text,
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", **headers},
    )


def test_a_delivery_is_kept_for_the_source_of_the_key(key):
    answer = post(key)
    row = Submission.objects.get(pk=answer.json()["id"])
    assert (answer.status_code, row.source.slug, bytes(row.raw)) == (202, "shop", json.dumps(BODY).encode())
    assert row.state == State.RECEIVED


@pytest.mark.django_db(transaction=True)
def test_a_good_delivery_costs_one_statement(key):
    post(key)
    with CaptureQueriesContext(connection) as captured:
        assert post(key).status_code == 202
    assert len(captured) == 1


def test_the_row_has_the_defaults_of_the_model(key):
    row = Submission.objects.get(pk=post(key).json()["id"])
    fresh = Submission()
    for field in (
        "state",
        "outcome",
        "outcome_rule",
        "email",
        "contact_id",
        "review",
        "corrections",
        "processed_at",
    ):
        assert getattr(row, field) == getattr(fresh, field)


@pytest.mark.parametrize("body", [BODY, "{broken", "x" * 70_000])
def test_an_unknown_key_is_refused_whatever_is_sent(key, body):
    assert post("bk_unknown", body).status_code == 401
    assert not Submission.objects.exists()


def test_a_key_switched_off_is_refused_at_once(key):
    post(key)
    Source.objects.filter(slug="shop").update(is_active=False)
    assert post(key).status_code == 401
    assert Submission.objects.count() == 1


def test_nobody_without_a_key_is_taken_for_a_source_without_one(key):
    assert Source.objects.filter(key_digest__isnull=True).exists()
    assert Client().post("/api/v1/submissions", BODY, content_type="application/json").status_code == 401
    assert post("").status_code == 401


def test_the_same_delivery_twice_is_one_submission(key):
    first, second = (post(key, **{"Idempotency-Key": "a"}).json() for _ in range(2))
    assert (second["id"], second["repeated"]) == (first["id"], True)
    assert Submission.objects.originals().count() == 1


def test_other_content_under_the_same_key_is_a_conflict(key):
    post(key, **{"Idempotency-Key": "a"})
    assert post(key, {"email": "eva@acme.example"}, **{"Idempotency-Key": "a"}).status_code == 409


def test_what_cannot_be_read_is_kept_for_the_known_sender(key):
    answer = post(key, "{broken")
    row = Submission.objects.get(pk=answer.json()["id"])
    assert (answer.status_code, row.source.slug, row.outcome) == (422, "shop", Outcome.REFUSED)


def test_the_answer_is_safe_by_its_headers_and_carries_the_id_of_the_request(key):
    answer = post(key, **{"X-Request-ID": "id-of-the-sender"})
    assert answer["X-Request-ID"] == "id-of-the-sender"
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"]) == ("DENY", "nosniff")
    assert int(answer["Content-Length"]) == len(answer.content)
    assert "Set-Cookie" not in answer
    assert Submission.objects.get().request_id == "id-of-the-sender"


def test_a_browser_that_is_logged_in_is_nobody_to_the_api(key, client):
    client.force_login(make_user(Role.ADMINISTRATOR))
    assert client.post("/api/v1/submissions", BODY, content_type="application/json").status_code == 401
    assert not Submission.objects.exists()


def test_a_host_that_is_not_ours_is_refused(key):
    assert post(key, Host="evil.example").status_code == 400
    assert not Submission.objects.exists()
