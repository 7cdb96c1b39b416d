"""A round is opened by the owner of an offer on sale, with a mechanism that clears and what that mechanism takes; nothing else is."""

import hashlib
import json
from datetime import timedelta

import pytest
import rfc8785
from django.test import Client as DjangoClient

from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.rounds.models import Bid, Round
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.ids import uuid7
from registry.base.models import IdempotencyKey, Work
from registry.log.models import Outbox
from tests.listings import shop
from tests.support import rounds as r
from tests.support import trade
from tests.support.graphql import Client, UserError
from tests.support.moving import advance
from tests.support.parties import admit

WATCHED = (Round, Bid, Work, Outbox, IdempotencyKey)
ML = next(each for each in catalogue()["ml_market"].examples if each.verb is Verb.CLEAR)


@pytest.fixture
def shelf(of):
    return r.on_sale(of)


@pytest.fixture
def refused(snapshot):
    """Check that a call is refused with these errors and leaves no row behind."""

    def check(call, *errors):
        before = snapshot(*WATCHED)
        payload = call()
        assert payload.answer.codes == []
        assert payload.user_errors == list(errors)
        assert snapshot(*WATCHED) == before

    return check


def test_an_owner_puts_an_offer_up_and_everybody_signed_in_reads_the_call(of, shelf):
    closes = clock.now() + r.HOUR
    fields = (
        "round { id state version offer inputs openedAt closesAt decidedAt voidReason computation { id } surplusTo { id } bids { id } }"
    )
    made = r.open_round(of, shelf, fields, closesAt=closes)["round"]
    assert {name: made[name] for name in ("state", "version", "offer", "inputs", "decidedAt", "voidReason")} == {
        "state": "OPEN",
        "version": 1,
        "offer": str(shelf.offer.pk),
        "inputs": "{}",
        "decidedAt": None,
        "voidReason": "",
    }
    assert (made["computation"], made["surplusTo"], made["bids"], made["closesAt"]) == (None, None, [], closes.isoformat())
    held = Round.objects.get()
    (event,) = shop.events("round.opened")
    assert event["data"] == {
        "round": str(held.pk),
        "plan": str(shelf.offer.plan_id),
        "offer": str(shelf.offer.pk),
        "closes_at": closes.isoformat(),
        "inputs_sha256": hashlib.sha256(rfc8785.dumps({})).hexdigest(),
    }
    listed = "{ rounds(first: 5) { nodes { id state owner { nameEn } plan { modelKey } } } }"
    expected = [{"id": made["id"], "state": "OPEN", "owner": {"nameEn": "Airport"}, "plan": {"modelKey": "auction"}}]
    for reader in (of.buyer.client, of.other.client, Client(token=of.regulator.token)):
        assert reader.query(listed)["rounds"]["nodes"] == expected
    assert Client().query(listed)["rounds"]["nodes"] == []
    assert Client().query("query($id: ID!) { node(id: $id) { id } }", id=made["id"])["node"] is None


def test_rounds_are_listed_by_offer_and_by_state(of, shelf):
    held, other = r.opened(of, shelf), r.on_sale(of)
    text = "query($offer: UUID, $state: RoundState) { rounds(first: 5, offerId: $offer, state: $state) { nodes { id } } }"
    asked = [({"offer": shelf.offer.pk}, [held]), ({"offer": other.offer.pk}, []), ({"state": "OPEN"}, [held]), ({"state": "VOID"}, [])]
    for given, found in asked:
        assert [node["id"] for node in of.buyer.client.query(text, **given)["rounds"]["nodes"]] == found


def test_nobody_but_the_owner_opens_a_round(of, shelf, snapshot):
    rival = trade.trader(PartyKind.MERCHANT, name="Rival", by=of.institution)
    before = snapshot(*WATCHED)
    assert r.open_round(of, shelf, by=rival.client).user_errors == [UserError(code="NOT_FOUND", field=["offerId"])]
    for who in (of.buyer.client, Client(token=of.regulator.token), Client(token=of.institution.token)):
        assert r.open_round(of, shelf, by=who).codes == ["FORBIDDEN"]
    assert r.open_round(of, shelf, by=Client()).codes == ["UNAUTHENTICATED"]
    assert snapshot(*WATCHED) == before


def test_a_draft_is_not_put_up(of, refused):
    plan = shop.plan(of.seller.client, json.dumps(r.SECOND_PRICE), "auction")
    thing = trade.registered(of.seller)
    listing = shop.drafted(of.seller.client, thing, asset=shop.ready(of.seller.client, object_=thing))
    offer = trade.offered(of.seller, listing, 1, plan=plan)
    shelf = trade.Shelf(of.seller, thing, listing, offer, shop.CSV)
    refused(lambda: r.open_round(of, shelf), UserError(code="OFFER_NOT_OPEN", field=["offerId"]))


