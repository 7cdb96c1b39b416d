"""Funding asks the gateway to charge the buyer and does no more; a charge that failed may be followed by another."""

import pytest

from marketplace.deals.models import Deal
from marketplace.delivery.models import Entitlement
from registry.base.models import IdempotencyKey, Work
from registry.log.models import Outbox
from registry.rights.models import Grant
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.ledger.models import Entry, Move
from settlement.ledger.selectors import balance_of
from settlement.ledger.services import AccountKind, account_open
from settlement.payments import services
from settlement.payments.models import Charge
from tests.support import trade
from tests.support.gateway import BAD_CARD, GOOD_CARD
from tests.support.graphql import Client, UserError

MONEY = (Deal, Escrow, Entry, Move, Charge, Grant, Entitlement)
WRITTEN = (*MONEY, Verdict, Outbox, IdempotencyKey, Work)
SAID = "deal { state version } verdict { stage outcome } "


@pytest.fixture
def of(signed):
    return signed.world


@pytest.fixture
def made(signed):
    return signed


def locked(made):
    return balance_of(account_open(kind=AccountKind.ESCROW, owner=made.uuid, currency="CNY"))


def test_funding_is_a_wish_that_the_relay_takes_to_the_gateway(of, made):
    said = trade.fund(made, fields=SAID, idempotencyKey="f", expectedVersion=3)
    assert said["deal"] == {"state": "SIGNED", "version": 3}
    assert said["verdict"] == {"stage": "funding", "outcome": "PASS"}
    charge = Charge.objects.get()
    assert (charge.state, charge.amount_minor, charge.currency, of.gateway.requests) == ("REQUESTED", 1_200_000, "CNY", {})
    assert trade.fund(made, idempotencyKey="f", expectedVersion=3).ok
    trade.relay()
    (request,) = of.gateway.requests.values()
    assert (request.amount_minor, request.currency, request.payment_method) == (1_200_000, "CNY", GOOD_CARD)
    assert (request.tag.entry, request.tag.deal) == (charge.pk, made.uuid)
    assert (made.deal.state, Escrow.objects.get().state, locked(made), Charge.objects.get().state) == ("SIGNED", "FUNDING", 0, "SENT")


def test_a_declined_card_is_told_and_a_good_one_may_follow(of, made):
    assert trade.fund(made, card=BAD_CARD).ok
    trade.relay()
    assert [(row.state, row.code) for row in Charge.objects.all()] == [("DECLINED", "card_declined")]
    assert (made.deal.state, Escrow.objects.get().state) == ("SIGNED", "UNFUNDED")
    (told,) = trade.told("payment.declined")
    assert told["data"]["code"] == "card_declined"
    assert trade.fund(made).ok
    trade.relay()
    assert trade.announce(made) == 200
    trade.relay()
    assert (made.deal.state, locked(made), Charge.objects.filter(state="SUCCEEDED").count()) == ("FUNDED", 1_200_000, 1)
    assert len({*of.gateway.requests}) == 2


def test_a_second_charge_beside_one_that_is_open_is_refused(made, snapshot):
    assert trade.fund(made).ok
    before = snapshot(*WRITTEN)
    assert trade.fund(made).user_errors == [UserError(code="CHARGE_OPEN", field=["dealId"])]
    trade.relay()
    assert trade.fund(made).codes == ["CHARGE_OPEN"]
    assert before["settlement_payments.Charge"][0][0] == Charge.objects.get().pk


def test_a_funds_key_asks_for_one_thing(made, snapshot):
    assert trade.fund(made, idempotencyKey="f").ok
    before = snapshot(*WRITTEN)
    assert trade.fund(made, card=BAD_CARD, idempotencyKey="f").codes == ["IDEMPOTENCY_MISMATCH"]
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize(
    "card",
    [
        pytest.param("", id="none"),
        pytest.param("p" * 65, id="too long"),
        pytest.param("卡", id="no ASCII"),
        pytest.param(" ", id="a blank"),
    ],
)
def test_what_is_no_payment_method_charges_nothing(made, snapshot, card):
    before = snapshot(*WRITTEN)
    refused = trade.fund(made, card=card)
    assert refused.user_errors == [UserError(code="BAD_INPUT", field=["paymentMethod"])]
    assert snapshot(*WRITTEN) == before


def test_a_deal_that_the_rules_stop_is_not_charged(of, made, snapshot):
    given = {"objectId": of.flat.object, "kind": "COURT", "reason": "Seized", "idempotencyKey": "h"}
    assert Client(token=of.regulator.token).mutate("holdPlace", **given).ok
    before = snapshot(*MONEY)
    refused = trade.fund(made, fields=SAID)
    assert UserError(code="SCREENING_BLOCKED", rule="PT-14") in refused.user_errors
    assert (refused.fields["deal"]["state"], refused.fields["verdict"]["stage"]) == ("SIGNED", "funding")
    assert snapshot(*MONEY) == before
    assert Verdict.objects.filter(subject_id=made.uuid, stage="funding", outcome="BLOCK").count() == 1


def test_only_the_buyer_of_a_signed_deal_funds_it(of, made, snapshot):
    early = trade.checked(of)
    before = snapshot(*WRITTEN)
    for client, code in (
        (of.seller.client, "NOT_A_SIDE"),
        (of.other.client, "NOT_FOUND"),
        (Client(token=of.institution.token), "FORBIDDEN"),
        (Client(), "UNAUTHENTICATED"),
    ):
        assert made.step(client, "dealFund", paymentMethod=GOOD_CARD).codes == [code]
    assert trade.fund(early).user_errors == [UserError(code="ILLEGAL_TRANSITION", field=["dealId"])]
    assert trade.fund(made, expectedVersion=2).user_errors == [UserError(code="STALE_VERSION", field=["expectedVersion"])]
    assert snapshot(*WRITTEN) == before


def test_a_market_without_a_gateway_charges_nothing(made, snapshot, settings):
    settings.STRIPE_API_KEY = ""
    services.gateway.cache_clear()
    before = snapshot(*WRITTEN)
    assert trade.fund(made).codes == ["GATEWAY_OFF"]
    assert trade.webhook(b"{}", "") == 400
    assert snapshot(*WRITTEN) == before
