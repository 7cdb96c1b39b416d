"""Rounds of sealed bids for tests, through GraphQL over HTTP, in the market of `tests.support.trade`."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from pricing.rounds.models import Round
from pricing.rounds.tasks import run_once as rounds
from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.integrator import integrate
from tests.listings import shop
from tests.support import trade
from tests.support.graphql import Client, global_id
from tests.support.moving import advance

if TYPE_CHECKING:
    from tests.support.graphql import Payload

HOUR: Final = timedelta(hours=1)
SECOND_PRICE: Final = {"currency": "CNY", "format": "second_price"}
CALL: Final = {"currency": "CNY", "rule": "call"}


def on_sale(of: trade.World, key: str = "auction", params: Any = None, *, seller: trade.Trader | None = None) -> trade.Shelf:
    """Something on sale by a plan that clears bids."""
    owner = seller or of.seller
    plan = shop.plan(owner.client, json.dumps(params or SECOND_PRICE), key)
    return trade.shelved(owner, trade.registered(owner), plan=plan)


def open_round(
    of: trade.World, shelf: trade.Shelf, fields: str = "round { id state }", *, by: Client | None = None, **given: Any
) -> Payload:
    """One roundOpen; `given` replaces any input."""
    stated = {"offerId": shelf.offer, "inputs": "{}", "closesAt": clock.now() + HOUR, "idempotencyKey": shop.key()}
    return (by or of.seller.client).mutate("roundOpen", fields, **{**stated, **given})


def opened(of: trade.World, shelf: trade.Shelf, **given: Any) -> str:
    """An open round's id."""
    made: str = open_round(of, shelf, **given)["round"]["id"]
    return made


def place(by: Client, held: str, content: Any, fields: str = "bid { id }", **given: Any) -> Payload:
    """One bidPlace of a bid given as a value; `given` replaces any input."""
    stated = {"roundId": held, "bid": json.dumps(content), "idempotencyKey": shop.key()}
    return by.mutate("bidPlace", fields, **{**stated, **given})


def ask(by: Client, held: str, offer: Any, content: Any, fields: str = "bid { id side }", **given: Any) -> Payload:
    """One askPlace of an ask given as a value; `given` replaces any input."""
    stated = {"roundId": held, "offerId": offer, "ask": json.dumps(content), "idempotencyKey": shop.key()}
    return by.mutate("askPlace", fields, **{**stated, **given})


def close() -> None:
    """Let an hour pass and the relays do what is due, once each."""
    advance(to=clock.now() + HOUR)
    rounds()


def cleared() -> Round:
    """The newest round, after its close and every relay."""
    advance(to=clock.now() + HOUR)
    for _ in range(trade.ROUNDS_MAX):
        if not integrate() + rounds():
            break
    return Round.objects.latest("opened_at")


def rival_of(of: trade.World, params: Any = None, *kinds: PartyKind) -> trade.Shelf:
    """Another merchant with something on sale by the same mechanism."""
    seller = trade.trader(PartyKind.MERCHANT, *kinds, name="Rival", by=of.institution)
    return on_sale(of, "exchange", params or CALL, seller=seller)


def key_of(held: str) -> Round:
    """A round's row by its global id."""
    return next(row for row in Round.objects.all() if global_id(row) == held)
