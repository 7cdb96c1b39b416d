"""Starts the Stripe simulator in its own process and listens for its webhooks, for every test of payments."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import requests

from settlement.payments.gateway import ChargeRequest, Recipient, RecipientRequest, Tag
from settlement.payments.stripe_gateway import API_VERSION, StripeConfig, StripeGateway

ROOT = Path(__file__).resolve().parents[3]
API_KEY = "sk_test_simulator"
SECRET = "whsec_simulator_test"


class RunningSimulator:
    """One simulator process and the requests that only a simulator answers."""

    def __init__(self, *options: str) -> None:
        command = [sys.executable, "-m", "settlement.payments.simulator", "--until-stdin-closes", *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.address = self._first_line()["address"]

    def _first_line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            assert selector.select(timeout=60), "the simulator said nothing"
        return json.loads(self.process.stdout.readline())

    def ask(self, method: str, path: str, *, data: Any = None, headers: dict[str, str] | None = None) -> requests.Response:
        """One raw request, as a client other than the SDK would send it."""
        own = {"Authorization": f"Bearer {API_KEY}", "Stripe-Version": API_VERSION, **(headers or {})}
        return requests.request(method, self.address + path, data=data, headers=own, timeout=30)

    def control(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """One request to the simulator's own pages."""
        answer = self.ask(method, path, data=None if body is None else json.dumps(body))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def fault(self, kind: str, **options: Any) -> None:
        """Switch a fault on."""
        self.control("POST", "/_sim/faults", {"kind": kind, **options})

    def books(self) -> dict[str, Any]:
        """The simulator's own books."""
        return self.control("GET", "/_sim/books")

    def charges(self, tag: Tag) -> list[dict[str, Any]]:
        """Every charge of a deal, paid or not."""
        return self.ask("GET", f"/v1/charges?transfer_group={tag.deal}&limit=100").json()["data"]

    def gateway(self, **options: Any) -> StripeGateway:
        """Our gateway on this simulator; the SDK does not retry unless a test says so."""
        given = {"api_key": API_KEY, "webhook_secret": SECRET, "api_base": self.address, "max_network_retries": 0}
        return StripeGateway(StripeConfig(**{**given, **options}))

    def close(self, *, kill: bool = False) -> int:
        """End the process, as a parent that goes away does or as a crash does."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        if kill:
            self.process.kill()
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait(timeout=15)


class Inbox:
    """A webhook endpoint that keeps what it was sent. `statuses` are its next answers; then it answers 200."""

    def __init__(self) -> None:
        self.received: list[tuple[bytes, str]] = []
        self.statuses: list[int] = []
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                payload = self.rfile.read(int(self.headers["Content-Length"]))
                inbox.received.append((payload, self.headers["Stripe-Signature"]))
                self.send_response(inbox.statuses.pop(0) if inbox.statuses else 200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhooks/stripe"

    def types(self) -> list[str]:
        """The types of the events received, in order of arrival."""
        return [json.loads(payload)["type"] for payload, _ in self.received]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def eventually(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that happens in another process, at most this long."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., None]:
    return eventually


@pytest.fixture(scope="session")
def shared_simulator() -> Iterator[RunningSimulator]:
    running = RunningSimulator("--fee-ppm", "6000")
    yield running
    running.close()


@pytest.fixture
def simulator(shared_simulator: RunningSimulator) -> Iterator[RunningSimulator]:
    """The session's simulator: no fault is left over, and after every test its books agree with its objects."""
    yield shared_simulator
    shared_simulator.control("DELETE", "/_sim/faults")
    # A payout still on its way would change the books, and send its webhook, in the middle of the next test.
    eventually(lambda: not any(shared_simulator.books()["accounts"].get("transit:payouts", {}).values()))
    books = shared_simulator.books()
    assert (books["balanced"], books["differences"], set(books["totals"].values()) - {0}) == (True, [], set())


@pytest.fixture
def start_simulator() -> Iterator[Callable[..., RunningSimulator]]:
    """Start a simulator of one's own; its books too must agree at the end."""
    started: list[RunningSimulator] = []

    def start(*options: str) -> RunningSimulator:
        started.append(RunningSimulator(*options))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            assert running.books()["differences"] == []
            running.close()


@pytest.fixture
def listening() -> Iterator[Inbox]:
    """An endpoint that no simulator knows yet."""
    inbox = Inbox()
    yield inbox
    inbox.close()


@pytest.fixture
def inbox(simulator: RunningSimulator, listening: Inbox) -> Inbox:
    """An endpoint that gets the session's simulator's webhooks during this test."""
    simulator.control("POST", "/_sim/webhook", {"url": listening.url, "secret": SECRET})
    return listening


@pytest.fixture
def gateway(simulator: RunningSimulator) -> StripeGateway:
    return simulator.gateway()


@pytest.fixture
def tag() -> Tag:
    return Tag(entry=uuid4(), deal=uuid4(), share="1")


@pytest.fixture
def key() -> str:
    return f"charge:{uuid4()}"


@pytest.fixture
def charge_request(tag: Tag) -> ChargeRequest:
    return ChargeRequest(amount_minor=1_000_000, currency="CNY", payment_method="pm_card_visa", tag=tag, description="deal")


@pytest.fixture
def recipient(gateway: StripeGateway) -> Recipient:
    request = RecipientRequest(party=uuid4(), name="Weather 气象", country="HK", currency="CNY", bank_token="btok_simulator")
    return gateway.create_recipient(key=f"recipient:{request.party}", request=request)
