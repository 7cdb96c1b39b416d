"""Starts the resolver in a real web server and speaks plain HTTP with it, so that tests see what any client would."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from registry.base.actor import SYSTEM
from registry.base.ids import uuid7
from registry.identifiers.handles import Handle, parse
from registry.identifiers.services import mint, values_push
from registry.identifiers.values import RIGHTS, STATUS, Kind
from registry.log.canonical import JSON
from registry.log.integrator import integrate
from registry.log.schemas import declare
from registry.log.services import record
from tests.support.children import SECONDS, ending

PROJECT: Final = Path(__file__).resolve().parents[2]
ALONE: Final = "registry.identifiers.resolver.server:application"
BESIDE_DJANGO: Final = "marketplace.wsgi:application"
PUBLIC: Final = "https://market.example"
REGISTERED: Final[Mapping[Kind, JSON]] = {STATUS: {"state": "REGISTERED", "holds": []}, RIGHTS: {"rights": []}}
UNKNOWN: Final = next(str(each) for n in range(100) if parse(str(each := Handle("88.118.100111", n))))
"""Well formed, and never given by a draw of a test."""


@dataclass(frozen=True)
class Told:
    """An answer: status, headers by lower-case name, body."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Served:
    """A running server."""

    port: int
    process: subprocess.Popen[bytes]

    def ask(self, path: str, method: str = "GET", *, body: bytes | Iterator[bytes] | None = None, **headers: str) -> Told:
        """One request on a connection of its own; header names with ``_`` for ``-``. The path goes out as it is, byte by byte."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection._validate_path = lambda _path: None  # type: ignore[attr-defined,method-assign]
            connection._encode_request = lambda request: request.encode("latin-1")  # type: ignore[attr-defined,method-assign]
            connection.request(method, path, body=body, headers={name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            return Told(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def batch(self, given: Any, **headers: str) -> Told:
        """A batch of identifiers, or whatever else."""
        body = given if isinstance(given, bytes) else json.dumps(given).encode()
        return self.ask("/api/handles", "POST", body=body, **{"Content_Type": "application/json", **headers})


def _gunicorn(port: int, threads: int) -> list[str]:
    options = ["--worker-class", "gthread", "--workers", "1", "--threads", str(threads), "--no-control-socket", "--log-level", "warning"]
    return ["gunicorn", "--bind", f"127.0.0.1:{port}", *options]


def _granian(port: int, threads: int) -> list[str]:
    options = ["--interface", "wsgi", "--http", "1", "--workers", "1", "--blocking-threads", str(threads), "--workers-kill-timeout", "5"]
    return ["granian", "--host", "127.0.0.1", "--port", str(port), "--log-level", "error", *options]


WEB_SERVERS: Final = {"gunicorn": _gunicorn, "granian": _granian}
"""What `manage.py serve` starts, and what a machine runs that does nothing but resolve."""


@contextlib.contextmanager
def served(url: str, *, application: str = ALONE, threads: int = 8, web: str = "") -> Iterator[Served]:
    """Run an application on a database, in one worker of the web server that it is meant for, or of another."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(  # a worker of a web server must not outlive it here, so both are in a group of their own
        [sys.executable, "-m", *WEB_SERVERS[web or ("granian" if application == ALONE else "gunicorn")](port, threads), application],
        cwd=PROJECT,
        env={**os.environ, "DATABASE_URL": url, "EGRET_PUBLIC_URL": PUBLIC, "EGRET_ROLE": "egret_app"},
        start_new_session=True,
    )
    running = Served(port, process)
    with ending(process, politely=True):
        _await(running)
        yield running


def _await(running: Served) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            running.ask("/api/handles", "OPTIONS")
        except OSError:
            if time.monotonic() > deadline or running.process.poll() is not None:
                raise
            time.sleep(0.05)
        else:
            return


declare("test.said", public=())


def named(values: Mapping[Kind, JSON] = REGISTERED) -> str:
    """A fresh identifier with a public record whose event waits for its place in the log."""
    handle = mint(subject_type="RegisteredObject", subject_id=uuid7())
    say(handle, values)
    return handle


def say(handle: str, values: Mapping[Kind, JSON]) -> None:
    """Push values with an event of their own."""
    event = record("test.said", subject=("object", uuid7()), actor=SYSTEM, public={})
    values_push(handle=handle, values=values, event=event)


def logged(values: Mapping[Kind, JSON] = REGISTERED) -> str:
    """A fresh identifier whose record is in the log."""
    handle = named(values)
    integrate()
    return handle
