"""Two teams with leads and handoffs of each, made by the services; what the pages of a test are asked about."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from accounts.models import Role, Team, User
from drains.runner import run_until_idle
from leads.models import Form, Source, Submission
from leads.services.intake import Delivery, receive
from sla.models import Agreement, Calendar, Handoff, Territory
from sla.services.answering import accept
from tests.support.people import make_team, make_user

OURS = ("leads", "scoring", "sla", "notifications", "accounts", "drains")


@dataclass(frozen=True)
class World:
    """A person of each role (those of sales in the first team), and a waiting and an accepted handoff of each team."""

    people: dict[str, User]
    ours: dict[str, Handoff]
    theirs: dict[str, Handoff]
    submission: Submission
    form: Form


def make_world(now: datetime) -> World:
    """Everything of it in the database, as of `now`."""
    north, south = make_team("North"), make_team("South")
    people = {role: make_user(role, **_place(role, north)) for role in Role.values}
    strangers = {"rep": make_user(Role.REP, team=south)}
    handoffs = {
        team.name: _handoffs(team, is_fallback=team == north, rep=rep, now=now)
        for team, rep in ((north, people["rep"]), (south, strangers["rep"]))
    }
    return World(
        people=people,
        ours=handoffs["North"],
        theirs=handoffs["South"],
        submission=Submission.objects.order_by("pk")[0],
        form=Form.objects.get(slug="demo"),
    )


def _place(role: str, team: Team) -> dict[str, Any]:
    return {"team": team} if role in (Role.REP, Role.SALES_MANAGER) else {}


def _handoffs(team: Team, *, is_fallback: bool, rep: User, now: datetime) -> dict[str, Handoff]:
    Territory.objects.create(
        team=team, calendar=Calendar.objects.get(), agreement=Agreement.objects.get(), is_fallback=is_fallback
    )
    source = Source.objects.create(slug=team.name.lower(), name=team.name, kind="api", team=team)
    for number in range(2):
        company = f"{team.name.lower()}{number}"
        raw = {
            "email": f"ada@{company}.example",
            "company_name": company,
            "job_title": "Director",
            "employees": 100,
            "activity": "demo_request",
        }
        receive(
            delivery=Delivery(source=source, raw=json.dumps(raw).encode(), content_type="application/json"),
            now=now,
        )
    run_until_idle(now)
    waiting, accepted = Handoff.objects.filter(team=team).order_by("pk")
    return {"waiting": waiting, "accepted": accept(handoff=accepted, by=rep, now=now)}


def everything() -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of the product, journal and all, without the time of the last log-in."""
    found = {}
    for model in apps.get_models():
        if model._meta.app_label in OURS:
            rows = list(model._default_manager.order_by("pk").values())
            for row in rows:
                row.pop("last_login", None)
            found[model._meta.label] = rows
    return found
