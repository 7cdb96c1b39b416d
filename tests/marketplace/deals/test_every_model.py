"""Whatever model a participant picks: one deal priced by it is settled to the fen, and its amount is replayed from what was stored."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from listings.products.models import Offer, OfferPlan
from pricing.computations.models import Computation
from pricing.computations.seeds import seed_value
from pricing.computations.services import recompute
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.quotes.models import Quote
from pricing.quotes.services import verify
from pricing.rounds.models import Round
from pricing.splits.models import Split
from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.models import Outbox, SignedCheckpoint
from tests.listings import shop
from tests.support import trade
from tests.support.graphql import Payload, UserError
from tests.support.moving import advance

if TYPE_CHECKING:
    from pricing.engines.model import Example

PRICING = (Verb.QUOTE, Verb.RATE)
QUOTED = sorted(key for key, model in catalogue().items() if set(PRICING) & model.verbs and key != "income_share")
CLEARED = sorted(key for key, model in catalogue().items() if Verb.CLEAR in model.verbs)
SPLITTING = sorted(key for key, model in catalogue().items() if Verb.SPLIT in model.verbs)


def example_of(key: str, *verbs: Verb) -> Example:
    return next(example for example in catalogue()[key].examples if example.verb in verbs and example.amount_minor)


def on_sale(of: trade.World, key: str, params: Any) -> trade.Shelf:
    plan = shop.plan(of.seller.client, json.dumps(params), key)
    return trade.shelved(of.seller, trade.registered(of.seller), plan=plan)


def quote_for(of: trade.World, shelf: trade.Shelf, usage: Any) -> Payload:
    given = {"offerId": shelf.offer, "usage": json.dumps(usage), "idempotencyKey": shop.key()}
    return of.buyer.client.mutate("quoteCreate", "quote { id amount { minorUnits } }", **given)


def lines_of(deal: trade.Trade) -> Counter[str]:
    """What the voucher says each party received, the platform's and the institution's fees apart."""
    lines = json.loads(bytes(deal.deal.voucher.statement))["lines"]
    paid: Counter[str] = Counter()
    for line in lines:
        paid[line["party"] if line["role"] == "share" else line["role"]] += int(line["amount"])
    assert sum(paid.values()) == deal.deal.amount_minor
    return paid


def test_the_catalogue_is_the_24_and_each_of_them_is_in_one_of_these_tests():
    models = catalogue()
    advising = {key for key, model in models.items() if not {*PRICING, Verb.CLEAR, Verb.SPLIT} & model.verbs}
    assert len(models) == len(TWENTY_FOUR) + 1
    assert set(models) == TWENTY_FOUR | {"income_share"}
    assert {*QUOTED, *CLEARED, *SPLITTING} | advising | {"income_share"} == set(models)


TWENTY_FOUR = {
    *("cost", "income", "market", "quality", "fixed", "metered", "two_part", "menu", "bundle", "posted", "ceiling", "query"),
    *("hypergraph", "model_noise", "privacy", "auction", "vcg", "digital", "exchange", "bargain", "learn", "share", "datum", "ml_market"),
}


@pytest.mark.parametrize("key", QUOTED)
def test_a_deal_at_a_quoted_price_is_settled_and_replayed(of, key):
    example = example_of(key, *PRICING)
    shelf = on_sale(of, key, example.params)
    quoted = quote_for(of, shelf, example.inputs)
    assert quoted["quote"]["amount"]["minorUnits"] == str(example.amount_minor)
    deal = trade.settled(of, shelf=shelf, quoteId=quoted["quote"]["id"])
    assert deal.deal.amount_minor == example.amount_minor
    assert verify(quote=Quote.objects.get(used_by=deal.uuid)).amount_minor == example.amount_minor
    fees = example.amount_minor * 30_000 // 1_000_000
    assert lines_of(deal)[str(of.seller.id)] == example.amount_minor - fees


@pytest.mark.parametrize("key", QUOTED)
def test_two_buyers_with_the_same_use_at_the_same_moment_get_the_same_price(of, key):
    example = example_of(key, *PRICING)
    shelf = on_sale(of, key, example.params)
    quotes = [quote_for(of, shelf, example.inputs), quote_for(trade.replace(of, buyer=of.other), shelf, example.inputs)]
    one, other = Quote.objects.order_by("created_at")
    assert [each["quote"]["amount"] for each in quotes] == [{"minorUnits": str(example.amount_minor)}] * 2
    assert (one.buyer_id, one.answer) != (other.buyer_id, None)
    assert one.answer == other.answer


def bid(of: trade.World, opened: str, by: trade.Trader, content: Any) -> None:
    assert by.client.mutate("bidPlace", "bid { id }", roundId=opened, bid=json.dumps(content), idempotencyKey=shop.key()).ok


def opened(of: trade.World, shelf: trade.Shelf, inputs: Any = None, **given: Any) -> str:
    stated = {"offerId": shelf.offer, "inputs": json.dumps(inputs or {}), "closesAt": clock.now() + timedelta(hours=1)}
    made = of.seller.client.mutate("roundOpen", "round { id state }", idempotencyKey=shop.key(), **{**stated, **given})
    assert made.ok, (made.codes, made.user_errors)
    return made["round"]["id"]


def cleared() -> Round:
    advance(to=clock.now() + timedelta(hours=1))
    trade.relay()
    held = Round.objects.get()
    assert (held.state, held.void_reason) == ("CLEARED", "")
    return held


def settled_award(of: trade.World, shelf: trade.Shelf, winner: trade.Trader, amount_minor: int) -> trade.Trade:
    """The winner's deal at the awarded price, settled, and replayed from the round's computation."""
    quote = Quote.objects.get(buyer=winner.id)
    assert (quote.amount_minor, quote.offer_id) == (amount_minor, shelf.offer.pk)
    found = winner.client.query("{ quotes(first: 5) { nodes { id } } }")["quotes"]["nodes"]
    deal = trade.settled(of, shelf=shelf, buyer=winner, quoteId=found[0]["id"])
    assert deal.deal.amount_minor == amount_minor
    assert verify(quote=Quote.objects.get(pk=quote.pk)).amount_minor == amount_minor
    return deal


def test_a_second_price_round_of_sealed_bids(of):
    shelf = on_sale(of, "auction", {"currency": "CNY", "format": "second_price", "reserve": "50.00"})
    held = opened(of, shelf)
    bid(of, held, of.buyer, {"bid": "150.00"})
    bid(of, held, of.other, {"bid": "120.00"})
    assert recompute(computation=cleared().computation).amount_minor == 12_000
    deal = settled_award(of, shelf, of.buyer, 12_000)
    assert lines_of(deal)[str(of.seller.id)] == 12_000 - 360
    assert Quote.objects.filter(buyer=of.other.id).count() == 0


def test_a_round_of_several_goods_by_vcg(of):
    shelf = on_sale(of, "vcg", {"currency": "CNY", "items": [{"item": "north"}]})
    held = opened(of, shelf)
    bid(of, held, of.buyer, {"rows": [{"items": ["north"], "value": "10.00"}]})
    bid(of, held, of.other, {"items": ["north"], "value": "9.00"})
    cleared()
    settled_award(of, shelf, of.buyer, 900)


def test_a_round_for_unlimited_copies_draws_its_halves_from_the_log(of):
    shelf = on_sale(of, "digital", {"currency": "CNY"})
    held = opened(of, shelf)
    bid(of, held, of.buyer, {"bid": "2.00"})
    bid(of, held, of.other, {"bid": "1.50"})
    computation = cleared().computation
    checkpoint = SignedCheckpoint.objects.get(size=computation.seed_size)
    assert computation.seed == seed_value(bytes(checkpoint.root), Round.objects.get().pk)
    assert recompute(computation=computation).seed == computation.seed
    awards = computation.answer["extras"]["awards"]
    for award in awards:
        winner = of.buyer if award["bidder"] == str(of.buyer.id) else of.other
        if int(award["minor"]):
            settled_award(of, shelf, winner, int(award["minor"]))
    assert Quote.objects.count() == len(awards)


@pytest.mark.parametrize(
    ("rule", "bids", "asks", "paid", "received"),
    [
        ("call", ("9.00",), ("3.00",), 600, 600),
        ("mcafee", ("9.00", "7.00"), ("3.00", "8.00"), 750, 750),
        ("mcafee", ("9.00", "8.00"), ("3.00", "7.90"), 800, 790),
    ],
    ids=["call market", "McAfee at one price", "McAfee with a surplus"],
)
def test_a_two_sided_round_pays_the_seller_its_own_price_and_the_surplus_where_it_was_said(of, rule, bids, asks, paid, received):
    params = {"currency": "CNY", "rule": rule}
    shelf = on_sale(of, "exchange", params)
    rival = trade.trader(PartyKind.MERCHANT, name="Rival", by=of.institution)
    theirs = trade.shelved(rival, trade.registered(rival), plan=shop.plan(rival.client, json.dumps(params), "exchange"))
    charity = trade.admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    held = opened(of, shelf, surplusToId=charity)
    for by, content in zip((of.buyer, of.other), bids, strict=False):
        bid(of, held, by, {"bid": content})
    for seller, offer, content in zip((of.seller, rival), (shelf.offer, theirs.offer), asks, strict=False):
        given = {"roundId": held, "offerId": offer, "ask": json.dumps({"ask": content}), "idempotencyKey": shop.key()}
        assert seller.client.mutate("askPlace", "bid { side }", **given)["bid"] == {"side": "SELL"}
    computation = cleared().computation
    assert [award["bidder"] for award in computation.answer["extras"]["awards"]] == [str(of.buyer.id)]
    deal = settled_award(of, shelf, of.buyer, paid)
    fees = received * 30_000 // 1_000_000
    lines = lines_of(deal)
    assert (lines[str(of.seller.id)], lines[str(charity.pk)]) == (received - fees, paid - received)


def test_a_market_for_predictions_pays_every_contributor_of_the_model(of):
    example = example_of("ml_market", Verb.CLEAR)
    makers = [trade.trader(PartyKind.MERCHANT, name=name, by=of.institution) for name in ("North", "South", "West")]
    shelf = on_sale(of, "ml_market", {"currency": "CNY", "prices": ["10"]})
    inputs = {name: value for name, value in example.inputs.items() if name != "bids"}
    inputs["sellers"] = [{**row, "seller": str(maker.id)} for row, maker in zip(inputs["sellers"], makers, strict=True)]
    held = opened(of, shelf, inputs)
    bid(of, held, of.buyer, {"bid": "6"})
    extras = cleared().computation.answer["extras"]
    receipts = {row["seller"]: int(row["minor"]) for row in extras["receipts"]}
    withheld = int(extras["undistributed_minor"])  # from two makers with the same features; back to them it would reward copies
    assert withheld == 10_000 - sum(receipts.values()) > 0
    deal = settled_award(of, shelf, of.buyer, 10_000)
    lines = lines_of(deal)
    kept = 10_000 - 300
    for holder, part in {**receipts, str(of.seller.id): withheld}.items():
        assert abs(lines[holder] - kept * part / 10_000) < 1
    assert sum(lines[holder] for holder in (*receipts, str(of.seller.id))) == kept


def agreed(of: trade.World, shelf: trade.Shelf, key: str, params: Any, inputs: Any, holders: list[trade.Trader]) -> Split:
    plan = shop.plan(of.seller.client, json.dumps(params), key)
    given = {"objectId": shelf.object, "planId": plan, "inputs": json.dumps(inputs), "idempotencyKey": shop.key()}
    proposed = of.seller.client.mutate("splitPropose", "split { id state version }", **given)
    assert proposed.ok, (proposed.codes, proposed.user_errors)
    for holder in holders:
        stated = {"splitId": proposed["split"]["id"], "expectedVersion": 1, "idempotencyKey": shop.key()}
        assert holder.client.mutate("splitConsentGive", "split { state }", **stated).ok
    trade.relay()
    split = Split.objects.get()
    assert split.state == "IN_FORCE"
    return split


@pytest.mark.parametrize("key", [key for key in SPLITTING if key != "privacy"])
def test_a_joint_product_is_divided_by_the_rule_that_all_its_makers_agreed_to(of, key):
    makers = [trade.trader(PartyKind.MERCHANT, name=name, by=of.institution) for name in ("Camera", "Radar")]
    params, inputs = JOINT[key]([str(of.seller.id), *(str(maker.id) for maker in makers)])
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price="120.00")
    split = agreed(of, shelf, key, params, inputs, makers)
    deal = trade.settled(of, shelf=shelf)
    carried = Computation.objects.exclude(pk=split.computation_id).get(verb="split")
    assert (carried.amount_minor, str(carried.pk)) == (12_000 - 360, deal.deal.terms["joint"]["computation"])
    (told,) = makers[0].client.query("{ splits(first: 5) { nodes { example } } }")["splits"]["nodes"]
    assert json.loads(told["example"])["shares"] == split.computation.answer["extras"]["shares"]
    answer = recompute(computation=carried).to_json()["extras"]
    lines = lines_of(deal)
    stated = Counter({share["holder"]: int(share["minor"]) for share in answer["shares"]})
    stated[str(of.seller.id)] += int(answer["undistributed_minor"])
    assert {party: minor for party, minor in lines.items() if party not in {"platform_fee", "institution_fee"}} == dict(+stated)
    assert {holder: int(minor) for holder, minor in deal.deal.terms["joint"]["receipts"].items()} == dict(stated)


def _share(holders: list[str]) -> tuple[Any, Any]:
    table = ["0", "600", "600", "600", "300", "900", "900", "900"]
    return {"rule": "shapley", "currency": "CNY"}, {"form": "table", "holders": [{"holder": each} for each in holders], "values": table}


def _datum(holders: list[str]) -> tuple[Any, Any]:
    points = [{"holder": holders[at % 3], "x": [at, 7 - at], "y": "yes" if at > 3 else "no"} for at in range(8)]
    tests = [{"x": [6.5, 1], "y": "yes"}, {"x": [1, 5.5], "y": "no"}]
    return {"method": "knn_shapley", "currency": "CNY", "k": 2}, {"points": points, "tests": tests}


JOINT = {"share": _share, "datum": _datum}


def test_a_sampled_split_takes_its_seed_from_the_log_after_the_last_consent(of):
    maker = trade.trader(PartyKind.MERCHANT, name="Camera", by=of.institution)
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price="120.00")
    weights = [{"holder": str(of.seller.id), "weight": "123456.789012"}, {"holder": str(maker.id), "weight": "765432.109876"}]
    others = [trade.trader(PartyKind.MERCHANT, name=f"M{at}", by=of.institution) for at in range(3)]
    weights += [{"holder": str(each.id), "weight": f"9999{at}.123457"} for at, each in enumerate(others)]
    params = {"rule": "shapley", "currency": "CNY", "sampling": {"pairs": 200}}
    split = agreed(of, shelf, "share", params, {"form": "weighted_voting", "quota": "500000", "holders": weights}, [maker, *others])
    checkpoint = SignedCheckpoint.objects.get(size=split.computation.seed_size)
    assert split.seed == split.computation.seed == seed_value(bytes(checkpoint.root), split.pk)
    deal = trade.settled(of, shelf=shelf)
    assert json.loads(bytes(deal.deal.terms_bytes))["joint"]["example"] == str(split.computation_id)
    assert Computation.objects.exclude(pk=split.computation_id).get(verb="split").seed == split.seed


def test_a_free_quote_makes_a_deal_that_is_in_force_when_it_is_signed(of):
    shelf = on_sale(of, "metered", {"mode": "package", "currency": "CNY", "unit": "call", "size": "10", "price": "5", "free_units": "100"})
    quoted = quote_for(of, shelf, {"quantity": "50"})
    deal = trade.signed(of, shelf=shelf, quoteId=quoted["quote"]["id"])
    assert (deal.deal.state, deal.deal.consideration, deal.deal.amount_minor) == ("IN_FORCE", "FREE", 0)
    assert trade.fetched(deal) == shelf.content


@pytest.mark.parametrize(
    "more",
    [{"prior": {"quantity": "0", "billed": "500.00"}}, {"closes_period": False}, {"tier_quantity": "1000"}],
    ids=lambda more: next(iter(more)),
)
def test_a_buyer_cannot_state_a_bill_before_an_open_period_or_another_tier(of, snapshot, more):
    tiers = [{"up_to": "100", "unit_price": "5"}, {"unit_price": "1"}]
    shelf = on_sale(of, "metered", {"mode": "volume", "currency": "CNY", "unit": "call", "tiers": tiers, "minimum": "300"})
    before = snapshot(Quote, Outbox)
    refused = quote_for(of, shelf, {"quantity": "100", **more})
    assert refused.user_errors == [UserError(code="PRICING_REFUSED", field=["usage", next(iter(more))])]
    assert snapshot(Quote, Outbox) == before
    assert quote_for(of, shelf, {"quantity": "100"})["quote"]["amount"]["minorUnits"] == "50000"


def test_a_division_that_would_keep_people_waiting_is_refused_when_it_is_proposed(of, snapshot):
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price="120.00")
    plan = shop.plan(of.seller.client, json.dumps({"method": "logistic_shapley", "currency": "CNY", "rounds": 500}), "datum")
    points = [{"holder": str(of.seller.id), "x": [at] * 64, "y": "yes" if at % 2 else "no"} for at in range(8)]
    inputs = {"points": points, "tests": [{"x": [1] * 64, "y": "yes"}]}
    before = snapshot(Split, Computation, Outbox)
    given = {"objectId": shelf.object, "planId": plan, "inputs": json.dumps(inputs), "idempotencyKey": shop.key()}
    refused = of.seller.client.mutate("splitPropose", "split { id }", **given)
    assert refused.user_errors == [
        UserError(
            code="PRICING_REFUSED",
            field=["inputs", "points"],
            message="This would train 4000 models; of so many points and features at most 2928 are accepted. Use fewer points or rounds.",
        )
    ]
    assert snapshot(Split, Computation, Outbox) == before


def test_a_buyer_picks_one_of_the_plans_of_an_offer(of):
    plans = [shop.plan(of.seller.client, json.dumps(params), key) for key, params in TWO_PLANS.items()]
    thing = trade.registered(of.seller)
    listing = shop.drafted(of.seller.client, thing, asset=shop.ready(of.seller.client, object_=thing))
    shown = "offer { id plan { id } furtherPlans { plan { id } } }"
    given = {"furtherPlanIds": plans[1:], "delivery": "FILE", "scope": {"territory": "CN"}, "fields": shown}
    offer = shop.offer(of.seller.client, listing, plans[0], **given)["offer"]
    assert (offer["plan"]["id"], [row["plan"]["id"] for row in offer["furtherPlans"]]) == (plans[0], plans[1:])
    shop.publish(of.seller.client, listing, 2)
    shelf = trade.Shelf(of.seller, thing, listing, Offer.objects.latest("added_at"), shop.CSV)
    asked = {"offerId": offer["id"], "usage": '{"quantity": "20"}'}
    quoted = of.buyer.client.mutate("quoteCreate", "quote { id plan { id } }", planId=plans[1], idempotencyKey="q1", **asked)
    assert quoted["quote"]["plan"]["id"] == plans[1]
    elsewhere = shop.plan(of.seller.client)
    foreign = of.buyer.client.mutate("quoteCreate", planId=elsewhere, idempotencyKey="q2", **asked)
    assert foreign.user_errors == [UserError(code="NOT_FOUND", field=["planId"])]
    deal = trade.settled(of, shelf=shelf, quoteId=quoted["quote"]["id"])
    assert deal.deal.amount_minor == 6_000
    assert deal.deal.terms["consideration"]["plan"] == str(Quote.objects.get(used_by=deal.uuid).plan_id)


TWO_PLANS = {
    "fixed": {"kind": "one_off", "currency": "CNY", "price": "500.00"},
    "metered": {"mode": "graduated", "currency": "CNY", "unit": "call", "tiers": [{"unit_price": "3"}]},
}


@pytest.mark.parametrize(
    ("key", "params", "code", "field"),
    [
        ("income_share", {"currency": "CNY", "share_ppm": 5}, "PLAN_SELLS_NOTHING", ["furtherPlanIds"]),
        ("posted", {"currency": "CNY"}, "PLAN_SELLS_NOTHING", ["furtherPlanIds"]),
        ("fixed", {"kind": "one_off", "currency": "USD", "price": "5"}, "BAD_INPUT", ["furtherPlanIds"]),
        (None, None, "BAD_INPUT", ["furtherPlanIds"]),
    ],
    ids=["a share of income", "advice", "another currency", "the same plan twice"],
)
def test_a_plan_that_cannot_stand_beside_others_is_refused(of, snapshot, key, params, code, field):
    first = shop.plan(of.seller.client)
    further = first if key is None else shop.plan(of.seller.client, json.dumps(params), key)
    listing = shop.drafted(of.seller.client, trade.registered(of.seller))
    before = snapshot(Offer, OfferPlan)
    refused = shop.offer(of.seller.client, listing, first, furtherPlanIds=[further])
    assert refused.user_errors == [UserError(code=code, field=field)]
    assert snapshot(Offer, OfferPlan) == before
