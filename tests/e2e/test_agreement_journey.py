"""Marketing drafts, proposes and signs; sales signs: the agreement is in force. By mouse and keys, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from sla.models import Agreement, AgreementVersion
from tests.e2e.conftest import PageFor
from tests.sla.bargain import proposal, sides
from tests.sla.desk import MORNING

pytestmark = pytest.mark.usefixtures("transactional_db")


def sign_as(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_role("link", name="Read and sign").first.click()
    page.get_by_label(re.compile("I have read this text")).check()
    page.get_by_role("button", name=re.compile("^Sign for")).click()


def test_both_sides_agree_on_a_next_version(page_for: PageFor) -> None:
    address = Agreement.objects.get().get_absolute_url()
    page = page_for("marketing")
    page.goto(address)
    page.get_by_role("button", name="Draft the next version").click()
    page.get_by_label("Accept or reject, Hand-raiser").fill("10 min")
    expect(page.locator("#preview")).to_contain_text("15 min becomes 10 min")
    page.get_by_label("What changes and why").fill("Faster for those who ask.")
    page.get_by_role("button", name="Save and read").click()
    page.get_by_role("button", name="Propose").click()
    page.locator("#confirm").get_by_role("button", name="Propose").click()
    expect(page.locator("#toasts")).to_contain_text("Proposed")
    sign_as(page, address)
    expect(page.locator(".deed-signature[data-signed]")).to_have_count(1)
    other = page_for("sales_manager")
    sign_as(other, "/agreements/")
    expect(other.locator(".deed-signature[data-signed]")).to_have_count(2)
    expect(other.locator("#toasts")).to_contain_text("In force from")
    version = AgreementVersion.objects.get(number=2)
    assert version.is_signed
    assert version.promises.get(kind="accept", tier="hand_raiser").target_seconds == 600


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_the_pages_of_agreements_are_for_everybody(
    page_for: PageFor, axe: Callable[[Page], None], width: int, scheme: str
) -> None:
    marketing, _sales = sides()
    version = proposal(marketing, MORNING)
    page = page_for("marketing", width=width, scheme=scheme)  # type: ignore[arg-type]
    stem = version.agreement.get_absolute_url()
    for part in ("sign/", "versions/2/print/", "compare/?from=1&to=2&all=1", "versions/2/"):
        page.goto(f"{stem}{part}")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Take back").click()
    page.locator("#confirm").get_by_role("button", name="Take back").click()
    # The answer first: another address would break the post off.
    expect(page.locator("#toasts")).to_contain_text("it is a draft again")
    page.goto(f"{stem}edit/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
