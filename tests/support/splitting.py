"""Agreements to divide a joint product's income, for tests, through GraphQL over HTTP."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.listings import shop

if TYPE_CHECKING:
    from registry.rights.models import RegisteredObject
    from tests.support.trade import Trader


def proposed(owner: Trader, thing: RegisteredObject, *makers: Trader) -> str:
    """The id of a proposal of the owner to divide the income of its object with others, by their Shapley values."""
    holders = [{"holder": str(each.id)} for each in (owner, *makers)]
    table = ["0", *(str(300 + 100 * mask.bit_count()) for mask in range(1, 1 << len(holders)))]
    plan = shop.plan(owner.client, json.dumps({"rule": "shapley", "currency": "CNY"}), "share")
    inputs = json.dumps({"form": "table", "holders": holders, "values": table})
    given = {"objectId": thing, "planId": plan, "inputs": inputs, "idempotencyKey": shop.key()}
    made: str = owner.client.mutate("splitPropose", "split { id }", **given)["split"]["id"]
    return made


def consented(maker: Trader, split: str) -> None:
    """One maker's consent."""
    given = {"splitId": split, "expectedVersion": 1, "idempotencyKey": shop.key()}
    assert maker.client.mutate("splitConsentGive", "split { id }", **given).ok
