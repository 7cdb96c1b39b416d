"""Answers HTTP as Stripe would: keys, versions, validation, idempotency, then one operation at a time, all or nothing."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import threading
import time
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import stripe

from settlement.payments.simulator import charging, paying, reading
from settlement.payments.simulator.books import report
from settlement.payments.simulator.call import Answer, Call, Fees, Operation
from settlement.payments.simulator.errors import ApiError
from settlement.payments.simulator.faults import FaultKind, Faults
from settlement.payments.simulator.parameters import check, decode, fields
from settlement.payments.simulator.scheduler import Scheduler
from settlement.payments.simulator.store import PLATFORM, Draft, KeyRecord, Store
from settlement.payments.simulator.webhooks import Endpoint, Webhooks

if TYPE_CHECKING:
    from collections.abc import Mapping

OPERATIONS: Final[tuple[Operation, ...]] = (*charging.OPERATIONS, *paying.OPERATIONS, *reading.OPERATIONS)
MAX_KEY_LENGTH: Final = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came over the wire, within the limits that the server checked. Header names are lower-case."""

    method: str
    path: str
    query: str
    body: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request after routing and validation."""

    operation: Operation
    owner: str
    ids: tuple[str, ...]
    params: dict[str, Any]


@dataclass(slots=True)
class Reply:
    """What goes back. `drop` closes the connection instead, after the effect."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


