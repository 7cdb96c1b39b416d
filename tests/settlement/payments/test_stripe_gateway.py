"""Shows that each call of the gateway does on the simulator exactly what it says, and nothing when refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import stripe

from settlement.payments.gateway import (
    MAX_AMOUNT_MINOR,
    Charge,
    ChargeRequest,
    ChargeStatus,
    Conflict,
    Declined,
    Misconfigured,
    Movement,
    MovementKind,
    MovementQuery,
    PayoutRequest,
    RecipientRequest,
    Refund,
    RefundRequest,
    Refused,
    ReversalRequest,
    Tag,
    TransferRequest,
    TransferStatus,
)
from settlement.payments.stripe_gateway import API_VERSION, StripeConfig


def window(recipient_id="", **options):
    now = datetime.now(UTC)
    return MovementQuery(since=now - timedelta(hours=1), until=now + timedelta(hours=1), recipient_id=recipient_id, **options)


def own(gateway, tag, recipient_id=""):
    """The movements of one deal, oldest first."""
    page = gateway.list_movements(query=window(recipient_id))
    return [row for row in page.movements[::-1] if row.tag is not None and row.tag.deal == tag.deal]


def facts(rows: list[Movement]):
    return [(row.kind, row.amount_minor, row.fee_minor, row.net_minor, row.currency, row.tag) for row in rows]


def moved(simulator):
    """What a refused call must leave as it was."""
    books = simulator.books()
    return books["accounts"], books["moves"]


@pytest.fixture
def paid(gateway, charge_request, key) -> Charge:
    return gateway.charge(key=key, request=charge_request)


@pytest.fixture
def transfer_request(paid, recipient, tag) -> TransferRequest:
    return TransferRequest(
        amount_minor=700_000, currency="CNY", recipient_id=recipient.recipient_id, charge_id=paid.charge_id, tag=replace(tag, share="2")
    )


def test_the_pinned_version_is_the_one_that_the_installed_sdk_was_made_for():
    assert stripe.api_version == API_VERSION


def test_a_charge_takes_the_amount_once_and_names_the_gateways_fee(simulator, gateway, paid, tag):
    assert paid == Charge(
        payment_id=paid.payment_id,
        charge_id=paid.charge_id,
        status=ChargeStatus.SUCCEEDED,
        amount_minor=1_000_000,
        received_minor=1_000_000,
        refunded_minor=0,
        currency="CNY",
        fee_minor=6_000,
        tag=tag,
    )
    assert paid.payment_id.startswith("pi_simulator_")
    assert gateway.retrieve_charge(payment_id=paid.payment_id) == paid
    assert facts(own(gateway, tag)) == [(MovementKind.CHARGE, 1_000_000, 6_000, 994_000, "CNY", tag)]
    assert len(simulator.charges(tag)) == 1


@pytest.mark.parametrize(
    ("token", "reason"),
    [("pm_card_chargeDeclined", "generic_decline"), ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds")],
)
def test_a_decline_is_told_with_its_reason_and_moves_nothing(simulator, gateway, charge_request, key, tag, token, reason):
    before = moved(simulator)
    with pytest.raises(Declined) as caught:
        gateway.charge(key=key, request=replace(charge_request, payment_method=token))
    assert (caught.value.code, caught.value.decline_code) == ("card_declined", reason)
    assert moved(simulator) == before
    standing = gateway.retrieve_charge(payment_id=caught.value.payment_id)
    assert (standing.status, standing.charge_id, standing.received_minor) == (ChargeStatus.NEEDS_PAYER, "", 0)
    assert [charge["paid"] for charge in simulator.charges(tag)] == [False]


def test_an_unknown_payment_method_or_payment_is_refused(simulator, gateway, charge_request, key):
    before = moved(simulator)
    with pytest.raises(Refused) as caught:
        gateway.charge(key=key, request=replace(charge_request, payment_method="pm_unknown"))
    assert caught.value.code == "resource_missing"
    with pytest.raises(Refused) as caught:
        gateway.retrieve_charge(payment_id="pi_unknown")
    assert caught.value.code == "resource_missing"
    assert moved(simulator) == before


def test_refunds_add_up_to_the_charge_and_no_further(simulator, gateway, paid, tag):
    request = RefundRequest(payment_id=paid.payment_id, amount_minor=400_000, currency="CNY", tag=tag)
    refund = gateway.refund(key=f"refund:{uuid4()}", request=request)
    assert refund == Refund(
        refund_id=refund.refund_id,
        payment_id=paid.payment_id,
        status=TransferStatus.SUCCEEDED,
        amount_minor=400_000,
        currency="CNY",
        tag=tag,
    )
    before = moved(simulator)
    with pytest.raises(Refused) as caught:
        gateway.refund(key=f"refund:{uuid4()}", request=replace(request, amount_minor=600_001))
    assert caught.value.code == "refund_amount_too_large"
    assert moved(simulator) == before
    gateway.refund(key=f"refund:{uuid4()}", request=replace(request, amount_minor=600_000))
    with pytest.raises(Refused) as caught:
        gateway.refund(key=f"refund:{uuid4()}", request=replace(request, amount_minor=1))
    assert caught.value.code == "charge_already_refunded"
    assert gateway.retrieve_charge(payment_id=paid.payment_id).refunded_minor == 1_000_000
    assert [row.amount_minor for row in own(gateway, tag)] == [1_000_000, -400_000, -600_000]


def test_a_share_moves_from_the_platform_to_its_recipient(gateway, transfer_request, recipient, tag):
    transfer = gateway.transfer(key=f"transfer:{uuid4()}", request=transfer_request)
    share = replace(tag, share="2")
    assert (transfer.recipient_id, transfer.amount_minor, transfer.reversed_minor, transfer.currency, transfer.tag) == (
        recipient.recipient_id,
        700_000,
        0,
        "CNY",
        share,
    )
    assert facts(own(gateway, tag))[1:] == [(MovementKind.TRANSFER, -700_000, 0, -700_000, "CNY", share)]
    assert facts(own(gateway, tag, recipient.recipient_id)) == [(MovementKind.CHARGE, 700_000, 0, 700_000, "CNY", share)]


def test_shares_cannot_exceed_the_charge_they_come_from(simulator, gateway, transfer_request):
    gateway.transfer(key=f"transfer:{uuid4()}", request=transfer_request)
    before = moved(simulator)
    with pytest.raises(Refused) as caught:
        gateway.transfer(key=f"transfer:{uuid4()}", request=replace(transfer_request, amount_minor=300_001))
    assert caught.value.code == "transfer_source_exceeded"
    for wrong in (
        replace(transfer_request, currency="USD", amount_minor=1),
        replace(transfer_request, recipient_id="acct_unknown", amount_minor=1),
        replace(transfer_request, tag=Tag(entry=uuid4(), deal=uuid4()), amount_minor=1),
    ):
        with pytest.raises(Refused):
            gateway.transfer(key=f"transfer:{uuid4()}", request=wrong)
    assert moved(simulator) == before


def test_a_share_comes_back_while_the_recipient_still_has_it(simulator, gateway, transfer_request, recipient, tag):
    transfer = gateway.transfer(key=f"transfer:{uuid4()}", request=transfer_request)
    request = ReversalRequest(transfer_id=transfer.transfer_id, amount_minor=200_000, currency="CNY", tag=tag)
    reversal = gateway.reverse_transfer(key=f"reverse:{uuid4()}", request=request)
    assert (reversal.transfer_id, reversal.amount_minor, reversal.currency, reversal.tag) == (transfer.transfer_id, 200_000, "CNY", tag)
    assert facts(own(gateway, tag))[-1] == (MovementKind.TRANSFER_REVERSAL, 200_000, 0, 200_000, "CNY", tag)
    before = moved(simulator)
    with pytest.raises(Refused) as caught:
        gateway.reverse_transfer(key=f"reverse:{uuid4()}", request=replace(request, amount_minor=500_001))
    assert caught.value.code == "reversal_amount_too_large"
    assert moved(simulator) == before
    payout = PayoutRequest(amount_minor=450_000, currency="CNY", tag=tag, recipient_id=recipient.recipient_id)
    gateway.payout(key=f"payout:{uuid4()}", request=payout)
    with pytest.raises(Refused) as caught:
        gateway.reverse_transfer(key=f"reverse:{uuid4()}", request=replace(request, amount_minor=50_001))
    assert caught.value.code == "balance_insufficient"


def test_a_payout_leaves_the_recipients_balance_and_arrives(simulator, gateway, transfer_request, recipient, tag, eventually):
    gateway.transfer(key=f"transfer:{uuid4()}", request=transfer_request)
    request = PayoutRequest(amount_minor=700_000, currency="CNY", tag=tag, recipient_id=recipient.recipient_id)
    payout = gateway.payout(key=f"payout:{uuid4()}", request=request)
    assert (payout.status, payout.amount_minor, payout.currency, payout.tag) == (TransferStatus.PENDING, 700_000, "CNY", tag)
    eventually(lambda: simulator.books()["accounts"]["transit:payouts"]["cny"] == 0)
    assert simulator.books()["accounts"][f"balance:{recipient.recipient_id}"] == {"cny": 0}
    with pytest.raises(Refused) as caught:
        gateway.payout(key=f"payout:{uuid4()}", request=replace(request, amount_minor=1))
    assert caught.value.code == "balance_insufficient"


def test_a_payout_that_fails_comes_back(simulator, gateway, transfer_request, recipient, tag, eventually):
    gateway.transfer(key=f"transfer:{uuid4()}", request=transfer_request)
    simulator.fault("payout_failure")
    request = PayoutRequest(amount_minor=700_000, currency="CNY", tag=tag, recipient_id=recipient.recipient_id)
    gateway.payout(key=f"payout:{uuid4()}", request=request)
    eventually(lambda: len(own(gateway, tag, recipient.recipient_id)) == 3)
    assert [(row.kind, row.amount_minor) for row in own(gateway, tag, recipient.recipient_id)] == [
        (MovementKind.CHARGE, 700_000),
        (MovementKind.PAYOUT, -700_000),
        (MovementKind.PAYOUT_FAILURE, 700_000),
    ]
    assert simulator.books()["accounts"][f"balance:{recipient.recipient_id}"] == {"cny": 700_000}


def test_a_recipient_is_ours_to_recognise_and_a_wrong_bank_is_refused(simulator, gateway):
    request = RecipientRequest(party=uuid4(), name="机场", country="HK", currency="CNY", bank_token="btok_simulator")
    made = gateway.create_recipient(key=f"recipient:{request.party}", request=request)
    assert (made.party, made.transfers_enabled, made.payouts_enabled) == (request.party, True, True)
    before = simulator.books()["objects"]
    with pytest.raises(Refused) as caught:
        gateway.create_recipient(key=f"recipient:{uuid4()}", request=replace(request, bank_token="btok_unknown"))
    assert caught.value.code == "resource_missing"
    assert simulator.books()["objects"] == before


def test_movements_come_in_pages_without_gaps_or_repetitions(gateway, paid, tag):
    for _ in range(3):
        request = RefundRequest(payment_id=paid.payment_id, amount_minor=1, currency="CNY", tag=tag)
        gateway.refund(key=f"refund:{uuid4()}", request=request)
    whole = gateway.list_movements(query=window()).movements[:4]
    first = gateway.list_movements(query=window(limit=2))
    second = gateway.list_movements(query=window(limit=2, after=first.movements[-1].movement_id))
    assert first.has_more
    assert first.movements + second.movements == whole


def test_the_same_key_gives_the_same_answer_and_another_request_under_it_is_a_conflict(simulator, gateway, charge_request, key, paid, tag):
    assert gateway.charge(key=key, request=charge_request) == paid
    before = moved(simulator)
    with pytest.raises(Conflict):
        gateway.charge(key=key, request=replace(charge_request, amount_minor=999_999))
    assert moved(simulator) == before
    assert len(simulator.charges(tag)) == 1


def test_a_wrong_api_key_is_a_misconfiguration(simulator, charge_request, key):
    before = moved(simulator)
    with pytest.raises(Misconfigured):
        simulator.gateway(api_key="sk_test_other").charge(key=key, request=charge_request)
    assert moved(simulator) == before


@pytest.mark.parametrize(
    "options",
    [
        {"api_key": " "},
        {"webhook_secret": ""},
        {"read_timeout_s": 0},
        {"connect_timeout_s": 121},
        {"max_network_retries": 6},
        {"max_network_retries": -1},
    ],
)
def test_a_configuration_that_cannot_work_is_refused_at_the_start(options):
    given = {"api_key": "sk_test", "webhook_secret": "whsec_test"}
    with pytest.raises(Misconfigured):
        StripeConfig(**{**given, **options})


def test_a_configuration_never_shows_its_secrets():
    assert "hidden" not in repr(StripeConfig(api_key="sk_hidden", webhook_secret="whsec_hidden"))


@pytest.mark.parametrize("amount", [0, -1, MAX_AMOUNT_MINOR + 1, 1.5, True, "1"])
def test_an_amount_that_is_no_positive_integer_in_bounds_never_leaves(amount, tag):
    with pytest.raises(ValueError, match="amount_minor"):
        ChargeRequest(amount_minor=amount, currency="CNY", payment_method="pm_card_visa", tag=tag)


@pytest.mark.parametrize("currency", ["cny", "CN", "CNYY", "", "C1Y", "ＣＮＹ"])
def test_a_currency_is_three_capital_letters(currency, tag):
    with pytest.raises(ValueError, match="currency"):
        RefundRequest(payment_id="pi", amount_minor=1, currency=currency, tag=tag)


@pytest.mark.parametrize("wrong", ["", "k" * 256, "line\nbreak", "键"])
def test_a_key_that_cannot_travel_is_refused_before_the_call(gateway, charge_request, wrong):
    with pytest.raises(ValueError, match="idempotency key"):
        gateway.charge(key=wrong, request=charge_request)


def test_a_window_of_movements_needs_a_zone_and_a_bounded_page():
    now = datetime.now(UTC)
    with pytest.raises(ValueError, match="time zone"):
        MovementQuery(since=now.replace(tzinfo=None), until=now)
    with pytest.raises(ValueError, match="limit"):
        MovementQuery(since=now, until=now, limit=101)
