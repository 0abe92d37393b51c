"""Typed reading of environment variables: a bad value stops the start with the name, the value and the remedy."""

import os
import zoneinfo
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off", ""})


def _refuse(name: str, value: str, expected: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"The environment variable {name} is {value!r}: expected {expected}.")


def text(name: str, default: str = "") -> str:
    """The variable as it stands, without surrounding blanks."""
    return os.environ.get(name, default).strip()


def boolean(name: str, default: bool) -> bool:
    """True for 1/true/yes/on, False for 0/false/no/off. Raises ImproperlyConfigured for anything else."""
    value = os.environ.get(name)
    if value is None:
        return default
    if value.strip().lower() in _TRUE:
        return True
    if value.strip().lower() in _FALSE:
        return False
    raise _refuse(name, value, "1 or 0")


def integer(name: str, default: int, *, least: int = 0) -> int:
    """A whole number of at least `least`. Raises ImproperlyConfigured otherwise."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = int(value)
    except ValueError:
        raise _refuse(name, value, "a whole number") from None
    if number < least:
        raise _refuse(name, value, f"a whole number of at least {least}")
    return number


def names(name: str, default: str = "") -> list[str]:
    """A comma-separated list, without blanks and empty parts."""
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def choice(name: str, default: str, allowed: tuple[str, ...]) -> str:
    """One of `allowed`. Raises ImproperlyConfigured otherwise."""
    value = os.environ.get(name, default).strip()
    if value not in allowed:
        raise _refuse(name, value, "one of " + ", ".join(allowed))
    return value


def time_zone(name: str, default: str) -> str:
    """An IANA zone such as Europe/Copenhagen. Raises ImproperlyConfigured for a zone this machine does not know."""
    value = os.environ.get(name, "").strip() or default
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise _refuse(name, value, "a time zone such as Europe/Copenhagen") from None
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """A database URL as an entry of Django's DATABASES; only SQLite and PostgreSQL are served."""
    value = os.environ.get(name, "").strip() or default
    if not value.startswith(("sqlite:///", "postgres://", "postgresql://")):
        raise _refuse(name, value.split("@")[-1], "sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME")
    return dict(environ.Env.db_url_config(value))


def redis_url(name: str) -> str:
    """A Redis address, or an empty text where Redis is not used."""
    value = os.environ.get(name, "").strip()
    if value and not value.startswith(("redis://", "rediss://", "unix://")):
        raise _refuse(name, value, "redis://HOST:PORT/NUMBER, or nothing for the in-memory broker")
    return value
