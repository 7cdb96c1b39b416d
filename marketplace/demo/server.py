"""The server side of the demo: PostgreSQL, a fresh database, the simulated gateway, the web server with its relays."""

import json
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import requests

from registry.base.embedded import acquire, var_directory
from registry.base.local_keys import local_keys
from registry.base.processes import die_with_parent
from registry.base.scratch import ScratchRun
from registry.base.template import migrated_template

ROOT: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 90
STOP_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class DemoServer:
    """A running demo server: where it answers, the simulated gateway's address, the operator's first key, a place for files."""

    url: str
    gateway: str
    operator_key: str
    files: Path
    web: "subprocess.Popen[str]"

    def wait(self, stop: threading.Event) -> None:
        """Stay until told to stop or the server ends by itself."""
        while not stop.is_set() and self.web.poll() is None:
            time.sleep(0.2)


@contextmanager
def running_server(*, port: int) -> Iterator[DemoServer]:
    """Start everything on a fresh database; stop and drop everything on leaving.

    Raises:
        ServerUnavailable: no PostgreSQL could be started or reached.
        RuntimeError: a part did not come up in time.
    """
    var = var_directory()
    with ExitStack() as stack:
        database = stack.enter_context(acquire())
        run = stack.enter_context(ScratchRun(database.url))
        secret = f"whsec_{secrets.token_hex(16)}"
        os.environ.update(local_keys(var), EGRET_DEMO_CLOCK="1")
        name = run.name("demo")
        os.environ["DATABASE_URL"] = run.clone("demo", template=migrated_template(run.admin, database.url))
        bootstrap = stack.enter_context(_child(["manage.py", "bootstrap"]))  # beside the servers: it needs only the database
        simulator = stack.enter_context(_simulator(secret))
        os.environ.update(STRIPE_API_KEY="sk_test_simulator", STRIPE_WEBHOOK_SECRET=secret, STRIPE_API_BASE=simulator)
        web, url = stack.enter_context(_web(name, port))
        _point_webhooks(simulator, f"{url}webhooks/stripe", secret)
        files = var / "demo" / run.number
        files.mkdir(parents=True, exist_ok=True)
        yield DemoServer(url=url, gateway=simulator, operator_key=str(_first_json(bootstrap)["operator_key"]), files=files, web=web)


@contextmanager
def _simulator(secret: str) -> Iterator[str]:
    arguments = ["--port", "0", "--webhook-secret", secret, "--until-stdin-closes"]
    with _child(["-m", "settlement.payments.simulator", *arguments]) as process:
        yield str(_first_json(process)["address"])


@contextmanager
def _web(database: str, port: int) -> "Iterator[tuple[subprocess.Popen[str], str]]":
    with _child(["manage.py", "serve", "--port", str(port), "--demo-clock", "--database", database, "--migrated"]) as process:
        yield process, str(_first_json(process)["url"])


@contextmanager
def _child(arguments: list[str]) -> "Iterator[subprocess.Popen[str]]":
    process = subprocess.Popen(  # noqa: S603 this interpreter and our own arguments
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 no thread has been started yet
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first_json(process: "subprocess.Popen[str]") -> dict[str, Any]:
    lines: list[dict[str, Any]] = []
    reader = threading.Thread(target=_read_json, args=(process.stdout, lines), daemon=True)
    reader.start()
    reader.join(START_SECONDS)
    if not lines:
        message = f"{' '.join(map(str, process.args))} gave no answer: it failed, as it says above, or took longer than {START_SECONDS} s"  # type: ignore[arg-type]
        raise RuntimeError(message)
    return lines[0]


def _read_json(stream: IO[str] | None, lines: list[dict[str, Any]]) -> None:
    for line in stream or ():
        if line.startswith("{"):
            lines.append(json.loads(line))
            return


def _point_webhooks(simulator: str, url: str, secret: str) -> None:
    answer = requests.post(
        f"{simulator.rstrip('/')}/_sim/webhook",
        json={"url": url, "secret": secret},
        headers={"Authorization": "Bearer sk_test_simulator"},
        timeout=10,
    )
    answer.raise_for_status()
