"""The Celery application: one task per drain, and a beat that wakes every drain every few seconds anyhow."""

import os
import threading
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_init, setup_logging, worker_ready
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django_structlog.celery.steps import DjangoStructLogInitStep

from config import checks

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
@beat_init.connect
def refuse_wrong_settings(**kwargs: Any) -> None:
    """A worker or beat of its own cannot hear an in-memory broker: say so instead of waiting for ever.

    Ends the process, as Celery logs any other exception of a signal and goes on. The beat inside the web process
    (config.embedded) runs in a thread; its process was checked by config.wsgi.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if settings.IN_MEMORY_BROKER:
        raise SystemExit(
            "A separate Celery worker or beat needs REDIS_URL; the in-memory broker is one process only."
        )
    try:
        checks.refuse_wrong_settings()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from error


@worker_ready.connect
def look_for_work(**kwargs: Any) -> None:
    """What a killed worker left is taken up at the start, not at the next beat."""
    from drains.wake import wake_all

    wake_all()
