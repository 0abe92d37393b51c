"""Every address of the site for every role: who is let in, who is sent to the log-in, who is refused.

A page that is not in the table fails the test, so that nobody forgets to say who may open it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from sla.models import Agreement, AgreementVersion, Calendar, Promise
from sla.services.agreements import draft_from, propose
from tests.config.test_api import API_READS, API_VERBS
from tests.config.world import World, everything, make_world

pytestmark = pytest.mark.django_db

ROLES = ("anonymous", "marketing", "rep", "sales_manager", "auditor", "administrator")
LOGIN = "login"


def row(*outcomes: int | str) -> dict[str, int | str]:
    """What each of ROLES gets, in that order."""
    return dict(zip(ROLES, outcomes, strict=True))


ALL = row(200, 200, 200, 200, 200, 200)
LOGGED_IN = row(LOGIN, 200, 200, 200, 200, 200)
NOT_BY_GET = row(405, 405, 405, 405, 405, 405)
NOT_BY_GET_AFTER_LOGIN = row(LOGIN, 405, 405, 405, 405, 405)
SUBMISSIONS = row(LOGIN, 200, 403, 403, 403, 200)
INBOX = row(LOGIN, 403, 200, 200, 403, 200)
LEADS = row(LOGIN, 200, 200, 200, 200, 200)
COMPLIANCE = row(LOGIN, 200, 403, 200, 200, 200)
DECIDE_ON_LEADS = row(LOGIN, 200, 403, 403, 403, 200)
WORK = row(LOGIN, 403, 200, 200, 403, 200)
MANAGE = row(LOGIN, 403, 403, 200, 403, 200)
CALENDAR_EDITOR = row(LOGIN, 403, 403, 200, 403, 200)
AGREEMENT_EDITOR = row(LOGIN, 200, 403, 200, 403, 200)
# A part of the page of the lead, which leads to that page where it is opened alone.
PART = row(LOGIN, 302, 302, 302, 302, 302)
# Of the other team: its leads are known to everybody but its rivals' reps, its handoffs to whoever is in no team.
THEIR_LEAD = row(LOGIN, 200, 404, 200, 200, 200)
THEIR_HANDOFF = row(LOGIN, 200, 404, 404, 200, 200)
THEIR_WORK = row(LOGIN, 403, 404, 404, 403, 200)

# Name of the address: what a GET gives.
PAGES: dict[str, dict[str, int | str]] = {
    "home": row(LOGIN, 302, 302, 302, 302, 302),
    "healthz": ALL,
    "readyz": ALL,
    "gallery": row(404, 200, 200, 200, 200, 200),
    "api:openapi-json": ALL,
    "api:openapi-view": ALL,
    "api:api-root": row(404, 404, 404, 404, 404, 404),
    "api_root": row(404, 404, 404, 404, 404, 404),
    "api_unknown": row(404, 404, 404, 404, 404, 404),
    "api:post_submission": NOT_BY_GET,
    # A log-in opens nothing of the API but its description: tests/config/test_api.py asks it with tokens.
    **dict.fromkeys((f"api:{name}" for name in API_READS), row(401, 401, 401, 401, 401, 401)),
    **dict.fromkeys((f"api:{name}" for name in API_VERBS), NOT_BY_GET),
    "accounts:login": row(200, 302, 302, 302, 302, 302),
    "accounts:logout": NOT_BY_GET,
    "accounts:profile": LOGGED_IN,
    "accounts:tokens": LOGGED_IN,
    "accounts:token_revoke": NOT_BY_GET_AFTER_LOGIN,
    "accounts:password_change": LOGGED_IN,
    "accounts:password_reset": ALL,
    "accounts:password_reset_done": ALL,
    "accounts:password_reset_confirm": ALL,
    "notifications:preferences": LOGGED_IN,
    "leads:form": ALL,
    "leads:submissions": SUBMISSIONS,
    "leads:submissions_bulk": NOT_BY_GET,
    "leads:submissions_take_back": NOT_BY_GET,
    "leads:submission": SUBMISSIONS,
    "leads:submission_decide": SUBMISSIONS,
    "leads:submission_correct": SUBMISSIONS,
    "leads:list": LEADS,
    "leads:detail": LOGGED_IN,
    "leads:timeline": PART,
    "leads:hand_off": NOT_BY_GET,
    "leads:reopen": NOT_BY_GET,
    "leads:nurture": DECIDE_ON_LEADS,
    "leads:disqualify": DECIDE_ON_LEADS,
    "leads:merge": DECIDE_ON_LEADS,
    "leads:merge_with": DECIDE_ON_LEADS,
    "scoring:lines": LOGGED_IN,
    "sla:inbox": INBOX,
    "sla:handoff": LOGGED_IN,
    "sla:accept": NOT_BY_GET_AFTER_LOGIN,
    "sla:reject": WORK,
    "sla:assign": MANAGE,
    "sla:reassign": MANAGE,
    "sla:give_back": WORK,
    "sla:touch": WORK,
    "sla:qualify": WORK,
    "sla:recycle": WORK,
    "sla:disqualify": WORK,
    "sla:pause": WORK,
    "sla:resume": WORK,
    "sla:waive": MANAGE,
    "sla:open_deal": WORK,
    "sla:close_deal": WORK,
    "sla:lead_handoffs": LOGGED_IN,
    "sla:merge_outlook": DECIDE_ON_LEADS,
    "sla:pick_up": row(LOGIN, 200, 403, 403, 403, 200),
    "sla:returned": SUBMISSIONS,
    "sla:compliance": COMPLIANCE,
    "sla:quality": COMPLIANCE,
    "sla:unrouted": COMPLIANCE,
    "sla:clocks": COMPLIANCE,
    "sla:evidence": LOGGED_IN,
    "sla:agreements": LOGGED_IN,
    "sla:agreement": LOGGED_IN,
    "sla:agreement_version": LOGGED_IN,
    "sla:agreement_compare": LOGGED_IN,
    "sla:agreement_print": LOGGED_IN,
    "sla:agreement_pdf": LOGGED_IN,
    "sla:agreement_new": AGREEMENT_EDITOR,
    "sla:agreement_draft": NOT_BY_GET_AFTER_LOGIN,
    # What is proposed is read, and no longer edited.
    "sla:agreement_edit": row(LOGIN, 302, 403, 302, 403, 302),
    "sla:agreement_preview": NOT_BY_GET_AFTER_LOGIN,
    "sla:agreement_propose": NOT_BY_GET_AFTER_LOGIN,
    "sla:agreement_take_back": NOT_BY_GET_AFTER_LOGIN,
    "sla:agreement_discard": NOT_BY_GET_AFTER_LOGIN,
    # An administrator is no party.
    "sla:agreement_sign": row(LOGIN, 200, 403, 200, 403, 403),
    "sla:simulate": COMPLIANCE,
    "sla:ladder": COMPLIANCE,
    "sla:calendars": COMPLIANCE,
    "sla:calendar": COMPLIANCE,
    "sla:calendar_new": CALENDAR_EDITOR,
    "sla:calendar_edit": CALENDAR_EDITOR,
    "sla:calendar_preview": row(LOGIN, 405, 403, 405, 405, 405),
}
# The same pages about what belongs to the other team; what is not here is about no team.
THEIRS: dict[str, dict[str, int | str]] = {
    "leads:detail": THEIR_LEAD,
    "leads:timeline": row(LOGIN, 302, 404, 302, 302, 302),
    "leads:nurture": row(LOGIN, 200, 404, 403, 403, 200),
    "leads:disqualify": row(LOGIN, 200, 404, 403, 403, 200),
    "leads:merge": row(LOGIN, 200, 404, 403, 403, 200),
    "leads:merge_with": row(LOGIN, 200, 404, 403, 403, 200),
    "scoring:lines": THEIR_LEAD,
    "sla:handoff": THEIR_HANDOFF,
    "sla:reject": THEIR_WORK,
    "sla:assign": THEIR_WORK,
    "sla:give_back": THEIR_WORK,
    "sla:touch": THEIR_WORK,
    "sla:qualify": THEIR_WORK,
    "sla:recycle": THEIR_WORK,
    "sla:disqualify": THEIR_WORK,
    "sla:pause": THEIR_WORK,
    "sla:resume": THEIR_WORK,
    "sla:waive": THEIR_WORK,
    "sla:open_deal": THEIR_WORK,
    "sla:close_deal": THEIR_WORK,
    "sla:pick_up": row(LOGIN, 200, 404, 404, 403, 200),
    "sla:lead_handoffs": THEIR_LEAD,
    "sla:merge_outlook": row(LOGIN, 200, 404, 403, 403, 200),
    "sla:evidence": THEIR_HANDOFF,
}
AGREEMENT_VERBS = tuple(
    f"sla:agreement_{verb}"
    for verb in ("new", "draft", "edit", "preview", "propose", "take_back", "discard", "sign")
)
# What changes something by POST, and who may not; the others are tried in the tests of each page.
VERBS: dict[str, tuple[str, ...]] = {
    "leads:submissions_bulk": ("rep", "sales_manager", "auditor"),
    "leads:submissions_take_back": ("rep", "sales_manager", "auditor"),
    "leads:submission_decide": ("rep", "sales_manager", "auditor"),
    "leads:submission_correct": ("rep", "sales_manager", "auditor"),
    "leads:hand_off": ("rep", "sales_manager", "auditor"),
    "leads:reopen": ("rep", "sales_manager", "auditor"),
    "leads:nurture": ("rep", "sales_manager", "auditor"),
    "leads:disqualify": ("rep", "sales_manager", "auditor"),
    "leads:merge_with": ("rep", "sales_manager", "auditor"),
    "sla:accept": ("marketing", "auditor"),
    "sla:reject": ("marketing", "auditor"),
    "sla:assign": ("marketing", "rep", "auditor"),
    "sla:reassign": ("marketing", "rep", "auditor"),
    "sla:give_back": ("marketing", "auditor"),
    "sla:touch": ("marketing", "auditor"),
    "sla:qualify": ("marketing", "auditor"),
    "sla:recycle": ("marketing", "auditor"),
    "sla:disqualify": ("marketing", "auditor"),
    "sla:pause": ("marketing", "auditor"),
    "sla:resume": ("marketing", "auditor"),
    "sla:waive": ("marketing", "rep", "auditor"),
    "sla:open_deal": ("marketing", "auditor"),
    "sla:close_deal": ("marketing", "auditor"),
    **dict.fromkeys(AGREEMENT_VERBS, ("rep", "auditor")),
    "sla:calendar_new": ("marketing", "rep", "auditor"),
    "sla:calendar_edit": ("marketing", "rep", "auditor"),
    "sla:calendar_preview": ("marketing", "rep", "auditor"),
}
# What belongs to no team, or to both in this world (one calendar, one agreement); a manager of any team changes it.
OF_NO_TEAM = {
    name for name in PAGES if name.startswith(("sla:calendar", "sla:agreement", "sla:reassign", "sla:ladder"))
}
# Everybody's own, or nobody's in particular: a POST changes nothing but the person's own account.
NO_VERBS = {"leads:form", "accounts:login", "api:post_submission"}
BEFORE_WORKING = {"sla:accept", "sla:reject", "sla:assign", "sla:give_back"}


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Every address of the resolver with its full name."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield f"{prefix}{entry.name or ''}", entry


def site() -> dict[str, URLPattern]:
    """The addresses of the product by name."""
    return {name: entry for name, entry in patterns(get_resolver()) if not name.startswith("admin:")}


def address(name: str, world: World, *, theirs: bool = False) -> str:
    """The address of the page about something of our team, or of theirs."""
    handoffs = world.theirs if theirs else world.ours
    handoff = handoffs["waiting" if name in BEFORE_WORKING else "accepted"]
    app = name.partition(":")[0]
    wanted = set(site()[name].pattern.converters)
    if "uidb64" in wanted:
        return reverse(name, kwargs={"uidb64": "MQ", "token": "set-password"})
    if "slug" in wanted:
        return reverse(name, kwargs={"slug": world.form.slug})
    if "pk" not in wanted:
        return reverse(name, args=[1] * len(wanted))
    if name == "sla:ladder":
        return reverse(name, args=[Promise.objects.order_by("pk")[0].pk])
    if name.startswith("sla:agreement"):
        return reverse(name, args=[Agreement.objects.get().pk, 1][: len(wanted)])
    if name.startswith("leads:submission"):
        return reverse(name, kwargs={"pk": world.submission.pk})
    if name.startswith("sla:calendar"):
        return reverse(name, kwargs={"pk": Calendar.objects.get().pk})
    if "other" in wanted:
        return reverse(name, args=[handoff.lead_id, handoffs["waiting"].lead_id])
    of_lead = app in ("leads", "scoring") or name == "sla:lead_handoffs"
    return reverse(name, kwargs={"pk": handoff.lead_id if of_lead else handoff.pk})


def outcome(answer: Any) -> int | str:
    """The status, or LOGIN for the way to the log-in."""
    if answer.status_code == 302 and answer["Location"].startswith("/login/?next="):
        return LOGIN
    return int(answer.status_code)


@pytest.fixture
def world() -> World:
    """Made anew for each test, with a next version of the agreement proposed; the drains ran, so that /readyz is ready."""
    from drains.registry import all_drains
    from drains.runner import run

    made = make_world(timezone.now())
    marketing = made.people["marketing"]
    draft = draft_from(version=AgreementVersion.objects.get(), by=marketing, now=timezone.now())
    propose(version=draft, by=marketing, now=timezone.now())
    for drain in all_drains():
        run(drain.name)
    return made


def enter(world: World, role: str) -> Client:
    """A browser in which somebody of that role is logged in."""
    client = Client()
    if role != "anonymous":
        client.force_login(world.people[role])
    return client


def test_the_table_names_every_page_and_nothing_else() -> None:
    assert set(site()) == set(PAGES)
    about_a_team = {name for name, entry in site().items() if "pk" in entry.pattern.converters}
    about_a_team = {name for name in about_a_team if not name.startswith("leads:submission")} - OF_NO_TEAM
    assert about_a_team == set(THEIRS) | {"leads:hand_off", "leads:reopen", "sla:accept"}
    assert "" not in {name.rpartition(":")[2] for name in site()}


@pytest.mark.parametrize("role", ROLES)
def test_looking_at_a_page_is_as_the_table_says_and_changes_nothing(world: World, role: str) -> None:
    client = enter(world, role)
    before = everything()
    found = {name: outcome(client.get(address(name, world))) for name in PAGES}
    theirs = {name: outcome(client.get(address(name, world, theirs=True))) for name in THEIRS}
    assert found == {name: expected[role] for name, expected in PAGES.items()}
    assert theirs == {name: expected[role] for name, expected in THEIRS.items()}
    assert everything() == before


@pytest.mark.parametrize("role", ROLES[1:-1])
def test_a_verb_that_is_not_for_the_role_is_refused_and_changes_nothing(world: World, role: str) -> None:
    client = enter(world, role)
    before = everything()
    forbidden = [name for name, roles in VERBS.items() if role in roles]
    assert {name: outcome(client.post(address(name, world))) for name in forbidden} == dict.fromkeys(
        forbidden, 403
    )
    assert everything() == before


@pytest.mark.parametrize("role", ["rep", "sales_manager"])
def test_sales_cannot_touch_a_handoff_of_another_team(world: World, role: str) -> None:
    client = enter(world, role)
    before = everything()
    for name in (name for name in VERBS if name.startswith("sla:") and name not in OF_NO_TEAM):
        assert (name, outcome(client.post(address(name, world, theirs=True)))) == (name, 404)
    assert everything() == before


def test_without_a_log_in_every_verb_leads_to_it(world: World) -> None:
    client = enter(world, "anonymous")
    before = everything()
    for name in VERBS:
        assert (name, outcome(client.post(address(name, world)))) == (name, LOGIN)
    assert everything() == before


def test_the_auditor_changes_nothing_anywhere(world: World) -> None:
    """Whatever is posted to whatever address, the auditor's own account excepted."""
    client = enter(world, "auditor")
    before = everything()
    for name in set(PAGES) - NO_VERBS - {"accounts:logout"}:
        answer = client.post(
            address(name, world), {"reason": 1, "kind": "call", "verb": "accept", "note": "x"}
        )
        assert answer.status_code < 500, name
        if name in VERBS:
            assert answer.status_code == 403, name
    after = everything()
    assert after.pop("accounts.User") is not None
    before.pop("accounts.User")
    assert after == before


