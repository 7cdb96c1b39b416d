"""The relays of deals: money that arrived, files that arrived, inspection periods that ended."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from marketplace.deals.services import deal_delivered, deal_funded, inspection_ended
from marketplace.deals.services.performing import INSPECTION_TOPIC
from registry.base import work
from registry.base.models import Work
from registry.log.models import Entry
from registry.log.services import follow

_REACTIONS: Final[Mapping[str, Callable[[dict[str, Any]], None]]] = {
    "payment.received": lambda data: deal_funded(deal_id=UUID(data["deal"])),
    "delivery.completed": lambda data: deal_delivered(deal_id=UUID(data["deal"]), sha256=data["sha256"]),
}


def run_once() -> int:
    """React to the log and to timers; returns how many entries and timers were taken."""
    followed = follow("deals", _react, schemas=frozenset(_REACTIONS))
    return followed + work.run_once({INSPECTION_TOPIC: _inspection})


def _react(entry: Entry) -> None:
    _REACTIONS[entry.schema](json.loads(bytes(entry.body))["data"])


def _inspection(item: Work) -> None:
    inspection_ended(deal_id=UUID(item.payload["deal"]))
