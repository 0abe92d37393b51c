"""The components in a real browser: accessible, right by the server's clock, and kept by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from config.gallery import PAGES
from tests.e2e.conftest import LOOKS, PageFor

FIVE_HOURS_WRONG = "const tell = Date.now; Date.now = () => tell() + 5 * 3600 * 1000;"
# Moves the first clock of the gallery so that it turns within this test, and notes what it says as it does.
TURN_SOON = """async () => {
    const clock = document.querySelector("#specimen-clock [data-clock]");
    const now = Date.now() + Number(document.documentElement.dataset.clockOffset);
    clock.dataset.warn = new Date(now + 300).toISOString();
    clock.dataset.due = new Date(now + 900).toISOString();
    const seen = [];
    await new Promise((done) => clock.addEventListener("baton:clock", (event) => {
        seen.push([event.detail.state, clock.dataset.meaning, clock.querySelector(".clock-text").textContent]);
        if (event.detail.state === "late") done();
    }));
    return seen;
}"""


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_the_gallery_is_accessible_and_fits(
    page_for: PageFor, axe: Callable[[Page], None], width: int, scheme: Literal["light", "dark"]
) -> None:
    page = page_for("administrator", width=width, scheme=scheme)
    page.goto("/gallery/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_pages_without_a_rail_are_accessible(page_for: PageFor, axe: Callable[[Page], None]) -> None:
    page = page_for("administrator", width=360)
    for name in PAGES:
        page.goto(f"/gallery/?page={name}")
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, name


@pytest.mark.parametrize("time_zone", ["Asia/Jakarta", "America/Los_Angeles"])
def test_a_countdown_is_right_on_a_laptop_whose_clock_is_wrong(page_for: PageFor, time_zone: str) -> None:
    page = page_for("administrator", time_zone=time_zone)
    page.add_init_script(FIVE_HOURS_WRONG)
    page.goto("/gallery/")
    clocks = page.locator("#specimen-clock .clock-text")
    expect(clocks.nth(0)).to_contain_text("due in 1:0")
    expect(clocks.nth(3)).to_have_text("late by 12 min")
    expect(clocks.nth(4)).to_have_text("late by 2 h 24 min")


def test_a_clock_turns_to_warning_and_to_late_by_itself(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/gallery/")
    warned, late = page.evaluate(TURN_SOON)
    assert warned[:2] == ["warning", "warning"]
    assert late == ["late", "late", "late by 0 s"]


def test_rows_are_chosen_and_help_and_search_open_by_keyboard(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/gallery/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#row-2")).to_be_focused()
    expect(page.locator("#specimen-table [data-bulk-count]")).to_have_text("1 chosen")
    page.keyboard.press("?")
    expect(page.locator("#help")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#help")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("jx?")
    expect(page.locator("#rail-search")).to_have_value("jx?")


def test_a_deed_with_a_consequence_asks_first_and_may_be_left(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/gallery/")
    page.locator("#specimen-confirm a[data-confirm]").click()
    expect(page.locator("#confirm")).to_contain_text("its clocks end")
    page.locator("#confirm").get_by_text("Keep as it is").click()
    expect(page.locator("#confirm")).to_be_hidden()
    assert page.url.endswith("/gallery/")


def test_the_chosen_colours_are_there_before_the_first_paint_of_the_next_page(page_for: PageFor) -> None:
    page = page_for("administrator")
    page.goto("/gallery/")
    page.locator(".rail details summary").click()
    page.locator(".rail [data-theme-choice=dark]").click()
    page.goto("/gallery/?page=form", wait_until="commit")
    page.wait_for_selector("body", state="attached")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
