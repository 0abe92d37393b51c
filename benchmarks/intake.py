"""Submissions per second in at the API, against a bare Django view that stores its body by one INSERT."""

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable

from django.conf import settings
from django.db import connection

from benchmarks.measure import Aim, Line, Result, alternate
from benchmarks.servers import web
from leads.models import Submission

CONNECTIONS = 8
WARM_UP_SECONDS = 1.0


class NotTaken(RuntimeError):
    """The server refused submissions of the benchmark, or did not keep what it had taken."""


def measure(key: str, rounds: int, seconds: float) -> list[Line]:
    """One line: the API beside the bare view, both under gunicorn with config/gunicorn.py, taking turns."""
    workers = _workers()
    # The server logs as it does by default; the measuring process is quieter. Without Redis the worker is a thread of the
    # web process, because there is nobody else to hear it; with Redis nobody processes while intake is measured.
    environment = {
        "WEB_CONCURRENCY": str(workers),
        "EMBEDDED_WORKER": "1" if settings.IN_MEMORY_BROKER else "0",
        "LOG_LEVEL": "INFO",
    }
    subprocess.run([sys.executable, "-m", "benchmarks.bare"], check=True)
    names = (f"run{number}" for number in itertools.count(1))
    before = Submission.objects.count()
    taken = 0

    def side(port: int, length: float) -> Callable[[], float]:
        def once() -> float:
            nonlocal taken
            count, rate = _send(port, length, key, next(names))
            taken += count if port == api_port else 0
            return rate

        return once

    with (
        web("config.wsgi", "/healthz", **environment) as (api_port, _api),
        web("benchmarks.bare", "/", **environment) as (bare_port, _bare),
    ):
        warm_up = min(seconds, WARM_UP_SECONDS)
        alternate(1, side(api_port, warm_up), side(bare_port, warm_up))
        measured, limit = alternate(rounds, side(api_port, seconds), side(bare_port, seconds))
    if Submission.objects.count() - before != taken:
        raise NotTaken(
            f"{taken} submissions were answered with 202, {Submission.objects.count() - before} are kept."
        )
    aims = (Aim(0.4, at_least=True),) if connection.vendor == "postgresql" else ()
    note = f"{CONNECTIONS} connections, {workers} worker(s) of {os.environ.get('WEB_THREADS') or 8} threads"
    return [
        Result(
            "intake", "POST /api/v1/submissions", measured, "/s", limit, "bare view, one INSERT", aims, note
        )
    ]


def _workers() -> int:
    """As many processes as cores where config.checks allows several, else one."""
    if connection.vendor == "sqlite" or settings.IN_MEMORY_BROKER:
        return 1
    return int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)


def _send(port: int, seconds: float, key: str, run: str) -> tuple[int, float]:
    command = [sys.executable, "-m", "benchmarks.client", str(port), str(CONNECTIONS), str(seconds), key, run]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    if answer["refused"]:
        raise NotTaken(f"{answer['refused']} submissions were refused, the first with {answer['first'][0]}")
    return answer["taken"], answer["taken"] / answer["seconds"]
