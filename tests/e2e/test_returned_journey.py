"""Marketing picks up what sales gave back, without a mouse."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from leads.models import Lead
from sla.models import Clock, Reason
from tests.e2e.conftest import PageFor
from tests.sla.made_clocks import World, make_clock, make_handoff
from tests.support.people import make_user


@pytest.fixture
def world(transactional_db: None) -> World:
    """Three leads that a rep rejected: a duplicate and two that are not wanted now; the duplicate waits longest."""
    world = World.make()
    rep, now = world.reps[0], timezone.now()
    for number, slug in enumerate(("duplicate", "no_interest", "no_interest")):
        at = now - timedelta(minutes=30 - number)
        reason = Reason.objects.get(slug=slug)
        handoff = make_handoff(
            rep.team,
            rep,
            at,
            state="rejected",
            reason=reason,
            note=f"Note {number}",
            answered_by=rep,
            answered_at=at,
            ended_at=at,
        )
        Lead.objects.filter(pk=handoff.lead_id).update(stage="nurture" if reason.to_nurture else "mql")
        make_clock(handoff, kind="pick_up", owner=None)
    return world


def ready(page: Page, address: str) -> None:
    """Open a page and wait for the scripts that hear the keys."""
    page.goto(address)
    page.wait_for_load_state()


def test_marketing_picks_up_by_key_and_the_filter_survives_a_reload(page_for: PageFor, world: World) -> None:
    page = page_for(make_user("marketing"))
    ready(page, "/returned/")
    rows = page.locator("[data-row]")
    expect(rows).to_have_count(3)
    expect(rows.first).to_contain_text("Duplicate")
    expect(page.locator(".inbox-words")).to_contain_text("3 to pick up")
    page.keyboard.press("a")
    expect(rows).to_have_count(2)
    expect(page.get_by_text("is qualified again").first).to_be_visible()

    page.locator("summary", has_text="Class").click()
    page.locator(".filter-bar").get_by_role("link", name=re.compile("^Definitional")).click()
    expect(page).to_have_url(re.compile("class=definitional"))
    page.reload()
    expect(page.locator(".chip", has_text="Definitional").first).to_be_visible()
    expect(rows).to_have_count(2)

    page.wait_for_load_state()
    page.keyboard.press("j")
    page.keyboard.press("e")
    form = page.locator("#floating form")
    form.get_by_label("Disqualified").check()
    form.get_by_label("Note").fill("Buys nothing")
    form.get_by_role("button", name="Pick up").click()
    expect(rows).to_have_count(1)
    assert Clock.objects.running().count() == 1
