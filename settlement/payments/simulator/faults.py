"""Lets a test make the simulator misbehave in one named way, a stated number of times."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Final

from settlement.payments.simulator.errors import ApiError

MAX_FAULTS: Final = 100
MAX_TIMES: Final = 1000
MAX_SECONDS: Final = 30.0


class FaultKind(Enum):
    """What can go wrong. The first four befall an operation, the next three an event's webhook, the last a payout."""

    DROP_CONNECTION = "drop_connection"
    DELAY = "delay"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    WEBHOOK_DUPLICATE = "webhook_duplicate"
    WEBHOOK_MISSING = "webhook_missing"
    WEBHOOK_REORDER = "webhook_reorder"
    PAYOUT_FAILURE = "payout_failure"


@dataclass(slots=True, kw_only=True)
class Fault:
    """One switched-on fault.

    `on` is the operation ("payment_intents.create") or the event type ("refund.created") that it befalls, "*" for any; `times` how often
    it still will; `seconds` the length of a delay or the longest that reordered webhooks are held; `commit` whether a server error comes
    after the effect.
    """

    kind: FaultKind
    on: str = "*"
    times: int = 1
    seconds: float = 1.0
    commit: bool = False


class Faults:
    """The faults now switched on; each use spends one of its times."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, given: Any) -> None:
        """Switch a fault on. Raises ApiError for anything but a well-formed fault."""
        fault = _fault(given)
        with self._lock:
            if len(self._faults) >= MAX_FAULTS:
                message = f"No more than {MAX_FAULTS} faults at a time"
                raise ApiError(message)
            self._faults.append(fault)

    def take(self, kind: FaultKind, on: str) -> Fault | None:
        """Spend one time of the first fault of this kind that befalls `on`."""
        with self._lock:
            for fault in self._faults:
                if fault.kind is kind and fault.on in {"*", on}:
                    fault.times -= 1
                    if fault.times == 0:
                        self._faults.remove(fault)
                    return fault
        return None

    def clear(self) -> None:
        """Switch every fault off."""
        with self._lock:
            self._faults.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The faults still to come."""
        with self._lock:
            return [{**asdict(fault), "kind": fault.kind.value} for fault in self._faults]


def _fault(given: Any) -> Fault:
    fields = given if isinstance(given, dict) else {}
    kind, on, times = fields.get("kind"), fields.get("on", "*"), fields.get("times", 1)
    seconds, commit = fields.get("seconds", 1.0), fields.get("commit", False)
    well_formed = (
        fields.keys() <= {"kind", "on", "times", "seconds", "commit"}
        and kind in {known.value for known in FaultKind}
        and isinstance(on, str)
        and isinstance(times, int)
        and 1 <= times <= MAX_TIMES
        and isinstance(seconds, int | float)
        and 0 <= seconds <= MAX_SECONDS
        and isinstance(commit, bool)
    )
    if not well_formed:
        message = "A fault is {kind, on, times, seconds, commit}, see FaultKind"
        raise ApiError(message, code="parameter_invalid")
    return Fault(kind=FaultKind(kind), on=on, times=times, seconds=float(seconds), commit=commit)
