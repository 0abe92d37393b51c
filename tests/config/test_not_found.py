"""An unknown address, and one that takes a button: people see our page, on a laptop as on a server."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("debug", [True, False])
def test_an_unknown_address_shows_our_page_with_its_policy(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug

    answer = Client().get("/nowhere/at/all/")

    assert answer.status_code == 404
    assert "That page is not here" in answer.text
    assert "URLconf" not in answer.text
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_on_a_laptop_what_a_view_does_not_find_shows_our_page_and_a_missing_slash_is_mended(
    settings: Any,
) -> None:
    settings.DEBUG = True
    client = Client()
    client.force_login(make_user(Role.SALES_MANAGER))

    unknown = client.get(reverse("sla:handoff", args=[999_999]))

    assert (unknown.status_code, "That page is not here" in unknown.text) == (404, True)
    assert client.get("/inbox").headers["Location"] == "/inbox/"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("debug", [True, False])
def test_programs_are_told_of_an_unknown_address_in_json(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug
    answer = Client(enforce_csrf_checks=True).post("/api/v1/handoff/1/accept")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, answer.json()["code"], error["field"]) == (404, "not_found", "address")
    assert "/api/v1/handoff/1/accept" in error["message"]


def test_the_address_of_a_verb_says_that_nothing_was_done() -> None:
    client = Client()
    client.force_login(make_user(Role.SALES_MANAGER))
    address = reverse("sla:accept", args=[1])

    page = client.get(address, headers={"Accept": "text/html"})
    program = client.get(address, headers={"Accept": "application/json"})

    assert (page.status_code, page.headers["Allow"]) == (405, "POST")
    assert "Nothing was done" in page.text
    assert (program.status_code, program.content) == (405, b"")
