"""A quote, then a request for a stated purpose: one of each for one key, and a refusal leaves nothing behind."""

import json
import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from listings.products.models import Listing
from marketplace.deals.models import Deal, DealRight
from pricing.quotes.models import Quote
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from tests.listings import shop
from tests.support import trade
from tests.support.graphql import Client, UserError, global_id
from tests.support.moving import advance
from tests.support.parties import admit

WRITTEN = (Deal, DealRight, Quote, Outbox, IdempotencyKey)
QUOTE = "quote { id amount { amount currency } expiresAt }"
WHOLE = """id state version purpose consideration incomeSharePpm termsHash terms amount { amount currency }
  seller { id } buyer { id } institution { id } offer { id } quote { id } signedAt settledAt
  rights { kind exclusive validFrom validUntil object { id } grant { id } } signatures { id } escrows { id } vouchers { id }"""


def quote(of, *, by=None, **given):
    stated = {"offerId": of.flat.offer, "usage": "{}", "idempotencyKey": shop.key(), **given}
    return (by or of.buyer.client).mutate("quoteCreate", QUOTE, **stated)


def test_a_quote_states_the_plans_price_and_binds_for_seven_days(of):
    given = quote(of, idempotencyKey="q1")["quote"]
    row = Quote.objects.get()
    assert given == {
        "id": global_id(row),
        "amount": {"amount": "12000.00", "currency": "CNY"},
        "expiresAt": row.expires_at.isoformat(),
    }
    assert (row.expires_at - row.created_at, row.used_by) == (timedelta(days=7), None)
    assert quote(of, idempotencyKey="q1")["quote"] == given
    assert Quote.objects.count() == 1


def test_the_price_of_a_quote_follows_its_usage(of):
    assert quote(of, usage=json.dumps({"copies": 3}))["quote"]["amount"]["amount"] == "36000.00"


def test_a_quote_says_what_it_is_for_and_whether_it_was_used(of):
    asked = "{ quotes(first: 5) { nodes { offer inputs usedBy } } }"
    made = quote(of, usage='{"copies": 3}')["quote"]["id"]
    shown = {"offer": str(of.flat.offer.pk), "inputs": '{"copies": 3}', "usedBy": None}
    for side in (of.buyer, of.seller):
        assert side.client.query(asked)["quotes"]["nodes"] == [shown]
    assert of.other.client.query(asked)["quotes"]["nodes"] == []
    assert trade.ask(of, quoteId=made).ok
    assert of.buyer.client.query(asked)["quotes"]["nodes"] == [shown | {"usedBy": str(Deal.objects.get().pk)}]


def test_a_quotes_key_asks_for_one_thing(of, snapshot):
    quote(of, idempotencyKey="q1")
    before = snapshot(*WRITTEN)
    assert quote(of, idempotencyKey="q1", usage='{"copies": 2}').user_errors == [
        UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"])
    ]
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        pytest.param({"usage": "{"}, "BAD_INPUT", ["usage"], id="usage that is no JSON"),
        pytest.param({"usage": "[]"}, "BAD_INPUT", ["usage"], id="usage that is no object"),
        pytest.param({"usage": '{"seats": 1}'}, "PRICING_REFUSED", None, id="usage that the plan does not know"),
        pytest.param({"usage": '{"copies": 1.5}'}, "PRICING_REFUSED", ["usage", "copies"], id="a part of a copy"),
        pytest.param({"usage": '{"copies": 99999999999999999999}'}, "PRICING_REFUSED", None, id="more copies than there can be"),
        pytest.param({"idempotencyKey": ""}, "BAD_INPUT", ["idempotencyKey"], id="no key"),
        pytest.param({"idempotencyKey": "k" * 256}, "BAD_INPUT", ["idempotencyKey"], id="a key that is too long"),
        pytest.param({"offerId": "nonsense"}, "INVALID_ID", ["offerId"], id="a malformed id"),
    ],
)
def test_a_quote_that_cannot_be_given_leaves_nothing(of, snapshot, given, code, field):
    before = snapshot(*WRITTEN)
    (error,) = quote(of, **given).user_errors
    assert error.code == code
    assert field is None or error.field == field
    assert snapshot(*WRITTEN) == before


