"""A payment gateway inside the test's own process: it records what it was asked, and signs its messages as Stripe does."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, NoReturn
from uuid import uuid4

from settlement.payments.gateway import Charge, ChargeStatus, Conflict, Declined, GatewayEvent, Refused
from settlement.payments.stripe_gateway import API_VERSION, StripeConfig, StripeGateway

if TYPE_CHECKING:
    from settlement.payments.gateway import (
        ChargeRequest,
        MovementPage,
        MovementQuery,
        Payout,
        PayoutRequest,
        Recipient,
        RecipientRequest,
        Refund,
        RefundRequest,
        Reversal,
        ReversalRequest,
        Transfer,
        TransferRequest,
    )

SECRET: Final = "whsec_recording_gateway"
GOOD_CARD: Final = "pm_card_visa"
BAD_CARD: Final = "pm_card_chargeDeclined"
FEE_MINOR: Final = 72


class RecordingGateway:
    """Takes every card but one; the same key with the same request is the same payment. `requests` lists what it was asked, by key.

    A message says only which payment it is about; its signature is checked by the real gateway's own code.
    """

    def __init__(self) -> None:
        self.requests: dict[str, ChargeRequest] = {}
        self.payments: dict[str, Charge] = {}
        self.made: dict[str, str] = {}
        self._stripe = StripeGateway(StripeConfig(api_key="sk_test_recording", webhook_secret=SECRET, api_base="http://127.0.0.1:9"))

    def charge(self, *, key: str, request: ChargeRequest) -> Charge:
        """Take the money, unless it is the bad card; a repeat of the key is answered with the first payment."""
        if self.requests.setdefault(key, request) != request:
            raise Conflict("the key was used for another request", code="idempotency_error")
        if request.payment_method == BAD_CARD:
            raise Declined("the card was declined", code="card_declined")
        if key not in self.made:
            payment_id = self.made[key] = f"pi_{uuid4().hex}"
            self.payments[payment_id] = Charge(
                payment_id=payment_id,
                charge_id=f"ch_{payment_id[3:]}",
                status=ChargeStatus.SUCCEEDED,
                amount_minor=request.amount_minor,
                received_minor=request.amount_minor,
                refunded_minor=0,
                currency=request.currency,
                fee_minor=FEE_MINOR,
                tag=request.tag,
            )
        return self.payments[self.made[key]]

    def retrieve_charge(self, *, payment_id: str) -> Charge:
        """The payment as it stands."""
        if payment_id not in self.payments:
            raise Refused("no such payment", code="resource_missing")
        return self.payments[payment_id]

    def alter(self, **changed: object) -> None:
        """Let every payment taken so far stand otherwise than it was asked for."""
        self.payments = {name: replace(payment, **changed) for name, payment in self.payments.items()}

    def recall(self, other: RecordingGateway) -> None:
        """Know what another one was asked and took."""
        self.requests, self.payments, self.made = dict(other.requests), dict(other.payments), dict(other.made)

    def message(self, payment_id: str, *, event_id: str | None = None) -> tuple[bytes, str]:
        """The bytes and the signature of the message that a payment succeeded."""
        payload = json.dumps(
            {
                "id": event_id or f"evt_{uuid4().hex}",
                "object": "event",
                "api_version": API_VERSION,
                "created": int(time.time()),
                "livemode": False,
                "type": "payment_intent.succeeded",
                "data": {"object": {"id": payment_id, "object": "payment_intent", "metadata": {}}},
            }
        ).encode()
        return payload, signature(payload)

    def verify_webhook(self, *, payload: bytes, signature: str) -> GatewayEvent:
        """As the real gateway does."""
        return self._stripe.verify_webhook(payload=payload, signature=signature)

    def refund(self, *, key: str, request: RefundRequest) -> Refund:
        """Not asked for by the tests that use this gateway."""
        self._unused(key, request)

    def transfer(self, *, key: str, request: TransferRequest) -> Transfer:
        """Not asked for by the tests that use this gateway."""
        self._unused(key, request)

    def reverse_transfer(self, *, key: str, request: ReversalRequest) -> Reversal:
        """Not asked for by the tests that use this gateway."""
        self._unused(key, request)

    def payout(self, *, key: str, request: PayoutRequest) -> Payout:
        """Not asked for by the tests that use this gateway."""
        self._unused(key, request)

    def create_recipient(self, *, key: str, request: RecipientRequest) -> Recipient:
        """Not asked for by the tests that use this gateway."""
        self._unused(key, request)

    def list_movements(self, *, query: MovementQuery) -> MovementPage:
        """Not asked for by the tests that use this gateway."""
        self._unused("", query)

    @staticmethod
    def _unused(key: str, request: object) -> NoReturn:
        raise AssertionError(key, request)


def signature(payload: bytes, *, secret: str = SECRET, at: int | None = None) -> str:
    """Stripe's signature header over a payload."""
    stamp = int(time.time()) if at is None else at
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
