"""Alive and ready; ids of requests; who sees the gallery."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
import structlog
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone
from pytest_django.fixtures import Settings

from config.celery import app
from config.gallery import gallery
from config.middleware import RequestIdMiddleware, RequestLogMiddleware
from drains.models import DrainRun
from drains.registry import all_drains
from drains.runner import run
from leads.models import Form, Submission
from tests.support.people import make_user
from tests.support.servers import free_port

pytestmark = pytest.mark.django_db


def run_all() -> None:
    """Every drain, once."""
    for drain in all_drains():
        run(drain.name)


def test_alive_asks_nobody(client: Client, django_assert_num_queries: object) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        assert client.get("/healthz").json() == {"status": "alive"}


def test_ready_once_every_drain_ran(client: Client) -> None:
    before = client.get("/readyz")
    assert (before.status_code, before.json()["status"]) == (503, "not ready")
    assert all(drain["late"] for drain in before.json()["drains"].values())

    run_all()

    after = client.get("/readyz")
    assert (after.status_code, after.json()["status"]) == (200, "ready")
    assert set(after.json()["drains"]) == {drain.name for drain in all_drains()}
    assert all(0 <= drain["age_seconds"] < 60 for drain in after.json()["drains"].values())
    assert "no-cache" in after["Cache-Control"]


def test_not_ready_while_one_drain_is_late(client: Client) -> None:
    run_all()
    DrainRun.objects.filter(name="sla.sweep").update(finished_at=timezone.now() - timedelta(minutes=2))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert [name for name, drain in answer.json()["drains"].items() if drain["late"]] == ["sla.sweep"]


def test_a_dead_broker_is_named_quickly(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_all()
    settings.IN_MEMORY_BROKER = False
    monkeypatch.setitem(app.conf, "broker_read_url", f"redis://127.0.0.1:{free_port()}/0")
    start = time.monotonic()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["broker"]) == ("ok", "OperationalError")
    assert time.monotonic() - start < 3


def test_every_answer_has_the_id_of_its_request(client: Client) -> None:
    ours = [client.get(path)["X-Request-ID"] for path in ("/healthz", "/login/", "/no/such/page/", "/leads/")]
    assert len(set(ours)) == 4
    assert all(len(each) == 36 for each in ours)


@pytest.mark.parametrize("given", ["abc-123", "0af7651916cd43dd8448eb211c80319c", "Root=1-67891233/abcdef"])
def test_an_id_of_the_sender_is_kept(client: Client, given: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": given})["X-Request-ID"] == given


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", "a\tb", "<script>", "ä", 'a"}{'])
def test_an_id_that_could_harm_a_log_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-ID": given})
    assert len(answer["X-Request-ID"]) == 36


def test_the_id_is_bound_while_the_request_is_answered() -> None:
    found = []

    def page(request: HttpRequest) -> HttpResponse:
        found.append(structlog.contextvars.get_contextvars()["request_id"])
        return HttpResponse()

    chain = RequestIdMiddleware(RequestLogMiddleware(page))  # type: ignore[arg-type]
    answer = chain(RequestFactory().get("/"))
    assert found == [answer["X-Request-ID"]]
    assert "request_id" not in structlog.contextvars.get_contextvars()


def test_a_submission_keeps_the_id_of_the_request_that_brought_it(client: Client) -> None:
    source = Form.objects.get(slug="demo").source
    key = source.new_key()
    source.save()
    answer = client.post(
        "/api/v1/submissions",
        {"email": "ada@acme.example"},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    assert answer.status_code == 202
    assert Submission.objects.get(pk=answer.json()["id"]).request_id == answer["X-Request-ID"] != ""


def test_the_gallery_is_for_developers_and_for_people_who_are_logged_in(
    client: Client, settings: Settings
) -> None:
    assert client.get("/gallery/").status_code == 404
    client.force_login(make_user())
    assert client.get("/gallery/").status_code == 200
    settings.DEBUG = True
    request = RequestFactory().get("/gallery/", {"page": "not-found"})
    request.user = make_user()
    assert gallery(request).status_code == 200
