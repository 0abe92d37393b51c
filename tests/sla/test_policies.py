"""Who sees which handoff, and who may do what with it."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from django.test import Client

from accounts.models import Role, User
from accounts.policies import Refusal
from sla.models import Handoff
from sla.policies import can_answer, can_assign, can_waive, can_work, check_can_work, visible_handoffs
from sla.selectors.handoffs import detail_queryset, handoff_detail
from tests.sla.desk import MORNING, hand_over, open_desk, owner_of
from tests.support.people import make_team, make_user

pytestmark = pytest.mark.django_db
POSTS = (
    "accept",
    "reject",
    "assign",
    "touch",
    "qualify",
    "recycle",
    "disqualify",
    "pause",
    "resume",
    "waive",
)


def people(handoff: Handoff) -> dict[str, User]:
    """One of each kind of reader."""
    team = handoff.team
    return {
        "owner": owner_of(handoff),
        "team mate": make_user(Role.REP, team=team),
        "stranger": make_user(Role.REP),
        "manager": make_user(Role.SALES_MANAGER, team=team),
        "manager of all": make_user(Role.SALES_MANAGER),
        "other manager": make_user(Role.SALES_MANAGER, team=make_team()),
        "marketing": make_user(Role.MARKETING),
        "auditor": make_user(Role.AUDITOR),
        "administrator": make_user(Role.ADMINISTRATOR),
    }


def test_each_reader_sees_and_may_do_what_the_role_and_the_team_say() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    found = {
        name: (
            visible_handoffs(user).filter(pk=handoff.pk).exists(),
            can_answer(user, handoff),
            can_work(user, handoff),
            can_assign(user, handoff),
            can_waive(user, handoff),
        )
        for name, user in people(handoff).items()
    }
    assert found == {
        "owner": (True, True, True, False, False),
        "team mate": (True, False, False, False, False),
        "stranger": (False, False, False, False, False),
        "manager": (True, True, True, True, True),
        "manager of all": (True, True, True, True, True),
        "other manager": (False, False, False, False, False),
        "marketing": (True, False, False, False, False),
        "auditor": (True, False, False, False, False),
        "administrator": (True, True, True, True, True),
    }


def test_anybody_of_the_team_answers_from_the_queue_and_nobody_else() -> None:
    _team, (rep, mate) = open_desk()
    (handoff,) = hand_over(MORNING.replace(hour=20))
    assert handoff.owner is None
    assert can_answer(rep, handoff)
    assert can_answer(mate, handoff)
    assert not can_answer(make_user(Role.REP), handoff)


def test_a_refusal_names_the_one_to_ask() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    with pytest.raises(Refusal, match=str(handoff.owner)):
        check_can_work(make_user(Role.REP, team=handoff.team), handoff)


def test_who_may_only_read_gets_the_page_without_a_single_verb() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    for name, user in people(handoff).items():
        client = Client()
        client.force_login(user)
        response = client.get(handoff.get_absolute_url())
        if name in ("stranger", "other manager"):
            assert response.status_code == 404, name
            continue
        assert response.status_code == 200, name
        row = detail_queryset(user).get(pk=handoff.pk)
        verbs = asdict(handoff_detail(handoff=row, user=user, now=MORNING).verbs)
        readers = ("team mate", "marketing", "auditor")
        assert any(verbs.values()) == (name not in readers), name
        main = response.content.decode().partition("<main")[2].partition("</main>")[0]
        assert ("<form" in main or "data-dialog" in main) == (name not in readers), name


@pytest.mark.parametrize("verb", POSTS)
def test_who_may_only_read_is_refused_by_every_verb_and_strangers_find_nothing(verb: str) -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    readers = people(handoff)
    expected = {"team mate": 403, "marketing": 403, "auditor": 403, "stranger": 404, "other manager": 404}
    for name, status in expected.items():
        client = Client()
        client.force_login(readers[name])
        assert client.post(f"/handoffs/{handoff.pk}/{verb}/").status_code == status, name
    handoff.refresh_from_db()
    assert handoff.state == "waiting"


def test_a_visitor_is_asked_to_log_in() -> None:
    open_desk(reps=1)
    (handoff,) = hand_over(MORNING)
    for url in ("/inbox/", handoff.get_absolute_url(), f"/leads/{handoff.lead_id}/handoffs/"):
        response = Client().get(url)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/login/")


def test_a_rep_finds_the_leads_of_the_own_team_in_the_list() -> None:
    _, (rep, *_rest) = open_desk()
    mine = hand_over(MORNING)[0]
    stranger, client = make_user("rep"), Client()
    for user, count in ((rep, 1), (stranger, 0)):
        client.force_login(user)
        assert (mine.lead.get_absolute_url() in client.get("/leads/").content.decode()) == bool(count)


@pytest.mark.parametrize("role", [Role.MARKETING, Role.AUDITOR])
def test_the_inbox_is_no_workplace_of_marketing_and_auditors(role: str) -> None:
    client = Client()
    client.force_login(make_user(role))
    assert client.get("/inbox/").status_code == 403
