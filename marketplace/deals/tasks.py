"""The relays of deals: money that arrived, what then stood in the way, files that arrived, inspection periods that ended."""

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from marketplace.deals.services import deal_delivered, deal_funded, deal_opening, inspection_ended
from marketplace.deals.services.performing import INSPECTION_TOPIC, OPENING_TOPIC
from registry.base import work
from registry.log.models import Entry
from registry.log.services import follow

_FOLLOWED: Final[Mapping[str, str]] = {"payment.received": "deals.funded", "delivery.completed": "deals.delivered"}
"""The events to follow, and the topic of the work that each makes."""
_HANDLERS: Final[Mapping[str, work.Handler]] = {
    "deals.funded": lambda item: deal_funded(deal_id=UUID(item.payload["deal"])),
    "deals.delivered": lambda item: deal_delivered(deal_id=UUID(item.payload["deal"]), sha256=item.payload["sha256"]),
    OPENING_TOPIC: lambda item: deal_opening(deal_id=UUID(item.payload["deal"])),
    INSPECTION_TOPIC: lambda item: inspection_ended(deal_id=UUID(item.payload["deal"])),
}


def run_once() -> int:
    """React to the log and to timers; returns how many entries and items of work were taken."""
    return follow("deals", _react, schemas=frozenset(_FOLLOWED)) + work.run_once(_HANDLERS)


def _react(entry: Entry) -> None:
    """One item of work for each entry, so that a deal which cannot go on yet holds up no other."""
    work.enqueue(topic=_FOLLOWED[entry.schema], key=str(entry.pk), payload=json.loads(bytes(entry.body))["data"])
