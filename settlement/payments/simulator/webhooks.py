"""Sends the simulator's events as signed webhooks, with the retries, repetitions and disorder that Stripe's have."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from settlement.payments.simulator.errors import ApiError
from settlement.payments.simulator.faults import Fault, FaultKind, Faults
from settlement.payments.simulator.scheduler import Scheduler

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
MAX_ATTEMPTS: Final = 6
TIMEOUT_S: Final = 5.0
SUCCESS_CLASS: Final = 2
_FIRST_RETRY_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where webhooks go and the secret that signs them. Raises ApiError for anything but plain HTTP on loopback."""

    url: str
    secret: str = field(repr=False)

    def __post_init__(self) -> None:
        """A simulator must not be able to call anywhere else."""
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname not in LOOPBACK or not self.secret:
            message = "The simulator sends webhooks to http://127.0.0.1 only, and needs a secret"
            raise ApiError(message, param="url")


def sign(payload: bytes, secret: str, at: int) -> str:
    """The Stripe-Signature header: HMAC-SHA-256 over `{time}.{body}`, scheme v1. Source: docs.stripe.com/webhooks, "Verify manually"."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Webhooks:
    """Delivers events to one endpoint; without an endpoint events are only listed."""

    def __init__(self, endpoint: Endpoint | None, faults: Faults, delivered: Callable[[str], None]) -> None:
        self.endpoint = endpoint
        self._faults = faults
        self._delivered = delivered
        self._scheduler = Scheduler("simulator-webhooks")
        self._held: list[tuple[dict[str, Any], Endpoint]] = []

    def send(self, events: list[dict[str, Any]]) -> None:
        """Queue events for the endpoint of this moment, in this order unless a fault says otherwise. Returns at once."""
        if self.endpoint is None:
            return
        for event in events:
            self._scheduler.later(0, partial(self._route, event, self.endpoint))

    def _route(self, event: dict[str, Any], endpoint: Endpoint) -> None:
        kind = event["type"]
        if self._faults.take(FaultKind.WEBHOOK_MISSING, kind):
            self._delivered(event["id"])
            return
        if fault := self._faults.take(FaultKind.WEBHOOK_REORDER, kind):
            self._hold(event, endpoint, fault)
            return
        self._deliver(event, endpoint, 1)
        if self._faults.take(FaultKind.WEBHOOK_DUPLICATE, kind):
            self._deliver(event, endpoint, 1)

    def _hold(self, event: dict[str, Any], endpoint: Endpoint, fault: Fault) -> None:
        """Keep events back until the fault is spent, then send the last first; in any case not for longer than the fault says."""
        self._held.append((event, endpoint))
        if fault.times == 0:
            self._release()
        elif len(self._held) == 1:
            self._scheduler.later(fault.seconds, self._release)

    def _release(self) -> None:
        held, self._held = self._held[::-1], []
        for event, endpoint in held:
            self._deliver(event, endpoint, 1)

    def _deliver(self, event: dict[str, Any], endpoint: Endpoint, attempt: int) -> None:
        if _post(endpoint, json.dumps(event, ensure_ascii=False).encode()):
            self._delivered(event["id"])
        elif attempt < MAX_ATTEMPTS:
            self._scheduler.later(_FIRST_RETRY_S * 2 ** (attempt - 1), partial(self._deliver, event, endpoint, attempt + 1))


def _post(endpoint: Endpoint, payload: bytes) -> bool:
    """One attempt; true when the endpoint answered 2xx. Redirects are not followed."""
    parts = urlsplit(endpoint.url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
    headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Egret Stripe simulator"}
    headers["Stripe-Signature"] = sign(payload, endpoint.secret, int(time.time()))
    try:
        connection.request("POST", parts.path + (f"?{parts.query}" if parts.query else "") or "/", body=payload, headers=headers)
        return connection.getresponse().status // 100 == SUCCESS_CLASS
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
