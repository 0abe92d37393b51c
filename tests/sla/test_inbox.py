"""The inbox and the page of a handoff: order, words, every verb with and without script."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Absence, Role, User
from leads.models import Lead, Opportunity
from leads.stages import Stage
from sla.models import Handoff, HandoffState, PromiseKind, Reason, Touch, TouchKind
from sla.selectors.inbox import InboxView, count_new, inbox_page
from sla.services.answering import accept
from sla.services.working import log_touch
from sla.views.verbs import touch_time
from tests.sla.desk import HOUR, MINUTE, MORNING, clock_of, hand_over, open_desk
from tests.support.people import make_user

pytestmark = pytest.mark.django_db
NOW = MORNING + 30 * MINUTE
INBOX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/inbox/"}
BANT = {"budget": "10,000", "authority": "She decides", "need": "Cold chain", "timeline": "This spring"}


@pytest.fixture(autouse=True)
def _half_past_ten() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def client_of(user: User) -> Client:
    """A browser of somebody who is logged in."""
    client = Client()
    client.force_login(user)
    return client


def mixed_desk() -> tuple[User, dict[str, Handoff]]:
    """A rep with one lead of each kind, at NOW: late, due, queued, touched, and one of a colleague."""
    team, (rep,) = open_desk(reps=1)
    (late,) = hand_over(MORNING)
    (touched,) = hand_over(NOW - 20 * MINUTE)
    accept(handoff=touched, by=rep, now=NOW - 19 * MINUTE)
    log_touch(
        handoff=touched,
        kind=TouchKind.CALL,
        reached=True,
        note="",
        at=NOW - 18 * MINUTE,
        by=rep,
        now=NOW - 18 * MINUTE,
    )
    (working,) = hand_over(NOW - 10 * MINUTE)
    accept(handoff=working, by=rep, now=NOW - 9 * MINUTE)
    (due,) = hand_over(NOW - 5 * MINUTE)
    Absence.objects.create(user=rep, starts_at=NOW - 3 * MINUTE, ends_at=NOW - 2 * MINUTE)
    (queued,) = hand_over(NOW - 3 * MINUTE)
    make_user(Role.REP, team=team)
    found = {"late": late, "touched": touched, "working": working, "due": due, "queued": queued}
    return rep, {name: Handoff.objects.get(pk=row.pk) for name, row in found.items()}


def names(rep: User, desk: dict[str, Handoff], view: InboxView = InboxView.ALL) -> list[str]:
    """The rows of a view, by their names on the desk."""
    by_pk = {row.pk: name for name, row in desk.items()}
    return [by_pk[row.pk] for row in inbox_page(user=rep, view=view, number=1, now=NOW).rows]


def test_what_is_late_comes_first_then_what_is_due_next_then_what_no_clock_runs_for() -> None:
    rep, desk = mixed_desk()
    assert names(rep, desk) == ["late", "due", "queued", "working", "touched"]
    assert names(rep, desk, InboxView.ANSWER) == ["late", "due"]
    assert names(rep, desk, InboxView.WORK) == ["working", "touched"]
    assert names(rep, desk, InboxView.QUEUE) == ["queued"]
    assert names(rep, desk, InboxView.CLOSED) == []
    tally = inbox_page(user=rep, view=InboxView.ALL, number=1, now=NOW).tally
    assert (tally.waiting, tally.late, tally.of_view[InboxView.ALL]) == (3, 1, 5)


def test_a_colleague_sees_the_queue_and_not_the_others_leads() -> None:
    rep, desk = mixed_desk()
    colleague = make_user(Role.REP, team=rep.team)
    assert names(colleague, desk) == ["queued"]
    assert names(make_user(Role.REP), desk) == []
    assert len(names(make_user(Role.SALES_MANAGER, team=rep.team), desk)) == 5


def test_the_page_says_it_in_words_and_shows_why_each_lead_is_ready() -> None:
    rep, desk = mixed_desk()
    response = client_of(rep).get("/inbox/")
    page = response.content.decode()
    words = " ".join(page.partition('id="inbox-words"')[2].partition("</p>")[0].split())
    assert "3 waiting" in words
    assert "1 late" in words
    assert f'id="row-{desk["late"].pk}-waiting"' in page
    assert page.count("Demo requested") >= 5
    assert 'data-state="late"' in page
    assert "Disposition" in page


def test_the_sheet_beside_the_list_asks_for_the_first_lead() -> None:
    rep, desk = mixed_desk()
    page = client_of(rep).get("/inbox/").content.decode()
    sheet = page.partition('id="detail"')[2].partition("</section>")[0]
    # A link, for who has no script; and only where the sheet is seen, so that a phone does not load what it hides.
    assert f'href="{desk["late"].get_absolute_url()}"' in sheet
    assert 'hx-trigger="intersect once"' in sheet
    nobody = client_of(make_user(Role.REP)).get("/inbox/").content.decode()
    assert "hx-get" not in nobody.partition('id="detail"')[2].partition("</section>")[0]


def test_an_empty_inbox_says_so_and_what_will_fill_it() -> None:
    open_desk()
    page = client_of(User.objects.reps().first()).get("/inbox/").content.decode()
    assert "Nothing waits for you" in page
    assert "sales-ready" in page


@pytest.mark.parametrize("role", [Role.REP, Role.SALES_MANAGER, Role.ADMINISTRATOR])
def test_a_page_is_25_rows_and_few_statements_whatever_waits(role: str) -> None:
    _team, (rep,) = open_desk(reps=1)
    client = client_of(rep if role == Role.REP else make_user(role))
    counts = []
    for number in (2, 60):
        hand_over(NOW, count=number)
        with CaptureQueriesContext(connection) as queries:
            response = client.get("/inbox/")
        counts.append(len(queries))
    page = response.content.decode()
    assert page.count("data-row ") == 25
    assert "1–25 of 62" in page
    assert counts[0] == counts[1]
    assert counts[1] <= 15, counts
    second = client.get("/inbox/?page=2").content.decode()
    assert second.count("data-row ") == 25


@pytest.mark.parametrize("query", ["view=nonsense", "page=0", "page=x", "page=99999999999", "seen=rubbish"])
def test_nonsense_in_the_address_shows_the_inbox(query: str) -> None:
    _, (rep,) = open_desk(reps=1)
    assert client_of(rep).get(f"/inbox/?{query}").status_code == 200


def test_new_rows_announce_themselves() -> None:
    _, (rep,) = open_desk(reps=1)
    hand_over(MORNING)
    seen = inbox_page(user=rep, view=InboxView.ALL, number=1, now=NOW).tally.newest
    assert seen is not None
    assert count_new(user=rep, view=InboxView.ALL, seen=seen) == 0
    hand_over(NOW, count=2)
    response = client_of(rep).get("/inbox/", {"seen": seen.isoformat()}, headers=INBOX)
    assert 'data-new-count="2"' in response.content.decode()
    assert "2 new" in response.content.decode()


def test_htmx_gets_the_list_alone() -> None:
    rep, _desk = mixed_desk()
    response = client_of(rep).get("/inbox/", headers=INBOX | {"HX-Target": "inbox-list"})
    page = response.content.decode().strip()
    assert page.startswith('<div id="inbox-list"')
    assert "<html" not in page


def test_accepting_from_the_inbox_says_what_happened_and_asks_the_list_to_follow() -> None:
    rep, desk = mixed_desk()
    response = client_of(rep).post(f"/handoffs/{desk['due'].pk}/accept/", headers=INBOX)
    events = json.loads(response.headers["HX-Trigger"])
    assert response.status_code == 204
    assert "inbox-changed" in events
    assert events["toast"]["text"].startswith(
        f"Accepted. {desk['due'].lead} is yours; the first touch is due"
    )


def test_the_loser_reads_who_won_and_the_list_follows() -> None:
    rep, desk = mixed_desk()
    winner = make_user(Role.REP, team=rep.team, name="Ada Brandt")
    accept(handoff=desk["queued"], by=winner, now=NOW)
    url = f"/handoffs/{desk['queued'].pk}/accept/"
    response = client_of(rep).post(url, headers=INBOX)
    events = json.loads(response.headers["HX-Trigger"])
    assert response.status_code == 409
    assert "Ada Brandt accepted this lead" in events["toast"]["text"]
    assert "inbox-changed" in events
    plain = client_of(rep).post(url)
    assert plain.status_code == 409
    assert "Ada Brandt accepted this lead" in plain.content.decode()
    late_rejection = client_of(rep).post(f"/handoffs/{desk['queued'].pk}/reject/")
    assert late_rejection.status_code == 409


def test_a_refusal_is_read_in_place() -> None:
    rep, desk = mixed_desk()
    mate = make_user(Role.REP, team=rep.team)
    response = client_of(mate).post(f"/handoffs/{desk['due'].pk}/accept/")
    assert response.status_code == 403
    assert "Ask a manager" in response.content.decode()


def test_a_rejection_asks_for_its_reason_in_the_form_itself() -> None:
    rep, desk = mixed_desk()
    url = f"/handoffs/{desk['due'].pk}/reject/"
    client = client_of(rep)
    form = client.get(url, headers=INBOX | {"HX-Target": "floating-body"}).content.decode()
    for group in (
        "Procedural: misrouted",
        "Clerical: incomplete or wrong",
        "Definitional: not what was agreed",
    ):
        assert group in form
    for headers in ({}, INBOX | {"HX-Target": "floating-body"}):
        response = client.post(url, headers=headers)
        assert response.status_code == 422
        assert "Choose why you reject this lead" in response.content.decode()
    reason = Reason.objects.get(slug="no_interest")
    response = client.post(url, {"reason": reason.pk})
    assert response.status_code == 422
    assert "needs a note" in response.content.decode()
    response = client.post(url, {"reason": reason.pk, "note": "Student project"}, headers=INBOX)
    assert response.status_code == 204
    assert {"toast", "inbox-changed", "dialog-close"} <= set(json.loads(response.headers["HX-Trigger"]))
    assert names(rep, desk, InboxView.CLOSED) == ["due"]


def test_the_whole_way_goes_without_script() -> None:
    rep, desk = mixed_desk()
    client, row = client_of(rep), desk["due"]
    base = f"/handoffs/{row.pk}"

    def post(verb: str, **data: object) -> str:
        response = client.post(f"{base}/{verb}/", data, follow=True)
        assert response.status_code == 200, (verb, response.content.decode())
        assert response.redirect_chain == [(f"{base}/", 302)]
        return response.content.decode()

    post("accept")
    assert "Call logged: 1 touch so far." in post("touch", kind="call", reached="on", note="Spoke")
    assert Touch.objects.get(handoff=row).at == NOW
    post("qualify", **BANT)
    post("deal", amount="5000")
    assert Opportunity.objects.get().owner == rep
    post("deal/close", state="won", amount="")
    row.lead.refresh_from_db()
    assert row.lead.stage == Stage.CUSTOMER
    assert "She decides" in client.get(f"{base}/").content.decode()


def test_recycling_and_disqualifying_go_without_script_and_say_what_is_wrong() -> None:
    rep, desk = mixed_desk()
    client = client_of(rep)
    base = f"/handoffs/{desk['touched'].pk}"
    assert client.post(f"{base}/recycle/", {"until": "2026-03-01"}).status_code == 422
    reason = Reason.objects.get(slug="unable_to_reach")
    response = client.post(f"{base}/disqualify/", {"reason": reason.pk})
    assert response.status_code == 422
    assert "needs 6 attempts; 1 are logged" in response.content.decode()
    assert "1 of 6 agreed attempts are logged" in client.get(f"{base}/disqualify/").content.decode()
    assert (
        client.post(f"{base}/recycle/", {"until": "2026-06-01", "next": "/inbox/"}).headers["Location"]
        == "/inbox/"
    )
    assert Lead.objects.get(pk=desk["touched"].lead_id).nurture_until == date(2026, 6, 1)
    reason = Reason.objects.get(slug="no_need")
    log_touch(handoff=desk["working"], kind=TouchKind.CALL, reached=True, note="", at=NOW, by=rep, now=NOW)
    assert (
        client.post(f"/handoffs/{desk['working'].pk}/disqualify/", {"reason": reason.pk}).status_code == 302
    )


def test_nobody_is_sent_to_another_site() -> None:
    rep, desk = mixed_desk()
    response = client_of(rep).post(
        f"/handoffs/{desk['due'].pk}/accept/", {"next": "https://elsewhere.example/"}
    )
    assert response.headers["Location"] == f"/handoffs/{desk['due'].pk}/"


def test_a_touch_is_written_in_the_readers_zone() -> None:
    rep, desk = mixed_desk()
    rep.time_zone = "Asia/Jakarta"
    rep.save()
    url = f"/handoffs/{desk['working'].pk}/touch/"
    client = client_of(rep)
    assert client.post(url, {"kind": "call", "at": "2026-03-04T17:25"}).status_code == 302
    assert Touch.objects.get(handoff=desk["working"]).at == MORNING + 25 * MINUTE
    response = client.post(url, {"kind": "call", "at": "2026-03-04T18:25", "place": "page"})
    assert response.status_code == 422
    assert "cannot be in the future" in response.content.decode()


def test_the_minute_of_the_handoff_is_not_before_it() -> None:
    row = Handoff(started_at=MORNING + timedelta(seconds=40))
    assert touch_time(MORNING, row, NOW) == row.started_at
    assert touch_time(MORNING - MINUTE, row, NOW) == MORNING - MINUTE
    assert touch_time(None, row, NOW) == NOW


def test_logging_a_touch_in_the_sheet_answers_with_the_sheet() -> None:
    rep, desk = mixed_desk()
    url = f"/handoffs/{desk['working'].pk}/touch/"
    headers = INBOX | {"HX-Target": "detail"}
    wrong = client_of(rep).post(url, {"kind": "pigeon", "place": "page"}, headers=headers)
    assert wrong.status_code == 422
    response = client_of(rep).post(url, {"kind": "email", "place": "page"}, headers=headers)
    page = response.content.decode()
    assert "1 of 6 attempts" in page
    assert "<html" not in page
    assert "inbox-changed" in json.loads(response.headers["HX-Trigger"])


def test_a_manager_assigns_from_the_inbox() -> None:
    rep, desk = mixed_desk()
    manager = make_user(Role.SALES_MANAGER, team=rep.team)
    other = make_user(Role.REP, team=rep.team)
    make_user(Role.REP, name="Somebody elses")
    client, url = client_of(manager), f"/handoffs/{desk['queued'].pk}/assign/"
    form = client.get(url, headers=INBOX | {"HX-Target": "floating-body"}).content.decode()
    assert str(other) in form
    assert "Somebody elses" not in form
    response = client.post(url, {"to": other.pk}, headers=INBOX)
    assert response.status_code == 204
    desk["queued"].refresh_from_db()
    assert desk["queued"].owner == other
    assert client_of(rep).post(url, {"to": other.pk}).status_code == 403
    assert client.post(f"/handoffs/{desk['due'].pk}/assign/", {}).status_code == 422


def test_from_another_page_the_dialog_loads_that_page_again() -> None:
    rep, desk = mixed_desk()
    here = f"http://testserver/handoffs/{desk['due'].pk}/"
    reason = Reason.objects.get(slug="incomplete")
    response = client_of(rep).post(
        f"/handoffs/{desk['due'].pk}/reject/",
        {"reason": reason.pk},
        headers={"HX-Request": "true", "HX-Current-URL": here, "HX-Target": "floating-body"},
    )
    assert response.headers["HX-Redirect"] == f"/handoffs/{desk['due'].pk}/"


def test_the_page_of_a_handoff_shows_its_clocks_as_they_are_now() -> None:
    rep, desk = mixed_desk()
    page = client_of(rep).get(desk["late"].get_absolute_url()).content.decode()
    assert 'data-state="late"' in page
    assert clock_of(desk["late"]).breached_at is None
    assert "Standard agreement v1" in page
    done = client_of(rep).get(desk["touched"].get_absolute_url()).content.decode()
    # The answer, the first touch and the attempts of sales, routing and completeness of marketing; the disposition runs.
    assert (done.count('data-state="kept"'), done.count('data-state="running"')) == (5, 1)


def test_the_handoffs_of_a_lead_are_shown_to_who_may_see_the_lead() -> None:
    rep, desk = mixed_desk()
    url = f"/leads/{desk['late'].lead_id}/handoffs/"
    for user in (rep, make_user(Role.MARKETING), make_user(Role.AUDITOR)):
        page = client_of(user).get(url, headers={"HX-Request": "true"}).content.decode()
        assert desk["late"].get_absolute_url() in page
        assert "<html" not in page
    assert client_of(make_user(Role.REP)).get(url).status_code == 404


def test_verbs_take_posts_only_and_a_form_may_be_read() -> None:
    rep, desk = mixed_desk()
    assert client_of(rep).get(f"/handoffs/{desk['due'].pk}/accept/").status_code == 405
    assert client_of(rep).get(f"/handoffs/{desk['due'].pk}/reject/").status_code == 200
    desk["due"].refresh_from_db()
    assert desk["due"].state == HandoffState.WAITING


def test_the_first_touch_of_an_accepted_lead_is_what_its_row_counts_down() -> None:
    rep, desk = mixed_desk()
    row = inbox_page(user=rep, view=InboxView.WORK, number=1, now=NOW).rows[0]
    clock = clock_of(desk["working"], PromiseKind.FIRST_TOUCH)
    assert (row.due_at, row.clock_kind) == (clock.due_at, PromiseKind.FIRST_TOUCH)  # type: ignore[attr-defined]
    assert clock.due_at - NOW < HOUR
