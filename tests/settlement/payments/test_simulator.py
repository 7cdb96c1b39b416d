"""Shows that the simulator is strict where Stripe is strict, keeps its books, and survives being killed."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from uuid import uuid4

import pytest
import stripe
import stripe.params as sdk

from settlement.payments.gateway import ChargeStatus, RefundRequest, Refused
from settlement.payments.simulator.app import OPERATIONS
from settlement.payments.simulator.call import Fees
from settlement.payments.simulator.errors import ApiError
from settlement.payments.simulator.parameters import fields
from settlement.payments.simulator.server import MAX_BODY_BYTES
from settlement.payments.simulator.store import KEY_LIFETIME_S, Draft, KeyRecord, Store
from settlement.payments.simulator.webhooks import Endpoint
from settlement.payments.stripe_gateway import API_VERSION
from tests.settlement.payments.conftest import API_KEY, ROOT, SECRET

VALID = "amount=100&currency=cny"


def client(simulator):
    return stripe.StripeClient(API_KEY, stripe_version=API_VERSION, base_addresses={"api": simulator.address}, max_network_retries=0)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (f"{VALID}&colour=red", "parameter_unknown", "colour"),
        (f"{VALID}&idempotency_key=k", "parameter_unknown", "idempotency_key"),
        (
            f"{VALID}&automatic_payment_methods[enabled]=true&automatic_payment_methods[x]=1",
            "parameter_unknown",
            "automatic_payment_methods[x]",
        ),
        (f"{VALID}&automatic_payment_methods[allow_redirects]=never", "parameter_missing", "automatic_payment_methods[enabled]"),
        (f"{VALID}&capture_method=manual", "parameter_not_simulated", "capture_method"),
        ("currency=cny", "parameter_missing", "amount"),
        ("amount=1.5&currency=cny", "parameter_invalid_type", "amount"),
        ("amount=-1&currency=cny", "parameter_invalid_integer", "amount"),
        ("amount=100000000&currency=cny", "amount_too_large", "amount"),
        ("amount=9999999999999999999&currency=cny", "parameter_invalid_type", "amount"),
        ("amount=100&currency=CNY", "parameter_invalid", "currency"),
        ("amount[x]=100&currency=cny", "parameter_invalid_type", "amount"),
        (f"{VALID}&amount=200", "parameter_invalid", "amount"),
        (f"{VALID}&confirm=yes", "parameter_invalid_type", "confirm"),
        (f"{VALID}&metadata[a][b]=c", "parameter_invalid_type", "metadata"),
        (f"{VALID}&metadata[{'k' * 41}]=c", "parameter_invalid", "metadata"),
        (f"{VALID}&metadata[k]={'v' * 501}", "parameter_invalid", "metadata"),
        (f"{VALID}&a[b][c][d][e][f][g]=h", "parameter_invalid", "a"),
        (f"{VALID}&a=1&a[b]=2", "parameter_invalid", "a"),
        (f"{VALID}&description=%00", "parameter_invalid", "description"),
        (f"{VALID}&description=%ff", "parameter_invalid", None),
        ("&".join(f"x{number}=1" for number in range(201)), "parameter_invalid", None),
        ("nonsense", "parameter_invalid", None),
        (f"{VALID}&expand[0]=nothing", None, "expand"),
    ],
)
def test_parameters_that_the_sdk_does_not_know_or_that_make_no_sense_are_refused(simulator, body, code, param):
    before = simulator.books()
    answer = simulator.ask("POST", "/v1/payment_intents", data=body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error.get("code"), error.get("param")) == (400, "invalid_request_error", code, param)
    assert "[simulator]" in error["message"]
    assert simulator.books() == before


def test_every_parameter_that_the_simulator_acts_on_is_known_to_the_installed_sdk():
    assert {operation.name: operation.simulated - fields(operation.shape).keys() for operation in OPERATIONS} == {
        operation.name: frozenset() for operation in OPERATIONS
    }
    assert "amount" in fields(sdk.TransferCreateParams)
    assert "stripe_account" not in fields(sdk.TransferCreateParams)


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/v1/balance", {"Authorization": "Bearer other"}, 401),
        ("GET", "/_sim/books", {"Authorization": ""}, 401),
        ("GET", "/v1/balance", {"Stripe-Version": "2020-08-27"}, 400),
        ("GET", "/v1/balance", {"Stripe-Account": "acct_unknown"}, 403),
        ("GET", "/v1/refunds", {"Stripe-Account": "acct_unknown"}, 400),
        ("GET", "/v1/disputes", {}, 404),
        ("DELETE", "/v1/payment_intents", {}, 404),
        ("GET", "/v1/charges/ch_unknown", {}, 404),
        ("GET", "/v1/charges?limit=0", {}, 400),
        ("GET", "/v1/charges?starting_after=ch_unknown", {}, 404),
        ("GET", "/v1/charges?ending_before=x", {}, 400),
        ("GET", "/_sim/nothing", {}, 404),
    ],
)
def test_strangers_other_versions_and_unknown_things_are_refused(simulator, method, path, headers, status):
    answer = simulator.ask(method, path, headers=headers)
    assert (answer.status_code, "error" in answer.json()) == (status, True)


def test_a_body_that_is_too_large_is_refused_unread(simulator):
    before = simulator.books()
    answer = simulator.ask("POST", "/v1/payment_intents", data=b"a=" + b"x" * MAX_BODY_BYTES)
    assert (answer.status_code, simulator.books()) == (413, before)


@pytest.mark.parametrize(
    "fault",
    [
        None,
        [],
        {"kind": "earthquake"},
        {"kind": "delay", "seconds": 31},
        {"kind": "delay", "times": 0},
        {"kind": "delay", "times": "1"},
        {"kind": "delay", "commit": 1},
        {"kind": "delay", "extra": 1},
    ],
)
def test_a_malformed_fault_is_refused_and_none_is_switched_on(simulator, fault):
    answer = simulator.ask("POST", "/_sim/faults", data=json.dumps(fault))
    assert answer.status_code == 400
    assert simulator.control("GET", "/_sim/faults")["data"] == []


def test_faults_are_shown_and_switched_off(simulator):
    simulator.fault("delay", on="refunds.create", times=2, seconds=3)
    shown = {"kind": "delay", "on": "refunds.create", "times": 2, "seconds": 3.0, "commit": False}
    assert simulator.control("GET", "/_sim/faults")["data"] == [shown]
    assert simulator.control("DELETE", "/_sim/faults")["data"] == []


def test_the_sdk_walks_a_payment_intent_through_its_life(simulator):
    v1 = client(simulator).v1
    made = v1.payment_intents.create(
        {"amount": 500, "currency": "usd", "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )
    assert (made.status, made.latest_charge) == ("requires_payment_method", None)
    with pytest.raises(stripe.InvalidRequestError) as caught:
        v1.payment_intents.confirm(made.id)
    assert caught.value.code == "payment_intent_unexpected_state"
    with pytest.raises(stripe.CardError):
        v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_chargeDeclined"})
    paid = v1.payment_intents.confirm(made.id, {"payment_method": "pm_card_visa", "expand": ["latest_charge.balance_transaction"]})
    assert isinstance(paid.latest_charge, stripe.Charge)
    assert isinstance(paid.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert (paid.status, paid.amount_received, paid.latest_charge.balance_transaction.net) == ("succeeded", 500, 497)
    for refused in (v1.payment_intents.confirm, v1.payment_intents.cancel):
        with pytest.raises(stripe.InvalidRequestError):
            refused(made.id)
    other = v1.payment_intents.create({"amount": 500, "currency": "usd", "payment_method": "pm_card_visa"})
    assert v1.payment_intents.cancel(other.id, {"cancellation_reason": "abandoned"}).status == "canceled"
    assert [row.id for row in v1.payment_intents.list({"limit": 2}).data] == [other.id, made.id]


def test_confirming_at_creation_needs_a_way_back_or_no_redirects_as_stripe_demands(simulator):
    before = simulator.books()
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client(simulator).v1.payment_intents.create({"amount": 5, "currency": "cny", "confirm": True, "payment_method": "pm_card_visa"})
    assert caught.value.param == "return_url"
    assert simulator.books()["objects"] == before["objects"]


def test_the_sdk_reads_every_kind_of_object_back(simulator, gateway, recipient, charge_request, key, tag):
    v1 = client(simulator).v1
    paid = gateway.charge(key=key, request=charge_request)
    transfer = v1.transfers.create(
        {"amount": 300, "currency": "cny", "destination": recipient.recipient_id, "source_transaction": paid.charge_id}
    )
    assert transfer.transfer_group == str(tag.deal)
    back = v1.transfers.reversals.create(transfer.id, {"amount": 100})
    refund = v1.refunds.create({"charge": paid.charge_id, "amount": 50, "reason": "duplicate"})
    payout = v1.payouts.create({"amount": 200, "currency": "cny"}, {"stripe_account": recipient.recipient_id})
    assert v1.charges.retrieve(paid.charge_id).amount_refunded == 50
    assert v1.refunds.retrieve(refund.id).reason == "duplicate"
    assert v1.transfers.retrieve(transfer.id).amount_reversed == 100
    assert [row.id for row in v1.transfers.reversals.list(transfer.id).data] == [back.id]
    assert v1.payouts.retrieve(payout.id, None, {"stripe_account": recipient.recipient_id}).amount == 200
    assert v1.accounts.retrieve(recipient.recipient_id).country == "HK"
    held = v1.balance.retrieve(None, {"stripe_account": recipient.recipient_id})
    assert [(row.amount, row.currency) for row in held.available] == []
    event = v1.events.list({"type": "transfer.reversed", "limit": 1}).data[0]
    assert v1.events.retrieve(event.id).data.object["id"] == transfer.id


def test_a_payout_of_another_account_is_not_shown(simulator, gateway, recipient):
    rows = client(simulator).v1.payouts.list({}, {"stripe_account": recipient.recipient_id})
    assert rows.data == []


def test_a_killed_simulator_comes_back_with_its_books_its_keys_and_its_payouts(
    start_simulator, tmp_path, charge_request, key, tag, eventually
):
    state = tmp_path / "simulator.jsonl"
    first = start_simulator("--state-file", str(state), "--payout-delay-s", "600")
    paid = first.gateway().charge(key=key, request=charge_request)
    client(first).v1.payouts.create({"amount": 1_000, "currency": "cny"})
    before = first.books()
    first.close(kill=True)
    with state.open("a", encoding="utf-8") as file:
        file.write('{"objects": [[')
    second = start_simulator("--state-file", str(state), "--payout-delay-s", "600")
    assert second.books() == before
    assert second.gateway().charge(key=key, request=charge_request) == paid
    assert len(second.charges(tag)) == 1
    second.close(kill=True)
    third = start_simulator("--state-file", str(state), "--payout-delay-s", "0")
    eventually(lambda: third.books()["accounts"].get("outside:banks") == {"cny": 1_000})


def test_webhooks_that_a_killed_simulator_still_owed_are_sent_when_it_comes_back(
    start_simulator, tmp_path, charge_request, listening, eventually
):
    state = tmp_path / "simulator.jsonl"
    options = ("--state-file", str(state), "--webhook-url", listening.url, "--webhook-secret", SECRET)
    listening.statuses = [500] * 3
    first = start_simulator(*options)
    first.gateway().charge(key="charge", request=charge_request)
    eventually(lambda: len(listening.received) == 3)
    first.close(kill=True)
    refused = len(listening.received)
    second = start_simulator(*options)
    eventually(lambda: len(listening.received) == refused + 3)
    events = [second.gateway().verify_webhook(payload=payload, signature=signature) for payload, signature in listening.received[refused:]]
    assert {event.type for event in events} == {"payment_intent.created", "charge.succeeded", "payment_intent.succeeded"}


@pytest.mark.parametrize("length", ["-1", "x", "9" * 5000])
def test_a_body_of_unknown_length_is_refused(simulator, length):
    connection = http.client.HTTPConnection(simulator.address.removeprefix("http://"), timeout=15)
    connection.putrequest("POST", "/v1/payment_intents")
    for name, value in (("Authorization", f"Bearer {API_KEY}"), ("Stripe-Version", API_VERSION), ("Content-Length", length)):
        connection.putheader(name, value)
    connection.endheaders()
    assert connection.getresponse().status == 400
    connection.close()


def test_json_that_is_nested_too_deeply_is_refused(simulator):
    assert simulator.ask("POST", "/_sim/faults", data="[" * 60_000).status_code == 400


def test_a_full_simulator_refuses_more_and_changes_nothing(start_simulator, charge_request):
    small = start_simulator("--max-objects", "6")
    small.gateway().charge(key="first", request=charge_request)
    before = small.books()
    with pytest.raises(Refused) as caught:
        small.gateway().charge(key="second", request=charge_request)
    assert (caught.value.code, small.books()) == ("simulator_full", before)


def test_a_refund_may_take_the_platform_below_zero_because_the_fee_is_kept(start_simulator, charge_request, tag):
    running = start_simulator("--fee-ppm", "6000", "--fee-fixed", "10")
    gateway = running.gateway()
    paid = gateway.charge(key="charge", request=charge_request)
    assert (paid.status, paid.fee_minor) == (ChargeStatus.SUCCEEDED, 6_010)
    gateway.refund(key="refund", request=RefundRequest(payment_id=paid.payment_id, amount_minor=1_000_000, currency="CNY", tag=tag))
    assert running.books()["accounts"]["balance:acct_simulator_platform"] == {"cny": -6_010}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client(running).v1.payouts.create({"amount": 1, "currency": "cny"})
    assert caught.value.code == "balance_insufficient"


def test_it_ends_when_its_parent_goes_away(start_simulator):
    assert start_simulator().close() == 0


def test_it_ends_on_sigterm(start_simulator):
    running = start_simulator()
    running.process.terminate()
    assert running.process.wait(timeout=15) == 0
    running.close()


@pytest.mark.parametrize(
    "url", ["http://example.org/hook", "https://127.0.0.1/hook", "file:///etc/passwd", "http://127.0.0.1.example.org/"]
)
def test_it_never_sends_a_webhook_beyond_loopback(simulator, url):
    answer = simulator.ask("POST", "/_sim/webhook", data=json.dumps({"url": url, "secret": "whsec"}))
    assert answer.status_code == 400
    command = [sys.executable, "-m", "settlement.payments.simulator", "--webhook-url", url, "--webhook-secret", "whsec"]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, timeout=60, check=False).returncode == 2


def test_an_endpoint_needs_a_secret():
    with pytest.raises(ApiError):
        Endpoint(url="http://127.0.0.1:1/hook", secret="")


def test_it_listens_on_loopback_only(simulator):
    assert simulator.address.startswith("http://127.0.0.1:")


@pytest.mark.parametrize(("amount", "fee"), [(100, 2), (10_000, 60 + 1), (1, 1), (83, 1), (84, 2)])
def test_a_fee_is_rounded_half_up_and_never_exceeds_the_charge(amount, fee):
    assert Fees(ppm=6_000, fixed=1).of(amount) == fee


def test_a_key_is_forgotten_after_a_day_as_stripe_may_do():
    store = Store(journal=None, max_objects=10)
    store.commit(Draft(store, 1_000), key="k", record=KeyRecord("f", 200, {}, 1_000))
    assert store.find_key("k", 1_000 + KEY_LIFETIME_S - 1) is not None
    assert store.find_key("k", 1_000 + KEY_LIFETIME_S) is None


def test_the_books_report_a_difference_when_there_is_one(start_simulator, tmp_path, charge_request):
    """The control: a balance that nobody booked is seen."""
    state = tmp_path / "simulator.jsonl"
    first = start_simulator("--state-file", str(state))
    first.gateway().charge(key="charge", request=charge_request)
    first.close()
    lines = [json.loads(line) for line in state.read_text(encoding="utf-8").splitlines()]
    lines[0]["moves"][0][2] += 1
    state.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    second = start_simulator("--state-file", str(state))
    books = second.books()
    assert not books["balanced"]
    assert books["differences"] == [
        "balance:acct_simulator_platform:cny: books 1000001, objects 1000000",
        "outside:payers:cny: books -1000001, objects -1000000",
    ]
    second.close()


def test_everything_says_simulator(simulator):
    answer = simulator.ask("POST", "/v1/payment_intents", data=VALID, headers={"Idempotency-Key": str(uuid4())})
    assert answer.json()["id"].startswith("pi_simulator_")
    assert answer.headers["X-Simulator"] == "Egret Stripe simulator"
    assert answer.json()["livemode"] is False
