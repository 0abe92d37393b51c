"""Memory of all processes at rest, against one bare Django process under gunicorn."""

import contextlib
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings

from benchmarks.measure import Aim, Line, Result, Skipped
from benchmarks.servers import can_weigh, process, proportional_kib, web

REST_SECONDS = 8.0
AIM = Aim(400, of="figure")
CELERY = ("-m", "celery", "-A", "config")


def measure() -> list[Line]:
    """Two lines: web, worker and beat as processes of their own with Redis; and all in one process."""
    if not can_weigh():
        return [Skipped("memory", "all processes", "needs Linux: /proc/self/smaps_rollup")]
    with web("benchmarks.bare", "/", WEB_CONCURRENCY="1") as (_port, bare):
        limit = _at_rest([bare])
    lines: list[Line] = []
    if settings.REDIS_URL:
        apart = _apart()
        lines.append(
            Result(
                "memory", "web, worker, beat", apart, "MB", limit, "bare web", (AIM,), "PSS, without servers"
            )
        )
    else:
        lines.append(Skipped("memory", "web, worker, beat", "needs REDIS_URL"))
    with web("config.wsgi", "/healthz", EMBEDDED_WORKER="1", REDIS_URL="", WEB_CONCURRENCY="1") as (
        _port,
        whole,
    ):
        embedded = _at_rest([whole])
    lines.append(Result("memory", "all in one process", embedded, "MB", limit, "bare web", (AIM,), "PSS"))
    return lines


def _apart() -> float:
    with contextlib.ExitStack() as stack:
        _port, pid = stack.enter_context(web("config.wsgi", "/healthz", EMBEDDED_WORKER="0"))
        schedule = str(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-bench-"))) / "beat")
        others = [
            stack.enter_context(process([*CELERY, "worker"], EMBEDDED_WORKER="0")),
            stack.enter_context(process([*CELERY, "beat", "-s", schedule], EMBEDDED_WORKER="0")),
        ]
        return _at_rest([pid, *(other.pid for other in others)])


def _at_rest(pids: Sequence[int]) -> float:
    """MB of the processes and their children, once they have had time to load and settle."""
    time.sleep(REST_SECONDS)
    return sum(proportional_kib(pid) for pid in pids) * 1024 / 1_000_000
