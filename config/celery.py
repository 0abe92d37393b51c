"""The Celery application: one task per drain, and a beat that wakes every drain every few seconds anyhow."""

import os
from typing import Any

from celery import Celery
from celery.signals import celeryd_init, setup_logging
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("baton")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@app.on_after_finalize.connect
def schedule_drains(sender: Celery, **kwargs: Any) -> None:
    """Put every registered drain on the beat. Calls that were not picked up in time are dropped, not piled up."""
    from drains.registry import all_drains

    sender.conf.beat_schedule = {
        drain.name: {
            "task": drain.name,
            "schedule": drain.every.total_seconds(),
            "options": {"expires": max(5.0, drain.every.total_seconds())},
        }
        for drain in all_drains()
    }


@setup_logging.connect
def keep_djangos_logging(**kwargs: Any) -> None:
    """Celery calls this instead of replacing the log set-up of config.settings."""


@celeryd_init.connect
def refuse_a_deaf_worker(**kwargs: Any) -> None:
    """A worker of its own cannot hear an in-memory broker: say so instead of waiting for ever."""
    if settings.IN_MEMORY_BROKER:
        raise ImproperlyConfigured(
            "A separate Celery worker needs REDIS_URL; the in-memory broker is one process only."
        )
