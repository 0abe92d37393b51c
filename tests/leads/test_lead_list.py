"""The leads list: filters in the address, pages that go on from a row, and a cost that does not follow the number of leads."""

from datetime import timedelta
from html import unescape
from re import findall, search

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Role
from leads.models import Lead
from leads.selectors import people
from leads.selectors.people import NOT_STATED, PAGE, Question, lead_page
from tests.scoring.make import NOW, make_lead
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def login(role: str = Role.MARKETING) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def scored(number: int, **fields) -> Lead:
    lead = make_lead(first_name=f"N{number}", **fields.pop("person", {}))
    Lead.objects.filter(pk=lead.pk).update(scored_at=NOW, **{"grade": "D4", **fields})
    return lead


def names(query: str) -> list[str]:
    question = Question.parse(dict(part.split("=", 1) for part in query.split("&") if part))
    return [lead.contact.first_name for lead in lead_page(Lead.objects.all(), question).rows]


@pytest.mark.parametrize("role", [Role.MARKETING, Role.SALES_MANAGER, Role.AUDITOR, Role.ADMINISTRATOR])
def test_who_opens_the_workplace_sees_it(role):
    lead = scored(1)
    assert f'href="{lead.get_absolute_url()}"' in login(role).get("/leads/").content.decode()


def test_a_rep_sees_nothing_that_was_not_handed_to_the_team_and_a_visitor_nothing_at_all(client):
    lead = scored(1)
    assert f'href="{lead.get_absolute_url()}"' not in login(Role.REP).get("/leads/").content.decode()
    assert client.get("/leads/").status_code == 302


def test_filters_narrow_by_every_column_and_together():
    scored(1, stage="mql", tier=2, grade="A1", first_origin="google", score=80)
    scored(2, stage="srl", grade="B1", first_origin="unknown", score=40)
    scored(3, score=10)
    assert names("stage=mql") == names("tier=2") == names("grade=A") == names("origin=google") == ["N1"]
    assert names("from=40&sort=score") == ["N2", "N1"]
    assert names("to=40&sort=score") == ["N3", "N2"]
    assert names("from=20&to=60") == ["N2"]
    assert names("stage=mql&grade=A&from=60&origin=google") == ["N1"]
    assert names("stage=mql&grade=B") == []


def test_an_origin_not_stated_and_one_stated_as_unknown_are_two_things():
    scored(1, first_origin="")
    scored(2, first_origin="unknown")
    assert names(f"origin={NOT_STATED}") == ["N1"]
    assert names("origin=unknown") == ["N2"]
    assert people.origins() == ["", "unknown"]


@pytest.mark.parametrize(
    "text", ["østergaard", "Øst", "clara ø", "CLARA", "kopi", "clara.o@kopi", "kopi nusantara", " clara  ø"]
)
def test_the_search_finds_by_the_beginning_of_name_company_and_address(text):
    scored(1)
    contact = scored(2).contact
    contact.first_name, contact.last_name = "Clara", "Østergaard"
    contact.company_name, contact.email = "Kopi Nusantara", "clara.o@kopi.example"
    contact.save()
    assert names(f"q={text}") == ["Clara"]


@pytest.mark.parametrize("text", ["%", "_", "\\", "nusantara", "zz"])
def test_the_search_takes_patterns_literally_and_finds_no_middles(text):
    scored(1, person={"company_name": "Kopi Nusantara"})
    assert names(f"q={text}") == []


def test_a_search_that_is_the_beginning_of_many_gives_the_same_leads(monkeypatch):
    for number in range(6):
        scored(number, score=number, person={"company_name": "Acme"})
    few = names("q=acme&sort=-score")
    monkeypatch.setattr(people, "SEARCHED", 2)
    assert names("q=acme&sort=-score") == few == ["N5", "N4", "N3", "N2", "N1", "N0"]


@pytest.mark.parametrize("sort", ["score", "-score", "activity", "-activity", "newest", "-newest"])
def test_pages_there_and_back_show_every_lead_once_in_order(sort):
    for number in range(2 * PAGE + 7):
        at = NOW - timedelta(hours=number // 3, microseconds=number % 2)
        scored(number, score=number % 5, last_activity_at=at, created_at=at)
    client = login()
    address, seen, pages = f"/leads/?sort={sort}", [], []
    while address:
        page = client.get(address).context["page"]
        seen += [lead.pk for lead in page.rows]
        pages.append([lead.pk for lead in page.rows])
        assert (page.first, page.last) == (len(seen) - len(page.rows) + 1, len(seen))
        back = page.previous_url
        address = f"/leads/{page.next_url}" if page.next_url else ""
    column = people.SORTS[sort.removeprefix("-")]
    sign = "-" if sort.startswith("-") else ""
    assert seen == list(
        Lead.objects.order_by(f"{sign}{column}", f"{sign}contact_id").values_list("pk", flat=True)
    )
    page = client.get(f"/leads/{back}").context["page"]
    assert [lead.pk for lead in page.rows] == pages[1]
    assert page.first == PAGE + 1
    page = client.get(f"/leads/{page.previous_url}").context["page"]
    assert ([lead.pk for lead in page.rows], page.first, page.previous_url) == (pages[0], 1, "")


def test_the_count_stops_at_a_thousand(monkeypatch):
    monkeypatch.setattr(people, "COUNTED", 3)
    for number in range(5):
        scored(number)
    text = unescape(login().get("/leads/").content.decode())
    assert "1–5 of 3+" in text


def test_chips_and_views_live_in_the_address():
    scored(1, stage="mql", grade="A1")
    page = login().get("/leads/?stage=mql&grade=A&sort=-score").content.decode()
    assert search(r'href="\?stage=mql&amp;sort=-score" aria-label="Remove the filter\s+Grade A', page)
    assert 'aria-current="page">MQL' not in page
    assert 'aria-current="page">MQL' in login().get("/leads/?stage=mql").content.decode()
    assert findall(
        r'href="\?sort=-score&amp;stage=nurture|\?stage=nurture&amp;sort=-score|\?stage=nurture', page
    )


def test_an_empty_list_says_why():
    client = login()
    assert "No leads yet" in client.get("/leads/").content.decode()
    assert "No lead fits these filters" in client.get("/leads/?grade=A").content.decode()


def test_sql_does_not_follow_the_number_of_leads():
    client = login()

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/leads/?q=n&stage=lead").status_code == 200
        return len(captured)

    scored(0)
    few = statements()
    for number in range(60):
        scored(number)
    assert statements() == few <= 15


TEXTS = st.text(max_size=20)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    query=st.dictionaries(
        st.sampled_from(["q", "stage", "tier", "grade", "origin", "from", "to", "sort", "after", "before"]),
        TEXTS
        | st.sampled_from(
            ["9" * 30, "1.2.3", "-99999999999999999.1.1", "99999999999999999.1.1", "newest", "٣"]
        ),
    )
)
def test_whatever_is_in_the_address_the_list_is_shown(query):
    cleaned = {name: value.encode("utf-8", "replace") for name, value in query.items()}
    assert login().get("/leads/", cleaned).status_code == 200
