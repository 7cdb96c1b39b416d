"""Sealed bids and asks: who may place them, what the mechanism takes, and that nobody but the bidder reads what they say."""

import hashlib
import json

import pytest
import rfc8785
from django.db import DatabaseError, transaction
from django.test import Client as DjangoClient

from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.rounds import services
from pricing.rounds.models import Bid, Round
from pricing.rounds.services import content_of
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.ids import uuid7
from registry.base.models import IdempotencyKey, Work
from registry.base.sealed import seal, unseal
from registry.log.integrator import integrate
from registry.log.models import Disclosure, Outbox
from registry.parties.models import Affiliation
from registry.parties.services import affiliation_declare
from tests.listings import shop
from tests.support import rounds as r
from tests.support import trade
from tests.support.events import opened, waiting_bytes
from tests.support.filings import sql
from tests.support.graphql import Client, UserError
from tests.support.moving import advance
from tests.support.parties import admit

WATCHED = (Round, Bid, Work, Outbox, Disclosure, IdempotencyKey)
SECRET = "7654.32"
AMOUNTS = (SECRET, "765432")  # as long as that, so that no digest or id holds one by chance
MAY_NOT = UserError(code="MAY_NOT_BID", field=["roundId"])


@pytest.fixture
def shelf(of):
    return r.on_sale(of)


@pytest.fixture
def held(of, shelf):
    return r.opened(of, shelf)


@pytest.fixture
def both(of):
    """A two-sided round, and its shelf."""
    shelf = r.on_sale(of, "exchange", r.CALL)
    charity = admit(PartyKind.PUBLIC_BODY, name="Charity").organisation
    return r.opened(of, shelf, surplusToId=charity), shelf


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


def standing():
    return list(Bid.objects.filter(replaced_at=None).order_by("pk"))


def affiliate(one, other):
    stated = {"organisation_id": one.organisation.pk, "other_id": other.organisation.pk, "basis": Affiliation.Basis.COMMON_CONTROL}
    affiliation_declare(actor=one.actor, idempotency_key=shop.key(), **stated)


def test_a_bid_is_shown_to_its_bidder_with_the_commitment_that_the_log_holds(of, held):
    fields = "bid { id side commitment content placedAt replacedAt bidder { nameEn } }"
    shown = r.place(of.buyer.client, held, {"bid": SECRET}, fields)["bid"]
    row = Bid.objects.get()
    assert {name: shown[name] for name in ("side", "commitment", "replacedAt", "bidder")} == {
        "side": "BUY",
        "commitment": row.commitment,
        "replacedAt": None,
        "bidder": {"nameEn": "Travel app"},
    }
    assert json.loads(shown["content"]) == {"bid": SECRET}
    (event,) = shop.events("bid.placed")
    assert {name for name, value in event["data"].items() if isinstance(value, str)} == {"bid", "commitment"}
    assert opened(event) == {"round": str(row.round_id), "bid": str(row.pk), "side": "BUY", "commitment": row.commitment}


def test_a_commitment_is_the_digest_of_salt_and_canonical_content(of, held):
    content = {"bid": SECRET}
    r.place(of.buyer.client, held, content)
    r.place(of.other.client, held, content)
    mine, same = standing()
    opened = unseal(kind="bid", subject=mine.pk, sealed=bytes(mine.sealed))
    salt, body = opened[:16], opened[16:]
    assert body == rfc8785.dumps(content)
    assert mine.commitment == hashlib.sha256(salt + rfc8785.dumps(content)).hexdigest()
    assert mine.commitment not in {same.commitment, hashlib.sha256(body).hexdigest()}
    assert content_of(bid=mine) == content


def test_altered_bytes_are_no_bid(of, held):
    r.place(of.buyer.client, held, {"bid": SECRET})
    row = Bid.objects.get()
    row.sealed = seal(kind="bid", subject=row.pk, value=bytes(16) + rfc8785.dumps({"bid": "1.00"}))
    with pytest.raises(ValueError, match="is not what it committed to"):
        content_of(bid=row)


