"""Worker and beat as threads of the web process, for a laptop: one command, no server."""

import threading

import structlog
from celery import Celery
from celery.beat import EmbeddedService, Scheduler
from celery.worker import state

from drains.wake import wake_all

log = structlog.get_logger(__name__)

THREADS = 2
# What a run may still take at the end; the rest is in the database for the next start.
STOP_SECONDS = 5.0
_thread: threading.Thread | None = None


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
    global _thread
    _thread = threading.Thread(target=worker.start, name="embedded-worker", daemon=True)
    _thread.start()
    beat.daemon = True
    beat.start()
    wake_all()
    log.info("embedded worker and beat started", threads=THREADS)


def stop() -> None:
    """Let the worker finish what it has in hand, for STOP_SECONDS at most; without it, a task that comes while the process
    ends fails with a traceback. Does nothing where no worker was started."""
    if _thread is None:
        return
    state.should_stop = 0
    _thread.join(STOP_SECONDS)
