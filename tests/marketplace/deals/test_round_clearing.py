"""A round closes on time and is cleared by the plan's own mechanism, once; what cannot be cleared is void and says why."""

import json

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from marketplace.deals.models import Deal
from pricing.computations.models import Computation
from pricing.computations.seeds import seed_value
from pricing.engines.auctions import vcg, vcg_bids
from pricing.engines.auctions.packages import TooHardError, vickrey_packages
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb
from pricing.quotes.models import Quote
from pricing.rounds import services
from pricing.rounds.models import Bid, Round
from pricing.rounds.services import CLEAR_TOPIC, SeedNotYet, round_clear, round_close
from pricing.rounds.tasks import run_once
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.limits import WORK_TRIES_MAX
from registry.base.models import Work
from registry.log import integrator
from registry.log.integrator import integrate
from registry.log.models import Disclosure, Leaf, Outbox, SignedCheckpoint
from registry.log.services import ACTOR
from tests.listings import shop
from tests.support import rounds as r
from tests.support import trade
from tests.support.filings import sql
from tests.support.graphql import Client, UserError
from tests.support.moving import advance
from tests.support.parties import admit

WATCHED = (Round, Bid, Computation, Quote, Outbox, Disclosure)
ML = next(each for each in catalogue()["ml_market"].examples if each.verb is Verb.CLEAR)


@pytest.fixture
def shelf(of):
    return r.on_sale(of)


@pytest.fixture
def held(of, shelf):
    return r.opened(of, shelf)


def charity():
    return admit(PartyKind.PUBLIC_BODY, name="Charity").organisation


def place_of(event):
    """The place of an event in the log; a checkpoint of that size does not cover it yet."""
    return Leaf.objects.get(entry=event).index


def two_bids(of, held):
    r.place(of.buyer.client, held, {"bid": "5.00"})
    r.place(of.other.client, held, {"bid": "4.00"})


def test_the_relay_does_nothing_before_the_close_and_closes_at_it(of, held, snapshot):
    two_bids(of, held)
    closes = Round.objects.get().closes_at
    before = snapshot(*WATCHED, Work)
    advance(to=closes - r.HOUR / 60)
    run_once()
    assert snapshot(*WATCHED, Work) == before
    advance(to=closes)
    run_once()
    row = Round.objects.get()
    assert (row.state, row.version, row.decided_at) == ("CLOSED", 2, None)
    (event,) = shop.events("round.closed")
    commitments = list(Bid.objects.order_by("placed_at").values_list("commitment", flat=True))
    assert event["data"] == {"round": str(row.pk), "commitments": commitments}
    assert str(row.closed_event) == event["id"]


def test_a_round_is_cleared_in_public_without_an_amount(of, held):
    two_bids(of, held)
    row = r.cleared()
    assert (row.state, row.version, row.void_reason) == ("CLEARED", 3, "")
    assert row.closes_at <= row.decided_at <= clock.now()
    (cleared,) = trade.told("round.cleared")
    sealed = {name: cleared["data"].pop(name) for name in ("awards", "inputs_digest")}
    assert cleared["data"] == {"round": str(row.pk), "computation": str(row.computation_id), "seed_size": None}
    assert all(isinstance(value, dict | str) and "400" not in json.dumps(value) for value in sealed.values())
    disclosed = {each.path: each.value for each in Disclosure.objects.filter(event=cleared["id"]).exclude(path=ACTOR)}
    assert disclosed == {
        "awards": [{"bidder": str(of.buyer.id), "minor": "400"}],
        "inputs_digest": row.computation.inputs_digest,
    }
    assert [event["data"]["round"] for event in trade.told("round.voided")] == []


def test_a_round_without_bids_is_void_and_says_so(of, held):
    row = r.cleared()
    assert (row.state, row.void_reason, row.computation_id, row.decided_at is None) == ("VOID", "NO_BIDS", None, False)
    assert trade.told("round.voided")[0]["data"] == {"round": str(row.pk), "reason": "NO_BIDS"}
    assert (Quote.objects.count(), Computation.objects.count()) == (0, 0)
    shown = of.buyer.client.query("{ rounds(first: 1) { nodes { state voidReason decidedAt } } }")["rounds"]["nodes"]
    assert [(node["state"], node["voidReason"]) for node in shown] == [("VOID", "NO_BIDS")]


