"""How long after its due time a breach is recorded, while clocks run, submissions come in, and worker and beat do all their work."""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from benchmarks.measure import Aim, Line, Result, Skipped
from benchmarks.memory import CELERY
from benchmarks.servers import process, web
from benchmarks.sweep import add_running_clocks
from leads.models import Submission
from sla.models import Breach, Clock

DUE, SPREAD, HEAD_START, PATIENCE = 2_000, 15.0, 8.0, 30.0


def measure(leads: int, clocks: int, key: str) -> list[Line]:
    """One line: the 99th percentile in seconds of DUE deadlines that are spread over SPREAD seconds."""
    if connection.vendor != "postgresql" or not settings.REDIS_URL:
        return [Skipped("latency", "breach after its due time", "needs PostgreSQL and REDIS_URL")]
    if Clock.objects.running().count() < clocks:
        add_running_clocks(leads, clocks, timezone.now())
    keys = list(_far_ahead().values_list("pk", flat=True)[: min(DUE, clocks)])
    with contextlib.ExitStack() as stack:
        port, _pid = stack.enter_context(web("config.wsgi", "/healthz", EMBEDDED_WORKER="0"))
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-bench-"))
        stack.enter_context(process([*CELERY, "worker"], EMBEDDED_WORKER="0"))
        stack.enter_context(process([*CELERY, "beat", "-s", str(Path(folder) / "beat")], EMBEDDED_WORKER="0"))
        return [_watched(keys, port, key)]


def _far_ahead() -> QuerySet[Clock]:
    return Clock.objects.running().filter(due_at__gt=timezone.now() + timedelta(days=1)).order_by("pk")


def _watched(keys: list[int], port: int, key: str) -> Line:
    """Let the deadlines pass while submissions come in over one connection, and read when their breaches were recorded."""
    first = timezone.now() + timedelta(seconds=HEAD_START)
    for number in range(int(SPREAD)):
        due = first + timedelta(seconds=number)
        chosen = Clock.objects.filter(pk__in=keys[number :: int(SPREAD)])
        chosen.update(started_at=due - timedelta(hours=4), due_at=due, warn_at=due)
    before = Submission.objects.count()
    command = [
        sys.executable,
        "-m",
        "benchmarks.client",
        str(port),
        "1",
        str(HEAD_START + SPREAD),
        key,
        "latency",
    ]
    taken = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)["taken"]
    breaches = Breach.objects.filter(clock__in=keys)
    end = time.monotonic() + PATIENCE
    while breaches.count() < len(keys) and time.monotonic() < end:
        time.sleep(0.5)
    passed = breaches.annotate(after=F("recorded_at") - F("deadline")).values_list("after", flat=True)
    seconds = sorted(after.total_seconds() for after in passed)
    if len(seconds) < len(keys):
        why = f"{len(seconds)} of {len(keys)} breaches were recorded"
        return Skipped("latency", "breach after its due time", why, failed=True)
    note = (
        f"{Clock.objects.running().count():,} running clocks, {Submission.objects.count() - before:,} submissions"
        f" in {taken / (HEAD_START + SPREAD):.0f} a second, median {statistics.median(seconds):.2f} s, worst {seconds[-1]:.2f} s"
    )
    p99 = seconds[len(seconds) * 99 // 100]
    return Result(
        "latency", "breach after its due time, p99", p99, "s", None, "", (Aim(2, of="figure"),), note
    )
