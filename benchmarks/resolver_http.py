"""Claim: the resolver answers 3,000 random look-ups a second over HTTP."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

import psycopg
from django.conf import settings

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.identifiers import copy_names, copy_records, handles
from benchmarks.peers import measured_here
from registry.base.processes import die_with_parent
from registry.identifiers.resolver.asking import API

IDENTIFIERS: Final = 100_000
REQUESTS: Final = 10_000
CONNECTIONS: Final = 16
WORKERS, THREADS = 2, 2
"""A worker for each of the reference machine's two cores."""
START_SECONDS: Final = 30
STOP_SECONDS: Final = 20
PEER: Final = "the same look-up through a Django view"


@contextmanager
def served(application: str) -> Iterator[int]:
    """An application in granian, as a machine runs the resolver that does nothing else; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    options = ["--interface", "wsgi", "--http", "1", "--workers", str(WORKERS), "--blocking-threads", str(THREADS)]
    options += ["--workers-kill-timeout", "5", "--log-level", "error"]
    process = subprocess.Popen(  # noqa: S603 this interpreter and literal arguments
        [sys.executable, "-m", "granian", "--host", "127.0.0.1", "--port", str(port), *options, application],
        env=os.environ | {"DATABASE_URL": settings.DATABASE_URL},
        preexec_fn=die_with_parent,  # noqa: PLW1509 no thread has been started yet
    )
    try:
        _await(process, port)
        yield port
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _await(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/")
            connection.getresponse()
            return
        time.sleep(0.05)
    raise RuntimeError("the web server did not start")


@contextmanager
def filled() -> Iterator[Path]:
    """A hundred thousand identifiers with their records; yields a file with the path of each."""
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        if not connection.execute("SELECT count(*) FROM registry_log_logstate").fetchone()[0]:  # type: ignore[index]
            copy_names(connection, handles(IDENTIFIERS))
            copy_records(connection, handles(IDENTIFIERS))
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as paths:
        paths.writelines(f"{API}/{handle}\n" for handle in handles(IDENTIFIERS))
        paths.flush()
        yield Path(paths.name)


def measured(port: int, paths: Path, figure: str) -> float:
    """One load on one server.

    Raises:
        RuntimeError: an answer was no record.
    """
    told = measured_here("benchmarks.resolver_load", str(port), str(paths), str(REQUESTS), str(CONNECTIONS))
    if told["failed"]:
        message = f"{told['failed']} of {REQUESTS} answers were none"
        raise RuntimeError(message)
    return float(told[figure])


def contest_of(figure: str) -> Callable[[str], AbstractContextManager[Contest]]:
    """The resolver, the same by a Django view, and a constant answer by the same web server."""

    @contextmanager
    def contest(_plain: str) -> Iterator[Contest]:
        with ExitStack() as stack:
            paths = stack.enter_context(filled())
            applications = ("registry.identifiers.resolver.server:application", "benchmarks.resolver_peer:django_view")
            ports = [stack.enter_context(served(each)) for each in (*applications, "benchmarks.resolver_peer:constant")]
            ours, peer, limit = (lambda port=port: measured(port, paths, figure) for port in ports)
            yield Contest(ours=ours, peer=peer, limit=limit)

    return contest


CLAIM: Final = Claim(
    says="The resolver answers 3,000 look-ups a second over HTTP, drawn from 100,000 identifiers, load and server on the same two cores.",
    unit="requests/s",
    better=Better.HIGHER,
    goal=Absolute(3_000.0, scaled_by="node_hashes_per_s"),
    open=contest_of("per_second"),
    peer=PEER,
)