def admin_addresses(now: datetime) -> dict[str, str]:
    """The administration: its own pages, and each model's list, form for a new row, and pages of a row."""
    found = {
        name: reverse(f"admin:{name}")
        for name in ("index", "password_change", "password_change_done", "autocomplete", "jsi18n")
    }
    found["app_list"] = reverse("admin:app_list", args=["accounts"])
    found["view_on_site"] = reverse("admin:view_on_site", args=[1, 1])
    for model in admin.site._registry:
        stem = f"{model._meta.app_label}_{model._meta.model_name}"
        for page in ("changelist", "add"):
            found[f"{stem}_{page}"] = reverse(f"admin:{stem}_{page}")
        for page in ("change", "delete", "history"):
            found[f"{stem}_{page}"] = reverse(f"admin:{stem}_{page}", args=["1"])
    return found


@pytest.mark.once
@pytest.mark.parametrize("role", ROLES[:-1])
def test_the_administration_is_closed_to_everybody_else(world: World, role: str) -> None:
    client = enter(world, role)
    expected = LOGIN if role == "anonymous" else 403
    for name, path in admin_addresses(timezone.now()).items():
        answer: Any = client.get(path, follow=role == "anonymous")
        if role == "anonymous":
            assert answer.request["PATH_INFO"] == "/login/", name
        else:
            assert (name, answer.status_code) == (name, expected)
        assert client.post(path).status_code in (302, 403), name


def test_an_administrator_without_any_flag_opens_every_list_and_form(world: World) -> None:
    person = world.people["administrator"]
    type(person).objects.filter(pk=person.pk).update(is_staff=False, is_superuser=False)
    client = enter(world, "administrator")
    addresses = admin_addresses(timezone.now())
    for model, options in admin.site._registry.items():
        stem = f"{model._meta.app_label}_{model._meta.model_name}"
        answer = client.get(addresses[f"{stem}_changelist"])
        assert (stem, answer.status_code) == (stem, 200)
        may_add = options.has_add_permission(answer.wsgi_request)
        assert (stem, client.get(addresses[f"{stem}_add"]).status_code) == (stem, 200 if may_add else 403)
        key = first_key(model)
        if key is not None:
            assert client.get(reverse(f"admin:{stem}_change", args=[key])).status_code == 200, stem


def first_key(model: type[models.Model]) -> Any:
    """The key of some row, None without any."""
    return model._default_manager.values_list("pk", flat=True).first()
