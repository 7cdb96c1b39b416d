"""Takes simulated money from payers and gives it back: PaymentIntents, Charges, Refunds."""

from __future__ import annotations

from typing import Any, Final

import stripe.params as sdk

from settlement.payments.simulator.call import Answer, Call, Operation, money
from settlement.payments.simulator.errors import ApiError
from settlement.payments.simulator.store import FEES, PAYERS, new_id, wallet

SUCCEEDS: Final = frozenset({"pm_card_visa", "pm_card_mastercard"})
DECLINES: Final = {"pm_card_chargeDeclined": "generic_decline", "pm_card_chargeDeclinedInsufficientFunds": "insufficient_funds"}
_OPEN: Final = frozenset({"requires_payment_method", "requires_confirmation"})
_REASONS: Final = frozenset({"duplicate", "fraudulent", "requested_by_customer"})


def payment_intent_create(call: Call) -> Answer:
    """Make a PaymentIntent and, with `confirm`, charge it at once."""
    given = call.params
    amount, currency = money(given)
    _known_method(given.get("payment_method"))
    payment: dict[str, Any] = {
        "id": new_id("pi"),
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_received": 0,
        "automatic_payment_methods": given.get("automatic_payment_methods"),
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": None,
        "confirmation_method": "automatic",
        "created": call.draft.now,
        "currency": currency,
        "customer": None,
        "description": given.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "next_action": None,
        "payment_method": given.get("payment_method"),
        "payment_method_types": ["card"],
        "status": "requires_confirmation" if given.get("payment_method") else "requires_payment_method",
        "transfer_group": given.get("transfer_group"),
    }
    call.emit("payment_intent.created", payment)
    if given.get("confirm"):
        return _confirm(call, payment)
    return Answer(200, call.draft.put(payment))


def payment_intent_confirm(call: Call) -> Answer:
    """Charge a PaymentIntent that is still open."""
    payment = call.draft.get(call.ids[0], "payment_intent")
    if "payment_method" in call.params:
        _known_method(call.params["payment_method"])
        payment["payment_method"] = call.params["payment_method"]
    return _confirm(call, payment)


def payment_intent_cancel(call: Call) -> Answer:
    """End a PaymentIntent that has taken no money."""
    payment = call.draft.get(call.ids[0], "payment_intent")
    if payment["status"] not in _OPEN:
        raise _unexpected(payment, "cancel")
    payment |= {"status": "canceled", "canceled_at": call.draft.now, "cancellation_reason": call.params.get("cancellation_reason")}
    call.emit("payment_intent.canceled", payment)
    return Answer(200, call.draft.put(payment))


def _known_method(token: str | None) -> None:
    if token is not None and token not in SUCCEEDS and token not in DECLINES:
        message = f"No such PaymentMethod: '{token}' (the simulator knows test tokens only)"
        raise ApiError(message, code="resource_missing", param="payment_method")


def _confirm(call: Call, payment: dict[str, Any]) -> Answer:
    if payment["status"] not in _OPEN:
        raise _unexpected(payment, "confirm")
    token = payment["payment_method"]
    if token is None:
        message = "You cannot confirm this PaymentIntent because it's missing a payment method."
        raise ApiError(message, code="payment_intent_unexpected_state")
    if (payment["automatic_payment_methods"] or {}).get("allow_redirects") != "never" and not call.params.get("return_url"):
        message = "Confirming needs a `return_url`, or `automatic_payment_methods[allow_redirects]=never`."
        raise ApiError(message, param="return_url")
    charge = _charge(call, payment)
    payment["latest_charge"] = charge["id"]
    if token in DECLINES:
        return _declined(call, payment, charge, DECLINES[token])
    currency, amount = payment["currency"], payment["amount"]
    fee = call.fees.of(amount)
    entry = call.draft.transaction(
        owner=call.owner, kind="charge", category="charge", amount=amount, currency=currency, source=charge["id"], fee=fee
    )
    call.draft.move(PAYERS, wallet(call.owner), amount, currency, entry)
    call.draft.move(wallet(call.owner), FEES, fee, currency, entry)
    charge |= {"amount_captured": amount, "balance_transaction": entry, "captured": True, "paid": True, "status": "succeeded"}
    payment |= {"amount_received": amount, "status": "succeeded", "last_payment_error": None}
    call.emit("charge.succeeded", call.draft.put(charge))
    call.emit("payment_intent.succeeded", payment)
    return Answer(200, call.draft.put(payment))


def _charge(call: Call, payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": payment["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "balance_transaction": None,
        "captured": False,
        "created": call.draft.now,
        "currency": payment["currency"],
        "description": payment["description"],
        "disputed": False,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": dict(payment["metadata"]),
        "paid": False,
        "payment_intent": payment["id"],
        "payment_method": payment["payment_method"],
        "refunded": False,
        "source_transfer": None,
        "status": "failed",
        "transfer_group": payment["transfer_group"],
    }


