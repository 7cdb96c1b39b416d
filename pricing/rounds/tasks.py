"""The relay of rounds: closes those whose time has come, and clears them once the log holds the close."""

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from pricing.rounds.services import CLEAR_TOPIC, CLOSE_TOPIC, round_clear, round_close, round_give_up
from registry.base import work
from registry.log.models import Entry
from registry.log.services import follow

_HANDLERS: Final[Mapping[str, work.Handler]] = {
    CLOSE_TOPIC: lambda item: round_close(round_id=UUID(item.payload["round"])),
    CLEAR_TOPIC: lambda item: round_clear(round_id=UUID(item.payload["round"])),
}
_GIVING_UP: Final[Mapping[str, work.Handler]] = dict.fromkeys(_HANDLERS, lambda item: round_give_up(round_id=UUID(item.payload["round"])))


def run_once() -> int:
    """Follow the log and do what is due; returns how many entries and items of work were taken."""
    followed = follow("rounds", _react, schemas=frozenset({"round.closed"}), covered=True)
    return followed + work.run_once(_HANDLERS, giving_up=_GIVING_UP)


def _react(entry: Entry) -> None:
    """Clear once a checkpoint covers the close, so that a seed can come from it however long the log took."""
    data = json.loads(bytes(entry.body))["data"]
    work.enqueue(topic=CLEAR_TOPIC, key=data["round"], payload={"round": data["round"]})