def test_a_request_fixes_the_terms_and_the_rights_it_asks_for(of):
    quoted = trade.quoted(of)
    given = trade.ask(of, quoteId=quoted, purpose=f"  {trade.PURPOSE} ", idempotencyKey="r1")
    assert given.ok, given.user_errors
    row = Deal.objects.get()
    asked = of.buyer.client.query(f"query($id: ID!) {{ node(id: $id) {{ ... on Deal {{ {WHOLE} }} }} }}", id=row)["node"]
    terms = json.loads(asked.pop("terms"))
    (right,) = asked.pop("rights")
    assert asked == {
        "id": global_id(row), "state": "REQUESTED", "version": 1, "purpose": trade.PURPOSE, "consideration": "FIXED",
        "incomeSharePpm": 0, "termsHash": trade.digest(bytes(row.terms_bytes)), "amount": {"amount": "12000.00", "currency": "CNY"},
        "seller": {"id": global_id(of.seller.party.organisation)}, "buyer": {"id": global_id(of.buyer.party.organisation)},
        "institution": {"id": global_id(of.institution.organisation)}, "offer": {"id": global_id(of.flat.offer)},
        "quote": {"id": quoted}, "signedAt": None, "settledAt": None, "signatures": [], "escrows": [], "vouchers": [],
    }  # fmt: skip
    assert (right["kind"], right["exclusive"], right["grant"]) == ("USE", False, None)
    assert right["object"] == {"id": global_id(of.flat.object)}
    (stated,) = terms["rights"]
    assert (stated["valid_from"], stated["valid_until"]) == (right["validFrom"], right["validUntil"])
    assert (terms["amount"], terms["purpose"], terms["shares"]) == ("1200000", trade.PURPOSE, [])
    assert terms["delivery"] == {"mode": "FILE", "sha256": of.flat.sha256}
    assert Quote.objects.get().used_by == row.pk
    (told,) = shop.events("deal.requested")
    assert told["data"]["terms_hash"] == row.terms_hash
    assert {name for name, value in told["data"].items() if isinstance(value, dict)} == {"seller", "buyer", "amount", "purpose"}


def test_the_public_hash_of_the_terms_cannot_be_found_by_trying_who_what_and_for_how_much(of):
    first, second = (trade.requested(of).deal.terms for _ in range(2))
    varying = {name for name in first if first[name] != second[name]}
    assert varying == {"salt", "consideration"}  # the second names its own quote
    assert [re.fullmatch("[0-9a-f]{32}", terms["salt"]) is not None for terms in (first, second)] == [True, True]


def test_a_repeated_request_is_one_deal(of):
    given = {"quoteId": trade.quoted(of), "idempotencyKey": "r1"}
    first, again = trade.ask(of, **given)["deal"], trade.ask(of, **given)["deal"]
    assert first == again
    assert (Deal.objects.count(), DealRight.objects.count(), len(shop.events("deal.requested"))) == (1, 1, 1)


def test_a_requests_key_asks_for_one_thing(of, snapshot):
    given = {"quoteId": trade.quoted(of), "idempotencyKey": "r1"}
    assert trade.ask(of, **given).ok
    before = snapshot(*WRITTEN)
    for other in ({"purpose": "another"}, {"quoteId": None}, {"institutionId": of.other.party.organisation}):
        assert trade.ask(of, **{**given, **other}).codes == ["IDEMPOTENCY_MISMATCH"]
    assert snapshot(*WRITTEN) == before


def test_one_key_of_two_buyers_is_two_keys(of):
    assert trade.ask(of, idempotencyKey="r1").ok
    assert trade.ask(of, buyer=of.other, idempotencyKey="r1").ok
    assert Deal.objects.count() == 2


def test_a_priced_offer_is_taken_by_ones_own_quote_for_it_and_no_other(of, snapshot):
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price="1.00", content=b"a,b\n1,2\n")
    quotes = {"nobody's": None, "another buyer's": trade.quoted(of, buyer=of.other), "another offer's": trade.quoted(of, shelf=shelf)}
    before = snapshot(*WRITTEN)
    for whose, made in quotes.items():
        refused = trade.ask(of, quoteId=made)
        assert refused.user_errors == [UserError(code="QUOTE_NEEDED", field=["quoteId"])], whose
    assert trade.ask(of, quoteId=to_global("Quote", uuid4())).codes == ["QUOTE_NEEDED"]
    assert snapshot(*WRITTEN) == before