def test_a_round_that_the_mechanism_refuses_is_void_and_says_why(of, monkeypatch):
    def too_hard(bids, items, **_):
        if len(bids) > 1:
            raise TooHardError
        return vickrey_packages(bids, items)

    monkeypatch.setattr(vcg, "vickrey_packages", too_hard)
    shelf = r.on_sale(of, "vcg", {"currency": "CNY", "kind": "packages", "items": [{"item": "north"}]})
    held = r.opened(of, shelf)
    for who in (of.buyer, of.other):
        assert r.place(who.client, held, {"items": ["north"], "value": "6.00"}).ok
    row = r.cleared()
    assert (row.state, row.void_reason, row.computation_id) == ("VOID", "TOO_HARD", None)
    assert (Quote.objects.count(), Computation.objects.count()) == (0, 0)
    assert r.open_round(of, shelf).ok


def test_nobody_makes_a_round_void_by_more_rows_than_the_mechanism_takes_together(of, monkeypatch):
    monkeypatch.setattr(vcg_bids, "MAX_PACKAGE_BIDS", 40)
    shelf = r.on_sale(of, "vcg", {"currency": "CNY", "kind": "packages", "items": [{"item": f"i{at}"} for at in range(3)]})
    held = r.opened(of, shelf)
    rows = [{"items": [f"i{at}"], "value": "10.00"} for at in range(3)]
    too_many = UserError(code="PRICING_REFUSED", field=["bid", "rows"], message="At most 2 entries are accepted.")
    assert r.place(of.buyer.client, held, {"rows": rows}).user_errors == [too_many]
    assert r.place(of.buyer.client, held, {"rows": rows[:2]}).ok
    Bid.objects.filter(bidder=of.buyer.id).update(replaced_at=clock.now())
    for _ in range(19):  # as many others as there is room for but one
        filler = Bid(round=Round.objects.get(), side="BUY", rows=2, person=of.buyer.id, sealed=b"", placed_at=clock.now())
        filler.bidder, filler.commitment = admit(PartyKind.BUYER, name="B").organisation, "0" * 64
        filler.save(force_insert=True)
    assert r.place(of.buyer.client, held, {"rows": rows[:2]}).ok
    full = UserError(code="ROUND_FULL", field=["roundId"], message="The round has as many bids as it can take: 40.")
    assert r.place(of.other.client, held, rows[0]).user_errors == [full]
    assert r.place(of.buyer.client, held, {"rows": rows[1:]}).ok


@pytest.mark.parametrize("broken", ["_standing", "_awards"], ids=["its close", "its clearing"])
def test_a_round_that_fails_inside_to_the_last_try_is_void_and_says_so_and_the_offer_is_free(of, shelf, held, monkeypatch, broken):
    two_bids(of, held)
    monkeypatch.setattr(services, broken, lambda *_: 1 / 0)
    for _ in range(WORK_TRIES_MAX):
        assert Round.objects.get().state in {"OPEN", "CLOSED"}
        advance(to=clock.now() + r.HOUR)
        trade.relay()
    row = Round.objects.get()
    assert (row.state, row.void_reason, row.computation_id) == ("VOID", "FAILED", None)
    assert trade.told("round.voided")[0]["data"] == {"round": str(row.pk), "reason": "FAILED"}
    assert (Quote.objects.count(), Computation.objects.count(), Bid.objects.filter(replaced_at=None).count()) == (0, 0, 2)
    assert Work.objects.filter(state="DEAD").get().last_error.startswith("ZeroDivisionError")
    monkeypatch.undo()
    again = r.opened(of, shelf)
    two_bids(of, again)
    assert r.cleared().state == "CLEARED"


