"""The institution releases an accepted deal's money, to the fen, to everybody its contract names; nothing and nobody else does."""

import json

import pytest

from marketplace.deals.models import Deal, Voucher
from pricing.fees.services import PLATFORM, fee_schedule_publish
from registry.base.actor import PartyKind
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.ledger.models import Account, AccountKind, Entry, Move
from settlement.ledger.selectors import balance_of, ledger_balanced
from settlement.ledger.services import account_open
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.graphql import Client, UserError
from tests.support.parties import admit

MONEY = (Deal, Escrow, Entry, Move, Account, Voucher)
WRITTEN = (*MONEY, Verdict, Outbox, IdempotencyKey)
SAID = "deal { state version } verdict { stage outcome }"


@pytest.fixture
def of(delivered):
    return delivered.world


@pytest.fixture
def made(delivered):
    assert trade.accept(delivered).ok
    return delivered


def balance(kind, owner):
    return balance_of(account_open(kind=kind, owner=owner, currency="CNY"))


def test_an_accepted_deal_is_paid_out_in_one_entry(of, made):
    said = trade.settle(made, fields=SAID, idempotencyKey="s", expectedVersion=6)
    assert said["deal"] == {"state": "SETTLED", "version": 7}
    assert said["verdict"] == {"stage": "settlement", "outcome": "PASS"}
    row, escrow = made.deal, Escrow.objects.get()
    assert (row.settlement_verdict, escrow.state) == (Verdict.objects.get(stage="settlement").pk, "RELEASED")
    assert {
        "escrow": balance(AccountKind.ESCROW, made.uuid),
        "platform": balance(AccountKind.PLATFORM_FEE, PLATFORM),
        "institution": balance(AccountKind.INSTITUTION_FEE, of.institution.organisation.pk),
        "seller": balance(AccountKind.PAYABLE, of.seller.id),
    } == {"escrow": 0, "platform": 24_000, "institution": 12_000, "seller": 1_164_000}
    assert sum(move.amount for move in Move.objects.filter(entry=escrow.out_entry)) == 1_200_000
    assert ledger_balanced()
    (told,) = trade.told("deal.settled")
    assert set(told["data"]) == {"deal", "currency", "amount", "lines"}
    assert (set(told["data"]["amount"]), set(told["data"]["lines"])) == ({"_h"}, {"_h"})


def test_a_repeated_settlement_pays_once(made, snapshot):
    first = trade.settle(made, fields=SAID, idempotencyKey="s", expectedVersion=6)
    before = snapshot(*WRITTEN)
    again = trade.settle(made, fields=SAID, idempotencyKey="s", expectedVersion=6)
    assert again.fields == first.fields
    assert trade.settle(made, idempotencyKey="s", expectedVersion=7).codes == ["IDEMPOTENCY_MISMATCH"]
    assert trade.settle(made).user_errors == [UserError(code="ILLEGAL_TRANSITION", field=["dealId"])]
    assert trade.settle(made, expectedVersion=6).codes == ["STALE_VERSION"]
    assert snapshot(*WRITTEN) == before