class Simulator:
    """The simulated platform account: its store, its faults, its webhooks and the operations on them."""

    def __init__(self, *, api_key: str, store: Store, fees: Fees, endpoint: Endpoint | None, payout_delay_s: float) -> None:
        self._api_key = api_key
        self._store = store
        self._fees = fees
        self._payout_delay_s = payout_delay_s
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}
        self._faults = Faults()
        self._webhooks = Webhooks(endpoint, self._faults, self._delivered)
        self._payouts = Scheduler("simulator-payouts")
        self._routes = [(_pattern(operation), operation) for operation in OPERATIONS]
        self._resume()

    def answer(self, request: Request) -> Reply:
        """One request. Never raises ApiError: refusals are replies."""
        try:
            self._authenticate(request)
            if request.path.startswith("/_sim/"):
                return self._control(request)
            return self._api(request)
        except ApiError as error:
            return Reply(error.status, error.body())

    def _authenticate(self, request: Request) -> None:
        given = request.headers.get("authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self._api_key}".encode()):
            message = "Invalid API Key provided"
            raise ApiError(message, status=401)

    def _control(self, request: Request) -> Reply:
        """What only a simulator has: its books, its faults, and where its webhooks go."""
        match request.method, request.path:
            case "GET", "/_sim/books":
                with self._lock:
                    return Reply(200, report(self._store))
            case "POST", "/_sim/faults":
                self._faults.add(_json(request.body))
            case "DELETE", "/_sim/faults":
                self._faults.clear()
            case "POST", "/_sim/webhook":
                given = _json(request.body)
                if not isinstance(given, dict) or not all(isinstance(given.get(name), str) for name in ("url", "secret")):
                    message = "A webhook endpoint is {url, secret}"
                    raise ApiError(message)
                endpoint = Endpoint(url=given["url"], secret=given["secret"])
                with self._lock:
                    self._webhooks.endpoint = endpoint
            case "GET", "/_sim/faults":
                pass
            case _:
                raise _unknown(request)
        return Reply(200, {"object": "simulator.faults", "data": self._faults.listed()})

    def _api(self, request: Request) -> Reply:
        version = request.headers.get("stripe-version", "")
        if version != stripe.api_version:
            message = f"The simulator speaks version {stripe.api_version} only, not '{version}'"
            raise ApiError(message, code="version_not_simulated")
        operation, ids = self._route(request)
        owner = self._owner(request, operation)
        params = check(decode(request.body if request.method == "POST" else request.query), operation.shape, operation.simulated)
        if self._faults.take(FaultKind.RATE_LIMIT, operation.name):
            message = "Too many requests hit the API too quickly."
            raise ApiError(message, status=429, code="rate_limit")
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if len(key) > MAX_KEY_LENGTH:
            message = f"Idempotency keys have at most {MAX_KEY_LENGTH} characters"
            raise ApiError(message, code="idempotency_key_too_long")
        run = partial(self._run, Asked(operation=operation, owner=owner, ids=ids, params=params))
        return self._once(f"{owner}:{key}", _fingerprint(request, params), run) if key else run("", "")

    def _route(self, request: Request) -> tuple[Operation, tuple[str, ...]]:
        for pattern, operation in self._routes:
            if operation.method == request.method and (match := pattern.fullmatch(request.path)):
                return operation, match.groups()
        raise _unknown(request)

    def _owner(self, request: Request, operation: Operation) -> str:
        owner = request.headers.get("stripe-account", PLATFORM)
        if owner == PLATFORM:
            return owner
        if not operation.connected:
            message = f"{operation.name} on a connected account is not simulated"
            raise ApiError(message, code="account_not_simulated")
        with self._lock:
            if self._store.objects.get(owner, {}).get("object") != "account":
                message = f"The provided key does not have access to account '{owner}'"
                raise ApiError(message, status=403, code="account_invalid")
        return owner

    def _once(self, name: str, fingerprint: str, run: partial[Reply]) -> Reply:
        """Do a request once per key: repeat the stored answer, refuse other content, and let no twin run at the same time."""
        with self._lock:
            record = self._store.find_key(name, int(time.time()))
            running = self._running.get(name)
            if (record.fingerprint if record else running or fingerprint) != fingerprint:
                message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
                raise ApiError(message, kind="idempotency_error")
            if record is not None:
                return Reply(record.status, record.body, {"Idempotent-Replayed": "true", **_advice(record.status)})
            if running is not None:
                message = "There is currently another in-progress request using this Idempotent Key."
                raise ApiError(message, status=409, kind="idempotency_error", code="idempotency_key_in_use")
            self._running[name] = fingerprint
        try:
            return run(name, fingerprint)
        finally:
            with self._lock:
                del self._running[name]

    def _run(self, asked: Asked, name: str, fingerprint: str) -> Reply:
        """Do one operation and store its answer, whatever it is, with its effect."""
        operation = asked.operation
        if delay := self._faults.take(FaultKind.DELAY, operation.name):
            time.sleep(delay.seconds)
        failure = self._faults.take(FaultKind.SERVER_ERROR, operation.name)
        with self._lock:
            if operation.method == "POST":
                self._store.require_room()
            draft = Draft(self._store, int(time.time()))
            if failure is None or failure.commit:
                draft, answer = self._perform(
                    operation, Call(draft=draft, params=asked.params, ids=asked.ids, owner=asked.owner, fees=self._fees)
                )
            if failure is not None:
                message = "An unknown error occurred"
                answer = Answer(500, ApiError(message, status=500, kind="api_error").body())
            if operation.method == "POST":
                self._store.commit(draft, key=name, record=KeyRecord(fingerprint, answer.status, answer.body, draft.now))
            self._follow_up(draft)
        dropped = self._faults.take(FaultKind.DROP_CONNECTION, operation.name) is not None
        return Reply(answer.status, answer.body, _advice(answer.status), drop=dropped)

    def _perform(self, operation: Operation, call: Call) -> tuple[Draft, Answer]:
        """The operation's draft and answer; a refusal's draft is empty."""
        try:
            answer = operation.run(call)
            if answer.status == HTTPStatus.OK:
                answer = Answer(200, reading.expand(call.draft, answer.body, call.params.get("expand", []), owner=call.owner))
        except ApiError as error:
            return Draft(self._store, call.draft.now), Answer(error.status, error.body())
        # The store keeps what a draft put; later changes must not reach into an answer that a key will repeat.
        return call.draft, Answer(answer.status, json.loads(json.dumps(answer.body)))

    def _follow_up(self, draft: Draft) -> None:
        for body in draft.objects.values():
            if body["object"] == "payout" and body["status"] == "pending":
                fails = self._faults.take(FaultKind.PAYOUT_FAILURE, "payouts.create") is not None
                self._expect(body["id"], draft.owners[body["id"]], fails=fails)
        self._webhooks.send(draft.events)

    def _expect(self, payout_id: str, owner: str, *, fails: bool) -> None:
        self._payouts.later(self._payout_delay_s, partial(self._settle, payout_id, owner, fails=fails))

    def _settle(self, payout_id: str, owner: str, *, fails: bool) -> None:
        with self._lock:
            draft = Draft(self._store, int(time.time()))
            paying.payout_settle(draft, payout_id, owner=owner, fails=fails)
            self._store.commit(draft)
            self._webhooks.send(draft.events)

    def _delivered(self, event_id: str) -> None:
        with self._lock:
            draft = Draft(self._store, int(time.time()))
            draft.put(draft.get(event_id, "event") | {"pending_webhooks": 0})
            self._store.commit(draft)

    def _resume(self) -> None:
        """Take up what a killed simulator left: payouts on their way and webhooks not yet taken."""
        objects = [self._store.objects[name] for kind in ("payout", "event") for name in self._store.kinds.get(kind, [])]
        for body in objects:
            if body["object"] == "payout" and body["status"] == "pending":
                self._expect(body["id"], self._store.owners[body["id"]], fails=False)
        self._webhooks.send([body for body in objects if body["object"] == "event" and body["pending_webhooks"]])


def _pattern(operation: Operation) -> re.Pattern[str]:
    """The path as a pattern. A parameter that the SDK does not know is a mistake in the simulator, found when it starts."""
    if stray := operation.simulated - fields(operation.shape).keys():
        message = f"{operation.name} reads parameters that the SDK does not know: {sorted(stray)}"
        raise LookupError(message)
    return re.compile(operation.path.replace("{id}", r"([A-Za-z0-9_]{1,64})"))


def _fingerprint(request: Request, params: dict[str, Any]) -> str:
    content = json.dumps([request.method, request.path, params], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def _advice(status: int) -> dict[str, str]:
    """A stored 500 would only be repeated, so the SDK is told not to ask again."""
    return {"Stripe-Should-Retry": "false"} if status >= HTTPStatus.INTERNAL_SERVER_ERROR else {}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        message = "The body is not JSON"
        raise ApiError(message) from error


def _unknown(request: Request) -> ApiError:
    return ApiError(f"Unrecognized request URL ({request.method}: {request.path})", status=404, code="not_simulated")