def test_a_round_waits_for_the_log_however_long_its_checkpoint_is_out(of, monkeypatch):
    held = r.opened(of, r.on_sale(of, "digital", {"currency": "CNY"}))
    two_bids(of, held)
    monkeypatch.setattr(integrator, "publish", lambda: 0)
    for _ in range(2 * WORK_TRIES_MAX):
        advance(to=clock.now() + r.HOUR)
        trade.relay()
    assert Round.objects.get().state == "CLOSED"
    assert not Work.objects.filter(last_error__startswith="SeedNotYet").exists()
    monkeypatch.undo()
    integrate()
    trade.relay()
    assert Round.objects.get().state == "CLEARED"


def test_a_round_whose_reserve_nobody_reached_is_cleared_and_awards_nothing(of):
    held = r.opened(of, r.on_sale(of, "auction", {**r.SECOND_PRICE, "reserve": "50.00"}))
    two_bids(of, held)
    row = r.cleared()
    assert (row.state, row.computation.answer["extras"]["awards"], Quote.objects.count()) == ("CLEARED", [], 0)


@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_a_two_sided_round_with_one_side_alone_trades_nothing(of, side):
    shelf = r.on_sale(of, "exchange", r.CALL)
    held = r.opened(of, shelf, surplusToId=charity())
    if side == "BUY":
        assert r.place(of.buyer.client, held, {"bid": "9.00"}).ok
    else:
        assert r.ask(of.seller.client, held, shelf.offer, {"ask": "3.00"}).ok
    row = r.cleared()
    assert (row.state, row.void_reason, row.computation.answer["extras"]["awards"]) == ("CLEARED", "", [])
    assert Quote.objects.count() == 0


def test_of_equal_bids_the_one_placed_first_wins_and_a_replacement_is_a_later_one(of, held):
    for client in (of.buyer.client, of.other.client, of.buyer.client):
        assert r.place(client, held, {"bid": "5.00"}).ok
    assert [award["bidder"] for award in r.cleared().computation.answer["extras"]["awards"]] == [str(of.other.id)]


def test_equal_asks_of_a_round_are_met_in_the_order_in_which_they_came(of):
    shelf, theirs = r.on_sale(of, "exchange", r.CALL), r.rival_of(of)
    held = r.opened(of, shelf, surplusToId=charity())
    assert r.ask(theirs.owner.client, held, theirs.offer, {"ask": "3.00"}).ok
    assert r.ask(of.seller.client, held, shelf.offer, {"ask": "3.00"}).ok
    assert r.place(of.buyer.client, held, {"bid": "9.00"}).ok
    r.cleared()
    quote = Quote.objects.get()
    assert (quote.seller_id, quote.offer_id, quote.buyer_id) == (theirs.owner.id, theirs.offer.pk, of.buyer.id)


def test_a_drawing_mechanism_waits_for_the_checkpoint_over_the_close(of, snapshot):
    held = r.opened(of, r.on_sale(of, "digital", {"currency": "CNY"}))
    two_bids(of, held)
    r.close()
    row = Round.objects.get()
    before = snapshot(*WATCHED)
    with pytest.raises(SeedNotYet), transaction.atomic():
        round_clear(round_id=row.pk)
    assert snapshot(*WATCHED) == before
    integrate()
    row = r.cleared()
    checkpoint = SignedCheckpoint.objects.get(size=row.computation.seed_size)
    assert row.state == "CLEARED"
    assert (row.computation.seed, bytes(row.computation.seed_root)) == (
        seed_value(bytes(checkpoint.root), row.pk),
        bytes(checkpoint.root),
    )
    earlier = SignedCheckpoint.objects.filter(size__lt=checkpoint.size, size__gt=place_of(row.closed_event))
    assert not earlier.exists()


