"""A sales rep's day in the browser: by keyboard, on a phone, in any time zone."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from accounts.models import Role, User
from sla.models import Calendar, CalendarVersion, Handoff, HandoffState
from tests.e2e.conftest import LOOKS, PageFor
from tests.sla.desk import MINUTE, hand_over, open_desk
from tests.support.people import make_user

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
pytestmark = pytest.mark.django_db(transaction=True)


def desk(count: int = 3, reps: int = 1) -> list[User]:
    """A team that is open round the clock, whose first lead is late and whose others are due one after the other."""
    now = timezone.now()
    CalendarVersion.objects.create(
        calendar=Calendar.objects.get(),
        number=2,
        time_zone="UTC",
        week={day: [["00:00", "24:00"]] for day in DAYS},
        created_at=now,
    )
    _, people = open_desk(reps=reps)
    for number in range(count):
        hand_over(now - (16 - 3 * number) * MINUTE, last_name=f"Number {number}", first_name="Lead")
    return people


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
def test_inbox_and_handoff_are_usable(
    page_for: PageFor, axe: Callable[[Page], None], width: int, scheme: Literal["light", "dark"]
) -> None:
    (rep,) = desk()
    page = page_for(rep, width=width, scheme=scheme)
    page.goto("/inbox/")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.goto(Handoff.objects.latest("pk").get_absolute_url())
    page.wait_for_load_state("networkidle")
    axe(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_rep_answers_by_keyboard_and_the_next_lead_follows(page_for: PageFor) -> None:
    (rep,) = desk()
    page = page_for(rep)
    page.goto("/inbox/?view=answer")
    sheet = page.locator("#sheet-title")
    expect(page.locator("#inbox-words")).to_contain_text("3 waiting, 1 late")
    expect(sheet).to_have_text("Lead Number 0")
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text("Accepted. Lead Number 0 is yours")
    expect(sheet).to_have_text("Lead Number 1")
    expect(page.locator("[data-row]")).to_have_count(2)
    page.keyboard.press("r")
    expect(page.locator("#floating")).to_be_visible()
    page.keyboard.press("Space")
    page.locator("#verb-submit").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Rejected. Lead Number 1 is back with marketing")
    expect(page.locator("#floating")).to_be_hidden()
    expect(sheet).to_have_text("Lead Number 2")
    page.keyboard.press("a")
    expect(page.locator("#inbox-list")).to_contain_text("Nothing here right now")
    expect(sheet).to_have_count(0)
    states = list(Handoff.objects.order_by("pk").values_list("state", flat=True))
    assert states == [HandoffState.ACCEPTED, HandoffState.REJECTED, HandoffState.ACCEPTED]


def test_a_rejection_without_a_reason_is_asked_for_one_in_the_dialog(
    page_for: PageFor, axe: Callable[[Page], None]
) -> None:
    (rep,) = desk(1)
    page = page_for(rep, expect=("422",))
    page.goto("/inbox/")
    page.keyboard.press("r")
    axe(page)
    page.locator("#floating form").first.evaluate("form => form.noValidate = true")
    page.locator("#verb-submit").click()
    expect(page.locator("#floating")).to_contain_text("Choose why you reject this lead")


def test_a_rep_logs_a_call_in_the_sheet_and_qualifies(page_for: PageFor) -> None:
    (rep,) = desk(1)
    page = page_for(rep)
    page.goto("/inbox/")
    page.keyboard.press("a")
    expect(page.locator("#log-touch")).to_be_visible()
    page.locator("#detail [name=note]").fill("Spoke with her")
    page.locator("#log-touch").click()
    expect(page.locator("#detail")).to_contain_text("1 of 6 attempts")
    expect(page.locator("[data-row]")).to_contain_text("Attempts")
    page.locator("[data-row] [data-open]").focus()
    page.keyboard.press("q")
    for name in ("budget", "authority", "need", "timeline"):
        page.locator(f"#floating [name={name}]").fill("Known")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("is qualified")
    expect(page.locator("#inbox-list")).to_contain_text("Nothing waits for you")


def test_a_rep_pauses_and_resumes_by_keyboard_and_reads_the_new_due_time(
    page_for: PageFor, axe: Callable[[Page], None]
) -> None:
    (rep,) = desk(1)
    page = page_for(rep)
    page.goto("/inbox/")
    page.keyboard.press("a")
    expect(page.locator("#log-touch")).to_be_visible()
    page.keyboard.press("z")
    expect(page.locator("#floating [name=until]")).to_be_visible()
    axe(page)
    page.locator("#floating [name=reason]").first.check()
    end = timezone.now().replace(second=0, microsecond=0) + 48 * 60 * MINUTE
    page.locator("#floating [name=until]").fill(end.strftime("%Y-%m-%dT%H:%M"))
    page.locator("#verb-submit").click()
    expect(page.locator("#toasts")).to_contain_text("Paused until")
    expect(page.locator("[data-row] .clock")).to_have_attribute("data-state", "paused")
    page.locator("[data-row] [data-open]").click()
    expect(page.locator("#detail")).to_contain_text("The prospect is away")
    page.keyboard.press("z")
    page.locator("#verb-submit").click()
    expect(page.locator("#toasts")).to_contain_text("goes on. First touch: due")
    expect(page.locator("[data-row] .clock")).to_have_attribute("data-state", "running")


def test_a_manager_waives_a_late_promise_with_a_reason(
    page_for: PageFor, axe: Callable[[Page], None]
) -> None:
    (rep,) = desk(1)
    page = page_for(make_user(Role.SALES_MANAGER, team=rep.team, name="Mia Holm"))
    page.goto(Handoff.objects.latest("pk").get_absolute_url())
    page.keyboard.press("w")
    expect(page.locator("#floating")).to_contain_text("This cannot be taken back")
    axe(page)
    page.locator("#floating [name=reason]").fill("The telephones were down")
    page.locator("#verb-submit").click()
    expect(page.locator("main")).to_contain_text("Waived by Mia Holm: The telephones were down")
    expect(page.locator(".handoff-clocks .clock").first).to_have_attribute("data-state", "waived")


def test_who_loses_a_race_reads_who_won_and_the_row_goes(page_for: PageFor) -> None:
    rep, _ = desk(0, reps=2)
    rep.absences.create(starts_at=timezone.now() - 9 * MINUTE, ends_at=timezone.now() + 9 * MINUTE)
    other = User.objects.reps().exclude(pk=rep.pk).get()
    other.absences.create(starts_at=timezone.now() - 9 * MINUTE, ends_at=timezone.now() + 9 * MINUTE)
    hand_over(timezone.now())
    page, rival = page_for(rep, expect=("409",)), page_for(other)
    for one in (page, rival):
        one.goto("/inbox/")
        expect(one.locator("[data-row]")).to_have_count(1)
    rival.keyboard.press("a")
    expect(rival.locator("#toasts")).to_contain_text("is yours")
    page.keyboard.press("a")
    expect(page.locator("#toasts")).to_contain_text(f"{other} accepted this lead")
    expect(page.locator("[data-row]")).to_have_count(0)


@pytest.mark.parametrize("time_zone", ["Asia/Jakarta", "America/Los_Angeles"])
def test_the_countdown_is_right_in_any_time_zone(page_for: PageFor, time_zone: str) -> None:
    (rep,) = desk(0)
    hand_over(timezone.now() - 5 * MINUTE)
    page = page_for(rep, time_zone=time_zone)
    page.goto("/inbox/")
    expect(page.locator("[data-row] .clock-text")).to_have_text(re.compile(r"due in 0:09:[0-5]\d"))


def test_on_a_phone_the_detail_is_a_sheet_over_the_list(page_for: PageFor) -> None:
    (rep,) = desk()
    page = page_for(rep, width=360)
    page.goto("/inbox/")
    expect(page.locator("#detail")).to_be_hidden()
    page.get_by_role("link", name="Lead Number 1", exact=True).click()
    expect(page.locator("#detail")).to_be_visible()
    page.locator("#detail [data-key=a]").click()
    expect(page.locator("#toasts")).to_contain_text("Accepted. Lead Number 1 is yours")
    expect(page.locator("#sheet-title")).not_to_have_text("Lead Number 1")
    page.keyboard.press("Escape")
    expect(page.locator("#detail")).to_be_hidden()


def test_a_manager_sees_the_team_and_assigns(page_for: PageFor, axe: Callable[[Page], None]) -> None:
    (rep,) = desk(1)
    other = make_user(Role.REP, team=rep.team, name="Bo Falk")
    page = page_for(make_user(Role.SALES_MANAGER, team=rep.team))
    page.goto("/inbox/")
    axe(page)
    expect(page.locator("[data-row]")).to_contain_text(str(rep))
    page.keyboard.press("g")
    page.locator("#floating [name=to]").select_option(label=str(other))
    page.locator("#verb-submit").click()
    expect(page.locator("#toasts")).to_contain_text("is with Bo Falk now")
    expect(page.locator("[data-row]")).to_contain_text("Bo Falk")


def test_no_reason_looks_chosen_before_one_is(page_for: PageFor) -> None:
    (rep,) = desk(count=1)
    page = page_for(rep)
    page.goto(f"/handoffs/{Handoff.objects.get().pk}/reject/")
    reasons = page.locator("input[type=radio]")

    def colours() -> list[str]:
        return reasons.evaluate_all("all => all.map(one => getComputedStyle(one).backgroundColor)")

    before = colours()
    reasons.nth(1).check()
    reasons.nth(1).blur()

    assert len(set(before)) == 1
    assert [colour == before[0] for colour in colours()] == [number != 1 for number in range(len(before))]


def test_who_was_logged_out_meanwhile_is_led_to_the_log_in_and_back(page_for: PageFor) -> None:
    (rep,) = desk()
    page = page_for(rep)
    page.goto("/inbox/?view=answer")
    expect(page.locator("#sheet-title")).to_be_visible()
    page.context.clear_cookies(name="sessionid")

    page.keyboard.press("j")

    expect(page).to_have_url(re.compile(r"/login/\?next=/inbox/%3Fview%3Danswer$"))
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_nothing_moves_when_the_sheet_and_the_parts_of_a_page_arrive(page_for: PageFor) -> None:
    """The sum of layout shifts is below what anybody sees (0.1 counts as good, see web.dev/cls)."""
    (rep,) = desk()
    page = page_for(rep)
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver(list => { for (const one of list.getEntries()) moved += one.value; })"
        ".observe({type: 'layout-shift', buffered: true});"
    )
    row = Handoff.objects.latest("pk")
    for path in ("/inbox/", row.get_absolute_url(), row.lead.get_absolute_url()):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("moved") < 0.05, path
