"""Is it alive, and is it ready?"""

from datetime import datetime

from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from config.celery import app
from drains.selectors import DrainHealth, drain_health


@never_cache
def healthz(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; asks nobody else."""
    return JsonResponse({"status": "alive"})


@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database and the broker answer and every drain ran lately, else 503; says which is which."""
    database, drains = _database_and_drains(timezone.now())
    broker = _broker()
    late = [drain.name for drain in drains if drain.late]
    ready = database == "ok" and broker == "ok" and not late
    body = {
        "status": "ready" if ready else "not ready",
        "database": database,
        "broker": broker,
        "drains": {
            drain.name: {
                "age_seconds": round(drain.age.total_seconds(), 1) if drain.age is not None else None,
                "late": drain.late,
            }
            for drain in drains
        },
    }
    return JsonResponse(body, status=200 if ready else 503)


def _database_and_drains(now: datetime) -> tuple[str, list[DrainHealth]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok", drain_health(now)
    except Error as error:
        return type(error).__name__, []


def _broker() -> str:
    if settings.IN_MEMORY_BROKER:
        return "ok"
    try:
        with app.connection_for_read(
            transport_options={"socket_connect_timeout": 1, "socket_timeout": 1}
        ) as link:
            link.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=1)
    except Exception as error:  # kombu raises whatever its transport raises
        return type(error).__name__
    return "ok"