def _declined(call: Call, payment: dict[str, Any], charge: dict[str, Any], reason: str) -> Answer:
    """A decline is an answer with effects: the failed charge stays and the payer may try another method."""
    message = "Your card was declined."
    charge |= {"failure_code": "card_declined", "failure_message": message}
    payment |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "last_payment_error": {"type": "card_error", "code": "card_declined", "decline_code": reason, "message": message},
    }
    call.emit("charge.failed", call.draft.put(charge))
    call.emit("payment_intent.payment_failed", call.draft.put(payment))
    extra = {"decline_code": reason, "charge": charge["id"], "payment_intent": dict(payment)}
    return Answer(402, ApiError(message, status=402, kind="card_error", code="card_declined", extra=extra).body())


def _unexpected(payment: dict[str, Any], verb: str) -> ApiError:
    message = f"You cannot {verb} this PaymentIntent because it has a status of {payment['status']}."
    return ApiError(message, code="payment_intent_unexpected_state", extra={"payment_intent": dict(payment)})


def refund_create(call: Call) -> Answer:
    """Give (part of) a charge back; never more than is left of it."""
    charge = _refunded_charge(call)
    left = charge["amount_captured"] - charge["amount_refunded"]
    if not charge["paid"] or left == 0:
        message = f"Charge {charge['id']} has already been refunded or was never paid."
        raise ApiError(message, code="charge_already_refunded" if charge["refunded"] else "charge_not_refundable")
    amount, currency = money({"amount": call.params.get("amount", left), "currency": charge["currency"]})
    if amount > left:
        message = f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})"
        raise ApiError(message, param="amount", code="refund_amount_too_large")
    if call.params.get("reason", "requested_by_customer") not in _REASONS:
        message = "Invalid reason"
        raise ApiError(message, code="parameter_invalid", param="reason")
    refund: dict[str, Any] = {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "charge": charge["id"],
        "created": call.draft.now,
        "currency": currency,
        "metadata": call.params.get("metadata") or {},
        "payment_intent": charge["payment_intent"],
        "reason": call.params.get("reason"),
        "status": "succeeded",
        "transfer_reversal": None,
    }
    entry = call.draft.transaction(
        owner=call.owner, kind="refund", category="refund", amount=-amount, currency=currency, source=refund["id"]
    )
    refund["balance_transaction"] = entry
    call.draft.move(wallet(call.owner), PAYERS, amount, currency, entry)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    call.emit("refund.created", call.draft.put(refund))
    call.emit("charge.refunded", call.draft.put(charge))
    return Answer(200, refund)


def _refunded_charge(call: Call) -> dict[str, Any]:
    named = [name for name in ("charge", "payment_intent") if name in call.params]
    if len(named) != 1:
        message = "Name either the charge or the payment_intent to refund."
        raise ApiError(message, code="parameter_missing", param="payment_intent")
    if named == ["charge"]:
        return call.draft.get(call.params["charge"], "charge", param="charge")
    payment = call.draft.get(call.params["payment_intent"], "payment_intent", param="payment_intent")
    if payment["status"] != "succeeded":
        raise _unexpected(payment, "refund")
    return call.draft.get(payment["latest_charge"], "charge")


OPERATIONS: Final = (
    Operation(
        name="payment_intents.create",
        method="POST",
        path="/v1/payment_intents",
        shape=sdk.PaymentIntentCreateParams,
        simulated=frozenset(
            {
                "amount",
                "automatic_payment_methods",
                "confirm",
                "currency",
                "description",
                "expand",
                "metadata",
                "payment_method",
                "return_url",
                "transfer_group",
            }
        ),
        run=payment_intent_create,
    ),
    Operation(
        name="payment_intents.confirm",
        method="POST",
        path="/v1/payment_intents/{id}/confirm",
        shape=sdk.PaymentIntentConfirmParams,
        simulated=frozenset({"expand", "payment_method", "return_url"}),
        run=payment_intent_confirm,
    ),
    Operation(
        name="payment_intents.cancel",
        method="POST",
        path="/v1/payment_intents/{id}/cancel",
        shape=sdk.PaymentIntentCancelParams,
        simulated=frozenset({"cancellation_reason", "expand"}),
        run=payment_intent_cancel,
    ),
    Operation(
        name="refunds.create",
        method="POST",
        path="/v1/refunds",
        shape=sdk.RefundCreateParams,
        simulated=frozenset({"amount", "charge", "expand", "metadata", "payment_intent", "reason"}),
        run=refund_create,
    ),
)
