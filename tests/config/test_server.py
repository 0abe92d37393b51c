"""The server as `make run` starts it, and as a company runs it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.plant import ROOT, Plant, plant_of, wait_until
from tests.support.servers import free_port

SEED = """
import django; django.setup()
from accounts.models import Role, Team, User
from leads.models import Form
from sla.models import Agreement, Calendar, Territory
team = Team.objects.create(name="North")
User.objects.create_user("rep@acme.example", "a long password", name="Rep", role=Role.REP, team=team)
Territory.objects.create(
    team=team, calendar=Calendar.objects.get(), agreement=Agreement.objects.get(), is_fallback=True
)
source = Form.objects.get(slug="demo").source
print(source.new_key())
source.save()
"""


def run(environment: dict[str, str], *command: str) -> str:
    """Run a Python command to its good end; what it printed."""
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def look(file: Path) -> tuple[int, int, list[str]]:
    """Handoffs, submissions that wait, and ids of the requests that brought submissions."""
    with closing(sqlite3.connect(file, timeout=20)) as link:
        handoffs = link.execute("SELECT count(*) FROM sla_handoff").fetchone()[0]
        waiting = link.execute("SELECT count(*) FROM leads_submission WHERE state = 'received'").fetchone()[0]
        ids = link.execute("SELECT request_id FROM leads_submission ORDER BY id").fetchall()
    return handoffs, waiting, [each for (each,) in ids]


def ask(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """GET a page: status, headers and body."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as link:
        link.request("GET", path, headers=headers)
        answer = link.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture
def laptop(tmp_path: Path) -> dict[str, str]:
    """The environment of a laptop, with a database file and a folder of its own."""
    ours = ("REDIS_URL", "SECRET_KEY", "WEB_CONCURRENCY", "ALLOWED_HOSTS")
    return {name: value for name, value in os.environ.items() if name not in ours} | {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'baton.sqlite3'}",
        "VAR_DIR": str(tmp_path / "var"),
        "EMBEDDED_WORKER": "1",
        "DEBUG": "1",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


@pytest.fixture
def plant(laptop: dict[str, str], tmp_path: Path) -> Iterator[Plant]:
    """Its processes."""
    with plant_of(laptop, tmp_path) as made:
        yield made


@pytest.mark.long
def test_one_process_takes_in_processes_and_hands_off_and_ends_when_told(
    plant: Plant, laptop: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "baton.sqlite3"
    run(laptop, "manage.py", "migrate", "--verbosity", "0")
    key = run(laptop, "-c", SEED)
    web = plant.web()
    payload: dict[str, object] = {
        "email": "ada@acme.example",
        "company_name": "Acme",
        "job_title": "Director",
        "activity": "demo_request",
    }

    assert plant.post(payload, "k1", key)[0] == 202
    wait_until(lambda: look(file)[:2] == (1, 0))
    wait_until(lambda: ask(plant.port, "/readyz")[0] == 200)

    # kill -9 of the server and its worker, and a submission that nobody processed.
    children = subprocess.run(
        ["pgrep", "-P", str(web.pid)], capture_output=True, text=True, check=False
    ).stdout.split()
    plant.kill(web)
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    run(laptop, "-c", _receive("bob@bolt.example"))
    assert look(file)[:2] == (1, 1)
    web = plant.web()
    wait_until(lambda: look(file)[:2] == (2, 0))

    # The beat may come first, and it has no id; so look for one delivery of several that was processed by its own call.
    log = tmp_path / "web.log"
    keys = iter(range(1000))

    def call_carried_its_id() -> bool:
        assert plant.post(payload, f"more-{next(keys)}", key)[0] == 202
        lines = [line for line in log.read_text().splitlines() if "drained" in line]
        return any(request_id in line for line in lines for request_id in look(file)[2] if request_id)

    wait_until(call_carried_its_id)

    # A body whose length the sender did not know.
    chunks = (part for part in (b'{"email": "chunk', b'@acme.example"}'))
    with closing(http.client.HTTPConnection("127.0.0.1", plant.port, timeout=30)) as link:
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        link.request("POST", "/api/v1/submissions", chunks, headers, encode_chunked=True)
        assert link.getresponse().status == 202

    web.terminate()
    assert web.wait(20) == 0
    assert "Traceback" not in log.read_text()


def _receive(email: str) -> str:
    return (
        "import django; django.setup()\n"
        "from django.utils import timezone\n"
        "from leads.models import Source\n"
        "from leads.services.intake import Delivery, receive\n"
        f"raw = b'{json.dumps({'email': email, 'job_title': 'Director', 'activity': 'demo_request'})}'\n"
        "receive(delivery=Delivery(source=Source.objects.first(), raw=raw, content_type='application/json'),"
        " now=timezone.now())\n"
    )


@pytest.mark.long
def test_a_server_is_safe_by_its_headers_and_logs_lines_of_json(
    plant: Plant, laptop: dict[str, str], tmp_path: Path
) -> None:
    company: dict[str, str] = {
        "DEBUG": "0",
        "SECRET_KEY": "a-secret-of-more-than-thirty-two-letters-and-nobody-knows",
        "ALLOWED_HOSTS": "baton.example.com,127.0.0.1",
        "BEHIND_PROXY": "1",
    }
    plant.environment |= company
    run(plant.environment, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")
    plant.web()

    status, headers, _ = ask(plant.port, "/login/", Host="baton.example.com")
    assert (status, headers["Location"]) == (301, "https://baton.example.com/login/")
    secure = {"Host": "baton.example.com", "X-Forwarded-Proto": "https"}
    status, headers, body = ask(plant.port, "/login/", **secure)
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "Secure" in headers["Set-Cookie"]
    assert b"<script>" not in body

    style = re.search(rb'href="(/static/css/[^"]+\.[0-9a-f]{12}\.css)"', body)
    assert style is not None, body
    status, headers, _ = ask(plant.port, style.group(1).decode(), **secure)
    assert status == 200
    assert "immutable" in headers["Cache-Control"]

    assert ask(plant.port, "/login/", Host="evil.example")[0] == 400
    assert ask(plant.port, "/healthz")[0] == 200
    status, _, body = ask(plant.port, "/no/such/page/", **secure, **{"X-Request-ID": "id-of-the-proxy"})
    assert status == 404
    assert b"Traceback" not in body
    plant.stop_all()
    lines = [_json(line) for line in (tmp_path / "web.log").read_text().splitlines() if line.startswith("{")]
    found = [line for line in lines if line.get("request_id") == "id-of-the-proxy"]
    assert [(line["event"], line["code"], line["level"]) for line in found] == [
        ("request_finished", 404, "warning")
    ]


def _json(line: str) -> dict[str, Any]:
    read = json.loads(line)
    assert isinstance(read, dict)
    return read


def test_without_its_database_a_server_is_alive_and_not_ready(laptop: dict[str, str]) -> None:
    laptop["DATABASE_URL"] = f"postgres://me:secret@127.0.0.1:{free_port()}/baton"
    program = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "client = Client(SERVER_NAME='127.0.0.1')\n"
        "answer = client.get('/readyz')\n"
        "print(client.get('/healthz').status_code, answer.status_code, answer.json()['database'])\n"
    )
    assert run(laptop, "-c", program) == "200 503 OperationalError"
