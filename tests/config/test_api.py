"""The whole API for every role with a token, whatever is sent to it, and what its description and docs/api.md say of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from config.api import api
from sla.models import Agreement
from tests.config.world import World, everything, make_world
from tests.support.api import Program
from tests.support.shared import PROJECT

pytestmark = pytest.mark.django_db

ROLES = ("marketing", "rep", "sales_manager", "auditor", "administrator")
ALL = (200,) * 5
# Of the other team: its leads are known to everybody but its rivals' reps, its handoffs to whoever is in no team.
THEIR_LEAD = (200, 404, 200, 200, 200)
THEIR_HANDOFF = (200, 404, 404, 200, 200)
COMPLIANCE = (200, 403, 200, 200, 200)
OF_SALES = (403, 200, 200, 403, 200)
OF_MANAGERS = (403, 403, 200, 403, 200)

# Name of the address -> what each of ROLES is answered about something of our team, and of theirs.
API_READS: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {
    "me": (ALL, ALL),
    "leads": (ALL, ALL),
    "lead": (ALL, THEIR_LEAD),
    "lead_activities": (ALL, THEIR_LEAD),
    "handoffs": (ALL, ALL),
    "handoff": (ALL, THEIR_HANDOFF),
    "handoff_evidence": (ALL, THEIR_HANDOFF),
    "reps": (ALL, ALL),
    "reasons": (ALL, ALL),
    "agreements": (ALL, ALL),
    "agreement_version": (ALL, ALL),
    "compliance": (COMPLIANCE, COMPLIANCE),
}
# Verb -> who may, of our team's; what is sent; whether of the handoff that waits. Of theirs: nobody of our sales.
API_VERBS: dict[str, tuple[tuple[int, ...], Any, bool]] = {
    "handoff_accept": (OF_SALES, None, True),
    "handoff_reject": (OF_SALES, {"reason": "x"}, True),
    "handoff_touches": ((403, 201, 201, 403, 201), {"kind": "call"}, False),
    "handoff_qualify": (OF_SALES, dict.fromkeys(("budget", "authority", "need", "timeline"), "x"), False),
    "handoff_recycle": (OF_SALES, {"until": "2999-01-01"}, False),
    "handoff_disqualify": (OF_SALES, {"reason": "x"}, False),
    "handoff_pause": (OF_SALES, {"reason": "agreed_later", "until": "2999-01-01T00:00:00Z"}, False),
    "handoff_resume": (OF_SALES, None, False),
    "handoff_assign": (OF_MANAGERS, {"to": 1}, True),
    "handoff_give_back": (OF_SALES, {"why": "x"}, True),
    "handoff_waive": (OF_MANAGERS, {"clock": 1, "reason": "x"}, False),
}
ACTIVITY = {"kind": "webinar"}
# What the verb answers where the person may, but the handoff does not stand so.
NOT_NOW = {200, 201, 409, 422}


@pytest.fixture
def world() -> World:
    return make_world(timezone.now())


def operations() -> dict[str, dict[str, Any]]:
    """Each address of the description, below /api/v1, with its methods."""
    paths = api.get_openapi_schema()["paths"]
    return {path.removeprefix("/api/v1"): methods for path, methods in paths.items()}


def path_of(name: str, world: World, *, theirs: bool = False) -> str:
    """The address about something of our team, or of theirs."""
    handoffs = world.theirs if theirs else world.ours
    handoff = handoffs["waiting" if name in API_VERBS and API_VERBS[name][2] else "accepted"]
    numbers = {
        "handoff_id": handoff.pk,
        "lead_id": handoff.lead_id,
        "agreement_id": Agreement.objects.get().pk,
        "number": 1,
    }
    return template_of(name).format_map(numbers)


def template_of(name: str) -> str:
    """The address with places for numbers."""
    routes = {str(getattr(entry, "name", "")): str(entry.pattern) for entry in api.urls[0]}
    return "/" + re.sub(r"<(\w+)>", r"{\1}", routes[name])


def without_use(found: dict[str, Any]) -> dict[str, Any]:
    """All rows but for when a token was used last."""
    for row in found["accounts.ApiToken"]:
        row.pop("last_used_at")
    return found


@pytest.mark.parametrize("role", ROLES)
def test_looking_over_the_api_is_as_the_table_says_and_changes_nothing(world: World, role: str) -> None:
    program, place = Program(world.people[role]), ROLES.index(role)
    before = without_use(everything())
    for name, (ours, theirs) in API_READS.items():
        for of_theirs, expected in ((False, ours), (True, theirs)):
            program.get(path_of(name, world, theirs=of_theirs))
            assert (name, of_theirs, program.status) == (name, of_theirs, expected[place])
    assert without_use(everything()) == before


@pytest.mark.parametrize("role", ROLES)
def test_a_verb_over_the_api_is_for_whoever_the_table_says(world: World, role: str) -> None:
    program, place = Program(world.people[role]), ROLES.index(role)
    before = without_use(everything())
    for name, (expected, body, _waiting) in API_VERBS.items():
        if expected[place] == 403:
            program.post(path_of(name, world), body)
            assert (name, program.status) == (name, 403)
        if role in ("rep", "sales_manager"):
            program.post(path_of(name, world, theirs=True), body)
            assert (name, program.status) == (name, 404)
    assert without_use(everything()) == before
    for name, (expected, body, _waiting) in API_VERBS.items():
        if expected[place] != 403:
            program.post(path_of(name, world), body)
            assert program.status in NOT_NOW, name


@pytest.mark.parametrize(
    "role, status", [("marketing", 201), ("administrator", 201), ("rep", 403), ("auditor", 403)]
)
def test_marketing_alone_says_what_leads_did(world: World, role: str, status: int) -> None:
    program = Program(world.people[role])
    program.post(path_of("lead_activities", world), ACTIVITY)
    assert program.status == status


def test_without_a_token_every_address_answers_401_and_changes_nothing(world: World) -> None:
    program = Program()
    before = everything()
    for name in (*API_READS, *API_VERBS):
        (program.post if name in API_VERBS else program.get)(path_of(name, world))
        assert (name, program.status, program.fields) == (name, 401, ["Authorization"])
    assert everything() == before


NAMES = ("kind", "reason", "until", "to", "clock", "why", "budget", "at", "occurred_at")
VALUES: list[Any] = [
    None,
    5,
    -1,
    1e99,
    10**400,
    True,
    "",
    " ",
    "x",
    [],
    {},
    "9999-99-99",
    "0001-01-01T00:00:00Z",
]
GARBAGE = [
    b"null",
    b"[]",
    b"5",
    b'"text"',
    b"{",
    b'{"note": "\xff"}',
    b'{"note": "\\u0000"}',
    b'{"note": "\\ud800"}',
    b'{"nobody_knows_this": 1}',
    b'{"a": ' * 50_000,
    b'{"note": "' + b"a" * 5_000_000 + b'"}',
    b'{"note": "' + b"a" * 70_000 + b'"}',
    *(json.dumps(dict.fromkeys(NAMES, value)).encode() for value in VALUES),
]


def test_whatever_is_sent_is_refused_by_the_field_and_never_with_5xx(world: World) -> None:
    program = Program(world.people["administrator"])
    before = without_use(everything())
    for name in (*API_VERBS, "lead_activities"):
        path = path_of(name, world)
        for raw in GARBAGE:
            program.send("POST", path, raw)
            assert 400 <= program.status < 500, (name, raw[:80])
            assert program.fields, (name, raw[:80])
    assert without_use(everything()) == before


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 18, "9" * 30, "9" * 5000, "1.5", "%00", "%ff", "é"])
def test_a_number_that_is_none_or_nobodys_is_refused_in_json(world: World, number: str) -> None:
    program = Program(world.people["administrator"])
    for path in (
        "/handoffs/{}",
        "/handoffs/{}/evidence",
        "/leads/{}",
        "/leads/{}/activities",
        "/agreements/1/versions/{}",
    ):
        program.get(path.format(number))
        assert program.status in (404, 422)
        assert program.fields
    program.post(f"/handoffs/{number}/accept")
    assert program.status in (404, 422)


@pytest.mark.parametrize(
    "value", ["", "x", "-1", "0", "%00", "%ff%fe", "9" * 30, "'", "1e9", "true", "é", "2026-02-30"]
)
def test_whatever_stands_in_a_query_string_is_answered(world: World, value: str) -> None:
    program = Program(world.people["administrator"])
    for path, methods in operations().items():
        for parameter in methods.get("get", {}).get("parameters", []):
            if parameter["in"] == "query":
                address = re.sub(r"{\w+}", "1", path) + f"?{parameter['name']}={value}"
                program.get(address)
                assert program.status in (200, 404, 422), address
    program.get("/handoffs?nobody=knows")
    assert (program.status, program.fields) == (422, ["nobody"])


def test_the_description_names_every_address_with_its_answers_and_is_open_to_everybody() -> None:
    described = operations()
    named = {template_of(name) for name in (*API_READS, *API_VERBS)}
    assert set(described) == named | {"/submissions"}
    for path, methods in described.items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            assert operation["description"], (path, method)
            if path != "/submissions":
                assert operation["security"], (path, method)
                takes = "parameters" in operation and bool(operation["parameters"])
                assert ({401, 404, 422} if takes else {401}) <= set(operation["responses"]), (path, method)
    answer = Client().get("/api/v1/openapi.json")
    assert answer.status_code == 200
    assert set(answer.json()["paths"]) == {f"/api/v1{path}" for path in described}


def test_the_manual_names_every_address_and_none_that_does_not_exist() -> None:
    text = (PROJECT / "docs/api.md").read_text(encoding="utf-8")
    told = {
        (method, re.sub(r"<\w+>", "{}", path))
        for method, path in re.findall(r"^\| `(GET|POST) (/\S+)`", text, re.MULTILINE)
    }
    there = {
        (method.upper(), re.sub(r"{\w+}", "{}", path))
        for path, methods in operations().items()
        for method in methods
    }
    assert told == there


def test_the_examples_of_the_manual_work(world: World) -> None:
    """Each curl of docs/api.md, with the numbers of this world."""
    text = (PROJECT / "docs/api.md").read_text(encoding="utf-8").replace("\\\n", "")
    examples = re.findall(r"^ {4}curl (.*)$", text, re.MULTILINE)
    assert len(examples) >= 5
    accepted = world.ours["accepted"]
    numbers = {
        "HANDOFF": str(accepted.pk),
        "WAITING": str(world.ours["waiting"].pk),
        "LEAD": str(accepted.lead_id),
    }
    for example in examples:
        for word, number in numbers.items():
            example = example.replace(word, number)
        path = re.search(r"/api/v1(/\S*?)\"?(?:\s|$)", example)
        body = re.search(r"-d '(.*?)'", example)
        who = "marketing" if "/activities" in example or "/compliance" in example else "rep"
        assert path is not None, example
        program = Program(world.people[who])
        if body or "-X POST" in example:
            program.post(path[1], json.loads(body[1]) if body else None)
        else:
            program.get(path[1])
        assert program.status in (200, 201), (example, program.json)
