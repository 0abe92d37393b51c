"""The real processes of an installation, for tests that kill them: web, worker, beat."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from tests.support.servers import free_port

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


class Plant:
    """Starts processes on one environment, and ends all of them by their number."""

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self.environment = dict(environment)
        self.logs = logs
        self.port = free_port()
        self._running: list[subprocess.Popen[bytes]] = []

    def worker(self) -> subprocess.Popen[bytes]:
        """A Celery worker, ready to be killed. The solo pool is one process, so that a kill takes all of it."""
        return self._start(
            "worker", "-m", "celery", "-A", "config", "worker", "--pool", "solo", "-l", "WARNING"
        )

    def beat(self) -> subprocess.Popen[bytes]:
        """The beat, with its schedule in the log folder."""
        schedule = str(self.logs / "beat")
        return self._start("beat", "-m", "celery", "-A", "config", "beat", "-s", schedule, "-l", "WARNING")

    def web(self) -> subprocess.Popen[bytes]:
        """gunicorn on a port of its own; returns once it answers."""
        self.environment["PORT"] = str(self.port)
        process = self._start("web", "-m", "gunicorn", "-c", "config/gunicorn.py", "config.wsgi")
        wait_until(self._answers)
        return process

    def run(self, *arguments: str) -> str:
        """Run a Python command to its good end; what it printed."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr.decode()[-2000:]
        return done.stdout.decode()

    def post(self, payload: dict[str, object], key: str, token: str) -> tuple[int, dict[str, object]]:
        """Post one submission; the status and the body of the answer."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(link):
            headers = {
                "Authorization": f"Bearer {token}",
                "Idempotency-Key": key,
                "Content-Type": "application/json",
            }
            link.request("POST", "/api/v1/submissions", json.dumps(payload), headers)
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """kill -9."""
        process.send_signal(signal.SIGKILL)
        process.wait(10)

    def stop_all(self) -> None:
        """End what still runs."""
        for process in self._running:
            if process.poll() is None:
                process.terminate()
        for process in self._running:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            if process.poll() is None:
                self.kill(process)

    def _start(self, name: str, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *arguments], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self._running.append(process)
        return process

    def _answers(self) -> bool:
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        with contextlib.closing(link), contextlib.suppress(OSError):
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        return False


def wait_until(is_so: Callable[[], bool]) -> None:
    """Look again and again until it is so. Fails after PATIENCE_SECONDS."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if is_so():
            return
        time.sleep(0.05)
    raise AssertionError(f"still not so after {PATIENCE_SECONDS} s: {is_so}")


@contextlib.contextmanager
def plant_of(environment: Mapping[str, str], logs: Path) -> Iterator[Plant]:
    """A plant that leaves nothing running."""
    plant = Plant(environment, logs)
    try:
        yield plant
    finally:
        plant.stop_all()