def test_a_withdrawn_offer_is_not_put_up(of, shelf, refused):
    given = {"offerId": shelf.offer, "expectedVersion": 1, "idempotencyKey": shop.key()}
    assert of.seller.client.mutate("offerWithdraw", **given).ok
    refused(lambda: r.open_round(of, shelf), UserError(code="OFFER_NOT_OPEN", field=["offerId"]))


@pytest.mark.parametrize(
    ("key", "params", "taken"),
    [
        ("auction", r.SECOND_PRICE, True),
        ("auction", {"currency": "CNY", "format": "uniform_price", "units": 2}, False),
        ("digital", {"currency": "CNY"}, False),
        ("exchange", r.CALL, True),
    ],
    ids=["one copy", "two copies", "unlimited copies", "each seller's own copy"],
)
def test_an_exclusive_right_is_put_up_only_where_one_bidder_can_win_it(of, refused, key, params, taken):
    thing = trade.registered(of.seller)
    listing = shop.drafted(of.seller.client, thing, asset=shop.ready(of.seller.client, object_=thing))
    offer = trade.offered(of.seller, listing, 1, plan=shop.plan(of.seller.client, json.dumps(params), key), exclusive=True)
    assert shop.publish(of.seller.client, listing, 2).ok
    shelf = trade.Shelf(of.seller, thing, listing, offer, shop.CSV)
    given = {"surplusToId": admit(PartyKind.PUBLIC_BODY, name="Charity").organisation} if key == "exchange" else {}
    if taken:
        assert r.open_round(of, shelf, **given).ok
    else:
        refused(lambda: r.open_round(of, shelf, **given), UserError(code="BAD_INPUT", field=["offerId"]))


def test_a_plan_that_clears_nothing_is_not_put_up(of, refused):
    refused(lambda: r.open_round(of, of.flat), UserError(code="PLAN_CLEARS_NO_BIDS", field=["offerId"]))


def test_an_offer_is_in_one_undecided_round_and_may_be_put_up_again_after_it(of, shelf, refused):
    r.opened(of, shelf)
    refused(lambda: r.open_round(of, shelf), UserError(code="ROUND_UNDER_WAY", field=["offerId"]))
    assert r.cleared().state == "VOID"
    assert r.open_round(of, shelf).ok


@pytest.mark.parametrize(
    "ahead",
    [timedelta(hours=-1), timedelta(0), timedelta(seconds=30), timedelta(days=90, minutes=5)],
    ids=["past", "now", "too near", "too far"],
)
def test_a_round_closes_between_a_minute_and_ninety_days_from_now(of, shelf, refused, ahead):
    given = {"closesAt": clock.now() + ahead}
    refused(lambda: r.open_round(of, shelf, **given), UserError(code="BAD_INPUT", field=["closesAt"]))


def test_a_round_of_a_little_more_than_a_minute_or_of_almost_ninety_days_is_opened(of, shelf):
    for ahead in (timedelta(seconds=75), timedelta(days=90, minutes=-1)):
        other = r.on_sale(of)
        assert r.open_round(of, other, closesAt=clock.now() + ahead).ok


@pytest.mark.parametrize(
    ("inputs", "code", "field"),
    [
        ('{"bids": []}', "BAD_INPUT", ["inputs"]),
        ('{"asks": []}', "BAD_INPUT", ["inputs"]),
        ('{"sellers": []}', "PRICING_REFUSED", ["inputs", "sellers"]),
        ('{"n": 9007199254740993}', "PRICING_REFUSED", ["inputs", "n"]),
        ('{"n": "\\u0000"}', "BAD_INPUT", ["inputs"]),
        ('{"n": "\\ud800"}', "BAD_INPUT", ["inputs"]),
        ('{"\\ud800": 1}', "BAD_INPUT", ["inputs"]),
        ("[]", "BAD_INPUT", ["inputs"]),
        ("{", "BAD_INPUT", ["inputs"]),
        (None, "BAD_INPUT", ["inputs"]),
    ],
    ids=["bids", "asks", "a field of another model", "a number beyond JSON", "NUL", "half a pair", "half a pair as a name", "a list",
         "no JSON", "null"],
)  # fmt: skip
def test_what_the_mechanism_does_not_take_is_refused_at_the_opening(of, shelf, refused, inputs, code, field):
    refused(lambda: r.open_round(of, shelf, inputs=inputs), UserError(code=code, field=field))


def test_the_instant_of_the_close_has_an_offset(of, shelf, refused):
    refused(lambda: r.open_round(of, shelf, closesAt="2999-01-01T00:00:00"), UserError(code="BAD_INPUT", field=["closesAt"]))


