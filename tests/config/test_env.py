"""A bad value of the environment stops the start and is named; wrong combinations are refused with a hint."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from config import checks, env

ROOT = Path(__file__).parents[2]
GOOD_SECRET = "a-secret-of-more-than-thirty-two-letters-and-nobody-knows"


@pytest.mark.parametrize(
    "read, value, expected",
    [
        (lambda name: env.boolean(name, default=True), "maybe", "expected 1 or 0"),
        (lambda name: env.integer(name, 1), "many", "expected a whole number"),
        (lambda name: env.integer(name, 1, least=1), "0", "at least 1"),
        (lambda name: env.choice(name, "INFO", ("INFO", "DEBUG")), "LOUD", "one of INFO, DEBUG"),
        (lambda name: env.time_zone(name, "UTC"), "Mars/Olympus", "a time zone such as Europe/Copenhagen"),
        (lambda name: env.time_zone(name, "UTC"), "../etc/passwd", "a time zone such as"),
        (lambda name: env.database(name, ""), "mysql://host/db", "sqlite:///FILE or postgres://"),
        (env.redis_url, "127.0.0.1:6379", "redis://HOST:PORT/NUMBER"),
    ],
)
def test_a_bad_value_is_named_with_what_would_do(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[str], Any], value: str, expected: str
) -> None:
    monkeypatch.setenv("THE_NAME", value)
    with pytest.raises(ImproperlyConfigured, match="THE_NAME") as caught:
        read("THE_NAME")
    assert expected in str(caught.value)
    assert value in str(caught.value)


def test_a_bad_database_url_does_not_give_its_password_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THE_NAME", "mysql://me:secret@host/db")
    with pytest.raises(ImproperlyConfigured) as caught:
        env.database("THE_NAME", "")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "value, expected", [("1", True), (" YES ", True), ("on", True), ("0", False), ("", False), ("Off", False)]
)
def test_yes_and_no_are_understood(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("THE_NAME", value)
    assert env.boolean("THE_NAME", default=not expected) is expected


def test_what_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THE_NAME", raising=False)
    assert env.boolean("THE_NAME", default=True) is True
    assert env.integer("THE_NAME", 7) == 7
    assert env.names("THE_NAME", "a, b,,c ") == ["a", "b", "c"]
    assert env.redis_url("THE_NAME") == ""
    assert env.time_zone("THE_NAME", "UTC") == "UTC"


def serious(check: Callable[[None], list[CheckMessage]]) -> list[str | None]:
    """The ids of what a check found."""
    return [message.id for message in check(None)]


@pytest.mark.parametrize(
    "changes, check, expected",
    [
        ({"DEBUG": True}, checks.check_secret, []),
        ({}, checks.check_secret, []),
        ({"SECRET_KEY": "insecure-for-laptops-only"}, checks.check_secret, ["baton.E001"]),
        ({"SECRET_KEY": "short"}, checks.check_secret, ["baton.E001"]),
        ({"ALLOWED_HOSTS": []}, checks.check_secret, ["baton.E002"]),
        ({"ALLOWED_HOSTS": ["*"]}, checks.check_secret, ["baton.E002"]),
        ({"HTTPS_ONLY": False}, checks.check_secret, ["baton.W001"]),
        ({}, checks.check_processes, []),
        ({"IN_MEMORY_BROKER": True, "EMBEDDED_WORKER": True}, checks.check_processes, ["baton.E003"]),
        ({"IS_SQLITE": True}, checks.check_processes, ["baton.E004"]),
        ({"EMBEDDED_WORKER": True}, checks.check_processes, ["baton.E005"]),
        ({"IN_MEMORY_BROKER": True, "WEB_CONCURRENCY": 1, "IS_SQLITE": True}, checks.check_processes, []),
        ({}, checks.check_worker, []),
        ({"IN_MEMORY_BROKER": True}, checks.check_worker, ["baton.E006"]),
    ],
)
def test_each_wrong_combination_is_found(
    settings: Settings, changes: dict[str, Any], check: Any, expected: list[str]
) -> None:
    """Each case is a sound server with four processes, changed in one respect."""
    sound = {
        "DEBUG": False,
        "SECRET_KEY": GOOD_SECRET,
        "ALLOWED_HOSTS": ["baton.example.com"],
        "HTTPS_ONLY": True,
        "WEB_CONCURRENCY": 4,
        "IN_MEMORY_BROKER": False,
        "IS_SQLITE": False,
        "EMBEDDED_WORKER": False,
    }
    for name, value in {**sound, **changes}.items():
        setattr(settings, name, value)
    assert serious(check) == expected
    if expected and expected[0].startswith("baton.E"):
        with pytest.raises(ImproperlyConfigured):
            checks.refuse_wrong_settings()


def start(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a Python command in an environment that says nothing but what is given."""
    ours = ("DATABASE_URL", "REDIS_URL", "DEBUG", "SECRET_KEY", "EMBEDDED_WORKER", "WEB_CONCURRENCY", "PORT")
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={**kept, "DATABASE_URL": "sqlite:///:memory:", **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "command, variables, said",
    [
        (("manage.py", "check"), {"DEBUG": "0"}, "baton.E001"),
        (("manage.py", "check"), {"LOG_LEVEL": "LOUD"}, "The environment variable LOG_LEVEL is 'LOUD'"),
        (("-m", "celery", "-A", "config", "worker"), {}, "needs REDIS_URL"),
        (("-m", "celery", "-A", "config", "beat"), {}, "needs REDIS_URL"),
        (
            ("-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi"),
            {"WEB_CONCURRENCY": "2", "BIND": "127.0.0.1:0"},
            "the broker lives in the memory of one process",
        ),
    ],
)
def test_no_process_starts_with_settings_that_cannot_work(
    command: tuple[str, ...], variables: dict[str, str], said: str
) -> None:
    done = start(*command, **variables)
    assert done.returncode not in (0, None)
    assert said in done.stdout + done.stderr