def test_a_relay_that_comes_too_early_tries_again(of):
    held = r.opened(of, r.on_sale(of, "digital", {"currency": "CNY"}))
    two_bids(of, held)
    r.close()
    row = Round.objects.get()
    early = Work.objects.create(
        topic=CLEAR_TOPIC, key=str(row.pk), payload={"round": str(row.pk)}, due_at=clock.now(), created_at=clock.now()
    )
    run_once()
    early.refresh_from_db()
    assert (early.state, early.tries, early.last_error[:10]) == ("WAITING", 1, "SeedNotYet")
    assert Round.objects.get().state == "CLOSED"
    integrate()
    advance(to=early.due_at)
    run_once()
    early.refresh_from_db()
    assert (early.state, Round.objects.get().state) == ("DONE", "CLEARED")


def test_closing_and_clearing_again_changes_nothing(of, held, snapshot):
    two_bids(of, held)
    row = r.cleared()
    before = snapshot(*WATCHED)
    round_close(round_id=row.pk)
    round_clear(round_id=row.pk)
    assert snapshot(*WATCHED) == before


def test_an_open_round_is_not_cleared(held, snapshot):
    before = snapshot(*WATCHED)
    round_clear(round_id=Round.objects.get().pk)
    assert snapshot(*WATCHED) == before


def test_one_round_that_fails_holds_up_no_other(of, held, monkeypatch):
    two_bids(of, held)
    broken = Round.objects.get().pk
    fine = r.opened(of, r.on_sale(of))
    two_bids(of, fine)
    real = services._standing
    monkeypatch.setattr(services, "_standing", lambda row: real(row) if row.pk != broken else 1 / 0)
    advance(to=clock.now() + r.HOUR)
    trade.relay()
    assert (Round.objects.get(pk=broken).state, Round.objects.exclude(pk=broken).get().state) == ("OPEN", "CLEARED")


@pytest.mark.parametrize(
    "change",
    [
        "state = 'CLOSED'",
        "state = 'CLEARED', closed_event = gen_random_uuid(), decided_at = now()",
        "state = 'VOID', closed_event = gen_random_uuid(), decided_at = now()",
        "void_reason = 'X'",
        "state = 'ODD'",
    ],
    ids=["closed without its bids", "cleared without a computation", "void without a reason", "open with a reason", "no state"],
)
def test_the_database_refuses_a_round_that_is_not_whole(held, change):
    with pytest.raises(IntegrityError), transaction.atomic():
        sql(f"UPDATE pricing_rounds_round SET {change}")


def test_the_database_keeps_a_result_once_it_is_there(of, held):
    two_bids(of, held)
    r.cleared()
    for change in ("computation_id = NULL", "closed_event = gen_random_uuid()", "decided_at = now()", "opened_at = now()"):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(f"UPDATE pricing_rounds_round SET {change}")


def test_the_database_refuses_two_standing_bids_of_one_bidder_and_two_rounds_on_one_offer(of, held):
    r.place(of.buyer.client, held, {"bid": "5.00"})
    bid, row = Bid.objects.get(), Round.objects.get()
    for copied in (bid, row):
        copied.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            copied.save(force_insert=True)


# what a winner is given


QUOTES = "{ quotes(first: 9) { nodes { id amount { minorUnits } lines { code text } claims { property witness } computation { id } } } }"


def quotes(client):
    return client.query(QUOTES)["quotes"]["nodes"]


def award(of):
    shelf = r.on_sale(of)
    held = r.opened(of, shelf)
    two_bids(of, held)
    r.cleared()
    return shelf, quotes(of.buyer.client)[0]["id"]