def test_a_quote_is_used_once(of, snapshot):
    given = {"quoteId": trade.quoted(of)}
    assert trade.ask(of, **given).ok
    before = snapshot(*WRITTEN)
    assert trade.ask(of, **given).user_errors == [UserError(code="QUOTE_USED", field=["quoteId"])]
    assert snapshot(*WRITTEN) == before


def test_a_quote_ends_with_its_seventh_day(of, snapshot):
    given = {"quoteId": trade.quoted(of)}
    advance(to=Quote.objects.get().expires_at)
    before = snapshot(*WRITTEN)
    assert trade.ask(of, **given).user_errors == [UserError(code="QUOTE_EXPIRED", field=["quoteId"])]
    assert snapshot(*WRITTEN) == before


def test_the_amount_of_a_quote_is_not_altered_past_the_services(of):
    trade.quoted(of)
    with pytest.raises(IntegrityError, match="a quote never changes"), transaction.atomic():
        Quote.objects.update(amount_minor=1)


def test_a_licence_for_a_share_of_income_takes_no_quote_and_fixes_the_share(of, snapshot):
    shelf = trade.shelved(of.seller, trade.registered(of.seller))
    made = trade.quoted(of)
    before = snapshot(*WRITTEN)
    assert trade.ask(of, shelf=shelf, quoteId=made).user_errors == [UserError(code="BAD_INPUT", field=["quoteId"])]
    assert snapshot(*WRITTEN) == before
    assert trade.ask(of, shelf=shelf).ok
    row = Deal.objects.get()
    assert (row.consideration, row.income_share_ppm, row.amount_minor, row.quote_id) == ("INCOME_SHARE", 300_000, 0, None)
    shown = of.buyer.client.query("query($id: ID!) { node(id: $id) { ... on Deal { division { party amount { amount } } } } }", id=row)
    assert {line["amount"]["amount"] for line in shown["node"]["division"]} <= {"0.00"}


def test_an_offer_that_is_priced_by_bids_says_so_to_who_asks_for_a_quote(of, snapshot):
    plan = shop.plan(of.seller.client, json.dumps({"currency": "CNY", "format": "second_price", "reserve": "50.00"}), "auction")
    shelf = trade.shelved(of.seller, trade.registered(of.seller), plan=plan)
    before = snapshot(*WRITTEN)
    assert quote(of, offerId=shelf.offer).user_errors == [UserError(code="PRICED_BY_BIDS", field=["offerId"])]
    assert quote(of, offerId=shelf.offer, planId=plan).user_errors == [UserError(code="PRICED_BY_BIDS", field=["planId"])]
    assert snapshot(*WRITTEN) == before


def test_nobody_buys_from_themselves(of, snapshot):
    before = snapshot(*WRITTEN)
    assert quote(of, by=of.seller.client).user_errors == [UserError(code="OWN_OFFER", field=["offerId"])]
    assert trade.ask(of, buyer=of.seller, quoteId=None).user_errors == [UserError(code="OWN_OFFER", field=["offerId"])]
    assert snapshot(*WRITTEN) == before


def test_an_offer_that_was_withdrawn_is_not_taken(of, snapshot):
    given = {"quoteId": trade.quoted(of)}
    withdrawn = {"offerId": of.flat.offer, "expectedVersion": 1, "idempotencyKey": "w"}
    assert of.seller.client.mutate("offerWithdraw", "offer { id }", **withdrawn).ok
    before = snapshot(*WRITTEN)
    for refused in (trade.ask(of, **given), quote(of)):
        assert refused.user_errors == [UserError(code="OFFER_NOT_OPEN", field=["offerId"])]
    assert snapshot(*WRITTEN) == before


