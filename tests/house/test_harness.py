"""The guards that all other tests rely on do guard."""

from __future__ import annotations

import ast
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Team
from leads.journal import triggers
from tests.house.source import Module
from tests.house.test_python import reads_clock, state_lookups
from tests.house.test_templates import Page, without_syntax
from tests.support.database import Seeds, empty_all_tables
from tests.support.network import NetworkRefused
from tests.support.shared import PROJECT


@pytest.mark.parametrize("address", ["http://example.com/", "http://192.0.2.1/"])
def test_tests_reach_no_other_machine(address: str) -> None:
    with pytest.raises(NetworkRefused):
        urllib.request.urlopen(address)


@pytest.mark.django_db(transaction=True)
def test_a_transactional_test_leaves_the_rows_of_the_migrations_and_nothing_else() -> None:
    seeds = Seeds()
    Team.objects.create(name="of this test only")
    empty_all_tables(seeds)
    assert not Team.objects.filter(name="of this test only").exists()
    assert Seeds() == seeds


@pytest.mark.django_db(transaction=True)
def test_the_journal_is_protected_again_after_the_tables_were_emptied() -> None:
    empty_all_tables(Seeds())
    again = triggers.create_sql(connection.vendor)[-1]
    with pytest.raises(DatabaseError, match="exists"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(again)


@pytest.mark.parametrize(
    "code, expected",
    [
        ("rows.filter(status='new')", ["status"]),
        ("rows.exclude(handoff__state__in=OPEN)", ["handoff__state__in"]),
        ("Q(stage=x, team=y)", ["stage"]),
        ("rows.filter(stage_changed_at__lt=now, estate='x')", []),
    ],
)
def test_the_house_rule_knows_a_comparison_of_states(code: str, expected: list[str]) -> None:
    call = next(Module(Path("x.py"), code, ast.parse(code)).calls())
    assert state_lookups(call) == expected


@pytest.mark.parametrize(
    "code, expected",
    [
        ("timezone.now()", True),
        ("datetime.now(UTC)", True),
        ("date.today()", True),
        ("timezone.localtime(at)", False),
        ("clock.now()", False),
        ("current_time()", True),
    ],
)
def test_the_house_rule_knows_a_reading_of_the_clock(code: str, expected: bool) -> None:
    call = next(Module(Path("x.py"), code, ast.parse(code)).calls())
    assert reads_clock(call) is expected


@pytest.mark.parametrize(
    "html, expected",
    [
        ('<p class="{% if a > "b" %}x{% endif %}">style=</p>', []),
        ("<script src=\"{% static 'a.js' %}\" defer></script>", []),
        ('<script type="application/json">{"a": 1}</script>', []),
        ("<script>\nalert(1)</script>", ["<script> with a body"]),
        ('<p style="color: red">', ["<p style=...>"]),
        ('<button hx-on:click="x()" onclick="y()">', ["<button hx-on:click=...>", "<button onclick=...>"]),
    ],
)
def test_the_house_rule_knows_inline_code(html: str, expected: list[str]) -> None:
    page = Page()
    page.feed(without_syntax(html))
    page.close()
    assert [what for _, what in page.findings] == expected


@pytest.mark.faults
def test_a_child_process_works_on_the_rows_of_its_test(process_environment: dict[str, str]) -> None:
    Team.objects.create(name="seen from outside")
    program = (
        "import django; django.setup();"
        "from accounts.models import Team; from django.conf import settings; import redis;"
        "redis.from_url(settings.REDIS_URL).ping();"
        "print(*Team.objects.filter(name__startswith='seen').values_list('name', flat=True))"
    )
    environment = {**process_environment, "DJANGO_SETTINGS_MODULE": "config.settings"}
    child = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, cwd=PROJECT
    )
    assert child.stdout.strip() == "seen from outside", child.stderr
