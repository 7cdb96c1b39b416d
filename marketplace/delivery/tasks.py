"""The relay of delivery: it tidies up after holds, withdrawn consents, ended rights and ended terms."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from marketplace.delivery.selectors import live_on_object, live_under_rights
from marketplace.delivery.services import REASSESS_TOPIC, entitlement_reassess
from registry.base import work
from registry.base.models import Work
from registry.log.models import Entry
from registry.log.services import follow

_CONCERNED: Final[Mapping[str, Callable[[dict[str, Any]], tuple[UUID, ...]]]] = {
    "hold.placed": lambda data: live_on_object(UUID(data["object"])),
    "hold.lifted": lambda data: live_on_object(UUID(data["object"])),
    "consent.recorded": lambda data: live_on_object(UUID(data["object"])),
    "consent.withdrawn": lambda data: live_on_object(UUID(data["object"])),
    "right.ended": lambda data: live_under_rights({UUID(data["grant"]), *(UUID(child["grant"]) for child in data["children"])}),
}
"""The events to follow, and the entitlements that each concerns."""


def run_once() -> int:
    """React to the log and to timers; returns how many entries and timers were taken."""
    followed = follow("delivery", _react, schemas=frozenset(_CONCERNED))
    return followed + work.run_once({REASSESS_TOPIC: _reassess})


def _react(entry: Entry) -> None:
    """One item of work for each entitlement, so that a popular object makes many short transactions, not one long one."""
    for entitlement in _CONCERNED[entry.schema](json.loads(bytes(entry.body))["data"]):
        work.enqueue(topic=REASSESS_TOPIC, key=f"{entitlement}:{entry.pk}", payload={"entitlement": str(entitlement)})


def _reassess(item: Work) -> None:
    entitlement_reassess(entitlement_id=UUID(item.payload["entitlement"]))
