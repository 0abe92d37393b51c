"""Worker and beat as threads of the web process, for a laptop: one command, no server."""

import threading

import structlog
from celery import Celery
from celery.beat import EmbeddedService, Scheduler

from drains.wake import wake_all

log = structlog.get_logger(__name__)

THREADS = 2


def start(app: Celery) -> None:
    """Start a Celery worker (two threads) and a beat inside this process. Returns at once; both end with the process."""
    app.finalize()
    worker = app.WorkController(
        pool_cls="threads",
        concurrency=THREADS,
        hostname="embedded@localhost",
        without_heartbeat=True,
        without_mingle=True,
        without_gossip=True,
        quiet=True,
    )
    beat = EmbeddedService(app, thread=True, scheduler_cls=Scheduler)
    threading.Thread(target=worker.start, name="embedded-worker", daemon=True).start()
    beat.daemon = True
    beat.start()
    wake_all()
    log.info("embedded worker and beat started", threads=THREADS)