def test_inputs_come_as_text_or_as_a_file_and_not_as_both(of, shelf, refused):
    seller = of.seller.client
    staged = seller.mutate("pricingInputStage", "inputFile { id } uploadPath", size=2, idempotencyKey=shop.key())
    file = staged["inputFile"]["id"]
    refused(lambda: r.open_round(of, shelf, inputs=None, inputsFileId=file), UserError(code="INPUT_NOT_STORED", field=["inputsFileId"]))
    assert DjangoClient().put(staged["uploadPath"], data=b"{}", content_type="application/json").status_code == 200
    refused(lambda: r.open_round(of, shelf, inputsFileId=file), UserError(code="BAD_INPUT", field=["inputs"]))
    assert r.open_round(of, shelf, inputs=None, inputsFileId=file).ok
    assert Round.objects.get().inputs == {}


def test_a_repeat_of_the_key_opens_once_and_another_input_is_refused(of, shelf, refused):
    given = {"idempotencyKey": "k", "closesAt": clock.now() + r.HOUR}
    first, again = (r.open_round(of, shelf, **given) for _ in range(2))
    assert first["round"] == again["round"]
    assert Round.objects.count() == 1
    advance(to=given["closesAt"] + r.HOUR)
    assert r.open_round(of, shelf, **given)["round"]["id"] == first["round"]["id"]
    given["closesAt"] += r.HOUR
    refused(lambda: r.open_round(of, shelf, **given), UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"]))


def test_a_two_sided_round_says_who_gets_the_surplus_and_a_one_sided_does_not(of, shelf, refused):
    both, charity = r.on_sale(of, "exchange", r.CALL), admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    wrong = UserError(code="BAD_INPUT", field=["surplusToId"])
    refused(lambda: r.open_round(of, both), wrong)
    refused(lambda: r.open_round(of, both, surplusToId=None), wrong)
    refused(lambda: r.open_round(of, shelf, surplusToId=charity), wrong)
    nobody = to_global("Organisation", uuid7())
    refused(lambda: r.open_round(of, both, surplusToId=of.seller.party.organisation), wrong)
    refused(lambda: r.open_round(of, both, surplusToId=nobody), UserError(code="NOT_FOUND", field=["surplusToId"]))
    refused(lambda: r.open_round(of, both, surplusToId=to_global("Plan", uuid7())), UserError(code="INVALID_ID", field=["surplusToId"]))
    made = r.open_round(of, both, "round { surplusTo { nameEn } }", surplusToId=charity)
    assert made["round"]["surplusTo"] == {"nameEn": "Charity"}
    assert r.open_round(of, shelf, surplusToId=None).ok


def market_inputs(sellers):
    published = {name: value for name, value in ML.inputs.items() if name != "bids"}
    rows = [{**row, "seller": seller} for row, seller in zip(published["sellers"], sellers, strict=True)]
    return json.dumps({**published, "sellers": rows})


def test_the_sellers_of_a_market_are_organisations_by_the_ids_that_we_write(of, refused):
    shelf = r.on_sale(of, "ml_market", {"currency": "CNY", "prices": ["10"]})
    known, other, third = (str(each) for each in (of.seller.id, of.buyer.id, of.other.id))
    wrong = UserError(code="BAD_INPUT", field=["inputs", "sellers"])
    for odd in ("north", str(uuid7()), known.upper(), known.replace("-", "")):
        refused(lambda odd=odd: r.open_round(of, shelf, inputs=market_inputs([odd, other, third])), wrong)
    missing = UserError(code="PRICING_REFUSED", field=["inputs", "gains"])
    refused(lambda: r.open_round(of, shelf, inputs="{}"), missing)
    bad = json.loads(market_inputs([known, other, third])) | {"sellers": [{"seller": known}]}
    for field, odd in (("coalition_gains", ["0"] * 8), ("coalition_gains", ["0", "1"]), ("gains", [{"shortfall": "1", "gain": "1"}])):
        doomed = json.dumps(json.loads(market_inputs([known, other, third])) | {field: odd})
        said = r.open_round(of, shelf, inputs=doomed)
        assert [(error.code, error.field[:2]) for error in said.user_errors] == [("PRICING_REFUSED", ["inputs", field])]
    lacking = UserError(code="PRICING_REFUSED", field=["inputs", "sellers", "0", "features"])
    refused(lambda: r.open_round(of, shelf, inputs=json.dumps(bad)), lacking)
    assert r.open_round(of, shelf, inputs=market_inputs([known, other, third])).ok


def test_a_plan_whose_residual_nobody_could_be_paid_is_not_put_up(of, refused):
    shelf = r.on_sale(of, "ml_market", {"currency": "CNY", "prices": ["10"], "residual_to": "platform"})
    inputs = market_inputs([str(each) for each in (of.seller.id, of.buyer.id, of.other.id)])
    refused(lambda: r.open_round(of, shelf, inputs=inputs), UserError(code="BAD_INPUT", field=["offerId"]))