def test_a_later_bid_replaces_the_earlier_one_of_the_same_bidder_alone(of, held):
    for client, content in ((of.buyer.client, "1.00"), (of.other.client, "2.00"), (of.buyer.client, "3.00")):
        r.place(client, held, {"bid": content})
    first, others, last = Bid.objects.order_by("pk")
    assert (first.replaced_at, others.replaced_at, last.replaced_at) == (last.placed_at, None, None)
    shown = of.buyer.client.query("{ bids(first: 5) { nodes { content replacedAt } } }")["bids"]["nodes"]
    assert [(json.loads(node["content"])["bid"], node["replacedAt"] is None) for node in shown] == [("3.00", True), ("1.00", False)]
    r.cleared()
    assert Round.objects.get().computation.answer["extras"]["awards"] == [{"bidder": str(of.buyer.id), "minor": "200"}]
    data = trade.told("round.closed")[0]["data"]
    assert data["commitments"] == [others.commitment, last.commitment]


def test_the_bid_that_stands_is_among_those_shown_with_the_round_however_often_it_was_replaced(of, held):
    for at in range(27):
        assert r.place(of.buyer.client, held, {"bid": f"{at}.00"}).ok
    shown = of.buyer.client.query("query($id: ID!) { node(id: $id) { ... on Round { bids { content replacedAt } } } }", id=held)
    bids = shown["node"]["bids"]
    assert (len(bids), json.loads(bids[0]["content"]), bids[0]["replacedAt"]) == (25, {"bid": "26.00"}, None)


def test_a_repeat_of_the_key_bids_once_and_another_bid_under_it_is_refused(of, held, refused):
    given = {"idempotencyKey": "k"}
    first, again = (r.place(of.buyer.client, held, {"bid": "1.00"}, **given) for _ in range(2))
    assert first["bid"] == again["bid"]
    assert Bid.objects.count() == 1
    mismatch = UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"])
    refused(lambda: r.place(of.buyer.client, held, {"bid": "2.00"}, **given), mismatch)
    assert r.place(of.other.client, held, {"bid": "2.00"}, **given).ok


@pytest.mark.parametrize(
    ("bid", "code", "field"),
    [
        ('{"bid": "-1.00"}', "PRICING_REFUSED", ["bid", "bid"]),
        ('{"bid": 1}', "PRICING_REFUSED", ["bid", "bid"]),
        ('{"bid": "1.001"}', "PRICING_REFUSED", ["bid", "bid"]),
        ("{}", "PRICING_REFUSED", ["bid", "bid"]),
        ('{"bid": "1.00", "secret": 1}', "PRICING_REFUSED", ["bid", "secret"]),
        ('{"bid": "1.00", "bidder": "01a215cd-1a43-70a0-8794-6e76b160f666"}', "PRICING_REFUSED", ["bid", "bidder"]),
        ('{"rows": []}', "PRICING_REFUSED", ["bid", "rows"]),
        ('{"rows": [1]}', "PRICING_REFUSED", ["bid"]),
        ('{"rows": [{"bid": "1.00"}, {"bid": "x"}]}', "PRICING_REFUSED", ["bid", "rows", "1", "bid"]),
        ('{"rows": [{"bid": "1.00"}, {"bid": "2.00"}]}', "PRICING_REFUSED", ["bid", "rows", "1", "bidder"]),
        ('{"rows": [{"bid": "1.00"}], "more": 1}', "PRICING_REFUSED", ["bid", "rows"]),
        (json.dumps({"rows": [{"bid": "1.00"}] * 101}), "PRICING_REFUSED", ["bid", "rows"]),
        ('{"bid": "\\ud800"}', "BAD_INPUT", ["bid"]),
        ('{"bid": NaN}', "BAD_INPUT", ["bid"]),
        ('["1.00"]', "BAD_INPUT", ["bid"]),
        ("{", "BAD_INPUT", ["bid"]),
        (None, "BAD_INPUT", ["bid"]),
    ],
    ids=["negative", "a number", "finer than the currency", "empty", "a strange field",
         "another's name", "no rows", "a row that is none", "a bad second row",
         "two rows where one bid counts", "rows and more", "101 rows", "half a pair", "not finite", "a list", "no JSON", "null"],
)  # fmt: skip
def test_a_bid_that_the_mechanism_would_refuse_is_refused_at_once(of, held, refused, bid, code, field):
    refused(lambda: r.place(of.buyer.client, held, None, bid=bid), UserError(code=code, field=field))


