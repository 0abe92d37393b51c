"""The pages of compliance: what they say, who may see them, what they cost, and the file."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from accounts.models import Role, User
from sla.models import AgreementVersion, Calendar, CalendarVersion, Clock
from sla.reports.files import harmless
from tests.sla.made_clocks import START, World, make_clock, make_handoff, make_lead
from tests.support.people import make_user

NOW = START + timedelta(days=9, hours=3)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())


def file_of(client: Client, address: str) -> list[list[str]]:
    response = client.get(address)
    body = b"".join(response.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.reader(io.StringIO(body)))


def some_clocks(world: World, count: int = 3) -> None:
    for rep in world.reps:
        for number in range(count):
            handoff = make_handoff(rep.team, rep, START + timedelta(minutes=number))
            make_clock(handoff, "missed" if number % 3 == 0 else "kept")


@pytest.mark.parametrize("address", ["/compliance/", "/compliance/quality/", "/compliance/clocks/"])
@pytest.mark.parametrize("role", Role.values)
def test_managers_marketing_auditors_and_administrators_open_it_and_reps_do_not(
    role: str, address: str
) -> None:
    response = as_user(make_user(role)).get(address)
    assert response.status_code == (403 if role == Role.REP else 200)


@pytest.mark.parametrize("address", ["/compliance/", "/compliance/clocks/", "/handoffs/1/evidence/"])
def test_a_visitor_is_asked_to_log_in(address: str) -> None:
    assert Client().get(address).status_code == 302


def test_an_empty_product_says_why_there_is_nothing() -> None:
    client = as_user(make_user("auditor"))
    assert "No promise of this kind began in these days" in text_of(client, "/compliance/")
    assert "No promise began in these days" in text_of(client, "/compliance/clocks/")
    assert "Nothing fits these filters" in text_of(client, "/compliance/clocks/?tier=tier_2")


def test_every_figure_leads_to_as_many_rows_as_it_says() -> None:
    world = World.make()
    some_clocks(world)
    make_clock(make_handoff(world.teams[0], None, NOW - timedelta(hours=5)))  # late, in the queue
    make_clock(make_handoff(world.teams[0], world.reps[0], NOW))
    client = as_user(world.manager)
    page = text_of(client, "/compliance/?by=rep")
    links = re.findall(r'<a href="(/compliance/clocks/\?[^"]*outcome=[^"]*)">([\d,]+)</a>', page)
    assert len(links) >= 10
    for address, shown in links:
        assert len(file_of(client, f"{address}&format=csv")) - 1 == int(shown), address


def test_the_late_clock_of_a_sleeping_sweep_is_shown_as_late() -> None:
    world = World.make()
    make_clock(make_handoff(world.teams[0], world.reps[0], NOW - timedelta(hours=5)))
    page = text_of(as_user(world.manager), "/compliance/clocks/?outcome=missed")
    assert "late by" in page or "late since" in page
    assert "1–1 of 1" in page


def test_the_quality_of_a_period_is_asked_for_by_the_page_with_its_filters() -> None:
    world = World.make()
    some_clocks(world)
    client = as_user(make_user("auditor"))
    page = text_of(client, f"/compliance/?period=90d&team={world.reps[0].team_id}&by=rep")
    (asked,) = re.findall(r'hx-get="(/compliance/quality/[^"]*)"', page)
    assert asked == f"/compliance/quality/?period=90d&team={world.reps[0].team_id}"
    part = unescape(client.get(asked, headers={"HX-Request": "true"}).content.decode())
    assert "<html" not in part
    labels = re.compile(r'class="figure-label">(?:<a [^>]*>)?([^<]+)')
    # The same figures in the same places, so that nothing moves when they come.
    panel = page[page.index('id="panel-marketing"') :].partition("</section>")[0]
    assert labels.findall(panel) == labels.findall(part) == labels.findall(text_of(client, asked))
    assert "…" in panel
    assert "…" not in part
    assert "hx-trigger" not in part


def test_groups_of_less_than_five_are_marked() -> None:
    world = World.make()
    some_clocks(world, 4)
    assert text_of(as_user(world.manager), "/compliance/?by=rep").count("too few to judge") == 4
    assert "too few to judge" not in text_of(as_user(world.manager), "/compliance/?by=source")


def test_pages_of_the_list_cover_every_row_once_forwards_and_back() -> None:
    world = World.make()
    some_clocks(world, 33)
    client = as_user(world.manager)
    address, seen, starts = "/compliance/clocks/", [], []
    while address:
        page = text_of(client, address)
        rows = re.findall(r'id="row-(\d+)"', page)
        starts.append(rows[0])
        seen += rows
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = f"/compliance/clocks/{older[1]}" if older else ""
    assert len(seen) == len(set(seen)) == Clock.objects.count() == 132
    assert "101–132 of 132" in page
    newer = re.search(r'href="([^"]+)" rel="prev"', page)
    assert newer is not None
    page = text_of(client, f"/compliance/clocks/{newer[1]}")
    assert re.findall(r'id="row-(\d+)"', page) == seen[50:100]
    assert "51–100 of 132" in page


def test_a_list_counts_no_further_than_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World.make()
    some_clocks(world, 5)
    for module in ("sla.reports.lists", "sla.views.compliance"):
        monkeypatch.setattr(f"{module}.MOST_COUNTED", 12)
    client = as_user(world.manager)
    page = text_of(client, "/compliance/clocks/")
    assert "1–20 of 12+" in page
    assert "Download 12+ rows" in page
    assert len(file_of(client, "/compliance/clocks/?format=csv")) == 21
    assert '<span class="views-count">12+</span>' in text_of(client, "/compliance/clocks/?of=handoffs")


@pytest.mark.parametrize(
    "cursor", ["x", "_", "2026-13-01_1", "2026-03-01T00:00:00_1", "9999-12-31T00:00:00Z_1"]
)
def test_a_cursor_that_names_nothing_gives_the_first_page(cursor: str) -> None:
    world = World.make()
    some_clocks(world, 1)
    client = as_user(world.manager)
    for name in ("after", "before"):
        assert "1–4 of 4" in client.get("/compliance/clocks/", {name: cursor}).content.decode()


def test_the_file_holds_what_the_list_shows_with_times_in_the_readers_zone() -> None:
    world = World.make()
    some_clocks(world)
    manager = make_user("sales_manager", time_zone="Asia/Jakarta")
    rows = file_of(as_user(manager), f"/compliance/clocks/?outcome=missed&rep={world.reps[0].pk}&format=csv")
    assert len(rows) == 2
    told = dict(zip(rows[0], rows[1], strict=True))
    assert (told["Outcome"], told["Rep"], told["Seconds used"], told["Seconds late"]) == (
        "missed by 1 h",
        "North One",
        "18000",
        "3600",
    )
    assert told["Started"] == "2026-03-02 16:00:00+07:00"


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx", "＝1"])
def test_no_cell_of_a_file_is_run_as_a_formula(name: str) -> None:
    assert harmless(name) == f"'{name}"
    world = World.make()
    handoff = make_handoff(world.teams[0], world.reps[0], lead=make_lead(first_name=name))
    make_clock(handoff, "kept")
    cell = file_of(as_user(world.manager), "/compliance/clocks/?format=csv")[1][0]
    assert cell.startswith("'") or not cell.startswith(tuple("=+-@\t＝"))


def test_the_handoffs_behind_marketings_figures_are_listed() -> None:
    world = World.make()
    make_handoff(world.teams[0], world.reps[0])
    client = as_user(make_user("marketing"))
    page = text_of(client, "/compliance/clocks/?of=handoffs&answer=waiting")
    assert "Waiting for an answer" in page
    assert "10 s" in page
    rows = file_of(client, "/compliance/clocks/?of=handoffs&format=csv")
    assert len(rows) == 2


@pytest.mark.parametrize("size", [1, 30])
@pytest.mark.parametrize(
    "address",
    [
        "/compliance/?by=rep",
        "/compliance/?by=source&period=90d",
        "/compliance/clocks/",
        "/compliance/clocks/?of=handoffs",
    ],
)
def test_a_page_takes_at_most_fifteen_statements_whatever_there_is(
    size: int, address: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    world = World.make()
    some_clocks(world, size)
    client = as_user(world.manager)
    with django_assert_max_num_queries(15):
        client.get(address)


def test_wrong_days_are_said_and_this_month_is_shown() -> None:
    client = as_user(make_user("auditor"))
    page = text_of(client, "/compliance/?period=custom&from=2026-03-09&to=2026-03-01")
    assert "The last day lies before the first" in page
    assert "1–31 Mar 2026" in page


class TestAdministration:
    """Configuration is versioned; what happened is looked at only."""

    def test_a_calendar_that_is_never_open_is_refused_in_words(self) -> None:
        client, calendar = as_user(make_user("administrator")), Calendar.objects.get()
        response = self._save(client, calendar, '{"mon": []}')
        assert "This calendar is never open" in response.content.decode()
        assert calendar.versions.count() == 1

    def test_a_new_version_is_numbered_and_the_old_one_stays(self) -> None:
        client, calendar = as_user(make_user("administrator")), Calendar.objects.get()
        response = self._save(client, calendar, '{"mon": [["08:00", "12:00"]]}')
        assert response.status_code == 302, response.content.decode()
        assert list(calendar.versions.values_list("number", "week")) == [
            (2, {"mon": [["08:00", "12:00"]]}),
            (1, CalendarVersion.objects.get(number=1).week),
        ]

    def _save(self, client: Client, calendar: Calendar, week: str) -> Any:
        return client.post(
            f"/admin/sla/calendar/{calendar.pk}/change/",
            {
                "name": calendar.name,
                "versions-TOTAL_FORMS": "1",
                "versions-INITIAL_FORMS": "0",
                "versions-0-time_zone": "Europe/Copenhagen",
                "versions-0-week": week,
                "versions-0-holidays": "",
                "versions-0-special": "",
            },
        )

    def test_a_version_of_an_agreement_is_looked_at_only(self) -> None:
        client, version = as_user(make_user("administrator")), AgreementVersion.objects.get()
        page = text_of(client, f"/admin/sla/agreementversion/{version.pk}/change/")
        assert "Default of the installation" in page
        assert 'name="attempts_before_unreachable"' not in page
        assert 'name="promises-0-target_seconds"' not in page

    @pytest.mark.parametrize("model", ["handoff", "clock", "breach", "touch", "pause", "waiver"])
    def test_records_are_looked_at_and_never_changed(self, model: str) -> None:
        world = World.make()
        clock = make_clock(make_handoff(world.teams[0], world.reps[0]))
        client = as_user(make_user("administrator"))
        text_of(client, f"/admin/sla/{model}/?q=1")
        assert client.get(f"/admin/sla/{model}/add/").status_code == 403
        if model == "clock":
            assert client.post(f"/admin/sla/clock/{clock.pk}/change/", {}).status_code == 403
            assert client.post(f"/admin/sla/clock/{clock.pk}/delete/", {}).status_code == 403

    @pytest.mark.parametrize("model", ["calendar", "agreement", "agreementversion", "reason", "territory"])
    def test_configuration_opens(self, model: str) -> None:
        client = as_user(make_user("administrator"))
        text_of(client, f"/admin/sla/{model}/")
        if not model.startswith("agreement"):
            text_of(client, f"/admin/sla/{model}/add/")
