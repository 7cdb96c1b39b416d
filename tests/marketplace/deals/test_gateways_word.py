"""Only the gateway's signed word funds a deal: recorded first, fetched again, taken once, and only for the very amount."""

import json
from itertools import pairwise

import pytest

from marketplace.api.schema import market_schema
from marketplace.deals.models import Deal, DealRight
from marketplace.delivery.models import Entitlement
from registry.base import clock
from registry.base.models import IdempotencyKey, Inbox, Work
from registry.log.models import Outbox
from registry.rights.models import Grant
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.ledger.models import Entry, Move
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.ledger.services import AccountKind, account_open
from settlement.payments.gateway import ChargeStatus
from settlement.payments.models import Charge
from tests.support import trade
from tests.support.gateway import GOOD_CARD, signature
from tests.support.graphql import Client
from tests.support.moving import advance

MONEY = (Deal, Escrow, Entry, Move, Charge, Grant, Entitlement)
WRITTEN = (*MONEY, Verdict, Outbox, IdempotencyKey, Work)
SAID = "deal { state version } verdict { stage outcome } "


@pytest.fixture
def of(asked):
    return asked.world


def locked(made):
    return balance_of(account_open(kind=AccountKind.ESCROW, owner=made.uuid, currency="CNY"))


def payment(made):
    return Charge.objects.filter(deal_id=made.uuid).latest("requested_at").gateway_payment_id


def test_the_gateways_word_locks_the_money_registers_the_right_and_opens_the_file(of, asked):
    assert trade.announce(asked) == 200
    assert (asked.deal.state, Inbox.objects.count()) == ("SIGNED", 1)
    trade.relay()
    row = asked.deal
    assert (row.state, row.version, row.funded_at is None) == ("FUNDED", 4, False)
    assert (Escrow.objects.get().state, locked(asked), Charge.objects.get().state) == ("FUNDED", 1_200_000, "SUCCEEDED")
    grant = Grant.objects.get(deal_id=asked.uuid)
    assert (grant.holder_id, grant.kind, DealRight.objects.get().grant_id) == (of.buyer.id, "USE", grant.pk)
    entitlement = Entitlement.objects.get()
    assert (entitlement.state, entitlement.deal_id, entitlement.holder_id) == ("OPEN", asked.uuid, of.buyer.id)
    assert [told["schema"] for told in trade.told("payment.received", "deal.funded")] == ["payment.received", "deal.funded"]
    assert ledger_balanced()


def test_a_message_said_twice_funds_once(of, asked):
    message = of.gateway.message(payment(asked), event_id="evt_1")
    assert [trade.webhook(*message) for _ in range(2)] == [200, 200]
    trade.relay()
    assert trade.webhook(*message) == 200
    assert trade.announce(asked) == 200
    trade.relay()
    assert (Inbox.objects.count(), locked(asked), Entry.objects.filter(kind="fund").count()) == (2, 1_200_000, 1)
    assert (len(trade.told("deal.funded")), Grant.objects.filter(deal_id=asked.uuid).count(), asked.deal.version) == (1, 1, 4)
    assert ledger_balanced()


def test_a_message_is_kept_byte_for_byte_before_anything_is_done(of, asked, snapshot):
    payload, stated = of.gateway.message(payment(asked))
    before = snapshot(*MONEY)
    assert trade.webhook(payload, stated) == 200
    assert bytes(Inbox.objects.get().payload) == payload
    assert snapshot(*MONEY) == before


def test_a_lost_message_is_looked_after(asked):
    advance(to=clock.now() + trade.LOOK)
    trade.relay()
    assert (asked.deal.state, locked(asked), Inbox.objects.count()) == ("FUNDED", 1_200_000, 0)
    assert trade.announce(asked) == 200
    trade.relay()
    assert (locked(asked), asked.deal.version) == (1_200_000, 4)


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda payload, _: (payload, ""), id="no signature"),
        pytest.param(lambda payload, _: (payload, "t=1,v1=00"), id="nonsense"),
        pytest.param(lambda payload, _: (payload, signature(payload, secret="whsec_another")), id="another secret"),
        pytest.param(lambda payload, _: (payload, signature(payload, at=1_000_000_000)), id="an old one"),
        pytest.param(lambda payload, stated: (payload.replace(b"false", b"true "), stated), id="another payload"),
        pytest.param(lambda payload, stated: (payload, stated + "签"), id="no ASCII"),
        pytest.param(lambda _payload, _: (b"", signature(b"")), id="no payload"),
        pytest.param(lambda _payload, _: (b"[]", signature(b"[]")), id="no object"),
        pytest.param(lambda _payload, _: (b"\xff", signature(b"\xff")), id="no text"),
    ],
)
def test_a_message_without_a_good_signature_is_refused_and_forgotten(of, asked, snapshot, forge):
    before = snapshot(*WRITTEN, Inbox)
    assert trade.webhook(*forge(*of.gateway.message(payment(asked)))) == 400
    assert snapshot(*WRITTEN, Inbox) == before
    trade.relay()
    assert asked.deal.state == "SIGNED"