def test_only_the_institution_that_the_contract_names_settles(of, made, snapshot):
    rival = admit(PartyKind.INSTITUTION, name="Rival")
    before = snapshot(*WRITTEN)
    for client, code in (
        (of.seller.client, "FORBIDDEN"),
        (of.buyer.client, "FORBIDDEN"),
        (Client(token=of.operator.token), "FORBIDDEN"),
        (Client(token=of.regulator.token), "FORBIDDEN"),
        (Client(token=rival.token), "NOT_FOUND"),
        (Client(), "UNAUTHENTICATED"),
    ):
        assert made.step(client, "dealSettle").codes == [code]
    assert trade.settle(made, dealId=of.flat.object).user_errors == [UserError(code="INVALID_ID", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_an_institution_that_buys_settles_no_deal_of_another_institution(of, snapshot):
    house = trade.trader(PartyKind.INSTITUTION, PartyKind.BUYER, name="House that buys", by=of.institution)
    made = trade.accepted(of, buyer=house)
    before = snapshot(*WRITTEN)
    assert made.step(house.client, "dealSettle").user_errors == [UserError(code="NOT_A_SIDE", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_what_was_not_accepted_is_not_settled(delivered, snapshot):
    before = snapshot(*WRITTEN)
    assert trade.settle(delivered).user_errors == [UserError(code="ILLEGAL_TRANSITION", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_a_hold_stops_the_settlement_and_its_end_lets_it_go_on(of, made, snapshot):
    regulator = Client(token=of.regulator.token)
    placed = {"objectId": of.flat.object, "kind": "COURT", "reason": "Seized", "idempotencyKey": "h"}
    hold = regulator.mutate("holdPlace", "hold { id }", **placed)["hold"]["id"]
    before = snapshot(*MONEY)
    refused = trade.settle(made, fields=SAID)
    assert refused.user_errors == [UserError(code="SCREENING_BLOCKED", rule="PT-14")]
    assert refused.fields == {"deal": {"state": "ACCEPTED", "version": 6}, "verdict": {"stage": "settlement", "outcome": "BLOCK"}}
    assert snapshot(*MONEY) == before
    assert Verdict.objects.filter(stage="settlement", outcome="BLOCK").count() == 1
    lifted = {"holdId": hold, "reason": "Paid", "expectedVersion": 1, "idempotencyKey": "l"}
    assert Client(token=m.second(of.regulator)).mutate("holdLift", **lifted).ok
    assert trade.settle(made)["deal"]["state"] == "SETTLED"


def test_an_order_of_the_regulator_stops_the_settlement(of, made, snapshot):
    order = {"objectId": of.flat.object, "reason": "Inquiry", "idempotencyKey": "o"}
    assert Client(token=of.regulator.token).mutate("orderIssue", **order).ok
    before = snapshot(*MONEY)
    assert trade.settle(made).user_errors == [UserError(code="SCREENING_BLOCKED", rule="PT-14")]
    assert snapshot(*MONEY) == before


def test_a_buyers_complaint_stops_the_settlement_until_the_institution_answers(of, made, snapshot):
    filed = {"subjectId": made.id, "text": "Half the rows are missing", "idempotencyKey": "c"}
    complaint = of.buyer.client.mutate("complaintFile", "complaint { id }", **filed)["complaint"]["id"]
    before = snapshot(*MONEY)
    assert trade.settle(made).user_errors == [UserError(code="SCREENING_BLOCKED", rule="ST-01")]
    assert snapshot(*MONEY) == before
    answered = {"complaintId": complaint, "answer": "They are on page two", "expectedVersion": 1, "idempotencyKey": "a"}
    assert Client(token=of.institution.token).mutate("complaintAnswer", **answered).ok
    assert trade.settle(made)["deal"]["state"] == "SETTLED"


def test_fees_that_change_later_do_not_change_the_contract(of, made):
    dearer = {"platform_ppm": 500_000, "institution_ppm": 500_000, "gateway_ppm": 0, "gateway_fixed_minor": 0, "effective_from": None}
    fee_schedule_publish(actor=of.operator.actor, **dearer, idempotency_key="f")
    assert trade.settle(made).ok
    assert balance(AccountKind.PAYABLE, of.seller.id) == 1_164_000


def test_the_division_that_the_sides_were_shown_is_the_one_that_is_paid(of, made):
    shown = "query($id: ID!) { node(id: $id) { ... on Deal { division { role party amount { minorUnits } } } } }"
    promised = of.seller.client.query(shown, id=made.id)["node"]["division"]
    assert trade.settle(made).ok
    paid = json.loads(bytes(Voucher.objects.get().statement))["lines"]
    assert [(line["role"], line["party"], line["amount"]["minorUnits"]) for line in promised] == [
        (line["role"], line["party"], line["amount"]) for line in paid
    ]


@pytest.mark.parametrize(
    ("price", "platform", "institution", "seller"),
    [
        pytest.param("0.01", 0, 0, 1, id="one fen"),
        pytest.param("0.34", 1, 0, 33, id="the first fen of a fee"),
        pytest.param("99.99", 200, 99, 9_700, id="a fee that is rounded once"),
    ],
)
def test_every_fen_of_a_price_is_paid_to_somebody(of, price, platform, institution, seller):
    shelf = trade.shelved(of.seller, trade.registered(of.seller), price=price, content=b"a,b\n1,2\n")
    made = trade.settled(of, shelf=shelf)
    lines = {line["role"]: int(line["amount"]) for line in json.loads(bytes(Voucher.objects.get(deal=made.uuid).statement))["lines"]}
    expected = {"platform_fee": platform, "institution_fee": institution, "share": seller}
    assert lines == {role: minor for role, minor in expected.items() if minor}
    assert sum(lines.values()) == made.deal.amount_minor
    assert ledger_balanced()


def test_two_deals_of_one_file_are_paid_apart(of, made):
    other = trade.accepted(of, buyer=of.other)
    assert trade.settle(made).ok
    assert balance(AccountKind.ESCROW, other.uuid) == 1_200_000
    assert trade.settle(other).ok
    assert balance(AccountKind.PAYABLE, of.seller.id) == 2 * 1_164_000
    assert Voucher.objects.count() == 2
