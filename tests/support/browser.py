"""Finds a Chromium for the browser tests; run as a program it installs one where that is allowed.

    python -m tests.support.browser

Allowed means: as root on a system with apt-get. A missing browser is no error here: the tests that need it
are skipped, and say so at the end of their run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Of a sandbox it has none (root needs that), of the network neither: see tests/support/network.py.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
INSTALL_SECONDS = 900
_APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")


def find_chromium() -> Path | None:
    """The program of a Chromium or Chrome: CHROMIUM if set, else the first one in PATH; None without any."""
    named = os.environ.get("CHROMIUM")
    if named:
        return Path(named)
    found = (shutil.which(name) for name in NAMES)
    return next((Path(program) for program in found if program), None)


def install_chromium() -> str:
    """Install Debian's Chromium and return "", or return why that was not possible."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return "it can be installed here only by hand (this is not a Debian where we are root)"
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ((*_APT, "update"), (*_APT, "install", "-y", "--no-install-recommends", "chromium")):
        try:
            done = subprocess.run(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
            )
        except subprocess.TimeoutExpired:
            return f"`{' '.join(command)}` took more than {INSTALL_SECONDS} s"
        if done.returncode:
            return f"`{' '.join(command)}` failed: {done.stderr.strip()[-500:]}"
    return ""


def main() -> int:
    """Print which browser there is, after installing one if need be."""
    if not find_chromium():
        print("No Chromium here, installing Debian's ...", flush=True)
        problem = install_chromium()
        if problem:
            print(f"WARNING: no Chromium, and {problem}. The browser tests will be skipped.", file=sys.stderr)
            return 0
    print(f"Chromium: {find_chromium()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
