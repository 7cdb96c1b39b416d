"""A product under authorised operation is sold at or below the ceiling that a public body set, and free for governance and welfare."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from listings.catalogue.models import PriceCeiling
from listings.products.models import Offer
from listings.resources.paper_services import source_statement_file
from marketplace.deals.models import Deal
from marketplace.screening.models import Referral
from pricing.quotes.models import Quote
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from tests.listings import shop
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.graphql import Client, Payload, UserError
from tests.support.moving import advance
from tests.support.parties import Party, admit

if TYPE_CHECKING:
    from registry.rights.models import RegisteredObject

CLAUSE: Final = "Price Notice on Authorised Operation of Public Data, section 1 (binding)"
SAID: Final = "deal { id state useClass } verdict { outcome findings { ruleId outcome codes clause missing facts } }"
TITLE: Final = "PT-08"
"""Whether the authorisation is in force no register says yet: two regulators do, for every such product."""
COSTS: Final = {"costs": [{"kind": "platform", "amount": "5000"}], "bond_yield_percent": "0", "points": "0", "currency": "CNY"}
PLANS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "at 1,000": ("fixed", {"kind": "one_off", "currency": "CNY", "price": "1000.00"}),
    "at 1,200": ("fixed", {"kind": "one_off", "currency": "CNY", "price": "1200.00"}),
    "free": ("fixed", {"kind": "one_off", "currency": "CNY", "price": "0"}),
    "by month": ("fixed", {"kind": "subscription", "currency": "CNY", "price": "1000.00", "period": "month"}),
    "by year": ("fixed", {"kind": "subscription", "currency": "CNY", "price": "12000.01", "period": "year"}),
    "by day": ("fixed", {"kind": "subscription", "currency": "CNY", "price": "1.00", "period": "day"}),
    "by call": (
        "metered",
        {"mode": "graduated", "currency": "CNY", "unit": "call", "tiers": [{"up_to": "100", "unit_price": "0.31"}, {"unit_price": "0.10"}]},
    ),
    "by row": ("metered", {"mode": "package", "currency": "CNY", "unit": "行", "size": "100", "price": "30"}),
    "by look-up": ("metered", {"mode": "graduated", "currency": "CNY", "unit": "look-up", "tiers": [{"unit_price": "0.01"}]}),
    "by bids": ("auction", {"currency": "CNY", "format": "second_price", "reserve": "50.00"}),
    "regulated": ("ceiling", {**COSTS, "products": [{"key": "credit", "unit": "call", "volume": "10000"}]}),
}


@dataclass(frozen=True)
class Deck:
    """An authorised product with an offer by each plan, the public body that caps it, and two regulators."""

    object: RegisteredObject
    offers: dict[str, Offer]
    bureau: Party
    regulators: tuple[Client, Client]

    def capped(self, minor: int, unit: str = "DEAL", currency: str = "CNY") -> None:
        """One priceCeilingSet, from today on."""
        given = {"objectId": self.object, "unit": unit, "ceilingMinor": str(minor), "currency": currency, "document": "2027-1"}
        given |= {"documentSha256": m.DIGEST, "validFrom": m.today(), "idempotencyKey": shop.key()}
        assert Client(token=self.bureau.token).mutate("priceCeilingSet", "priceCeiling { id }", **given).ok

    def allow(self, subject_id: Any) -> None:
        """Both regulators let through what waits for them."""
        referral = Referral.objects.filter(subject_id=subject_id).latest("id")
        given = {"referralId": referral, "allow": True, "reason": "The authorisation was read"}
        for number, regulator in enumerate(self.regulators, 1):
            decided = regulator.mutate("referralDecide", "referral { state }", **given, expectedVersion=number, idempotencyKey=shop.key())
            assert decided.ok, decided.user_errors


@pytest.fixture(scope="module")
def deck_once(market: trade.World) -> Deck:
    with trade.acting():
        seller = market.seller
        thing = m.register(seller.party, examined={"public_code_valid": True}, **m.AUTHORISED)
        stated = {"statement": "Under authorisation 2026-7", "evidence_sha256": m.DIGEST, "idempotency_key": m.key()}
        source_statement_file(actor=seller.party.actor, object_id=thing.pk, **stated)
        asset = shop.ready(seller.client, object_=thing)
        listing = shop.drafted(seller.client, thing, asset=asset)
        offers = {}
        for number, (name, (model, params)) in enumerate(PLANS.items(), 1):
            plan = shop.plan(seller.client, json.dumps(params), model)
            offers[name] = trade.offered(seller, listing, number, plan=plan)
        regulators = (Client(token=market.regulator.token), Client(token=m.second(market.regulator)))
        deck = Deck(thing, offers, admit(PartyKind.PUBLIC_BODY, name="Price bureau"), regulators)
        version = len(PLANS) + 1
        assert [error.rule for error in shop.publish(seller.client, listing, version).user_errors] == [TITLE]
        deck.allow(next(iter(offers.values())).listing_id)
        assert shop.publish(seller.client, listing, version + 1)["listing"]["state"] == "LISTED"
        return deck


@pytest.fixture
def deck(deck_once: Deck, of: trade.World) -> Deck:
    return deck_once


def quoted(of: trade.World, deck: Deck, plan: str, usage: dict[str, Any] | None = None) -> Quote:
    given = {"offerId": deck.offers[plan], "usage": json.dumps(usage or {}), "idempotencyKey": shop.key()}
    made = of.buyer.client.mutate("quoteCreate", "quote { id }", **given)
    assert made.ok, made.user_errors
    return Quote.objects.latest("created_at")


def requested(of: trade.World, deck: Deck, plan: str, usage: dict[str, Any] | None = None, **given: Any) -> trade.Trade:
    """A deal on one of the offers, for industry unless another class of use, or none, is named."""
    stated = {"useClass": "INDUSTRY", "quoteId": quoted(of, deck, plan, usage), **given}
    if stated["useClass"] is None:
        del stated["useClass"]
    shelf = replace(of.flat, object=deck.object, offer=deck.offers[plan])
    return trade.requested(of, shelf=shelf, **stated)


def checked(made: trade.Trade) -> Payload:
    return made.step(made.buyer.client, "dealCheck", SAID)


def found(said: Payload, *names: str) -> tuple[Any, ...]:
    """What PR-01 said: its outcome, the cases that decided, and the facts named."""
    (finding,) = (each for each in said.fields["verdict"]["findings"] if each["ruleId"] == "PR-01")
    facts = json.loads(finding["facts"])
    return (finding["outcome"], finding["codes"], *(facts[name] for name in names))


PRICE: Final = ("price_minor", "ceiling_minor")


def test_above_the_ceiling_a_deal_is_blocked_with_rule_clause_and_remedy(of, deck, snapshot):
    deck.capped(100_000)
    made = requested(of, deck, "at 1,200")
    before, told = snapshot(Deal, Quote), Outbox.objects.count()
    refused = checked(made)
    assert refused.user_errors[0] == UserError(
        code="SCREENING_BLOCKED",
        rule="PR-01",
        clause=CLAUSE,
        message="The price is above the ceiling.",
        remedy="Lower the price to the ceiling or below.",
    )
    assert [error.rule for error in refused.user_errors] == ["PR-01", TITLE]
    assert refused.fields["verdict"]["outcome"] == "BLOCK"
    assert refused.fields["deal"]["state"] == "REQUESTED"
    assert found(refused, "use_class", "ceiling_set", *PRICE) == ("BLOCK", ["ABOVE_CEILING"], "INDUSTRY", True, 120_000, 100_000)
    assert snapshot(Deal, Quote) == before
    assert Outbox.objects.count() - told == 1


def test_the_same_deal_exactly_at_the_ceiling_is_checked_signed_and_settled(of, deck):
    deck.capped(100_000)
    made = requested(of, deck, "at 1,000")
    parked = checked(made)
    assert parked.user_errors == [UserError(code="SCREENING_REFERRED", rule=TITLE)]
    assert found(parked, *PRICE) == ("PASS", [], 100_000, 100_000)
    deck.allow(made.uuid)
    assert checked(made)["deal"]["state"] == "CHECKED"
    assert trade.sign(made, made.seller, "SELLER").ok
    assert trade.sign(made, made.buyer, "BUYER").ok
    assert trade.fund(made).ok
    trade.relay()
    trade.announce(made)
    trade.relay()
    assert trade.fetched(made) == made.shelf.content
    trade.relay()
    assert trade.accept(made).ok
    assert trade.settle(made)["deal"]["state"] == "SETTLED"
    assert json.loads(bytes(made.deal.terms_bytes))["use_class"] == "INDUSTRY"


def test_a_minor_unit_below_the_price_is_enough_to_block_and_a_replaced_ceiling_mends_it(of, deck):
    deck.capped(99_999)
    made = requested(of, deck, "at 1,000")
    assert found(checked(made), *PRICE) == ("BLOCK", ["ABOVE_CEILING"], 100_000, 99_999)
    given = {"objectId": deck.object, "unit": "DEAL", "ceilingMinor": "100000", "currency": "CNY", "document": "2027-2"}
    given |= {"documentSha256": m.DIGEST, "validFrom": m.today(), "replacesId": PriceCeiling.objects.get(), "idempotencyKey": shop.key()}
    assert Client(token=deck.bureau.token).mutate("priceCeilingSet", "priceCeiling { id }", **given).ok
    assert found(checked(made), *PRICE) == ("PASS", [], 100_000, 100_000)


def test_without_a_ceiling_people_decide(of, deck):
    said = checked(requested(of, deck, "at 1,000"))
    assert UserError(code="SCREENING_REFERRED", rule="PR-01", remedy="Ask the authorising body for a trial tariff.") in said.user_errors
    assert found(said, "ceiling_set", *PRICE) == ("REFER", ["NO_CEILING"], False, 100_000, None)


@pytest.mark.parametrize(
    ("plan", "usage", "unit", "ceiling", "price", "outcome"),
    [
        ("by call", {"quantity": "100"}, "CALL", 31, 31, "PASS"),
        ("by call", {"quantity": "100"}, "CALL", 30, 31, "BLOCK"),
        ("by call", {"quantity": "101"}, "CALL", 30, 31, "BLOCK"),  # 31.10 for 101 calls is 30.79 fen each
        ("by call", {"quantity": "121"}, "CALL", 28, 28, "PASS"),  # 33.10 for 121 calls is 27.36 fen each
        ("by row", {"quantity": "100"}, "ROW", 30, 30, "PASS"),
        ("by row", {"quantity": "99"}, "ROW", 30, 31, "BLOCK"),
        ("at 1,000", {"copies": 3}, "COPY", 100_000, 100_000, "PASS"),
        ("at 1,000", {"copies": 3}, "COPY", 99_999, 100_000, "BLOCK"),
        ("at 1,000", {"copies": 3}, "DEAL", 299_999, 300_000, "BLOCK"),
        ("by month", {"start": "2027-01-01", "end": "2027-04-01"}, "MONTH", 100_000, 100_000, "PASS"),
        ("by month", {"start": "2027-01-01", "end": "2027-04-16"}, "MONTH", 100_000, 100_000, "PASS"),
        ("by month", {"start": "2027-01-01", "end": "2027-04-16", "copies": 2}, "MONTH", 99_999, 100_000, "BLOCK"),
        ("by year", {"start": "2027-01-01", "end": "2028-01-01"}, "MONTH", 100_000, 100_001, "BLOCK"),
        ("regulated", {"product": "credit", "use": "industry", "quantity": "3"}, "CALL", 50, 50, "PASS"),
        ("regulated", {"product": "credit", "use": "industry", "quantity": "3"}, "CALL", 49, 50, "BLOCK"),
    ],
)
def test_a_quote_is_held_to_a_ceiling_by_the_unit(of, deck, plan, usage, unit, ceiling, price, outcome):
    deck.capped(ceiling, unit)
    codes = {"PASS": [], "BLOCK": ["ABOVE_CEILING"]}[outcome]
    assert found(checked(requested(of, deck, plan, usage)), *PRICE) == (outcome, codes, price, ceiling)


@pytest.mark.parametrize(
    ("plan", "usage", "unit", "currency"),
    [
        ("by look-up", {"quantity": "5"}, "CALL", "CNY"),
        ("by call", {"quantity": "5"}, "ROW", "CNY"),
        ("by day", {"start": "2027-01-01", "end": "2027-02-01"}, "MONTH", "CNY"),
        ("at 1,000", {}, "DEAL", "HKD"),
    ],
)
def test_a_price_in_another_unit_or_currency_than_the_ceilings_is_for_people_to_compare(of, deck, plan, usage, unit, currency):
    deck.capped(1, unit, currency)
    made = requested(of, deck, plan, usage)
    said = checked(made)
    assert found(said, "ceiling_set", *PRICE) == ("REFER", ["ABOVE_CEILING"], True, made.deal.amount_minor, None)


def test_what_a_round_awards_is_held_to_a_ceiling_on_the_deal_and_to_no_other(of, deck):
    given = {"offerId": deck.offers["by bids"], "inputs": "{}", "closesAt": clock.now() + timedelta(hours=1), "idempotencyKey": shop.key()}
    opened = of.seller.client.mutate("roundOpen", "round { id }", **given)["round"]["id"]
    for bidder, bid in ((of.buyer, "150.00"), (of.other, "120.00")):
        placed = {"roundId": opened, "bid": json.dumps({"bid": bid}), "idempotencyKey": shop.key()}
        assert bidder.client.mutate("bidPlace", "bid { id }", **placed).ok
    advance(to=clock.now() + timedelta(hours=1))
    trade.relay()
    deck.capped(1, "CALL")
    made = trade.requested(of, shelf=replace(of.flat, offer=deck.offers["by bids"]), quoteId=Quote.objects.get(), useClass="INDUSTRY")
    assert found(checked(made), *PRICE) == ("REFER", ["ABOVE_CEILING"], 12_000, None)
    deck.capped(11_999)
    assert found(checked(made), *PRICE) == ("BLOCK", ["ABOVE_CEILING"], 12_000, 11_999)


def test_of_ceilings_in_several_units_the_one_that_is_passed_decides(of, deck):
    deck.capped(31, "CALL")
    deck.capped(1, "ROW")
    made = requested(of, deck, "by call", {"quantity": "100"})
    assert found(checked(made), *PRICE) == ("PASS", [], 31, 31)
    deck.capped(3_099)
    assert found(checked(made), *PRICE) == ("BLOCK", ["ABOVE_CEILING"], 3_100, 3_099)


@pytest.mark.parametrize("use", ["GOVERNANCE", "WELFARE"])
def test_governance_and_welfare_pay_nothing(of, deck, use):
    deck.capped(100_000)
    said = checked(requested(of, deck, "at 1,000", useClass=use))
    assert said.user_errors[0] == UserError(
        code="SCREENING_BLOCKED",
        rule="PR-01",
        clause=CLAUSE,
        message="Public data for governance or welfare is free.",
        remedy="Set the price to zero for this use.",
    )
    assert found(said, "use_class") == ("BLOCK", ["MUST_BE_FREE"], use)
    free = requested(of, deck, "free", useClass=use)
    assert found(checked(free), *PRICE) == ("PASS", [], 0, 100_000)
    deck.allow(free.uuid)
    assert checked(free)["deal"] == {"id": free.id, "state": "CHECKED", "useClass": use}


def test_a_price_for_welfare_is_blocked_in_whatever_unit(of, deck):
    deck.capped(1, "ROW")
    said = checked(requested(of, deck, "by call", {"quantity": "5"}, useClass="WELFARE"))
    assert found(said, *PRICE) == ("BLOCK", ["MUST_BE_FREE"], 155, None)


def test_the_use_stated_in_asking_for_a_price_counts_and_must_be_the_one_of_the_contract(of, deck):
    deck.capped(50, "CALL")
    usage = {"product": "credit", "use": "welfare", "quantity": "3"}
    made = requested(of, deck, "regulated", usage, useClass=None)
    assert json.loads(bytes(made.deal.terms_bytes))["use_class"] == "WELFARE"
    said = checked(made)
    assert found(said, "use_class", *PRICE) == ("PASS", [], "WELFARE", 0, 50)
    differing = checked(requested(of, deck, "regulated", {**usage, "use": "industry"}, useClass="WELFARE"))
    assert found(differing, "use_class", *PRICE) == ("REFER", ["MUST_BE_FREE"], None, 50, 50)


def test_a_use_that_nobody_stated_is_unknown_and_a_priced_deal_waits_for_people(of, deck):
    deck.capped(100_000)
    made = requested(of, deck, "at 1,000", useClass=None)
    said = checked(made)
    assert found(said, "use_class") == ("REFER", ["MUST_BE_FREE"], None)
    assert said.fields["deal"]["useClass"] is None
    above = checked(requested(of, deck, "at 1,200", useClass=None))
    assert found(above, *PRICE) == ("REFER", ["MUST_BE_FREE", "ABOVE_CEILING"], 120_000, 100_000)


def test_what_is_not_public_data_has_its_own_price(of, deck):
    deck.capped(1)
    made = trade.requested(of, useClass="WELFARE")
    said = checked(made)
    assert said["deal"]["state"] == "CHECKED"
    assert "PR-01" not in {each["ruleId"] for each in said["verdict"]["findings"]}


def test_a_class_of_use_that_there_is_not_is_malformed_and_a_key_is_for_one_class(of, deck, snapshot):
    quote, key = quoted(of, deck, "at 1,000"), shop.key()
    given = {"offerId": deck.offers["at 1,000"], "quoteId": quote, "purpose": trade.PURPOSE, "institutionId": of.institution.organisation}
    before = snapshot(Deal, Quote, Outbox, IdempotencyKey)
    unknown = of.buyer.client.mutate("dealRequest", trade.STATE, **given, useClass="HOBBY", idempotencyKey=key)
    assert unknown.codes == ["BAD_QUERY"]
    assert snapshot(Deal, Quote, Outbox, IdempotencyKey) == before
    assert of.buyer.client.mutate("dealRequest", trade.STATE, **given, useClass="INDUSTRY", idempotencyKey=key).ok
    again = of.buyer.client.mutate("dealRequest", trade.STATE, **given, useClass="WELFARE", idempotencyKey=key)
    assert again.codes == ["IDEMPOTENCY_MISMATCH"]
