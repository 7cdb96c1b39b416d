"""Two at once, with real commits: exactly one wins, the other is told why, and the books balance."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from marketplace.deals.models import Deal, Signature, Voucher
from marketplace.deals.tasks import run_once as deals
from marketplace.delivery.models import Entitlement
from pricing.quotes.models import Quote
from registry.rights.models import Grant
from settlement.escrow.models import Escrow
from settlement.ledger.models import Entry
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.ledger.services import AccountKind, account_open
from settlement.payments.models import Charge
from settlement.payments.tasks import run_once as charges
from tests.listings import shop
from tests.support import trade
from tests.support.gateway import GOOD_CARD
from tests.support.graphql import Client


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
    """Who won and why the others did not."""
    return sorted("".join(payload.codes) or "won" for payload in payloads)


def held(made):
    return balance_of(account_open(kind=AccountKind.ESCROW, owner=made.uuid, currency="CNY"))


def test_one_quote_is_used_by_one_of_two_requests(of):
    given = {"quoteId": trade.quoted(of)}
    assert codes(at_once(*[lambda: trade.ask(of, **given)] * 2)) == ["QUOTE_USED", "won"]
    assert Quote.objects.get().used_by == Deal.objects.get().pk


def test_twins_of_one_key_are_one_deal(of):
    given = {"quoteId": trade.quoted(of), "idempotencyKey": "twins"}
    first, second = at_once(*[lambda: trade.ask(of, **given)] * 2)
    assert first["deal"] == second["deal"]
    assert Deal.objects.count() == 1


def test_of_two_signatures_of_one_side_one_is_taken_and_both_sides_at_once_conclude_once(of):
    made = trade.checked(of)
    stated = trade.signature(made, of.seller, "SELLER")
    given = {"signature": stated, "expectedVersion": 2}
    assert codes(at_once(*[lambda: trade.sign(made, of.seller, "SELLER", **given)] * 2)) == ["ALREADY_SIGNED", "won"]
    assert Signature.objects.count() == 1
    assert trade.sign(made, of.buyer, "BUYER").ok
    other = trade.checked(of, buyer=of.other)
    both = {side: {"signature": trade.signature(other, who, side), "expectedVersion": 2} for side, who in sides(other)}
    assert codes(at_once(*[lambda who=who, side=side: trade.sign(other, who, side, **both[side]) for side, who in sides(other)])) == [
        "won",
        "won",
    ]
    assert other.deal.state == "SIGNED"
    assert (len(shop.events("deal.signed")), Escrow.objects.count()) == (2, 2)


def sides(made):
    return (("SELLER", made.seller), ("BUYER", made.buyer))


def test_a_deal_is_cancelled_or_charged_but_never_both(of):
    for _ in range(3):
        made = trade.signed(of)
        given = {"expectedVersion": made.deal.version}
        said = codes(
            at_once(
                lambda made=made, given=given: made.step(of.seller.client, "dealCancel", reason="No", **given),
                lambda made=made, given=given: made.step(of.buyer.client, "dealFund", paymentMethod=GOOD_CARD, **given),
            )
        )
        charged = Charge.objects.filter(deal_id=made.uuid).exists()
        assert said in (["MONEY_UNDER_WAY", "won"], ["STALE_VERSION", "won"])
        assert (made.deal.state, Escrow.objects.get(deal_id=made.uuid).state) == (
            ("SIGNED", "FUNDING") if charged else ("CANCELLED", "UNFUNDED")
        )


def test_two_charges_at_once_are_one(of):
    made = trade.signed(of)
    assert codes(at_once(*[lambda: trade.fund(made)] * 2)) == ["CHARGE_OPEN", "won"]
    assert Charge.objects.count() == 1


def test_a_deal_goes_through_relays_that_run_at_once_and_is_settled_by_one_of_two(of):
    made = trade.asked(of)
    message = of.gateway.message(Charge.objects.get().gateway_payment_id, event_id="evt_1")
    assert at_once(*[lambda: trade.webhook(*message)] * 2) == [200, 200]
    assert trade.announce(made) == 200
    at_once(charges, charges, deals, deals)
    trade.relay()
    assert (made.deal.state, held(made), Entry.objects.filter(kind="fund").count()) == ("FUNDED", 1_200_000, 1)
    assert (Grant.objects.filter(deal_id=made.uuid).count(), Entitlement.objects.count()) == (1, 1)
    trade.fetched(made)
    at_once(*[trade.relay] * 2)
    assert (made.deal.state, made.deal.version) == ("DELIVERED", 5)
    given = {"expectedVersion": 5}
    assert codes(at_once(*[lambda: trade.accept(made, **given)] * 2)) == ["STALE_VERSION", "won"]
    given = {"expectedVersion": 6}
    house = Client(token=of.institution.token)
    said = at_once(
        *[lambda: made.step(house, "dealSettle", **given)] * 2,
        lambda: made.step(of.buyer.client, "dealCancel", reason="No", **given),
    )
    assert sorted("".join(payload.codes) or "won" for payload in said[:2]) == ["STALE_VERSION", "won"]
    assert said[2].codes in (["STALE_VERSION"], ["ILLEGAL_TRANSITION"])
    assert (made.deal.state, held(made), Voucher.objects.count()) == ("SETTLED", 0, 1)
    assert Entry.objects.filter(kind="release").count() == 1
    assert ledger_balanced()