def test_a_message_that_is_too_large_is_refused(of, asked, snapshot):
    payload = b" " * (256 * 1024) + of.gateway.message(payment(asked))[0]
    before = snapshot(*WRITTEN, Inbox)
    assert trade.webhook(payload, signature(payload)) == 413
    assert snapshot(*WRITTEN, Inbox) == before


def test_a_message_about_an_unknown_payment_moves_nothing(of, asked, snapshot):
    before = snapshot(*MONEY)
    assert trade.webhook(*of.gateway.message("pi_unknown")) == 200
    trade.relay()
    assert snapshot(*MONEY) == before
    (item,) = Work.objects.filter(topic="inbox.stripe")
    assert (item.state, item.tries) == ("WAITING", 1)
    assert "resource_missing" in item.last_error or "Refused" in item.last_error


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"received_minor": 1_199_999}, id="a fen less"),
        pytest.param({"received_minor": 1_200_001}, id="a fen more"),
        pytest.param({"currency": "USD"}, id="another currency"),
    ],
)
def test_another_amount_than_the_deals_funds_nothing(of, asked, snapshot, changed):
    of.gateway.alter(**changed)
    before = snapshot(*MONEY)
    assert trade.announce(asked) == 200
    trade.relay()
    assert snapshot(*MONEY) == before
    assert "AMOUNT_DIFFERS" in Work.objects.get(topic="inbox.stripe").last_error
    assert asked.step(asked.buyer.client, "dealCancel", reason="No").codes == ["MONEY_UNDER_WAY"]


def test_a_payment_that_has_not_succeeded_funds_nothing(of, asked, snapshot):
    of.gateway.alter(status=next(status for status in ChargeStatus if status is not ChargeStatus.SUCCEEDED))
    before = snapshot(*MONEY)
    assert trade.announce(asked) == 200
    trade.relay()
    assert snapshot(*MONEY) == before


def test_no_mutation_funds_a_deal(of, asked):
    """Whatever mutation the schema has, sent by either side, the institution, the regulator or the operator: the deal stays SIGNED."""
    schema = market_schema().graphql_schema
    names = sorted(schema.mutation_type.fields)
    assert {"dealFund", "dealSettle", "dealAccept", "orderLift", "referralDecide"} <= set(names)
    tokens = [party.token for party in (of.buyer.party, of.seller.party, of.institution, of.regulator, of.operator)]
    for name in names:
        shape = schema.mutation_type.fields[name].args["input"].type.of_type.fields
        for token in tokens:
            given = {field: plausible(asked, field, str(declared.type)) for field, declared in shape.items()}
            Client(token=token).mutate(name, **given)
    trade.relay()
    assert (asked.deal.state, locked(asked)) == ("SIGNED", 0)
    for before, after in pairwise(["SIGNED", "FUNDED"]):
        assert asked.deal.state == before
        assert trade.announce(asked) == 200
        trade.relay()
        assert asked.deal.state == after


def test_the_amount_that_is_funded_stays_sealed_in_the_log(asked):
    trade.announce(asked)
    trade.relay()
    (told,) = trade.told("deal.funded")
    assert set(told["data"]) == {"deal", "currency", "amount"}
    assert set(told["data"]["amount"]) == {"_h"}
    assert "1200000" not in json.dumps(told)


def plausible(made, name, kind):
    """A value that fits a field of an input, about the deal wherever it can be."""
    known = {
        "dealId": made.id,
        "subjectId": made.id,
        "expectedVersion": made.deal.version,
        "receivedSha256": made.shelf.sha256,
        "signingKeyId": made.buyer.key,
        "signature": trade.text(bytes(64)),
        "paymentMethod": GOOD_CARD,
        "to": clock.now(),
    }
    if name in known:
        return known[name]
    plain = {
        "ID": made.id,
        "String": "FUNDED",
        "Int": 1,
        "BigInt": "1",
        "Boolean": True,
        "Date": "2030-01-01",
        "DateTime": "2030-01-01T00:00:00Z",
    }
    return plain.get(kind.removesuffix("!"), [] if kind.startswith("[") else None)
