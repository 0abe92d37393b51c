"""gunicorn's settings. `make run` uses them as they are; servers set WEB_CONCURRENCY and BIND."""

import os
from typing import Any

bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 1)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 8)
timeout = 60
graceful_timeout = 20
keepalive = 15
# A request line or header beyond these is refused by gunicorn with 4xx before Django sees it.
limit_request_line = 8190
limit_request_field_size = 16380
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Start the embedded worker after the fork, where settings ask for it."""
    from django.conf import settings

    if settings.EMBEDDED_WORKER:
        from config import celery_app
        from config.embedded import start

        start(celery_app)


def worker_exit(server: Any, worker: Any) -> None:
    """Stop the embedded worker before the process ends."""
    from config.embedded import stop

    stop()
