"""Logs that are served over HTTP as outsiders find them: a whole market with its witness, and a folder of files."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Final
from uuid import UUID, uuid4

from django.db import transaction

from registry.base import environment
from registry.base.actor import SYSTEM, PartyKind
from registry.base.processes import die_with_parent
from registry.log.keys import environment_keys
from registry.log.models import LogState
from registry.log.note import parse_note
from registry.log.schemas import declare
from registry.log.services import record
from tests.support.children import SECONDS, ending, next_line
from tests.support.parties import admit

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parents[2]
WITNESS: Final = "witness.example/w1"

declare("test.read", public=("number",), sealed=("price",))


@dataclass
class Market:
    """A running market whose log has grown in several steps.

    Attributes:
        url: where the log's files are.
        key: the log's verifier key.
        witness: the verifier key of the witness that runs beside it.
        events: what was recorded by the test, in order.
        notes: the checkpoint after each growth, as it was served.
    """

    url: str
    key: str = ""
    witness: str = ""
    events: list[UUID] = field(default_factory=list)
    notes: list[bytes] = field(default_factory=list)

    def get(self, path: str) -> bytes | None:
        """A file of the log; None while there is none."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=SECONDS) as answer:  # noqa: S310 our own server
                return answer.read()
        except urllib.error.HTTPError as error:
            error.close()
            return None


@contextmanager
def market(database: str, var: Path) -> Iterator[Market]:
    """Serve a market on a database that the test writes to as well; its own relays publish, and ask a witness in a process of its own."""
    policy = var / "policy"
    policy.write_text("quorum none\n")
    given = {"DATABASE_URL": database, "EGRET_VAR": str(var), "EGRET_LOG_POLICY": str(policy)}
    name = environment.database(database)["dbname"]
    with ExitStack() as stack:
        process = stack.enter_context(_running(["serve", "--port", "0", "--database", name, "--migrated"], given))
        url = json.loads(next_line(process))["url"]
        for kind in (PartyKind.MERCHANT, PartyKind.BUYER, PartyKind.REGULATOR):
            admit(kind, name=str(kind))
        log_id = _wait(lambda: LogState.objects.values_list("log_id", flat=True).first())
        served = Market(f"{url}log/{log_id}/", str(environment_keys(log_id)[0].verifier))
        (var / "watched").write_text(f"log {served.key}\nquorum none\n")
        port = free_port()
        arguments = ["--name", WITNESS, "--policy", str(var / "watched"), "--folder", str(var / "witness"), "--port", str(port)]
        witness = stack.enter_context(_running(["log", "witness", *arguments], {"EGRET_WITNESS_KEY": "0b" * 32}))
        served.witness = next_line(witness).strip()
        _wait(lambda: _listens(port))
        _replace(policy, f"log {served.key}\nwitness w1 {served.witness} http://127.0.0.1:{port}\nquorum w1\n")
        yield served


def grow(served: Market, *counts: int) -> None:
    """Record so many events at a time, each time until the served checkpoint covers them and, after the last, is cosigned."""
    for count in counts:
        with transaction.atomic():
            for number in range(count):
                event = record(
                    "test.read", subject=("Test", uuid4()), actor=SYSTEM, public={"number": number}, sealed={"price": f"{number}.00"}
                )
                served.events.append(event)
        least = count + (int(served.notes[-1].split(b"\n")[1]) if served.notes else 0)
        served.notes.append(_wait(partial(_larger, served, least)))
    served.notes[-1] = _wait(lambda: _cosigned(served))


@contextmanager
def folder(path: Path) -> Iterator[str]:
    """Serve a folder of files; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and says nothing."""

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def _running(arguments: list[str], given: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | given,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 it calls one system function
    )
    with ending(process, politely=True):
        yield process


def _larger(served: Market, least: int) -> bytes | None:
    note = served.get("checkpoint")
    return note if note and int(note.split(b"\n")[1]) >= least else None


def _cosigned(served: Market) -> bytes | None:
    note = served.get("checkpoint")
    return note if note and WITNESS in {line.name for line in parse_note(note).signatures} else None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text)
    draft.replace(path)


def _wait(ask):
    deadline = time.monotonic() + SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return answer
