"""How sealed bids become the inputs of a clearing model: the rows of its arrays ``bids`` and ``asks``, each under its bidder's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from pricing.engines.errors import InputError
from pricing.engines.model import Model, Verb
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import properties_of, validate
from pricing.rounds.states import Side

ARRAY: Final[Mapping[Side, str]] = {Side.BUY: "bids", Side.SELL: "asks"}
PARTY: Final[Mapping[Side, str]] = {Side.BUY: "bidder", Side.SELL: "seller"}
ROWS_MAX: Final = 100
"""Rows of one bid: a package auction takes several values of one bidder."""


def sides_of(model: Model) -> frozenset[Side]:
    """Return the sides on which a model takes bids; empty for a model that clears nothing."""
    operation = model.operations.get(Verb.CLEAR)
    taken = properties_of(operation.inputs_schema) if operation else {}
    return frozenset(side for side, name in ARRAY.items() if name in taken)


def check_rows(model: Model, side: Side, content: Json, bidder: UUID) -> None:
    """Refuse a bid that the model's schema would refuse, as long as its bidder can still mend it.

    A bid is one row, or an object whose only member ``rows`` lists 1 to ``ROWS_MAX`` rows, each without the bidder's id.

    Raises:
        InputError: names the field below ``bid``.
    """
    schema = cast("Schema", properties_of(model.operations[Verb.CLEAR].inputs_schema)[ARRAY[side]]["items"])
    rows = rows_of(content)
    if not 0 < len(rows) <= ROWS_MAX:
        raise InputError("TOO_MANY" if rows else "TOO_FEW", "bid.rows", limit=ROWS_MAX if rows else 1)
    for index, row in enumerate(rows):
        validate(schema, _signed(row, side, bidder), f"bid.rows.{index}" if len(rows) > 1 else "bid")


def assembled(inputs: JsonObject, bids: Sequence[tuple[Side, UUID, Json]]) -> dict[str, Any]:
    """Return the inputs of the clearing: what the round published, and every bid in the order given."""
    filled: dict[str, Any] = dict(inputs)
    for side in sorted({side for side, _, _ in bids}):
        filled[ARRAY[side]] = [
            _signed(row, side, bidder) for stood_on, bidder, content in bids if stood_on == side for row in rows_of(content)
        ]
    return filled


def rows_of(content: Json) -> Sequence[Json]:
    """Return the rows of a bid."""
    if isinstance(content, Mapping) and content.keys() == {"rows"} and isinstance(content["rows"], list):
        return content["rows"]
    return [content]


def _signed(row: Json, side: Side, bidder: UUID) -> Json:
    return {**row, PARTY[side]: str(bidder)} if isinstance(row, Mapping) else row