def test_every_winner_is_told_its_own_award_alone(of):
    shelf = r.on_sale(of, "vcg", {"currency": "CNY", "items": [{"item": "north"}, {"item": "south"}]})
    third = trade.trader(PartyKind.BUYER, name="Third", by=of.institution)
    held = r.opened(of, shelf)
    values = {of.buyer: ("10.00", "8.00"), of.other: ("9.00", "5.00"), third: ("6.00", "4.00")}
    for who, (north, south) in values.items():
        rows = [{"items": ["north"], "value": north}, {"items": ["south"], "value": south}]
        assert r.place(who.client, held, {"rows": rows}).ok
    computation = r.cleared().computation
    awards = {each["bidder"]: int(each["minor"]) for each in computation.answer["extras"]["awards"]}
    assert {str(quote.buyer_id): quote.amount_minor for quote in Quote.objects.all()} == awards
    assert sum(awards.values()) == computation.amount_minor
    for who in (of.buyer, of.other):
        (shown,) = quotes(who.client)
        assert shown["amount"]["minorUnits"] == str(awards[str(who.id)])
        item = {of.buyer: "south", of.other: "north"}[who]
        assert shown["lines"] == [{"code": "ROUND_AWARD_ITEMS", "text": f"Awarded by the round: {item}"}]
        deal = trade.requested(of, shelf=shelf, buyer=who, quoteId=shown["id"]).deal
        assert deal.terms["consideration"]["items"] == item
        assert shown["computation"] is None
        stored = Quote.objects.get(buyer=who.id).answer["extras"]["awards"]
        assert [each["bidder"] for each in stored] == [str(who.id)]
    assert quotes(third.client) == []
    shown = of.seller.client.query("{ computations(first: 1) { nodes { lines { code text } } } }")["computations"]["nodes"][0]["lines"]
    assert [line["code"] for line in shown] == ["AWARD", "AWARD"]
    assert {line["text"] for line in shown} == {f"south to {of.buyer.id}", f"north to {of.other.id}"}


def test_a_winner_learns_from_no_counterexample_what_another_bid(of):
    held = r.opened(of, r.on_sale(of, "auction", {"currency": "CNY", "format": "first_price"}))
    two_bids(of, held)
    whole = r.cleared().computation.answer["claims"]
    assert {claim["witness"].get("report_minor") for claim in whole if claim["standing"] == "not_held"} == {"400"}
    claims = quotes(of.buyer.client)[0]["claims"]
    assert len(claims) == len(whole)
    assert not any("400" in claim["witness"] for claim in claims)


def test_a_winners_contract_does_not_tell_what_the_others_paid(of):
    shelf = r.on_sale(of, "ml_market", {"currency": "CNY", "prices": ["10"]})
    makers = [trade.trader(PartyKind.MERCHANT, name=name, by=of.institution) for name in ("North", "South", "West")]
    published = {name: value for name, value in ML.inputs.items() if name != "bids"}
    published["sellers"] = [{**row, "seller": str(maker.id)} for row, maker in zip(published["sellers"], makers, strict=True)]
    held = r.opened(of, shelf, inputs=json.dumps(published))
    r.place(of.buyer.client, held, {"bid": "6"})
    r.place(of.other.client, held, {"bid": "9"})
    computation = r.cleared().computation
    mine = Quote.objects.get(buyer=of.buyer.id)
    deal = trade.requested(of, shelf=shelf, quoteId=quotes(of.buyer.client)[0]["id"]).deal
    receipts = {seller: int(minor) for seller, minor in deal.terms["joint"]["receipts"].items()}
    extras = computation.answer["extras"]
    whole = {row["seller"]: int(row["minor"]) for row in extras["receipts"]} | {str(of.seller.id): int(extras["undistributed_minor"])}
    assert int(extras["undistributed_minor"]) > 0
    assert mine.amount_minor < computation.amount_minor
    assert sum(receipts.values()) == mine.amount_minor
    for seller, minor in receipts.items():
        assert abs(minor - mine.amount_minor * whole[seller] / sum(whole.values())) < 1


@pytest.fixture
def watched_request(of, snapshot):
    def check(shelf, buyer, quote, code):
        before = snapshot(*WATCHED, Deal)
        assert trade.ask(of, shelf=shelf, buyer=buyer, quoteId=quote).user_errors == [UserError(code=code, field=["quoteId"])]
        assert snapshot(*WATCHED, Deal) == before

    return check


def test_an_award_binds_for_a_week_and_no_longer(of, watched_request):
    shelf, quote = award(of)
    expires = Quote.objects.get().expires_at
    advance(to=expires)
    watched_request(shelf, of.buyer, quote, "QUOTE_EXPIRED")
    assert Round.objects.get().state == "CLEARED"
    assert r.open_round(of, shelf).ok


