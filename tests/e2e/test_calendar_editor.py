"""A manager corrects a calendar: by keyboard, with the weeks drawn while writing, on a desk and on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from sla.models import Calendar
from tests.e2e.conftest import PageFor

REFUSED = (r"422",)


@pytest.fixture
def calendar(transactional_db: None) -> Calendar:
    """The one of the defaults."""
    return Calendar.objects.get()


def test_a_manager_corrects_the_hours_by_keyboard(page_for: PageFor, calendar: Calendar) -> None:
    page = page_for("sales_manager")
    page.goto(f"/calendars/{calendar.pk}/")
    page.keyboard.press("e")
    expect(page.locator("h1")).to_have_text("Edit Office hours")
    monday = page.get_by_label(re.compile("^Monday"))
    monday.focus()
    monday.fill("09:00-12:00, 13:00-15:00")
    expect(page.locator("#calendar-preview")).to_contain_text("37 h a week")
    monday.press("Enter")
    title = page.get_by_role("heading", name="What saving changes")
    expect(title).to_be_focused()
    expect(page.locator(".editor-review")).to_contain_text("09:00–12:00, 13:00–15:00")
    page.get_by_role("button", name="Save as version 2").press("Enter")
    expect(page).to_have_url(re.compile(rf"/calendars/{calendar.pk}/$"))
    expect(page.locator(".calendar-version").first).to_contain_text("Version 2")
    assert calendar.current.week["mon"] == [["09:00", "12:00"], ["13:00", "15:00"]]


def test_public_holidays_are_added_as_rows_and_drawn(page_for: PageFor, calendar: Calendar) -> None:
    page = page_for("sales_manager")
    page.goto(f"/calendars/{calendar.pk}/edit/")
    page.get_by_text("Add public holidays of a country").click()
    page.get_by_label("Country", exact=True).select_option("DE")
    page.get_by_label(re.compile("State or region")).select_option("BY")
    page.get_by_role("button", name="Add these holidays").click()
    expect(page.locator(".editor-message")).to_contain_text("days added")
    assert page.locator(".editor-day input[type=text][value='Epiphany']").count() == 2


def test_leaving_with_unsaved_changes_asks_first(page_for: PageFor, calendar: Calendar) -> None:
    page = page_for("sales_manager")
    page.goto(f"/calendars/{calendar.pk}/edit/")
    monday = page.get_by_label(re.compile("^Monday"))
    monday.press("End")
    monday.press_sequentially(", 18-19")
    asked: list[str] = []

    def stay(dialog: object) -> None:
        asked.append(dialog.type)  # type: ignore[attr-defined]
        dialog.dismiss()  # type: ignore[attr-defined]

    page.on("dialog", stay)
    page.get_by_role("link", name="Cancel").click(no_wait_after=True)
    expect(page.get_by_label(re.compile("^Monday"))).to_have_value("09:00-17:00, 18-19")
    page.wait_for_function("document.readyState === 'complete'")
    assert asked == ["beforeunload"]


@pytest.mark.parametrize("width, scheme", [(360, "dark"), (1280, "light")])
def test_the_pages_of_calendars_break_no_rule_of_accessibility_and_do_not_scroll_sideways(
    page_for: PageFor,
    calendar: Calendar,
    axe: Callable[[Page], None],
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    page = page_for("sales_manager", width=width, scheme=scheme, expect=REFUSED)
    for address in ("/calendars/", f"/calendars/{calendar.pk}/", f"/calendars/{calendar.pk}/edit/"):
        page.goto(address)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    page.get_by_label(re.compile("^Monday")).fill("22:00-06:00")
    page.get_by_role("button", name="Review changes").click()
    expect(page.get_by_text("These hours run over midnight")).to_be_visible()
    axe(page)
