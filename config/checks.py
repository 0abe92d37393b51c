"""Refuses settings that cannot work together, at start and with a hint, instead of failing in the night."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured


@register()
def check_secret(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """DEBUG off needs a secret of its own and the names it answers to."""
    if settings.DEBUG:
        return []
    found: list[CheckMessage] = []
    if settings.SECRET_KEY == settings.DEFAULT_SECRET_KEY or len(settings.SECRET_KEY) < 32:
        found.append(
            Error(
                "DEBUG is off and SECRET_KEY is the default or shorter than 32 characters.",
                hint="Set SECRET_KEY to a long random text, e.g. from `python -c 'import secrets; print(secrets.token_urlsafe(50))'`.",
                id="baton.E001",
            )
        )
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        found.append(
            Error(
                "DEBUG is off and ALLOWED_HOSTS is empty or a star.",
                hint="Set ALLOWED_HOSTS to the host names of this site, separated by commas.",
                id="baton.E002",
            )
        )
    if not settings.HTTPS_ONLY:
        found.append(
            Warning(
                "DEBUG is off and HTTPS_ONLY too: log-in cookies travel in the clear.",
                hint="Leave HTTPS_ONLY on, and set BEHIND_PROXY=1 where a proxy ends TLS.",
                id="baton.W001",
            )
        )
    return found


@register()
def check_processes(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What lives in one process stays in one process."""
    if settings.WEB_CONCURRENCY == 1:
        return []
    found: list[CheckMessage] = []
    if settings.IN_MEMORY_BROKER:
        found.append(
            Error(
                f"WEB_CONCURRENCY is {settings.WEB_CONCURRENCY}, but the broker lives in the memory of one process.",
                hint="Set REDIS_URL, or WEB_CONCURRENCY=1.",
                id="baton.E003",
            )
        )
    if settings.IS_SQLITE:
        found.append(
            Error(
                f"WEB_CONCURRENCY is {settings.WEB_CONCURRENCY} on SQLite, which lets one process write at a time.",
                hint="Set DATABASE_URL to a PostgreSQL database, or WEB_CONCURRENCY=1.",
                id="baton.E004",
            )
        )
    if settings.EMBEDDED_WORKER and not settings.IN_MEMORY_BROKER:
        found.append(
            Error(
                f"EMBEDDED_WORKER is on with WEB_CONCURRENCY={settings.WEB_CONCURRENCY}: each web process would run a beat.",
                hint="Set EMBEDDED_WORKER=0 and run `celery -A config worker` and `celery -A config beat`.",
                id="baton.E005",
            )
        )
    return found


@register()
def check_worker(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Somebody must hear the wake-up calls."""
    if settings.IN_MEMORY_BROKER and not settings.EMBEDDED_WORKER:
        return [
            Error(
                "EMBEDDED_WORKER is off and there is no REDIS_URL: nobody would process a submission.",
                hint="Set REDIS_URL and run a worker and a beat, or leave EMBEDDED_WORKER on.",
                id="baton.E006",
            )
        ]
    return []


def refuse_wrong_settings() -> None:
    """Raises ImproperlyConfigured with every error above: gunicorn and Celery start without running Django's checks."""
    found = [*check_secret(None), *check_processes(None), *check_worker(None)]
    errors = [message for message in found if isinstance(message, Error)]
    if errors:
        raise ImproperlyConfigured(" ".join(f"{message.msg} {message.hint}" for message in errors))
