"""The shortest way through the whole: the site answers, a person logs in and is at work."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import Role
from tests.e2e.conftest import LOOKS, PageFor
from tests.support.people import PASSWORD, make_user


def test_the_site_is_alive_even_where_there_is_no_browser(live_server: LiveServer) -> None:
    with urllib.request.urlopen(f"{live_server.url}/healthz") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_log_in_page_is_usable(
    page_for: PageFor, axe: Callable[[Page], None], width: int, scheme: Literal["light", "dark"]
) -> None:
    page = page_for(width=width, scheme=scheme)
    page.goto("/")
    expect(page.locator("[name=password]")).to_be_visible()
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("role", Role.values)
def test_a_person_logs_in_by_keyboard_and_is_at_work(
    page_for: PageFor, axe: Callable[[Page], None], role: str
) -> None:
    user = make_user(role)
    page = page_for()
    page.goto("/")
    page.locator("[name=username]").fill(user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("[name=password]")).to_have_count(0)
    expect(page.locator("h1")).to_be_visible()
    axe(page)
