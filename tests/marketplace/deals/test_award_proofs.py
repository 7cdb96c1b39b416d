"""What an outsider is shown of a deal that a round priced or several makers share, and that altered records are found."""

import json

import pytest
from django.db import connection

from marketplace.deals.models import Deal
from pricing.computations.errors import AnswerAltered
from pricing.computations.models import Computation
from pricing.quotes.errors import QuoteAltered
from pricing.quotes.models import Quote
from pricing.quotes.services import verify
from registry.base.actor import PartyKind
from tests.marketplace.deals.test_proofs import bundle, judged
from tests.support import rounds as r
from tests.support import trade
from tests.support.graphql import UserError
from tests.support.parties import admit
from tests.support.splitting import consented, proposed


def as_owner(statement):
    """Change a record past every trigger, as only who owns the database could."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE egret_owner")
        table = statement.split()[1]
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("SET LOCAL ROLE egret_app")


def award(of, params=None):
    """The shelf and the quote of a second-price round that the buyer won at 4.00."""
    shelf = r.on_sale(of, "auction", params)
    held = r.opened(of, shelf)
    for who, bid in ((of.buyer, "5.00"), (of.other, "4.00")):
        assert r.place(who.client, held, {"bid": bid}).ok
    assert r.cleared().state == "CLEARED"
    return shelf, of.buyer.client.query("{ quotes(first: 1) { nodes { id } } }")["quotes"]["nodes"][0]["id"]


def test_a_deal_at_an_awarded_price_proves_itself_offline(of, tmp_path):
    shelf, quote = award(of)
    deal = trade.settled(of, shelf=shelf, quoteId=quote)
    assert deal.deal.amount_minor == 400
    code, report = judged(bundle(deal, of.buyer.party.token).content, tmp_path)
    assert code == 0, report


def test_a_surplus_goes_where_the_contract_says_and_proves_itself_offline(of, tmp_path):
    rule = {"currency": "CNY", "rule": "mcafee"}
    shelf, theirs = r.on_sale(of, "exchange", rule), r.rival_of(of, rule)
    charity = admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    held = r.opened(of, shelf, surplusToId=charity)
    for each, asked in ((shelf, "3.00"), (theirs, "7.90")):
        assert r.ask(each.owner.client, held, each.offer, {"ask": asked}).ok
    for buyer, bid in ((of.buyer, "9.00"), (of.other, "8.00")):
        assert r.place(buyer.client, held, {"bid": bid}).ok
    r.cleared()
    quote = of.buyer.client.query("{ quotes(first: 1) { nodes { id } } }")["quotes"]["nodes"][0]["id"]
    deal = trade.settled(of, shelf=shelf, quoteId=quote)
    assert deal.deal.terms["surplus"] == {"to": str(charity.pk), "minor": "10"}
    code, report = judged(bundle(deal, of.buyer.party.token).content, tmp_path)
    assert code == 0, report


def test_a_joint_product_names_its_makers_in_the_contract_and_proves_itself_offline(of, tmp_path):
    maker = trade.trader(PartyKind.MERCHANT, name="Camera", by=of.institution)
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price="120.00")
    consented(maker, proposed(of.seller, shelf.object, maker))
    trade.relay()
    deal = trade.settled(of, shelf=shelf)
    assert set(deal.deal.terms["joint"]["receipts"]) == {str(of.seller.id), str(maker.id)}
    paid = {line["party"] for line in json.loads(bytes(deal.deal.voucher.statement))["lines"]}
    assert {str(of.seller.id), str(maker.id)} <= paid
    code, report = judged(bundle(deal, of.buyer.party.token).content, tmp_path)
    assert code == 0, report


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE pricing_computations_computation SET amount_minor = 399", AnswerAltered),
        ("UPDATE pricing_computations_computation SET answer = jsonb_set(answer, '{extras,awards,0,minor}', '\"399\"')", AnswerAltered),
        ("UPDATE pricing_quotes_quote SET amount_minor = 399", QuoteAltered),
        ("UPDATE pricing_quotes_quote SET answer = jsonb_set(answer, '{extras,awards,0,minor}', '\"399\"')", QuoteAltered),
        ("UPDATE pricing_quotes_quote SET inputs_digest = repeat('0', 64)", QuoteAltered),
    ],
    ids=["the clearing's amount", "an award in the clearing", "the quote's amount", "the quote's award", "the quote's digest"],
)
def test_an_altered_record_is_found_and_makes_no_deal(of, snapshot, statement, error):
    shelf, quote = award(of)
    assert verify(quote=Quote.objects.get()).amount_minor == 400
    as_owner(statement)
    with pytest.raises(error):
        verify(quote=Quote.objects.get())
    before = snapshot(Deal, Quote, Computation)
    assert trade.ask(of, shelf=shelf, quoteId=quote).user_errors == [UserError(code=error.code)]
    assert snapshot(Deal, Quote, Computation) == before