def test_nobody_spoils_a_round_for_the_others_with_a_bid_that_cannot_be_cleared(of, refused):
    shelf = r.on_sale(of, "vcg", {"currency": "CNY", "items": [{"item": "north"}, {"item": "south"}]})
    held = r.opened(of, shelf)
    assert r.place(of.other.client, held, {"items": ["north"], "value": "9.00"}).ok
    for content, field in (
        ({"items": ["west"], "value": "10.00"}, ["bid", "items", "0"]),
        ({"items": ["north", "south"], "value": "10.00"}, ["bid", "items"]),
        ({"rows": [{"items": ["north"], "value": "1.00"}, {"items": ["north"], "value": "2.00"}]}, ["bid", "rows", "1", "items"]),
        ({"rows": [{"items": ["north"], "value": "1.00"}, {"items": ["south"], "value": "2.005"}]}, ["bid", "rows", "1", "value"]),
    ):
        refused(lambda content=content: r.place(of.buyer.client, held, content), UserError(code="PRICING_REFUSED", field=field))
    assert r.cleared().state == "CLEARED"


def test_a_hundred_rows_are_one_bid(of):
    shelf = r.on_sale(of, "vcg", {"currency": "CNY", "items": [{"item": f"i{at}"} for at in range(100)]})
    held = r.opened(of, shelf)
    rows = {"rows": [{"items": [f"i{at}"], "value": f"{at + 1}.00"} for at in range(100)]}
    assert r.place(of.buyer.client, held, rows).ok
    computation = r.cleared().computation
    assert [row["bidder"] for row in computation.inputs["bids"]] == [str(of.buyer.id)] * 100
    assert [award["items"] for award in computation.answer["extras"]["awards"]] == [["i99"]]


def test_a_bid_comes_as_text_or_as_a_file_of_ones_own(of, held, refused):
    body, buyer = b'{"bid": "5.00"}', of.buyer.client
    staged = buyer.mutate("pricingInputStage", "inputFile { id } uploadPath", size=len(body), idempotencyKey=shop.key())
    given = {"bid": None, "bidFileId": staged["inputFile"]["id"]}
    refused(lambda: r.place(buyer, held, None, **given), UserError(code="INPUT_NOT_STORED", field=["bidFileId"]))
    assert DjangoClient().put(staged["uploadPath"], data=body, content_type="application/json").status_code == 200
    refused(lambda: r.place(of.other.client, held, None, **given), UserError(code="NOT_FOUND", field=["bidFileId"]))
    refused(lambda: r.place(buyer, held, None, **{**given, "bid": "{}"}), UserError(code="BAD_INPUT", field=["bid"]))
    assert r.place(buyer, held, None, **given).ok
    assert content_of(bid=Bid.objects.get()) == {"bid": "5.00"}


def test_the_seller_and_whoever_is_affiliated_with_it_do_not_bid(of, held, refused):
    twofold = trade.trader(PartyKind.MERCHANT, PartyKind.BUYER, name="Twofold", by=of.institution)
    own = r.opened(of, r.on_sale(of, seller=twofold), by=twofold.client)
    refused(lambda: r.place(twofold.client, own, {"bid": "1.00"}), MAY_NOT)
    refused(lambda: r.place(of.seller.client, held, {"bid": "1.00"}), MAY_NOT)
    affiliate(of.seller.party, of.buyer.party)
    affiliate(of.other.party, twofold.party)
    refused(lambda: r.place(of.buyer.client, held, {"bid": "1.00"}), MAY_NOT)
    refused(lambda: r.place(of.other.client, own, {"bid": "1.00"}), MAY_NOT)
    assert r.place(of.buyer.client, own, {"bid": "1.00"}).ok
    assert r.place(of.other.client, held, {"bid": "1.00"}).ok


def test_nobody_buys_and_sells_in_one_round_neither_alone_nor_with_an_affiliate(of, both, refused):
    held, _ = both
    theirs = r.rival_of(of, None, PartyKind.BUYER)
    rival = theirs.owner
    affiliate(rival.party, of.other.party)
    assert r.ask(rival.client, held, theirs.offer, {"ask": "3.00"}).ok
    refused(lambda: r.place(rival.client, held, {"bid": "9.00"}), MAY_NOT)
    refused(lambda: r.place(of.other.client, held, {"bid": "9.00"}), MAY_NOT)
    assert r.place(of.buyer.client, held, {"bid": "9.00"}).ok
    second = r.on_sale(of, "exchange", r.CALL, seller=trade.trader(PartyKind.MERCHANT, PartyKind.BUYER, name="Second", by=of.institution))
    assert r.place(second.owner.client, held, {"bid": "8.00"}).ok
    refused(lambda: r.ask(second.owner.client, held, second.offer, {"ask": "1.00"}), MAY_NOT)
    assert r.cleared().state == "CLEARED"


