"""Rounds and splits under threads, with real commits: one standing bid, one clearing, one agreement, one deal of an award."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from marketplace.deals.models import Deal
from pricing.computations.models import Computation
from pricing.quotes.models import Quote
from pricing.rounds.models import Bid, Round
from pricing.rounds.services import content_of, round_clear, round_close
from pricing.rounds.tasks import run_once
from pricing.splits.models import Split
from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.integrator import integrate
from tests.listings import shop
from tests.support import rounds as r
from tests.support import trade
from tests.support.moving import advance

TIMES = 4


@pytest.fixture
def of(committed_db, gateway):
    return trade.world(gateway)


def at_once(*works):
    """Run each in a thread of its own, started together; each closes its own connection."""
    ready = threading.Barrier(len(works), timeout=30)

    def run(work):
        ready.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return [outcome.result(timeout=120) for outcome in [pool.submit(run, work) for work in works]]


def codes(payloads):
    return sorted("".join(payload.codes) or "won" for payload in payloads)


def test_of_bids_of_one_bidder_at_once_exactly_one_stands(of):
    held = r.opened(of, r.on_sale(of))
    offered = [f"{at + 1}.00" for at in range(TIMES)]
    said = at_once(*[lambda bid=bid: r.place(of.buyer.client, held, {"bid": bid}) for bid in offered])
    assert codes(said) == ["won"] * TIMES
    assert (Bid.objects.count(), Bid.objects.filter(replaced_at=None).count()) == (TIMES, 1)
    last = Bid.objects.order_by("placed_at").last()
    assert last.replaced_at is None


def test_twins_of_one_key_are_one_bid_and_two_rounds_at_once_are_one(of):
    shelf = r.on_sale(of)
    closes = clock.now() + r.HOUR
    said = at_once(*[lambda: r.open_round(of, shelf, closesAt=closes)] * TIMES)
    assert codes(said) == [*["ROUND_UNDER_WAY"] * (TIMES - 1), "won"]
    held = next(payload["round"]["id"] for payload in said if payload.ok)
    first, second = at_once(*[lambda: r.place(of.buyer.client, held, {"bid": "1.00"}, idempotencyKey="twins")] * 2)
    assert first["bid"] == second["bid"]
    assert Bid.objects.count() == 1


def test_a_bid_stands_in_the_close_or_is_refused(of):
    for _ in range(2):
        held = r.opened(of, r.on_sale(of))
        row = Round.objects.get(state="OPEN")
        said = at_once(
            lambda row=row: round_close_committed(row),
            *[lambda who=who, held=held: r.place(who.client, held, {"bid": "5.00"}) for who in (of.buyer, of.other)],
        )
        assert set(codes(said[1:])) <= {"won", "ROUND_NOT_OPEN"}
        (closed,) = [each["data"] for each in trade.told("round.closed") if each["data"]["round"] == str(row.pk)]
        placed = Bid.objects.filter(round=row).order_by("placed_at", "pk")
        assert closed["commitments"] == [bid.commitment for bid in placed]
        assert len(placed) == codes(said[1:]).count("won")
        round_clear_committed(row)


def round_close_committed(row):
    with transaction.atomic():
        round_close(round_id=row.pk)


def round_clear_committed(row):
    with transaction.atomic():
        round_clear(round_id=row.pk)


def closed_with_two_bids(of, shelf):
    held = r.opened(of, shelf)
    for who, bid in ((of.buyer, "5.00"), (of.other, "4.00")):
        assert r.place(who.client, held, {"bid": bid}).ok
    advance(to=clock.now() + r.HOUR)
    return Round.objects.get(state="OPEN")


def test_relays_at_once_close_and_clear_a_round_once(of):
    row = closed_with_two_bids(of, r.on_sale(of))
    at_once(run_once, run_once, run_once)
    assert len(trade.told("round.closed")) == 1
    integrate()
    at_once(run_once, run_once, lambda: round_clear_committed(row), lambda: round_clear_committed(row))
    run_once()
    assert Round.objects.get().state == "CLEARED"
    assert (Computation.objects.count(), Quote.objects.count(), len(trade.told("round.cleared"))) == (1, 1, 1)


def test_of_uses_of_one_award_at_once_one_makes_a_deal(of):
    shelf = r.on_sale(of)
    closed_with_two_bids(of, shelf)
    r.cleared()
    quote = of.buyer.client.query("{ quotes(first: 1) { nodes { id } } }")["quotes"]["nodes"][0]["id"]
    said = at_once(*[lambda: trade.ask(of, shelf=shelf, quoteId=quote)] * TIMES)
    assert codes(said) == [*["QUOTE_USED"] * (TIMES - 1), "won"]
    assert Quote.objects.get().used_by == Deal.objects.get().pk
    assert content_of(bid=Bid.objects.get(bidder=of.buyer.id)) == {"bid": "5.00"}


def test_the_last_consents_at_once_are_one_agreement(of):
    makers = [trade.trader(PartyKind.MERCHANT, name=f"M{at}", by=of.institution) for at in range(2)]
    holders = [{"holder": str(each.id)} for each in (of.seller, *makers)]
    inputs = {"form": "table", "holders": holders, "values": ["0", *["600"] * 7]}
    plan = shop.plan(of.seller.client, json.dumps({"rule": "shapley", "currency": "CNY"}), "share")
    given = {"objectId": of.flat.object, "planId": plan, "inputs": json.dumps(inputs)}
    said = at_once(
        *[lambda: of.seller.client.mutate("splitPropose", "split { id }", idempotencyKey=shop.key(), **given)] * 2,
    )
    assert codes(said) == ["BAD_INPUT", "won"]
    split = next(payload["split"]["id"] for payload in said if payload.ok)
    stated = {"splitId": split, "expectedVersion": 1}
    works = [
        lambda who=who: who.client.mutate("splitConsentGive", "split { state }", idempotencyKey=shop.key(), **stated)
        for who in (*makers, makers[0])
    ]
    said = codes(at_once(*works))
    assert said[-2:] == ["won", "won"]
    assert said[0] in {"ALREADY_CONSENTED", "STALE_VERSION"}
    assert (Split.objects.get().state, len(shop.events("split.agreed"))) == ("AGREED", 1)
    trade.relay()
    assert Split.objects.get().state == "IN_FORCE"