def test_an_offer_of_a_suspended_listing_is_not_taken(of, snapshot):
    given = {"quoteId": trade.quoted(of)}
    assert of.seller.client.mutate(
        "listingSuspend", "listing { state }", listingId=of.flat.listing, reason="Sold out", expectedVersion=version(of), idempotencyKey="s"
    ).ok
    before = snapshot(*WRITTEN)
    for refused in (trade.ask(of, **given), quote(of)):
        assert refused.user_errors == [UserError(code="OFFER_NOT_OPEN", field=["offerId"])]
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        pytest.param({"purpose": ""}, "BAD_INPUT", ["purpose"], id="no purpose"),
        pytest.param({"purpose": " \n\t "}, "BAD_INPUT", ["purpose"], id="a blank purpose"),
        pytest.param({"purpose": "p" * 401}, "BAD_INPUT", ["purpose"], id="a purpose that is too long"),
        pytest.param({"offerId": "nonsense"}, "INVALID_ID", ["offerId"], id="a malformed offer"),
        pytest.param({"quoteId": "nonsense"}, "INVALID_ID", ["quoteId"], id="a malformed quote"),
        pytest.param({"institutionId": "nonsense"}, "INVALID_ID", ["institutionId"], id="a malformed institution"),
        pytest.param({"idempotencyKey": ""}, "BAD_INPUT", ["idempotencyKey"], id="no key"),
    ],
)
def test_a_request_with_bad_input_leaves_nothing(of, snapshot, given, code, field):
    stated = {"quoteId": trade.quoted(of), **given}
    before = snapshot(*WRITTEN)
    assert trade.ask(of, **stated).user_errors == [UserError(code=code, field=field)]
    assert snapshot(*WRITTEN) == before


def test_a_purpose_of_four_hundred_characters_is_kept_whole(of):
    assert trade.ask(of, purpose="用" * 400).ok
    assert Deal.objects.get().purpose == "用" * 400


def test_an_id_of_another_type_or_of_nothing_is_refused(of, snapshot):
    made = trade.quoted(of)
    before = snapshot(*WRITTEN)
    kinds = (("offerId", "Offer", "NOT_FOUND"), ("quoteId", "Quote", "QUOTE_NEEDED"), ("institutionId", "Organisation", "BAD_INPUT"))
    for name, right, code in kinds:
        assert trade.ask(of, **{"quoteId": made, name: of.flat.object}).user_errors == [UserError(code="INVALID_ID", field=[name])]
        absent = trade.ask(of, **{"quoteId": made, name: to_global(right, uuid4())})
        assert absent.user_errors == [UserError(code=code, field=[name])]
    assert snapshot(*WRITTEN) == before


def test_only_an_institution_that_is_no_side_settles(of, snapshot):
    given = {"quoteId": trade.quoted(of)}
    house = admit(PartyKind.MERCHANT, PartyKind.INSTITUTION, PartyKind.BUYER, name="Both")
    before = snapshot(*WRITTEN)
    for wrong in (of.other.party, of.regulator, of.buyer.party, of.seller.party):
        assert trade.ask(of, **given, institutionId=wrong.organisation).user_errors == [
            UserError(code="BAD_INPUT", field=["institutionId"])
        ]
    assert snapshot(*WRITTEN) == before
    quoted = quote(of, by=Client(token=house.token))["quote"]["id"]
    before = snapshot(*WRITTEN)
    refused = Client(token=house.token).mutate(
        "dealRequest", offerId=of.flat.offer, quoteId=quoted, purpose="own use", institutionId=house.organisation, idempotencyKey="k"
    )
    assert refused.user_errors == [UserError(code="BAD_INPUT", field=["institutionId"])]
    assert snapshot(*WRITTEN) == before


def test_who_is_no_trader_asks_for_nothing(of, snapshot):
    made = trade.quoted(of)
    key, stranger = revoked(of), Client()
    before = snapshot(*WRITTEN)
    for client, code in (
        (stranger, "UNAUTHENTICATED"),
        (Client(token="egret_nonsense"), "UNAUTHENTICATED"),
        (key, "UNAUTHENTICATED"),
        (Client(token=of.regulator.token), "FORBIDDEN"),
        (Client(token=of.institution.token), "FORBIDDEN"),
        (Client(token=of.operator.token), "FORBIDDEN"),
    ):
        given = {"offerId": of.flat.offer, "purpose": "p", "institutionId": of.institution.organisation, "idempotencyKey": "k"}
        assert client.mutate("dealRequest", trade.STATE, quoteId=made, **given).codes == [code]
        assert quote(of, by=client).codes == [code]
    assert snapshot(*WRITTEN) == before


def revoked(of):
    """A client whose key was good once."""
    buyer = of.buyer.client
    issued = buyer.mutate(
        "apiKeyIssue",
        "apiKey { id } secret",
        personId=of.buyer.party.person,
        scopes=["deal:buy"],
        expiresAt=clock.now() + timedelta(days=1),
        idempotencyKey="i",
    )
    assert buyer.mutate("apiKeyRevoke", keyId=issued["apiKey"]["id"], idempotencyKey="r").ok
    return Client(token=issued["secret"])


def version(of):
    return Listing.objects.get(offers=of.flat.offer).version
