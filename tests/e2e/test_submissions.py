"""The marketing manager's day in a real browser: what arrives is announced, opened, decided, undone, all by keyboard."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from leads.models import Outcome, Review, Source, Submission
from tests.e2e.conftest import LOOKS, PageFor
from tests.leads.arrivals import deliver, process


def post(server: LiveServer, key: str, **fields: str) -> Submission:
    """Send one submission to the API, and process it as the worker would."""
    request = urllib.request.Request(
        f"{server.url}/api/v1/submissions",
        data=json.dumps(fields).encode(),
        headers={
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Idempotency-Key": fields["email"],
        },
    )
    with urllib.request.urlopen(request) as answer:
        number = json.load(answer)["id"]
    process(timezone.now())
    return Submission.objects.get(pk=number)


def api_key() -> str:
    source = Source(slug="shop", name="Shop", kind="api")
    key = source.new_key()
    source.save()
    return key


def test_a_submission_is_announced_opened_accepted_and_undone_by_keyboard(
    page_for: PageFor, live_server: LiveServer
) -> None:
    key = api_key()
    post(live_server, key, email="first@firm.example")
    page = page_for("marketing")
    page.goto("/submissions/")
    row = post(live_server, key, email="ada@firm.example", first_name="Ada", last_name="Lovelace")

    announcer = page.locator(".announcer")
    expect(announcer).to_have_text("1 new", timeout=15_000)
    assert page.get_by_text("Ada Lovelace").count() == 0
    announcer.press("Enter")
    expect(page.locator(f"#row-{row.pk}")).to_be_visible()

    page.keyboard.press("j")
    expect(page.locator(f"#row-{row.pk}")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#sheet-title")).to_have_text("Ada Lovelace")
    page.keyboard.press("a")
    expect(page.locator(f"#row-{row.pk}")).to_have_count(0)
    assert Submission.objects.get(pk=row.pk).review == Review.ACCEPTED
    # The next one takes its place, under the same keys.
    expect(page.locator("#sheet-title")).to_have_text("first@firm.example")

    page.locator("[data-undo]").press("Enter")
    expect(page.locator(f"#row-{row.pk}")).to_be_visible()
    assert Submission.objects.get(pk=row.pk).review == Review.PENDING


def test_an_excluded_person_is_made_a_lead_in_one_click(page_for: PageFor, live_server: LiveServer) -> None:
    row = post(live_server, api_key(), email="eve@gmail.com", first_name="Eve")
    page = page_for("marketing")
    page.goto("/submissions/?review=any&outcome=excluded")
    page.get_by_role("link", name="Eve", exact=True).click()
    expect(page.locator("#detail")).to_contain_text("gmail.com is a personal mail domain")
    page.get_by_role("button", name="This is a lead").click()
    expect(page.locator("#toasts")).to_contain_text("Taken for a lead")
    process(timezone.now())
    # The sheet says by itself what became of it.
    expect(page.locator("#detail .verdict")).to_contain_text("New lead")
    assert Submission.objects.get(pk=row.pk).outcome == Outcome.NEW_LEAD


def test_a_submission_is_rejected_with_a_reason_by_keyboard(
    page_for: PageFor, live_server: LiveServer, axe: Callable[[Page], None]
) -> None:
    row = post(live_server, api_key(), email="ada@firm.example")
    page = page_for("marketing")
    page.goto("/submissions/")
    page.keyboard.press("j")
    page.keyboard.press("r")
    dialog = page.locator("#floating")
    expect(dialog).to_contain_text("pays no points any more")
    axe(page)
    dialog.locator("[name=reason]").select_option("test")
    dialog.get_by_role("button", name="Reject").press("Enter")
    expect(dialog).to_be_hidden()
    expect(page.locator("#list")).to_contain_text("Nothing waits for review")
    assert Submission.objects.get(pk=row.pk).review == Review.REJECTED


def test_a_correction_is_made_in_the_sheet(page_for: PageFor, live_server: LiveServer) -> None:
    row = post(live_server, api_key(), email="ada@frim.example")
    page = page_for("marketing", expect=("422",))
    page.goto("/submissions/")
    page.keyboard.press("j")
    page.keyboard.press("e")
    field = page.locator("#detail [name=email]")
    field.fill("not an address")
    field.press("Enter")
    expect(page.locator("#detail .error-summary")).to_be_visible()
    field.fill("ada@firm.example")
    field.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Corrected")
    assert Submission.objects.get(pk=row.pk).corrections == {"email": "ada@firm.example"}


def test_many_are_accepted_at_once_by_keyboard(page_for: PageFor) -> None:
    for number in range(3):
        deliver({"email": f"p{number}@firm.example"}, key=str(number))
    process()
    page = page_for("marketing")
    page.goto("/submissions/")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    bar = page.locator("[data-bulk]")
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Accept").press("Enter")
    expect(page.locator("#toasts")).to_contain_text("2 submissions accepted")
    expect(page.locator("[data-row]")).to_have_count(1)


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_list_and_sheet_are_accessible_and_fit(
    page_for: PageFor, axe: Callable[[Page], None], width: int, scheme: Literal["light", "dark"]
) -> None:
    deliver({"email": "eve@gmail.com", "first_name": "Eve", "message": "x" * 300}, form="demo")
    deliver({"email": "ada@firm.example", "job_title": "Director of something long"}, form="demo")
    deliver(b"unreadable")
    process()
    page = page_for("marketing", width=width, scheme=scheme)
    for address in ("/submissions/?review=any", "/submissions/?q=nobody"):
        page.goto(address)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto("/submissions/?review=any")
    page.get_by_role("link", name="Eve", exact=True).click()
    expect(page.locator("#sheet-title")).to_have_text("Eve")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    number = Submission.objects.get(email="ada@firm.example").pk
    for address in (
        f"/submissions/{number}/",
        f"/submissions/{number}/correct/",
        f"/submissions/{number}/decide/",
    ):
        page.goto(address)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_works_without_script(browser, live_server: LiveServer, page_for: PageFor) -> None:
    deliver({"email": "ada@firm.example"}, key="1")
    deliver({"email": "bob@firm.example"}, key="2")
    process()
    cookies = page_for("marketing").context.cookies()
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/submissions/")
    page.locator("[name=chosen]").first.check()
    page.get_by_role("button", name="Accept: the chosen rows").click()
    expect(page.locator(".toasts")).to_contain_text("Accepted")
    expect(page.locator("[data-row]")).to_have_count(1)
    page.locator(".toasts").get_by_role("button", name="Undo").click()
    expect(page.locator("[data-row]")).to_have_count(2)
    page.locator(".list-open").first.click()
    page.get_by_role("link", name="Reject").click()
    page.locator("[name=reason]").select_option("spam")
    page.get_by_role("button", name="Reject").click()
    expect(page.locator(".verdict")).to_contain_text("Rejected")
    context.close()
