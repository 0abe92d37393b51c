"""API tokens: made and shown once, kept as digests, acting as the person, refused once revoked, expired or the account is closed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts.models import ApiToken, User
from accounts.services import MOST_TOKENS, make_token, revoke_token
from leads.models import Source
from tests.support.api import Program
from tests.support.people import make_user

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 10, tzinfo=UTC)
PAGE = "/profile/tokens/"


@pytest.fixture
def ada() -> User:
    return make_user("auditor", name="Ada")


def test_a_token_is_shown_once_kept_as_a_digest_and_acts_as_the_person(client: Client, ada: User) -> None:
    client.force_login(ada)
    page = client.post(PAGE, {"name": "CRM sync", "days": "30"})
    assert page.status_code == 201
    secret = page.context["secret"]
    assert secret.startswith("baton_")
    assert page.content.decode().count(secret) == 1
    assert "no-store" in page.headers["Cache-Control"]
    assert secret not in client.get(PAGE).content.decode()
    row = ApiToken.objects.get()
    assert row.prefix == secret[:10]
    assert all(secret not in str(value) for value in vars(row).values())
    me = Program(secret=secret).get("/me")
    assert (me["id"], me["name"], me["role"], me["team"]) == (ada.pk, "Ada", "auditor", None)


def test_a_revoked_token_is_refused_and_stays_in_the_records(client: Client, ada: User) -> None:
    token, secret = make_token(user=ada, name="old laptop", days=None, now=NOW)
    client.force_login(ada)
    client.post(reverse("accounts:token_revoke", args=[token.pk]))
    program = Program(secret=secret)
    program.get("/me")
    assert (program.status, program.json["code"], program.fields) == (401, "unauthorized", ["Authorization"])
    assert "old laptop" in program.json["errors"][0]["message"]
    assert ApiToken.objects.get().revoked_at is not None
    assert token.prefix not in client.get(PAGE).content.decode()


def test_nobody_revokes_the_token_of_somebody_else(client: Client, ada: User) -> None:
    token, _secret = make_token(user=ada, name="hers", days=None, now=NOW)
    client.force_login(make_user("administrator"))
    assert client.post(reverse("accounts:token_revoke", args=[token.pk])).status_code == 404
    assert ApiToken.objects.get().revoked_at is None


def test_a_token_holds_until_the_second_of_its_expiry(ada: User) -> None:
    program = Program(secret=make_token(user=ada, name="short", days=30, now=NOW)[1])
    with time_machine.travel(NOW + timedelta(days=30, seconds=-1), tick=False):
        assert program.get("/me")["id"] == ada.pk
    with time_machine.travel(NOW + timedelta(days=30), tick=False):
        program.get("/me")
    assert program.status == 401


def test_the_token_of_a_closed_account_opens_nothing(ada: User) -> None:
    program = Program(ada)
    User.objects.update(is_active=False)
    program.get("/me")
    assert (program.status, program.fields) == (401, ["Authorization"])


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer baton_wrong", "Basic abc", "baton_x", "Bearer é\u00ff"]
)
def test_whatever_else_is_shown_is_refused_in_json(client: Client, header: str) -> None:
    answer = client.get("/api/v1/me", headers={"authorization": header})
    assert answer.status_code == 401
    assert answer.json()["errors"][0]["field"] == "Authorization"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_log_in_is_no_token(client: Client, ada: User) -> None:
    client.force_login(ada)
    assert client.get("/api/v1/me").status_code == 401


def test_keys_of_sources_and_tokens_of_people_do_not_open_each_others_doors(
    client: Client, ada: User
) -> None:
    source = Source(slug="crm", name="CRM", kind="api")
    key = source.new_key()
    source.save()
    assert client.get("/api/v1/me", headers={"authorization": f"Bearer {key}"}).status_code == 401
    _token, secret = make_token(user=ada, name="x", days=None, now=NOW)
    answer = client.post(
        "/api/v1/submissions",
        {"email": "a@b.example"},
        "application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    assert answer.status_code == 401


def test_the_last_use_is_written_at_most_once_a_minute(ada: User, django_assert_num_queries) -> None:
    program = Program(secret=make_token(user=ada, name="x", days=None, now=NOW)[1])
    for seconds, queries, noted in ((0, 2, 0), (59, 1, 0), (60, 2, 60)):
        with (
            time_machine.travel(NOW + timedelta(seconds=seconds), tick=False),
            django_assert_num_queries(queries),
        ):
            program.get("/me")
        assert ApiToken.objects.get().last_used_at == NOW + timedelta(seconds=noted)


def test_a_person_has_so_many_tokens_and_no_more(client: Client, ada: User) -> None:
    for number in range(MOST_TOKENS):
        first, _secret = make_token(user=ada, name=str(number), days=None, now=NOW)
    client.force_login(ada)
    page = client.post(PAGE, {"name": "one more", "days": "never"})
    assert (page.status_code, ApiToken.objects.count()) == (422, MOST_TOKENS)
    revoke_token(token=first, now=NOW)
    assert client.post(PAGE, {"name": "one more", "days": "never"}).status_code == 201
    assert client.post(PAGE, {"name": "", "days": "5"}).status_code == 422
