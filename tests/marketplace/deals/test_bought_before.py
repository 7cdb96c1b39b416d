"""A plan that does not charge twice takes what was bought before from settled deals, and never from the buyer's word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pricing.quotes.models import Quote
from pricing.quotes.services import verify
from registry.log.models import Outbox
from tests.listings import shop
from tests.support import trade
from tests.support.graphql import UserError

if TYPE_CHECKING:
    from tests.support.graphql import Payload

CSV = "city,people\nXiamen,5\nFuzhou,8\nQuanzhou,9\nZhangzhou,5\n"
COLUMNS = [{"name": "city", "type": "text"}, {"name": "people", "type": "number"}]
PARAMS = {
    "currency": "CNY",
    "price": "100.00",
    "support_seed": 7,
    "support_size": 200,
    "tables": [{"name": "cities", "columns": COLUMNS, "csv": CSV}],
}
ALL = {"from": "cities"}
NAMES = {"from": "cities", "select": ["cities.city"]}
COUNT = {"from": "cities", "aggregates": [{"function": "count"}]}


@pytest.fixture
def shelf(of: trade.World) -> trade.Shelf:
    return trade.shelved(of.seller, trade.registered(of.seller), plan=shop.plan(of.seller.client, json.dumps(PARAMS), "query"))


def ask(by: trade.Trader, shelf: trade.Shelf, *queries: Any, **more: Any) -> Payload:
    given = {"offerId": shelf.offer, "usage": json.dumps({"queries": queries, **more}), "idempotencyKey": shop.key()}
    return by.client.mutate("quoteCreate", "quote { id amount { minorUnits } }", **given)


def price(by: trade.Trader, shelf: trade.Shelf, *queries: Any) -> int:
    return int(ask(by, shelf, *queries)["quote"]["amount"]["minorUnits"])


def test_what_was_bought_is_charged_once_and_only_to_its_buyer(of, shelf):
    assert price(of.buyer, shelf, ALL) == 10_000
    names = ask(of.buyer, shelf, NAMES)["quote"]
    assert price(of.buyer, shelf, ALL) == 10_000
    trade.settled(of, shelf=shelf, quoteId=names["id"])
    rest = ask(of.buyer, shelf, ALL)["quote"]
    assert int(rest["amount"]["minorUnits"]) == 10_000 - int(names["amount"]["minorUnits"])
    assert price(of.other, shelf, ALL) == 10_000
    trade.settled(of, shelf=shelf, quoteId=rest["id"])
    assert price(of.buyer, shelf, ALL, NAMES) == 0
    for quote in Quote.objects.filter(used_by__isnull=False):
        assert verify(quote=quote).amount_minor == quote.amount_minor


def test_what_is_not_settled_was_not_bought(of, shelf):
    trade.funded(of, shelf=shelf, quoteId=ask(of.buyer, shelf, NAMES)["quote"]["id"])
    assert price(of.buyer, shelf, ALL) == 10_000


def test_what_cost_nothing_is_remembered_too(of, shelf):
    free = ask(of.buyer, shelf, COUNT)["quote"]
    assert trade.signed(of, shelf=shelf, quoteId=free["id"]).deal.state == "IN_FORCE"
    ask(of.buyer, shelf, NAMES)
    assert Quote.objects.latest("created_at").inputs["known"] == "00" * 25


@pytest.mark.parametrize("known", ["ff" * 25, ""])
def test_a_buyer_cannot_state_what_it_bought(of, shelf, snapshot, known):
    before = snapshot(Quote, Outbox)
    assert ask(of.buyer, shelf, ALL, known=known).user_errors == [UserError(code="PRICING_REFUSED", field=["usage", "known"])]
    assert snapshot(Quote, Outbox) == before


def test_nobody_reads_the_tables_or_the_seed_out_of_the_plan_but_its_owner(of, shelf):
    asked = "{ plans(first: 20) { nodes { modelKey params } } }"
    seen = [
        json.loads(plan["params"])
        for by in (of.buyer, of.other, of.seller)
        for plan in by.client.query(asked)["plans"]["nodes"]
        if plan["modelKey"] == "query"
    ]
    assert [("Xiamen" in json.dumps(params), "support_seed" in params) for params in seen] == [(False, False), (False, False), (True, True)]
    assert seen[0]["tables"][0]["columns"][0]["name"] == "city"