def test_nobody_whom_the_surplus_would_reach_takes_part_on_either_side(of, refused):
    shelf, theirs = r.on_sale(of, "exchange", r.CALL), r.rival_of(of)
    near = trade.trader(PartyKind.BUYER, name="Near", by=of.institution)
    held = r.opened(of, shelf, surplusToId=of.buyer.party.organisation)
    affiliate(of.buyer.party, near.party)
    affiliate(of.buyer.party, theirs.owner.party)
    for who in (of.buyer, near):
        refused(lambda who=who: r.place(who.client, held, {"bid": "9.00"}), MAY_NOT)
    refused(lambda: r.ask(theirs.owner.client, held, theirs.offer, {"ask": "3.00"}), MAY_NOT)
    assert r.ask(of.seller.client, held, shelf.offer, {"ask": "3.00"}).ok
    assert r.place(of.other.client, held, {"bid": "9.00"}).ok


def test_nobody_bids_for_a_model_to_whose_makers_it_belongs(of, refused):
    example = next(each for each in catalogue()["ml_market"].examples if each.verb is Verb.CLEAR)
    maker = trade.trader(PartyKind.BUYER, name="Maker", by=of.institution)
    heir = trade.trader(PartyKind.BUYER, name="Heir", by=of.institution)
    shelf = r.on_sale(of, "ml_market", {"currency": "CNY", "prices": ["10"], "residual_to": str(heir.id)})
    published = {name: value for name, value in example.inputs.items() if name != "bids"}
    keys = (of.seller.id, maker.id, of.other.id)
    published["sellers"] = [{**row, "seller": str(key)} for row, key in zip(published["sellers"], keys, strict=True)]
    held = r.opened(of, shelf, inputs=json.dumps(published))
    for who in (maker, of.other, heir):
        refused(lambda who=who: r.place(who.client, held, {"bid": "6"}), MAY_NOT)
    assert r.place(of.buyer.client, held, {"bid": "6"}).ok


def test_a_round_takes_bids_until_its_close_and_not_at_it(of, held, refused):
    closes = Round.objects.get().closes_at
    r.place(of.buyer.client, held, {"bid": "1.00"})
    late = UserError(code="ROUND_NOT_OPEN", field=["roundId"])
    advance(to=closes)
    refused(lambda: r.place(of.other.client, held, {"bid": "2.00"}), late)  # the relay has not closed it yet
    r.cleared()
    refused(lambda: r.place(of.other.client, held, {"bid": "2.00"}), late)


def test_a_round_that_is_not_there_takes_no_bid(of, held, refused):
    refused(lambda: r.place(of.buyer.client, to_global("Round", uuid7()), {"bid": "1.00"}), UserError(code="NOT_FOUND", field=["roundId"]))
    refused(lambda: r.place(of.buyer.client, to_global("Bid", uuid7()), {"bid": "1.00"}), UserError(code="INVALID_ID", field=["roundId"]))


def test_whoever_does_not_trade_does_not_bid_or_ask(of, held, shelf, snapshot):
    before = snapshot(*WATCHED)
    for party in (of.regulator, of.institution, of.operator):
        assert r.place(Client(token=party.token), held, {"bid": "1.00"}).codes == ["FORBIDDEN"]
        assert r.ask(Client(token=party.token), held, shelf.offer, {"ask": "1.00"}).codes == ["FORBIDDEN"]
    assert r.ask(of.buyer.client, held, shelf.offer, {"ask": "1.00"}).codes == ["FORBIDDEN"]
    assert r.place(Client(), held, {"bid": "1.00"}).codes == ["UNAUTHENTICATED"]
    assert r.ask(Client(), held, shelf.offer, {"ask": "1.00"}).codes == ["UNAUTHENTICATED"]
    assert snapshot(*WATCHED) == before


def test_a_full_round_takes_a_better_bid_of_who_is_in_it_and_nobody_else(of, held, refused, monkeypatch):
    monkeypatch.setattr(services, "BIDS_MAX", 1)
    assert r.place(of.buyer.client, held, {"bid": "1.00"}).ok
    refused(lambda: r.place(of.other.client, held, {"bid": "2.00"}), UserError(code="ROUND_FULL", field=["roundId"]))
    assert r.place(of.buyer.client, held, {"bid": "2.00"}).ok


