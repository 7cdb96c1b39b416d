"""How sealed bids become the inputs of a clearing model: the rows of its arrays ``bids`` and ``asks``, each under its bidder's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast
from uuid import UUID

from pricing.engines.auctions import vcg_bids
from pricing.engines.errors import InputError
from pricing.engines.model import Model, Verb
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import properties_of, validate
from pricing.rounds.states import Side

ARRAY: Final[Mapping[Side, str]] = {Side.BUY: "bids", Side.SELL: "asks"}
PARTY: Final[Mapping[Side, str]] = {Side.BUY: "bidder", Side.SELL: "seller"}
WORD: Final[Mapping[Side, str]] = {Side.BUY: "bid", Side.SELL: "ask"}
"""The input by which a client places one."""
ROWS_MAX: Final = 100
"""Rows of one bid: a package auction takes several values of one bidder."""
PLACES_LEAST: Final = 20
"""For so many bidders at least there is room, however many rows each of them sends."""


def sides_of(model: Model) -> frozenset[Side]:
    """Return the sides on which a model takes bids; empty for a model that clears nothing."""
    operation = model.operations.get(Verb.CLEAR)
    taken = properties_of(operation.inputs_schema) if operation else {}
    return frozenset(side for side, name in ARRAY.items() if name in taken)


def capacity(model: Model, params: JsonObject, side: Side) -> int:
    """Return how many rows of a side the mechanism takes together: a round with more of them could not be cleared."""
    most = cast("int", properties_of(model.operations[Verb.CLEAR].inputs_schema)[ARRAY[side]]["maxItems"])
    return min(most, vcg_bids.MAX_PACKAGE_BIDS) if params.get("kind") == "packages" else most


def awards_one(model: Model, params: JsonObject) -> bool:
    """Whether an offer in a round goes to one buyer at most: the one copy of an auction, or what its seller asks for in an exchange."""
    return Side.SELL in sides_of(model) or (model.key == "auction" and params.get("units", 1) == 1)


def check_published(model: Model, params: JsonObject, inputs: JsonObject) -> None:
    """Refuse what a round publishes if the model would, as long as its seller can still mend it: tried with bids of the model's example.

    Raises:
        InputError: names the field below ``inputs``.
    """
    schema = model.operations[Verb.CLEAR].inputs_schema
    published = {name: inner for name, inner in properties_of(schema).items() if name not in ARRAY.values()}
    required = [name for name in cast("Sequence[str]", schema.get("required", ())) if name in published]
    validate({**schema, "properties": published, "required": required}, inputs, "inputs")
    example = next(each for each in model.examples if each.verb is Verb.CLEAR)
    bids = {name: rows for name, rows in example.inputs.items() if name in ARRAY.values()}
    try:
        _try(model, params, {**inputs, **bids})
    except InputError as error:
        if _root(error) in published:
            raise


def check_rows(model: Model, params: JsonObject, published: JsonObject, bid: tuple[Side, UUID, Json]) -> None:
    """Refuse a bid that the model would refuse if it stood alone: its bidder can still mend it, and it would void the round for all.

    A bid is one row, or an object whose only member ``rows`` lists 1 to ``ROWS_MAX`` rows, each without the bidder's id, and of a
    mechanism of less capacity no more than leaves room for ``PLACES_LEAST`` such bidders.

    Raises:
        InputError: names the field below ``bid``.
    """
    operation, (side, bidder, content) = model.operations[Verb.CLEAR], bid
    schema = cast("Schema", properties_of(operation.inputs_schema)[ARRAY[side]]["items"])
    rows = rows_of(content)
    most = min(ROWS_MAX, max(capacity(model, params, side) // PLACES_LEAST, 1))
    if not 0 < len(rows) <= most:
        raise InputError("TOO_MANY" if rows else "TOO_FEW", "bid.rows", limit=most if rows else 1)
    for index, row in enumerate(rows):
        field = f"bid.rows.{index}" if len(rows) > 1 else "bid"
        if isinstance(row, Mapping) and PARTY[side] in row:  # who bids is who asks, and nobody bids in another's name
            raise InputError("UNKNOWN_FIELD", f"{field}.{PARTY[side]}")
        validate(schema, _signed(row, side, bidder), field)
    try:
        _try(model, params, assembled(model, published, [bid]))
    except InputError as error:
        if _root(error) == ARRAY[side]:
            place, _, member = error.field.removeprefix(f"inputs.{ARRAY[side]}").strip(".").partition(".")
            row = f"rows.{place}" if place and len(rows) > 1 else ""
            raise InputError(error.code, ".".join(filter(None, ["bid", row, member])), **error.params) from error


def assembled(model: Model, inputs: JsonObject, bids: Sequence[tuple[Side, UUID, Json]]) -> dict[str, Any]:
    """Return the inputs of the clearing: what the round published, and every bid in the order given; a side without bids is empty."""
    filled: dict[str, Any] = dict(inputs)
    for side in sorted(sides_of(model)):
        filled[ARRAY[side]] = [
            _signed(row, side, bidder) for stood_on, bidder, content in bids if stood_on == side for row in rows_of(content)
        ]
    return filled


def rows_of(content: Json) -> Sequence[Json]:
    """Return the rows of a bid."""
    if isinstance(content, Mapping) and content.keys() == {"rows"} and isinstance(content["rows"], list):
        return content["rows"]
    return [content]


def _try(model: Model, params: JsonObject, inputs: JsonObject) -> None:
    model.run(Verb.CLEAR, params=params, inputs=inputs, seed=0 if model.operations[Verb.CLEAR].draws(params) else None)


def _root(error: InputError) -> str:
    """The input that an error is about."""
    return error.field.removeprefix("inputs.").partition(".")[0]


def _signed(row: Json, side: Side, bidder: UUID) -> Json:
    return {**row, PARTY[side]: str(bidder)} if isinstance(row, Mapping) else row
