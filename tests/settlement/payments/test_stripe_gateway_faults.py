"""Shows that whatever happens to an answer or a webhook, the money moves once and the caller is told what it may do next."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from settlement.payments.gateway import (
    BadSignature,
    ChargeStatus,
    Declined,
    EventKind,
    MovementQuery,
    PayoutRequest,
    RefundRequest,
    ReversalRequest,
    Temporary,
    TransferRequest,
)
from settlement.payments.simulator.webhooks import sign
from settlement.payments.stripe_gateway import MAX_WEBHOOK_BYTES
from tests.settlement.payments.conftest import SECRET


def charges(simulator, tag):
    return [(charge["amount"], charge["paid"]) for charge in simulator.charges(tag)]


def test_a_committed_charge_whose_answer_was_lost_is_found_by_its_key(simulator, gateway, charge_request, key, tag):
    simulator.fault("drop_connection", on="payment_intents.create")
    with pytest.raises(Temporary) as caught:
        gateway.charge(key=key, request=charge_request)
    assert not caught.value.replayed
    assert charges(simulator, tag) == [(1_000_000, True)]
    again = gateway.charge(key=key, request=charge_request)
    assert again.status is ChargeStatus.SUCCEEDED
    assert charges(simulator, tag) == [(1_000_000, True)]


def test_without_our_key_the_same_loss_would_charge_twice(simulator, gateway, charge_request, tag):
    """The control: the guarantee comes from the key, not from the simulator being kind."""
    simulator.fault("drop_connection", on="payment_intents.create")
    with pytest.raises(Temporary):
        gateway.charge(key=f"charge:{uuid4()}", request=charge_request)
    gateway.charge(key=f"charge:{uuid4()}", request=charge_request)
    assert charges(simulator, tag) == [(1_000_000, True), (1_000_000, True)]


def test_the_sdk_itself_retries_a_lost_answer_with_our_key(simulator, charge_request, key, tag):
    simulator.fault("drop_connection", on="payment_intents.create", times=2)
    paid = simulator.gateway(max_network_retries=2).charge(key=key, request=charge_request)
    assert paid.status is ChargeStatus.SUCCEEDED
    assert charges(simulator, tag) == [(1_000_000, True)]


@pytest.mark.parametrize("operation", ["refunds.create", "transfers.create", "payouts.create", "transfers.reversals.create"])
def test_every_other_call_that_moves_money_survives_a_lost_answer_too(
    simulator, gateway, charge_request, key, tag, recipient, operation, lost_twice
):
    paid = gateway.charge(key=key, request=charge_request)
    request = TransferRequest(amount_minor=500, currency="CNY", recipient_id=recipient.recipient_id, charge_id=paid.charge_id, tag=tag)
    transfer = gateway.transfer(key=f"transfer:{uuid4()}", request=request)
    before = simulator.books()["objects"]
    lost_twice(operation, paid, transfer)
    after = simulator.books()["objects"]
    kind = {"refunds": "refund", "transfers": "transfer", "payouts": "payout"}[operation.split(".", maxsplit=1)[0]]
    kind = "transfer_reversal" if "reversals" in operation else kind
    assert after[kind] == before.get(kind, 0) + 1


@pytest.fixture
def lost_twice(simulator, gateway, tag, recipient):
    """Do one call whose first answer is lost, then do it again with the same key."""

    def act(operation, paid, transfer):
        calls = {
            "refunds.create": (gateway.refund, RefundRequest(payment_id=paid.payment_id, amount_minor=7, currency="CNY", tag=tag)),
            "transfers.create": (
                gateway.transfer,
                TransferRequest(amount_minor=7, currency="CNY", recipient_id=recipient.recipient_id, charge_id=paid.charge_id, tag=tag),
            ),
            "payouts.create": (
                gateway.payout,
                PayoutRequest(amount_minor=7, currency="CNY", tag=tag, recipient_id=recipient.recipient_id),
            ),
            "transfers.reversals.create": (
                gateway.reverse_transfer,
                reversal(transfer, tag),
            ),
        }
        call, request = calls[operation]
        key = f"call:{uuid4()}"
        simulator.fault("drop_connection", on=operation)
        with pytest.raises(Temporary):
            call(key=key, request=request)
        assert call(key=key, request=request) == call(key=key, request=request)

    return act


def reversal(transfer, tag):
    return ReversalRequest(transfer_id=transfer.transfer_id, amount_minor=7, currency="CNY", tag=tag)


def test_a_slow_answer_is_temporary_its_twin_is_refused_and_the_money_moves_once(simulator, charge_request, key, tag, eventually):
    impatient = simulator.gateway(read_timeout_s=0.3)
    simulator.fault("delay", on="payment_intents.create", seconds=1.5)
    with pytest.raises(Temporary):
        impatient.charge(key=key, request=charge_request)
    with pytest.raises(Temporary) as caught:
        simulator.gateway().charge(key=key, request=charge_request)
    assert caught.value.code == "idempotency_key_in_use"
    eventually(lambda: charges(simulator, tag) == [(1_000_000, True)])
    assert simulator.gateway().charge(key=key, request=charge_request).status is ChargeStatus.SUCCEEDED
    assert charges(simulator, tag) == [(1_000_000, True)]


def test_concurrent_twins_charge_once(simulator, charge_request, key, tag):
    patient = simulator.gateway(max_network_retries=4)
    simulator.fault("delay", on="payment_intents.create", seconds=0.4)
    paid = []
    twins = [threading.Thread(target=lambda: paid.append(patient.charge(key=key, request=charge_request))) for _ in range(4)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    assert [charge == paid[0] for charge in paid] == [True] * 4
    assert charges(simulator, tag) == [(1_000_000, True)]


def test_a_rate_limit_is_temporary_and_is_not_stored_under_the_key(simulator, gateway, charge_request, key, tag):
    simulator.fault("rate_limit", on="payment_intents.create")
    with pytest.raises(Temporary) as caught:
        gateway.charge(key=key, request=charge_request)
    assert caught.value.code == "rate_limit"
    assert charges(simulator, tag) == []
    assert gateway.charge(key=key, request=charge_request).status is ChargeStatus.SUCCEEDED
    assert charges(simulator, tag) == [(1_000_000, True)]


@pytest.mark.parametrize("commit", [False, True])
def test_a_server_error_is_repeated_for_its_key_and_the_effect_is_looked_up_by_its_tag(simulator, charge_request, key, tag, commit):
    gateway = simulator.gateway(max_network_retries=2)
    simulator.fault("server_error", on="payment_intents.create", commit=commit)
    replayed = []
    for _ in range(2):
        with pytest.raises(Temporary) as caught:
            gateway.charge(key=key, request=charge_request)
        replayed.append(caught.value.replayed)
    assert replayed == [False, True]
    found = [row for row in gateway.list_movements(query=last_hour()).movements if row.tag == tag]
    assert [row.amount_minor for row in found] == ([1_000_000] if commit else [])


def last_hour():
    now = datetime.now(UTC)
    return MovementQuery(since=now - timedelta(hours=1), until=now + timedelta(hours=1))


def test_a_decline_is_repeated_for_its_key_without_asking_the_bank_again(simulator, gateway, charge_request, key, tag):
    for _ in range(2):
        with pytest.raises(Declined):
            gateway.charge(key=key, request=replace(charge_request, payment_method="pm_card_chargeDeclined"))
    assert charges(simulator, tag) == [(1_000_000, False)]


def events(inbox, gateway, tag):
    verified = [gateway.verify_webhook(payload=payload, signature=signature) for payload, signature in inbox.received]
    return [event for event in verified if event.tag is not None and event.tag.deal == tag.deal]


def test_a_webhook_is_verified_by_the_sdk_and_says_what_it_is_about(simulator, inbox, gateway, charge_request, key, tag, eventually):
    paid = gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(events(inbox, gateway, tag)) == 3)
    told = {event.type: event for event in events(inbox, gateway, tag)}
    assert set(told) == {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}
    event = told["payment_intent.succeeded"]
    assert (event.kind, event.object_id, event.payment_id, event.recipient_id, event.livemode, event.tag) == (
        EventKind.CHARGE_SUCCEEDED,
        paid.payment_id,
        paid.payment_id,
        "",
        False,
        tag,
    )
    assert told["charge.succeeded"].payment_id == paid.payment_id


def test_a_webhook_with_a_wrong_secret_a_changed_byte_an_old_time_or_no_form_is_refused(
    simulator, inbox, gateway, charge_request, key, eventually
):
    gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(inbox.received) >= 3)
    payload, signature = inbox.received[0]
    stranger = simulator.gateway(webhook_secret="whsec_other")
    now = int(time.time())
    array = b"[]"
    thin = json.dumps({"object": "v2.core.event", "id": "evt"}).encode()
    broken = json.dumps({"object": "event", "id": "evt"}).encode()
    for refusing, given, header in (
        (stranger, payload, signature),
        (gateway, payload.replace(b"1000000", b"1000001"), signature),
        (gateway, payload, sign(payload, SECRET, now - 301)),
        (gateway, payload, ""),
        (gateway, payload, "t=x,v1=y"),
        (gateway, b"\xff", sign(b"\xff", SECRET, now)),
        (gateway, b"{", sign(b"{", SECRET, now)),
        (gateway, array, sign(array, SECRET, now)),
        (gateway, thin, sign(thin, SECRET, now)),
        (gateway, broken, sign(broken, SECRET, now)),
        (gateway, b" " * (MAX_WEBHOOK_BYTES + 1), signature),
    ):
        with pytest.raises(BadSignature):
            refusing.verify_webhook(payload=given, signature=header)


def test_a_duplicated_webhook_carries_the_same_event_id(simulator, inbox, gateway, charge_request, key, tag, eventually):
    simulator.fault("webhook_duplicate", on="payment_intent.succeeded")
    gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(events(inbox, gateway, tag)) == 4)
    told = [event.event_id for event in events(inbox, gateway, tag) if event.type == "payment_intent.succeeded"]
    assert len(told) == 2
    assert len(set(told)) == 1


def test_a_missing_webhook_leaves_its_event_in_the_list(simulator, inbox, gateway, charge_request, key, tag, eventually):
    simulator.fault("webhook_missing", on="payment_intent.succeeded")
    paid = gateway.charge(key=key, request=charge_request)
    simulator.fault("webhook_duplicate", on="refund.created")
    gateway.refund(key=f"refund:{uuid4()}", request=RefundRequest(payment_id=paid.payment_id, amount_minor=1, currency="CNY", tag=tag))
    eventually(lambda: inbox.types().count("charge.refunded") == 1)
    assert inbox.types().count("payment_intent.succeeded") == 0
    listed = simulator.ask("GET", "/v1/events?type=payment_intent.succeeded&limit=100").json()["data"]
    assert [event["data"]["object"]["id"] for event in listed].count(paid.payment_id) == 1


def test_reordered_webhooks_arrive_last_first(simulator, inbox, gateway, charge_request, key, tag, eventually):
    simulator.fault("webhook_reorder", times=3, seconds=20)
    gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(events(inbox, gateway, tag)) == 3)
    assert [event.type for event in events(inbox, gateway, tag)] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]


def test_a_reordering_that_never_fills_lets_its_webhooks_go_in_time(simulator, inbox, gateway, charge_request, key, tag, eventually):
    simulator.fault("webhook_reorder", times=50, seconds=0.5)
    gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(events(inbox, gateway, tag)) == 3)


def test_a_webhook_that_was_not_taken_is_sent_again_with_a_valid_signature(simulator, inbox, gateway, charge_request, key, tag, eventually):
    inbox.statuses = [500, 302, 404]
    gateway.charge(key=key, request=charge_request)
    eventually(lambda: len(inbox.received) == 6)
    assert len({event.event_id for event in events(inbox, gateway, tag)}) == 3
