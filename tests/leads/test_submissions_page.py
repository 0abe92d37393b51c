"""The submissions workplace as its pages: who may open it, what it shows, and what it costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from drains.models import SetAside
from leads.keyset import Cursor
from leads.models import Submission
from leads.services.review import accept, reject
from tests.leads.arrivals import arrive, deliver, process
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
LIST = "/submissions/"
MOST_STATEMENTS = 15


@pytest.fixture
def user() -> User:
    return make_user("marketing")


@pytest.fixture
def marketing(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def text_of(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def fill(count: int) -> list[Submission]:
    """So many submissions, some of every kind, the last the newest."""
    now = timezone.now() - timedelta(hours=5)
    kinds = [
        {"email": "p%d@firm%d.example", "first_name": "Ada", "job_title": "Director"},
        {"email": "p%d.%d@gmail.com"},
        {"email": "s%d@spam%d.example", "first_name": "www.spam.example"},
    ]
    rows = []
    for number in range(count):
        fields = dict(kinds[number % 3])
        fields["email"] %= (number, number)
        rows.append(deliver(fields, now=now + timedelta(seconds=number), key=f"fill-{number}", form="demo"))
    process(timezone.now())
    return rows


@pytest.mark.parametrize("role", ["rep", "sales_manager", "auditor"])
def test_others_are_refused_with_the_reason(role: str) -> None:
    client, row = Client(), arrive()
    client.force_login(make_user(role))
    for address in (LIST, f"{LIST}{row.pk}/", f"{LIST}{row.pk}/decide/", f"{LIST}{row.pk}/correct/"):
        assert client.get(address).status_code == 403
    for address in (f"{LIST}bulk/", f"{LIST}take-back/?ids={row.pk}", f"{LIST}{row.pk}/decide/"):
        assert client.post(address, {"verb": "accept", "chosen": row.pk}).status_code == 403
    row.refresh_from_db()
    assert row.review == "pending"


@pytest.mark.parametrize("size", [3, 60])
@pytest.mark.parametrize(
    "query",
    [
        "",
        "?review=any",
        "?review=any&outcome=junk&period=7d",
        "?outcome=excluded&source=website",
        "?form=demo&q=p1",
    ],
)
def test_the_list_costs_the_same_whatever_it_holds(
    marketing: Client, size: int, query: str, django_assert_max_num_queries
) -> None:
    fill(size)
    with django_assert_max_num_queries(MOST_STATEMENTS):
        text_of(marketing, LIST + query)


@pytest.mark.parametrize("repeats", [1, 30])
def test_one_submission_costs_the_same_whatever_belongs_to_it(
    marketing: Client, repeats: int, django_assert_max_num_queries
) -> None:
    row = arrive("ada@firm.example", key="one")
    for _ in range(repeats):
        deliver({"email": "ada@firm.example"}, key="one")
        arrive("ada@firm.example")
    with django_assert_max_num_queries(MOST_STATEMENTS):
        text_of(marketing, f"{LIST}{row.pk}/")


def test_the_announcer_counts_what_arrived_since_and_costs_little(
    marketing: Client, django_assert_max_num_queries
) -> None:
    rows = fill(6)
    with django_assert_max_num_queries(5):
        assert "3 new" in text_of(marketing, f"{LIST}?since={rows[2].pk}")
    assert "1 new" in text_of(marketing, f"{LIST}?review=any&outcome=excluded&since={rows[2].pk}")
    assert text_of(marketing, f"{LIST}?since={rows[-1].pk}").strip() == ""


def test_pages_follow_each_other_without_gap_or_repeat(marketing: Client) -> None:
    fill(120)
    seen: list[str] = []
    page = marketing.get(LIST + "?review=any").context["page"]
    assert (page.first, page.last, page.number, page.previous) == (1, 50, 120, "")
    seen += [str(row.submission.pk) for row in page.rows]
    while page.following:
        page = marketing.get(LIST + page.following).context["page"]
        seen += [str(row.submission.pk) for row in page.rows]
    assert (page.first, page.last) == (101, 120)
    assert len(seen) == len(set(seen)) == 120
    back = marketing.get(LIST + page.previous).context["page"]
    assert [str(row.submission.pk) for row in back.rows] == seen[50:100]
    assert (back.first, back.last) == (51, 100)


def test_submissions_of_the_same_moment_are_paged_too(marketing: Client) -> None:
    now = timezone.now()
    for number in range(60):
        deliver({"email": f"p{number}@firm.example"}, now=now, key=str(number))
    first = marketing.get(LIST).context["page"]
    second = marketing.get(LIST + first.following).context["page"]
    assert len({row.submission.pk for row in first.rows + second.rows}) == 60


@pytest.mark.parametrize("text", ["", "x", "1.2", "1.2.3.4", "9" * 18 + ".1.1", "١.٢.٣"])
def test_a_broken_place_in_the_list_opens_its_beginning(marketing: Client, text: str) -> None:
    assert Cursor.parse(text) is None
    text_of(marketing, f"{LIST}?after={text}&review=nonsense&outcome=%00&q=%00")


def test_the_views_hold_what_they_say(marketing: Client) -> None:
    arrive("lead@firm.example")
    arrive("eve@gmail.com")
    spam = arrive("robot@firm.example", first_name="www.spam.example")
    deliver({"email": "robot@firm.example"}, key=spam.delivery_key)

    def addresses(query: str) -> list[str]:
        return [row.submission.email for row in marketing.get(LIST + query).context["page"].rows]

    assert addresses("") == ["robot@firm.example", "eve@gmail.com", "lead@firm.example"]
    assert addresses("?review=any&outcome=excluded") == ["eve@gmail.com"]
    assert addresses("?review=any&outcome=junk") == ["robot@firm.example"] * 2
    assert len(addresses("?review=any")) == 4


def test_the_search_finds_addresses_and_names_by_their_beginning(marketing: Client) -> None:
    arrive("lovelace@firm.example", first_name="Ada", last_name="King")
    arrive("grace@firm.example", first_name="Grace", last_name="Hopper")

    def found(q: str) -> list[str]:
        return [row.name for row in marketing.get(LIST, {"q": q}).context["page"].rows]

    assert found("LOVE") == found("ada k") == found("kin") == ["Ada King"]
    assert found("hop") == ["Grace Hopper"]
    assert found("nobody") == []
    assert "Nobody found here" in text_of(marketing, LIST + "?q=nobody")


def test_counts_stop_at_a_thousand(marketing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leads.selectors.submission_list.MOST_COUNTED", 5)
    fill(9)
    page = marketing.get(LIST).context["page"]
    assert (page.count, page.number) == ("5+", None)


def test_an_empty_list_says_why_and_what_fills_it(marketing: Client) -> None:
    assert "Nothing waits for review" in text_of(marketing, LIST)
    assert "Nothing of this kind yet" in text_of(marketing, LIST + "?review=any&outcome=refused")
    assert "Nothing fits these filters" in text_of(marketing, LIST + "?period=today&form=demo")


def test_a_submission_shows_what_was_sent_why_it_was_classified_and_whose_it_is(marketing: Client) -> None:
    row = arrive(
        "eve@gmail.com",
        first_name="Eve",
        utm_source="newsletter-may",
        company={"name": "Firm", "size": 40},
        note="<b>hello</b> \u202eevil",
        key="k",
    )
    deliver({"email": "eve@gmail.com"}, key="k")
    arrive("eve@gmail.com", form="webinar")
    page = text_of(marketing, f"{LIST}{row.pk}/")
    assert "gmail.com is a personal mail domain" in page
    assert "Personal mail domains" in page
    assert "newsletter-may" in page
    assert "&lt;b&gt;hello&lt;/b&gt; \ufffdevil" in page
    assert "Came again" in page
    assert "Join the webinar" in page
    assert "This is a lead" in page


def test_what_cannot_be_read_is_shown_safely(marketing: Client) -> None:
    row = deliver(b"\xff\xfe<script>alert(1)</script>\x00", content_type="text/plain")
    process()
    page = text_of(marketing, f"{LIST}{row.pk}/")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert marketing.get(f"{LIST}{row.pk}/correct/").status_code == 200


def test_a_submission_that_was_set_aside_says_what_happens_next(marketing: Client) -> None:
    row = deliver({"email": "ada@firm.example"})
    now = timezone.now()
    SetAside.objects.create(
        drain="leads.process_submissions",
        row_id=row.pk,
        error="ValueError: no",
        attempts=2,
        first_at=now,
        retry_at=now + timedelta(minutes=5),
    )
    page = text_of(marketing, f"{LIST}{row.pk}/")
    assert "ValueError: no" in page
    assert "Tried 2 times" in page
    assert "Set aside" in text_of(marketing, LIST)


def test_a_missing_submission_is_not_found(marketing: Client) -> None:
    for address in (f"{LIST}9/", f"{LIST}9/decide/", f"{LIST}9/correct/"):
        assert marketing.get(address).status_code == 404
    assert marketing.get(f"{LIST}9/", headers={"HX-Request": "true", "HX-Target": "row-9"}).status_code == 404


def test_times_are_in_the_zone_of_the_reader(marketing: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Jakarta")
    row = arrive()
    assert "Wed 4 Mar 2026, 17:00:00 WIB" in text_of(marketing, f"{LIST}{row.pk}/")


def test_htmx_gets_parts_and_people_without_script_get_pages(marketing: Client) -> None:
    row = arrive()
    htmx = {"HX-Request": "true"}
    assert "<html" in text_of(marketing, LIST)
    assert text_of(marketing, LIST, **htmx, **{"HX-Target": "list"}).lstrip().startswith('<div id="list"')
    assert "<html" not in text_of(marketing, f"{LIST}{row.pk}/", **htmx, **{"HX-Target": "detail"})
    assert f'id="row-{row.pk}"' in text_of(
        marketing, f"{LIST}{row.pk}/", **htmx, **{"HX-Target": f"row-{row.pk}"}
    )


def test_decided_submissions_leave_the_review(marketing: Client, user: User) -> None:
    rows = fill(3)
    accept(submissions=rows[:1], by=user, now=timezone.now())
    reject(submissions=rows[1:2], note="Spam", by=user, now=timezone.now())
    assert [row.submission.pk for row in marketing.get(LIST).context["page"].rows] == [rows[2].pk]
    page = text_of(marketing, LIST + "?review=any")
    assert "Accepted" in page
    assert "Rejected" in page
