"""Holds the simulator's objects, books and idempotency records, and makes each request's changes visible all at once or not at all.

With a journal file every commit is one appended JSON line, so that a killed simulator comes back with what it had answered for.
"""

from __future__ import annotations

import copy
import json
import secrets
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from settlement.payments.simulator.errors import ApiError, missing

if TYPE_CHECKING:
    from pathlib import Path

PLATFORM: Final = "acct_simulator_platform"
PAYERS: Final = "outside:payers"
BANKS: Final = "outside:banks"
TRANSIT: Final = "transit:payouts"
FEES: Final = "fees:simulator"
KEY_LIFETIME_S: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class Move:
    """One movement of the simulator's books: balanced because it has one source and one destination."""

    source: str
    destination: str
    amount: int
    currency: str
    reason: str


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What an idempotency key was first used for, and the answer that every repetition gets."""

    fingerprint: str
    status: int
    body: dict[str, Any]
    at: int


class Store:
    """Everything the simulator knows. Its user holds one lock around every call."""

    def __init__(self, *, journal: Path | None, max_objects: int) -> None:
        self.objects: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}
        self.kinds: dict[str, list[str]] = defaultdict(list)
        self.moves: list[Move] = []
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        self.keys: dict[str, KeyRecord] = {}
        self.max_objects = max_objects
        self._journal = journal
        if journal is not None and journal.exists():
            self._load(journal)

    def find_key(self, name: str, now: int) -> KeyRecord | None:
        """The record of a key, unless it is older than Stripe keeps keys."""
        record = self.keys.get(name)
        return record if record is not None and now - record.at < KEY_LIFETIME_S else None

    def require_room(self) -> None:
        """Refuse a request that would make the simulator grow past its limit; work already begun is still finished."""
        if len(self.objects) + len(self.keys) >= self.max_objects:
            message = f"The simulator is full: it keeps {self.max_objects} objects and keys at most"
            raise ApiError(message, code="simulator_full")

    def commit(self, draft: Draft, *, key: str = "", record: KeyRecord | None = None) -> None:
        """Write a draft and the answer to its idempotency key together."""
        line = {
            "objects": [[draft.owners[name], body] for name, body in draft.objects.items()],
            "moves": [[move.source, move.destination, move.amount, move.currency, move.reason] for move in draft.moves],
            "key": [key, record.fingerprint, record.status, record.body, record.at] if key and record else None,
        }
        if self._journal is not None:
            with self._journal.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._apply(line)

    def _apply(self, line: dict[str, Any]) -> None:
        for owner, body in line["objects"]:
            if body["id"] not in self.objects:
                self.kinds[body["object"]].append(body["id"])
            self.objects[body["id"]] = body
            self.owners[body["id"]] = owner
        for fields in line["moves"]:
            move = Move(*fields)
            self.moves.append(move)
            self.balances[move.source, move.currency] -= move.amount
            self.balances[move.destination, move.currency] += move.amount
        if line["key"]:
            name, fingerprint, status, body, at = line["key"]
            self.keys[name] = KeyRecord(fingerprint, status, body, at)

    def _load(self, journal: Path) -> None:
        """Replay the journal. A last line that a kill cut short was never answered for, so it is cut off."""
        content = journal.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        for line in whole.decode("utf-8").split("\n")[:-1]:
            self._apply(json.loads(line))
        if len(whole) != len(content):
            with journal.open("r+b") as file:
                file.truncate(len(whole))


class Draft:
    """One request's reads and changes, before they are committed."""

    def __init__(self, store: Store, now: int) -> None:
        self.now = now
        self.objects: dict[str, dict[str, Any]] = {}
        self.owners: dict[str, str] = {}
        self.moves: list[Move] = []
        self.events: list[dict[str, Any]] = []
        self._store = store

    def find(self, object_id: str, *, owner: str) -> dict[str, Any] | None:
        """A copy of an object that this account owns, with this draft's changes."""
        if object_id in self.objects:
            return copy.deepcopy(self.objects[object_id]) if self.owners[object_id] == owner else None
        body = self._store.objects.get(object_id)
        return copy.deepcopy(body) if body is not None and self._store.owners[object_id] == owner else None

    def get(self, object_id: str, kind: str, *, owner: str = PLATFORM, param: str = "id") -> dict[str, Any]:
        """Like `find`, but the object must exist and be of this kind. Raises ApiError 404."""
        body = self.find(object_id, owner=owner)
        if body is None or body["object"] != kind:
            raise missing(object_id, param=param)
        return body

    def put(self, body: dict[str, Any], *, owner: str = PLATFORM) -> dict[str, Any]:
        """Write an object, new or changed."""
        self.objects[body["id"]] = body
        self.owners[body["id"]] = owner
        return body

    def move(self, source: str, destination: str, amount: int, currency: str, reason: str) -> None:
        """Book one positive movement; zero is no movement (a fee of nothing)."""
        if amount > 0:
            self.moves.append(Move(source, destination, amount, currency, reason))

    def balance(self, account: str, currency: str) -> int:
        """What an account of the books holds, with this draft's moves."""
        held = self._store.balances.get((account, currency), 0)
        for move in self.moves:
            if move.currency == currency:
                held += move.amount * ((move.destination == account) - (move.source == account))
        return held

    def listed(self, kind: str, *, owner: str) -> list[dict[str, Any]]:
        """Every object of a kind that this account owns, oldest first. Not copies: readers do not change them."""
        store = self._store
        return [store.objects[name] for name in store.kinds.get(kind, []) if store.owners[name] == owner]

    def transaction(self, *, owner: str, kind: str, category: str, amount: int, currency: str, source: str, fee: int = 0) -> str:
        """Write the balance transaction that says why a balance changed, and give its id."""
        body = {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": self.now,
            "balance_type": "payments",
            "created": self.now,
            "currency": currency,
            "description": "simulator",
            "exchange_rate": None,
            "fee": fee,
            "fee_details": [
                {"amount": fee, "application": None, "currency": currency, "description": "simulator fee", "type": "stripe_fee"}
            ]
            if fee
            else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source,
            "status": "available",
            "type": kind,
        }
        self.put(body, owner=owner)
        return str(body["id"])

    def emit(self, kind: str, body: dict[str, Any], *, owner: str = PLATFORM, version: str) -> None:
        """Record an event with a snapshot of its object; it is sent after the commit."""
        event: dict[str, Any] = {
            "id": new_id("evt"),
            "object": "event",
            "api_version": version,
            "created": self.now,
            "data": {"object": copy.deepcopy(body)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": None, "idempotency_key": None},
            "type": kind,
        }
        if owner != PLATFORM:
            event["account"] = owner
        self.put(event)
        self.events.append(event)


def new_id(prefix: str) -> str:
    """An identifier that nobody can take for a real one."""
    return f"{prefix}_simulator_{secrets.token_hex(8)}"


def wallet(owner: str) -> str:
    """The account of the books that holds an owner's balance."""
    return f"balance:{owner}"
