"""A deal ends by either side's word until money moves; from then on it goes its way."""

import pytest

from marketplace.deals.models import Deal
from marketplace.deals.states import TRANSITIONS, State
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from settlement.escrow.models import Escrow
from settlement.ledger.models import Entry
from settlement.payments.models import Charge
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.gateway import BAD_CARD
from tests.support.graphql import Client, UserError

WRITTEN = (Deal, Escrow, Charge, Entry, Outbox, IdempotencyKey)


def cancel(made, *, by=None, **given):
    return made.step(by or made.buyer.client, "dealCancel", **{"reason": "Changed plans", **given})


def referred(of):
    made = trade.requested(of)
    placed = {"objectId": made.shelf.object, "kind": "DISPUTE", "reason": "Claimed", "idempotencyKey": m.key()}
    assert Client(token=of.regulator.token).mutate("holdPlace", **placed).ok
    assert made.step(made.buyer.client, "dealCheck").codes == ["SCREENING_REFERRED"]
    return made


def half_signed(of):
    made = trade.checked(of)
    assert trade.sign(made, of.seller, "SELLER").ok
    return made


@pytest.mark.parametrize(
    "reached",
    [
        pytest.param(trade.requested, id="requested"),
        pytest.param(referred, id="referred"),
        pytest.param(trade.checked, id="checked"),
        pytest.param(half_signed, id="signed by one side"),
        pytest.param(trade.signed, id="signed by both"),
    ],
)
def test_before_money_is_asked_for_either_side_ends_a_deal(of, reached):
    for side in ("buyer", "seller"):
        made = reached(of)
        version = made.deal.version
        given = {"by": getattr(made, side).client, "expectedVersion": version, "idempotencyKey": f"c-{side}"}
        said = cancel(made, **given)["deal"]
        assert (said["state"], said["version"]) == ("CANCELLED", version + 1)
        assert cancel(made, **given)["deal"] == said
        assert cancel(made).user_errors[0].code == "ILLEGAL_TRANSITION"
        told = trade.told("deal.cancelled")[-1]
        assert (told["data"]["deal"], set(told["data"]["reason"])) == (str(made.uuid), {"_h"})
        if side == "buyer" and reached is referred:
            return  # the hold stands, and a second referral is the first one again


def test_a_cancelled_deal_goes_nowhere(of, snapshot):
    made = trade.signed(of)
    assert cancel(made).ok
    before = snapshot(*WRITTEN)
    for refused in (
        made.step(of.buyer.client, "dealCheck"),
        trade.sign(made, of.buyer, "BUYER"),
        trade.fund(made),
        trade.accept(made),
        trade.settle(made),
    ):
        assert refused.codes == ["ILLEGAL_TRANSITION"]
    assert snapshot(*WRITTEN) == before


def test_once_money_moves_nobody_ends_a_deal(of, snapshot):
    made = trade.asked(of)

    def stands(state, code):
        assert made.deal.state == state
        before = snapshot(*WRITTEN)
        for client in (of.buyer.client, of.seller.client):
            assert cancel(made, by=client).codes == [code]
        assert snapshot(*WRITTEN) == before

    stands("SIGNED", "MONEY_UNDER_WAY")
    assert trade.announce(made) == 200
    stands("SIGNED", "MONEY_UNDER_WAY")
    trade.relay()
    stands("FUNDED", "ILLEGAL_TRANSITION")
    assert trade.fetched(made) == made.shelf.content
    trade.relay()
    stands("DELIVERED", "ILLEGAL_TRANSITION")
    assert trade.accept(made).ok
    stands("ACCEPTED", "ILLEGAL_TRANSITION")
    assert trade.settle(made).ok
    stands("SETTLED", "ILLEGAL_TRANSITION")


def test_a_licence_in_force_is_not_cancelled(of, snapshot):
    made = trade.signed(of, shelf=trade.shelved(of.seller, trade.registered(of.seller)))
    before = snapshot(*WRITTEN)
    assert cancel(made).codes == ["ILLEGAL_TRANSITION"]
    assert trade.fund(made).codes == ["ILLEGAL_TRANSITION"]
    assert snapshot(*WRITTEN) == before


def test_a_charge_that_is_asked_for_stops_a_cancellation_and_a_declined_one_lets_it(of, snapshot):
    made = trade.signed(of)
    assert trade.fund(made, card=BAD_CARD).ok
    before = snapshot(*WRITTEN)
    assert cancel(made).user_errors == [UserError(code="MONEY_UNDER_WAY", field=["dealId"])]
    assert snapshot(*WRITTEN) == before
    trade.relay()
    assert cancel(made)["deal"]["state"] == "CANCELLED"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        pytest.param({"reason": ""}, "reason", id="no reason"),
        pytest.param({"reason": " \n"}, "reason", id="a blank reason"),
        pytest.param({"reason": "r" * 401}, "reason", id="a reason that is too long"),
        pytest.param({"idempotencyKey": ""}, "idempotencyKey", id="no key"),
    ],
)
def test_a_cancellation_with_bad_input_changes_nothing(of, snapshot, given, field):
    made = trade.requested(of)
    before = snapshot(*WRITTEN)
    assert cancel(made, **given).user_errors == [UserError(code="BAD_INPUT", field=[field])]
    assert snapshot(*WRITTEN) == before


def test_who_is_no_side_cancels_nothing(of, snapshot):
    made = trade.requested(of)
    before = snapshot(*WRITTEN)
    for client, code in (
        (of.other.client, "NOT_FOUND"),
        (Client(token=of.institution.token), "FORBIDDEN"),
        (Client(token=of.regulator.token), "FORBIDDEN"),
        (Client(), "UNAUTHENTICATED"),
    ):
        assert cancel(made, by=client).codes == [code]
    assert cancel(made, expectedVersion=2).user_errors == [UserError(code="STALE_VERSION", field=["expectedVersion"])]
    assert cancel(made, dealId="nonsense").user_errors == [UserError(code="INVALID_ID", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_the_table_lets_nobody_cancel_what_is_paid():
    assert {state for state, after in TRANSITIONS.items() if State.CANCELLED in after} == {
        State.REQUESTED, State.REFERRED, State.CHECKED, State.SIGNED,
    }  # fmt: skip
    assert {state for state, after in TRANSITIONS.items() if not after} == {
        State.IN_FORCE, State.SETTLED, State.CANCELLED, State.REFUNDED,
    }  # fmt: skip