def taken_back(of, shelf, how):
    given = {"idempotencyKey": shop.key()}
    listing = {**given, "listingId": shelf.listing, "reason": "Sold too cheap", "expectedVersion": 3}
    match how:
        case "offerWithdraw":
            return of.seller.client.mutate(how, "offer { state }", offerId=shelf.offer, expectedVersion=1, **given)
        case "listingSuspend" | "listingDelist":
            return of.seller.client.mutate(how, "listing { state }", **listing)
    return Client(token=of.regulator.token).mutate("listingSuspend", "listing { state }", **listing)


@pytest.mark.parametrize("how", ["offerWithdraw", "listingSuspend", "listingDelist"])
def test_a_seller_that_has_seen_the_bids_does_not_take_the_award_back(of, how):
    shelf, quote = award(of)
    assert taken_back(of, shelf, how).ok
    deal = trade.settled(of, shelf=shelf, quoteId=quote)
    assert deal.deal.amount_minor == 400


def test_the_regulator_stops_an_award_with_its_listing(of, watched_request):
    shelf, quote = award(of)
    assert taken_back(of, shelf, "order").ok
    before = Quote.objects.get().used_by
    refused = trade.ask(of, shelf=shelf, quoteId=quote)
    assert refused.user_errors == [UserError(code="OFFER_NOT_OPEN", field=["offerId"])]
    assert Quote.objects.get().used_by == before is None
    assert Deal.objects.count() == 0


def test_nobody_elses_award_opens_an_offer_that_was_taken_back(of):
    shelf, quote = award(of)
    assert taken_back(of, shelf, "offerWithdraw").ok
    for given in (quote, None):
        assert trade.ask(of, shelf=shelf, buyer=of.other, quoteId=given).codes == ["OFFER_NOT_OPEN"]


def test_an_award_is_used_once_and_by_its_winner(of, watched_request):
    shelf, quote = award(of)
    watched_request(shelf, of.other, quote, "QUOTE_NEEDED")
    watched_request(of.flat, of.buyer, quote, "QUOTE_NEEDED")
    watched_request(shelf, of.buyer, None, "QUOTE_NEEDED")
    advance(to=Quote.objects.get().expires_at - r.HOUR)
    assert trade.ask(of, shelf=shelf, quoteId=quote).ok
    watched_request(shelf, of.buyer, quote, "QUOTE_USED")


def test_an_offer_that_clears_is_not_quoted(of, shelf, snapshot):
    before = snapshot(*WATCHED)
    given = {"offerId": shelf.offer, "usage": "{}", "idempotencyKey": shop.key()}
    assert of.buyer.client.mutate("quoteCreate", "quote { id }", **given).codes == ["PRICED_BY_BIDS"]
    assert snapshot(*WATCHED) == before


def test_the_only_bidder_of_a_second_price_round_without_reserve_pays_nothing_and_its_deal_is_free(of):
    shelf = r.on_sale(of)
    held = r.opened(of, shelf)
    r.place(of.buyer.client, held, {"bid": "5.00"})
    assert r.cleared().state == "CLEARED"
    (quote,) = quotes(of.buyer.client)
    assert quote["amount"]["minorUnits"] == "0"
    deal = trade.signed(of, shelf=shelf, quoteId=quote["id"])
    assert (deal.deal.state, deal.deal.consideration, deal.deal.amount_minor) == ("IN_FORCE", "FREE", 0)
    lines = of.buyer.client.query(
        "query($id: ID!) { node(id: $id) { ... on Deal { division { role amount { minorUnits } } } } }", id=deal.id
    )
    assert {line["amount"]["minorUnits"] for line in lines["node"]["division"]} == {"0"}
    assert trade.fetched(deal) == shelf.content


def test_whoever_has_no_part_in_it_sees_no_award(of):
    award(of)
    stranger = trade.trader(PartyKind.BUYER, name="Stranger", by=of.institution)
    for client in (of.other.client, stranger.client, Client(), Client(token=of.institution.token)):
        assert quotes(client) == []
    assert len(quotes(of.seller.client)) == len(quotes(Client(token=of.regulator.token))) == 1
