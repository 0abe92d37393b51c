"""Whose address stands in the log: what the server saw, and a proxy's word only where there is one of ours."""

from __future__ import annotations

import pytest
import structlog
from django.test import RequestFactory

from config.middleware import RequestLogMiddleware


@pytest.mark.parametrize(("behind", "logged"), [(False, "203.0.113.7"), (True, "198.51.100.2")])
def test_a_visitor_cannot_choose_the_address_that_is_logged(behind: bool, logged: str, settings) -> None:
    settings.BEHIND_PROXY = behind
    told = "192.0.2.66, 198.51.100.2"
    request = RequestFactory().get("/", REMOTE_ADDR="203.0.113.7", HTTP_X_FORWARDED_FOR=told)
    with structlog.contextvars.bound_contextvars(ip=""):
        RequestLogMiddleware.bind_ip(request)
        assert structlog.contextvars.get_contextvars()["ip"] == logged
