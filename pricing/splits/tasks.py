"""The relay of splits: puts an agreement in force once a checkpoint of the log covers the last consent."""

import json
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from pricing.splits.services import split_begin, split_give_up
from registry.base import work
from registry.log.models import Entry
from registry.log.services import follow

BEGIN_TOPIC: Final = "pricing.splits.begin"
_HANDLERS: Final[Mapping[str, work.Handler]] = {BEGIN_TOPIC: lambda item: split_begin(split_id=UUID(item.payload["split"]))}
_GIVING_UP: Final[Mapping[str, work.Handler]] = {BEGIN_TOPIC: lambda item: split_give_up(split_id=UUID(item.payload["split"]))}


def run_once() -> int:
    """Follow the log and do what is due; returns how many entries and items of work were taken."""
    followed = follow("splits", _react, schemas=frozenset({"split.agreed"}), covered=True)
    return followed + work.run_once(_HANDLERS, giving_up=_GIVING_UP)


def _react(entry: Entry) -> None:
    data = json.loads(bytes(entry.body))["data"]
    work.enqueue(topic=BEGIN_TOPIC, key=data["split"], payload={"split": data["split"]})
