"""What comes in by addresses that are almost right, by wrong methods, and in bodies of unknown length."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client, RequestFactory

from config.bodies import whole_bodies
from leads.models import Submission
from leads.wire import read_body

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
ANSWERS = urlencode(
    {"email": "ada@acme.example", "first_name": "Ada", "last_name": "Lovelace", "company_name": "Acme"}
)
MANY = "&".join(f"k{number}" for number in range(1_200))


@pytest.mark.parametrize("debug", [True, False])
def test_what_is_posted_to_a_form_without_its_last_slash_arrives(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug

    answer = Client().post("/f/demo?utm_source=x", ANSWERS, content_type=FORM, follow=True)

    assert answer.redirect_chain[0] == ("/f/demo/?utm_source=x", 308)
    assert b"ada@acme.example" in bytes(Submission.objects.get().raw)


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_a_post_to_the_root_of_the_api_is_told_in_json(settings: Any, debug: bool, path: str) -> None:
    settings.DEBUG = debug

    answer = Client(enforce_csrf_checks=True).post(path, "{}", content_type="application/json", follow=True)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("debug", [True, False])
def test_an_address_with_more_names_than_are_read_is_refused(settings: Any, debug: bool) -> None:
    settings.DEBUG = debug

    assert Client().get(f"/f/demo/?{MANY}").status_code == 400
    answer = Client().get(f"/api/v1/leads?{MANY}")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"]) == (400, "address")
    assert "1000" in error["message"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_a_wrong_method_is_told_in_json_with_the_right_one(method: str) -> None:
    answer = Client(enforce_csrf_checks=True).generic(method, "/api/v1/submissions")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    if method != "HEAD":
        (error,) = answer.json()["errors"]
        assert (answer.json()["code"], error["field"], error["remedy"]) == (
            "wrong_method",
            "method",
            "Send POST.",
        )


@pytest.mark.parametrize(
    ("sent", "read"),
    [(b"", b""), (b"{}", b"{}"), (b"x" * 5_000_000, b"x" * 2_621_441)],
    ids=["nothing", "a little", "too much"],
)
def test_a_body_in_chunks_is_read_as_far_as_any_body_is(sent: bytes, read: bytes) -> None:
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        seen.update(environ)
        return []

    body = BytesIO(sent)
    environ = {
        "HTTP_TRANSFER_ENCODING": "Chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": body,
    }
    whole_bodies(application)(environ, lambda *told: None)

    assert seen["wsgi.input"].read() == read
    assert seen["CONTENT_LENGTH"] == str(len(read))
    assert body.read() == b"", "a sender that may not finish reads no answer"


def test_a_body_that_is_too_large_is_let_in_to_its_end_and_not_kept() -> None:
    request = RequestFactory().post("/f/demo/", b"x" * 5_000_000, content_type=FORM)

    assert read_body(request) is None
    assert request.read(1) == b""