def test_an_ask_is_by_an_offer_of_ones_own_under_the_rounds_mechanism(of, both, held, refused):
    double, shelf = both
    theirs = r.rival_of(of)
    rival, ask = theirs.owner.client, {"ask": "3.00"}
    refused(lambda: r.ask(rival, double, shelf.offer, ask), UserError(code="NOT_FOUND", field=["offerId"]))
    refused(lambda: r.ask(of.seller.client, double, of.flat.offer, ask), UserError(code="ASK_DIFFERS", field=["offerId"]))
    other = r.on_sale(of, "exchange", {**r.CALL, "k": "0.4"})
    refused(lambda: r.ask(of.seller.client, double, other.offer, ask), UserError(code="ASK_DIFFERS", field=["offerId"]))
    refused(lambda: r.ask(rival, double, theirs.offer, {"ask": "3.001"}), UserError(code="PRICING_REFUSED", field=["ask", "ask"]))
    refused(lambda: r.ask(rival, double, theirs.offer, {"bid": "3.00"}), UserError(code="PRICING_REFUSED", field=["ask", "bid"]))
    refused(lambda: r.ask(rival, double, theirs.offer, None, ask=None), UserError(code="BAD_INPUT", field=["ask"]))
    refused(lambda: r.ask(rival, to_global("Round", uuid7()), theirs.offer, ask), UserError(code="NOT_FOUND", field=["roundId"]))
    single = r.on_sale(of)
    refused(lambda: r.ask(of.seller.client, held, single.offer, ask), UserError(code="BAD_INPUT", field=["roundId"]))
    first, again = (r.ask(rival, double, theirs.offer, ask, idempotencyKey="k") for _ in range(2))
    assert first["bid"] == again["bid"]
    assert Bid.objects.get().offer_id == theirs.offer.pk


def test_a_seller_replaces_its_ask_and_asks_no_more_once_its_offer_is_off_sale(of, both, refused):
    held, shelf = both
    for content in ("3.00", "4.00"):
        assert r.ask(of.seller.client, held, shelf.offer, {"ask": content}).ok
    assert [content_of(bid=bid) for bid in standing()] == [{"ask": "4.00"}]
    type(shelf.offer).objects.filter(pk=shelf.offer.pk).update(state="WITHDRAWN")
    refused(lambda: r.ask(of.seller.client, held, shelf.offer, {"ask": "5.00"}), UserError(code="OFFER_NOT_OPEN", field=["offerId"]))


# what a bid says, by every path


READING = """query($bid: ID!, $round: ID!, $subject: UUID, $long: Int! = 20) {
  bid: node(id: $bid) { ... on Bid { id side commitment content bidder { id } } }
  round: node(id: $round) { ... on Round { bids { id content } computation { inputs extras lines { text unitPrice } } } }
  bids(first: 20, round: $round) { nodes { id content } }
  every: bids(first: 20) { nodes { content } }
  computations(first: $long) { nodes { inputs extras } }
  quotes(first: $long) { nodes { amount { minorUnits } lines { text unitPrice } claims { witness } computation { inputs } } }
  logEntries(first: 20, subjectId: $subject) { nodes { body } }
}"""


def readers(of):
    """Everybody who might be curious, by name."""
    affiliated = trade.trader(PartyKind.BUYER, name="Affiliate", by=of.institution)
    affiliate(affiliated.party, of.buyer.party)
    clients = {"seller": of.seller.client, "rival bidder": of.other.client, "affiliate": affiliated.client, "anonymous": Client()}
    return clients | {name: Client(token=getattr(of, name).token) for name in ("regulator", "institution", "operator")}


def long_texts(client):
    """How many rows with long texts a client may ask for at once: they cost what they weigh, and a stranger may ask for less."""
    return 20 if client.token else 1


def told(answer):
    assert answer.errors == []
    return answer.content.decode()


def test_before_the_clearing_nobody_but_the_bidder_reads_a_bid_by_any_path(of, held):
    mine = r.place(of.buyer.client, held, {"bid": SECRET})["bid"]["id"]
    r.place(of.other.client, held, {"bid": "2.00"})
    row = standing()[0]
    curious = readers(of)
    for _ in range(2):
        for name, client in curious.items():
            for subject in (row.pk, row.round_id):
                answer = client.query(READING, bid=mine, round=held, subject=subject, long=long_texts(client))
                assert not [amount for amount in AMOUNTS if amount in told(answer)], name
                sees = name == "regulator"
                assert (answer["bid"] is not None) == sees, name
                assert sees is False or answer["bid"]["content"] is None
        assert SECRET in told(of.buyer.client.query(READING, bid=mine, round=held, subject=row.pk))
        integrate()
        r.close()  # closed and in the log, and not yet cleared
    assert Round.objects.get().state in {"CLOSED", "CLEARED"}


