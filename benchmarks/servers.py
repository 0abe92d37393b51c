"""Processes of the application for measurements: started, waited for, weighed, ended by their number."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

START_SECONDS = 60
STOP_SECONDS = 20


class NotStarted(RuntimeError):
    """A process ended or did not answer; the message has the end of its log."""


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def process(command: Sequence[str], **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of this Python (`-m ...`) in the project's folder, ended after the block."""
    with tempfile.NamedTemporaryFile(prefix="baton-bench-", suffix=".log") as log:
        started = subprocess.Popen(
            [sys.executable, *command],
            env={**os.environ, "PYTHONPATH": str(Path.cwd()), **environment},
            stdout=log,
            stderr=log,
        )
        try:
            yield started
            if started.poll() is not None:
                raise NotStarted(
                    f"{' '.join(command)} ended:\n{Path(log.name).read_text(errors='replace')[-2000:]}"
                )
        finally:
            _end(started)


@contextlib.contextmanager
def web(application: str, path: str, **environment: str) -> Iterator[tuple[int, int]]:
    """gunicorn with config/gunicorn.py on a free port; gives its port and process number once `path` answers."""
    port = free_port()
    command = ["-m", "gunicorn", "-c", "config/gunicorn.py", application]
    with process(command, **environment, PORT=str(port), BIND="") as started:
        _wait_for(port, path, started)
        yield port, started.pid


def proportional_kib(root: int) -> int:
    """Memory of a process and its descendants in KiB, shared pages counted in shares (PSS); Linux only."""
    total = 0
    for pid in [root, *_descendants(root)]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total


def can_weigh() -> bool:
    """Whether this system tells the memory of processes as above."""
    return Path("/proc/self/smaps_rollup").exists()


def _descendants(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                # The name of the program is in brackets and may hold blanks; the parent comes second after it.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [root]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def _wait_for(port: int, path: str, started: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and started.poll() is None:
        link = HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError), contextlib.closing(link):
            link.request("GET", path)
            if link.getresponse().status == 200:
                return
        time.sleep(0.05)
    if started.poll() is None:
        raise NotStarted(f"Nothing answered on port {port} within {START_SECONDS} seconds.")


def _end(started: subprocess.Popen[bytes]) -> None:
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if started.poll() is None:
            started.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                started.wait(STOP_SECONDS)
