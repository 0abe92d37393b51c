"""From a figure to its evidence, as a manager and an auditor go."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from sla.models import Clock
from tests.e2e.conftest import PageFor
from tests.sla.made_clocks import World, make_clock, make_handoff
from tests.support.people import make_user


@pytest.fixture
def world(transactional_db: None) -> World:
    """Kept and missed promises of two days ago and running ones of now: within the last 90 days, whatever the date is."""
    world = World.make()
    now = timezone.now()
    for rep in world.reps:
        for number in range(6):
            at = now - timedelta(days=2, seconds=number)
            make_clock(make_handoff(rep.team, rep, at), "missed" if number == 0 else "kept", at=at)
    make_clock(make_handoff(world.teams[0], world.reps[0], now))
    return world


def test_a_manager_goes_from_the_figure_to_the_evidence_by_keyboard(page_for: PageFor, world: World) -> None:
    page = page_for(world.manager)
    page.goto("/compliance/?period=90d")
    figure = page.get_by_role("link", name="Missed", exact=True).first
    expect(page.locator(".figure", has=figure).locator(".figure-value")).to_have_text("4")
    figure.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-row]")).to_have_count(4)
    expect(page.locator(".chip", has_text="missed by").first).to_be_visible()
    page.wait_for_load_state()  # rows are seen before the scripts that hear the keys
    page.keyboard.press("j")
    expect(page.locator("[data-row]").first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("Evidence")
    expect(page.locator(".receipt").first).to_be_visible()
    expect(page.get_by_text("How the due time came about")).to_be_visible()


def test_filters_live_in_the_address_and_are_taken_away_as_chips(page_for: PageFor, world: World) -> None:
    page = page_for(world.manager)
    page.goto("/compliance/?period=90d")
    page.locator("summary", has_text="Team").click()
    page.locator(".filter-bar").get_by_role("link", name="South", exact=True).click()
    expect(page).to_have_url(re.compile(r"team=\d+"))
    page.reload()
    expect(page.locator(".chip", has_text="South")).to_be_visible()
    page.locator(".chip-remove").click()
    expect(page.locator(".chip-remove")).to_have_count(0)
    page.locator("summary", has_text="Choose days").click()
    page.get_by_label("First day").fill("2020-02-01")
    page.get_by_label("Last day").fill("2020-02-29")
    page.get_by_role("button", name="Show these days").click()
    expect(page.get_by_text("1–29 Feb 2020")).to_be_visible()
    expect(page.get_by_text("No promise of this kind began").first).to_be_visible()


def test_an_auditor_downloads_what_the_list_shows(page_for: PageFor, world: World) -> None:
    page = page_for("auditor")
    page.goto("/compliance/clocks/?outcome=missed&period=90d")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download 4 rows").click()
    with Path(waiting.value.path()).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) == 5
    shown = page.locator("[data-row] .list-open").all_inner_texts()
    assert [row[0] for row in rows[1:]] == shown


def test_the_manager_of_a_team_sees_that_team_alone(page_for: PageFor, world: World) -> None:
    page = page_for(make_user("sales_manager", team=world.teams[1]))
    page.goto("/compliance/?by=rep&period=90d")
    expect(page.get_by_role("link", name="South One").first).to_be_visible()
    expect(page.get_by_text("North")).to_have_count(0)


@pytest.mark.parametrize(
    ("width", "scheme"), [(360, "dark"), (768, "light"), (1280, "dark"), (1680, "light")]
)
def test_the_pages_are_usable_at_any_width(
    page_for: PageFor,
    axe: Callable[[Page], None],
    world: World,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    page = page_for(world.manager, width=width, scheme=scheme)
    handoff = Clock.objects.kept().earliest("pk").handoff_id
    for address in (
        "/compliance/?by=rep&period=90d",
        "/compliance/clocks/?period=90d",
        f"/handoffs/{handoff}/evidence/",
    ):
        page.goto(address)
        axe(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