def test_an_institution_that_buys_too_learns_from_the_log_of_no_rival(of, held):
    house = trade.trader(PartyKind.INSTITUTION, PartyKind.BUYER, name="House that buys", by=of.institution)
    for who in (of.buyer, of.other, house):
        assert r.place(who.client, held, {"bid": "1.00"}).ok
    integrate()
    text = "query($kind: String) { logEntries(first: 20, schema: $kind) { nodes { body disclosed } } }"

    def bidders(client):
        nodes = client.query(text, kind="bid.placed")["logEntries"]["nodes"]
        assert all(list(json.loads(node["body"])["actor"]) == ["_h"] for node in nodes)
        return {json.loads(node["disclosed"])["/actor"]["organisation"] for node in nodes}

    assert bidders(house.client) == {str(house.id)}
    assert bidders(of.seller.client) == bidders(Client(token=of.institution.token)) == set()
    assert bidders(Client(token=of.regulator.token)) == {str(each.id) for each in (of.buyer, of.other, house)}


def test_after_the_clearing_neither_a_loser_nor_a_winner_is_shown_to_the_other(of):
    shelf = r.on_sale(of, "auction", {"currency": "CNY", "format": "first_price"})
    held = r.opened(of, shelf)
    losing = r.place(of.other.client, held, {"bid": SECRET})["bid"]["id"]
    winning = r.place(of.buyer.client, held, {"bid": "9999.99"})["bid"]["id"]
    assert r.cleared().state == "CLEARED"
    integrate()
    rows = standing()
    for client, theirs, secrets in (
        (of.buyer.client, losing, (*AMOUNTS, "7654.33", "765433")),
        (of.other.client, winning, ("9999.99", "999999")),
        (Client(), losing, (*AMOUNTS, "999999")),
        (Client(token=of.institution.token), losing, (*AMOUNTS, "999999")),
    ):
        for subject in (*(row.pk for row in rows), Round.objects.get().pk, None):
            said = told(client.query(READING, bid=theirs, round=held, subject=subject, long=long_texts(client)))
            assert not [secret for secret in secrets if secret in said]
    for client in (of.seller.client, Client(token=of.regulator.token)):  # the clearing is the owner's and the regulator's
        assert SECRET in told(client.query(READING, bid=losing, round=held, subject=None))


def test_no_digest_in_the_open_is_over_bids_that_could_be_found_by_trying(of, held):
    r.place(of.buyer.client, held, {"bid": "5.00"})
    r.place(of.other.client, held, {"bid": "4.00"})
    computation = r.cleared().computation
    integrate()
    entries = Client(token=of.regulator.token).query("{ logEntries(first: 100) { nodes { body } } }")["logEntries"]["nodes"]
    assert len(entries) > 5
    assert computation.inputs_digest not in json.dumps(entries)
    shown = of.buyer.client.query("{ quotes(first: 5) { nodes { inputsDigest } } }")["quotes"]["nodes"]
    assert [node["inputsDigest"] for node in shown] == [hashlib.sha256(rfc8785.dumps({"computation": str(computation.pk)})).hexdigest()]


def test_the_stored_bytes_and_the_log_hold_no_amount_in_the_open(of, held):
    r.place(of.buyer.client, held, {"bid": SECRET})
    row = Bid.objects.get()
    assert SECRET.encode() not in bytes(row.sealed)
    assert not any(amount.encode() in body for body in waiting_bytes() for amount in AMOUNTS)
    assert not Disclosure.objects.filter(event__in=[each.event for each in Outbox.objects.all()], value__icontains=SECRET).exists()


def test_what_was_bid_and_what_was_called_never_changes(of, held):
    r.place(of.buyer.client, held, {"bid": SECRET})
    for statement in (
        "UPDATE pricing_rounds_bid SET commitment = 'x'",
        "UPDATE pricing_rounds_bid SET sealed = ''",
        "UPDATE pricing_rounds_bid SET placed_at = now()",
        "DELETE FROM pricing_rounds_bid",
        "UPDATE pricing_rounds_round SET closes_at = closes_at + interval '1 hour'",
        "UPDATE pricing_rounds_round SET inputs = '{}'::jsonb || '{\"a\": 1}'",
        "UPDATE pricing_rounds_round SET owner_id = owner_id",
        "DELETE FROM pricing_rounds_round",
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    sql("UPDATE pricing_rounds_bid SET replaced_at = placed_at")
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("UPDATE pricing_rounds_bid SET replaced_at = NULL")
