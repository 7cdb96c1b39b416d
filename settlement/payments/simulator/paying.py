"""Pays simulated money out: recipients' accounts, Transfers, Reversals and Payouts."""

from __future__ import annotations

import re
from typing import Any, Final

import stripe
import stripe.params as sdk

from settlement.payments.simulator.call import Answer, Call, Operation, money
from settlement.payments.simulator.errors import ApiError, missing
from settlement.payments.simulator.store import BANKS, PLATFORM, TRANSIT, Draft, new_id, wallet

_COUNTRY: Final = re.compile(r"[A-Z]{2}")
BANK_TOKENS: Final = frozenset({"btok_simulator"})


def account_create(call: Call) -> Answer:
    """Open a connected account. It is active at once: the simulator asks for no papers."""
    given = call.params
    token = given.get("external_account")
    if token is not None and token not in BANK_TOKENS:
        message = f"No such token: '{token}' (the simulator knows test tokens only)"
        raise ApiError(message, code="resource_missing", param="external_account")
    country = given.get("country", "")
    if not _COUNTRY.fullmatch(country):
        message = "Country must be a two-letter code"
        raise ApiError(message, code="parameter_invalid", param="country")
    wanted = given.get("capabilities", {}).get("transfers", {}).get("requested", False)
    account: dict[str, Any] = {
        "id": new_id("acct"),
        "object": "account",
        "business_profile": given.get("business_profile"),
        "capabilities": {"transfers": "active"} if wanted else {},
        "charges_enabled": False,
        "controller": given.get("controller"),
        "country": country,
        "created": call.draft.now,
        "default_currency": given.get("default_currency"),
        "details_submitted": True,
        "email": given.get("email"),
        "metadata": given.get("metadata") or {},
        "payouts_enabled": token is not None,
        "type": "none",
    }
    return Answer(200, call.draft.put(account))


def _cover(call: Call, owner: str, amount: int, currency: str) -> None:
    """A transfer, a reversal and a payout need the money to be there."""
    held = call.draft.balance(wallet(owner), currency)
    if held < amount:
        message = f"Insufficient funds: {held} available, {amount} needed, in {currency}"
        raise ApiError(message, code="balance_insufficient", param="amount")


def transfer_create(call: Call) -> Answer:
    """Pay a connected account, out of one charge if `source_transaction` names it."""
    given = call.params
    amount, currency = money(given)
    account = call.draft.get(given["destination"], "account", param="destination")
    if account["capabilities"].get("transfers") != "active":
        message = "The destination account needs the transfers capability"
        raise ApiError(message, code="insufficient_capabilities_for_transfer", param="destination")
    group = _source_group(call, amount, currency) if "source_transaction" in given else given.get("transfer_group")
    _cover(call, PLATFORM, amount, currency)
    transfer: dict[str, Any] = {
        "id": new_id("tr"),
        "object": "transfer",
        "amount": amount,
        "amount_reversed": 0,
        "created": call.draft.now,
        "currency": currency,
        "description": given.get("description"),
        "destination": account["id"],
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "reversed": False,
        "source_transaction": given.get("source_transaction"),
        "source_type": "card",
        "transfer_group": group,
    }
    transfer["reversals"] = {"object": "list", "data": [], "has_more": False, "url": f"/v1/transfers/{transfer['id']}/reversals"}
    transfer["destination_payment"] = _received(call, transfer)["id"]
    entry = call.draft.transaction(
        owner=PLATFORM, kind="transfer", category="transfer", amount=-amount, currency=currency, source=transfer["id"]
    )
    transfer["balance_transaction"] = entry
    call.draft.move(wallet(PLATFORM), wallet(account["id"]), amount, currency, entry)
    call.emit("transfer.created", call.draft.put(transfer))
    return Answer(200, transfer)


def _source_group(call: Call, amount: int, currency: str) -> str | None:
    """Check a transfer against the charge it comes from, and give the group it joins."""
    charge = call.draft.get(call.params["source_transaction"], "charge", param="source_transaction")
    if not charge["paid"] or charge["currency"] != currency:
        message = "The source charge is unpaid or in another currency"
        raise ApiError(message, code="parameter_invalid", param="source_transaction")
    sent = sum(row["amount"] for row in call.draft.listed("transfer", owner=PLATFORM) if row["source_transaction"] == charge["id"])
    if sent + amount > charge["amount_captured"]:
        message = f"Transfers of this charge would exceed it: {sent} of {charge['amount_captured']} sent already"
        raise ApiError(message, code="transfer_source_exceeded", param="amount")
    group, wanted = charge["transfer_group"], call.params.get("transfer_group")
    if group is not None and wanted is not None and group != wanted:
        message = "The source charge belongs to another transfer_group"
        raise ApiError(message, code="parameter_invalid", param="transfer_group")
    chosen: str | None = group or wanted
    return chosen


def _received(call: Call, transfer: dict[str, Any]) -> dict[str, Any]:
    """The other side of a transfer, as the recipient's account sees it: a payment."""
    payment: dict[str, Any] = {
        "id": new_id("py"),
        "object": "charge",
        "amount": transfer["amount"],
        "amount_captured": transfer["amount"],
        "amount_refunded": 0,
        "captured": True,
        "created": call.draft.now,
        "currency": transfer["currency"],
        "livemode": False,
        "metadata": dict(transfer["metadata"]),
        "paid": True,
        "payment_intent": None,
        "refunded": False,
        "source_transfer": transfer["id"],
        "status": "succeeded",
        "transfer_group": transfer["transfer_group"],
    }
    payment["balance_transaction"] = call.draft.transaction(
        owner=transfer["destination"],
        kind="payment",
        category="charge",
        amount=payment["amount"],
        currency=payment["currency"],
        source=payment["id"],
    )
    return call.draft.put(payment, owner=transfer["destination"])


def reversal_create(call: Call) -> Answer:
    """Take (part of) a transfer back, while the recipient's balance covers it."""
    transfer = call.draft.get(call.ids[0], "transfer")
    left = transfer["amount"] - transfer["amount_reversed"]
    amount, currency = money({"amount": call.params.get("amount", left or 1), "currency": transfer["currency"]})
    if amount > left:
        message = f"Reversal amount ({amount}) is greater than unreversed amount on transfer ({left})"
        raise ApiError(message, code="transfer_already_reversed" if left == 0 else "reversal_amount_too_large", param="amount")
    account = transfer["destination"]
    _cover(call, account, amount, currency)
    reversal: dict[str, Any] = {
        "id": new_id("trr"),
        "object": "transfer_reversal",
        "amount": amount,
        "created": call.draft.now,
        "currency": currency,
        "destination_payment_refund": None,
        "metadata": call.params.get("metadata") or {},
        "source_refund": None,
        "transfer": transfer["id"],
    }
    entry = call.draft.transaction(
        owner=PLATFORM, kind="transfer_refund", category="transfer_reversal", amount=amount, currency=currency, source=reversal["id"]
    )
    reversal["balance_transaction"] = entry
    call.draft.transaction(
        owner=account, kind="payment_refund", category="refund", amount=-amount, currency=currency, source=transfer["destination_payment"]
    )
    call.draft.move(wallet(account), wallet(PLATFORM), amount, currency, entry)
    payment = call.draft.get(transfer["destination_payment"], "charge", owner=account)
    payment["amount_refunded"] += amount
    payment["refunded"] = payment["amount_refunded"] == payment["amount"]
    call.draft.put(payment, owner=account)
    transfer["amount_reversed"] += amount
    transfer["reversed"] = transfer["amount_reversed"] == transfer["amount"]
    call.draft.put(reversal)
    call.emit("transfer.reversed", call.draft.put(transfer))
    return Answer(200, reversal)


def payout_create(call: Call) -> Answer:
    """Send a balance to its bank. The answer says pending; the simulator settles it a moment later."""
    amount, currency = money(call.params)
    if call.owner != PLATFORM and not call.draft.get(call.owner, "account")["payouts_enabled"]:
        message = "The account has no bank account to pay out to"
        raise ApiError(message, code="payouts_not_allowed")
    _cover(call, call.owner, amount, currency)
    payout: dict[str, Any] = {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "arrival_date": call.draft.now,
        "automatic": False,
        "created": call.draft.now,
        "currency": currency,
        "description": call.params.get("description"),
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": call.params.get("metadata") or {},
        "method": "standard",
        "reconciliation_status": "not_applicable",
        "source_type": "card",
        "status": "pending",
        "type": "bank_account",
    }
    entry = call.draft.transaction(
        owner=call.owner, kind="payout", category="payout", amount=-amount, currency=currency, source=payout["id"]
    )
    payout["balance_transaction"] = entry
    call.draft.move(wallet(call.owner), TRANSIT, amount, currency, entry)
    call.emit("payout.created", call.draft.put(payout, owner=call.owner))
    return Answer(200, payout)


def payout_settle(draft: Draft, payout_id: str, *, owner: str, fails: bool) -> None:
    """Let a pending payout arrive at its bank, or come back. Raises ApiError when it is not pending."""
    payout = draft.get(payout_id, "payout", owner=owner)
    if payout["status"] != "pending":
        raise missing(payout_id)
    amount, currency = payout["amount"], payout["currency"]
    if fails:
        entry = draft.transaction(
            owner=owner, kind="payout_failure", category="payout_reversal", amount=amount, currency=currency, source=payout_id
        )
        draft.move(TRANSIT, wallet(owner), amount, currency, entry)
        payout |= {"status": "failed", "failure_code": "account_closed", "failure_balance_transaction": entry}
    else:
        draft.move(TRANSIT, BANKS, amount, currency, payout_id)
        payout["status"] = "paid"
    draft.put(payout, owner=owner)
    draft.emit(f"payout.{payout['status']}", payout, owner=owner, version=stripe.api_version)


OPERATIONS: Final = (
    Operation(
        name="accounts.create",
        method="POST",
        path="/v1/accounts",
        shape=sdk.AccountCreateParams,
        simulated=frozenset(
            {
                "business_profile",
                "capabilities",
                "controller",
                "country",
                "default_currency",
                "email",
                "expand",
                "external_account",
                "metadata",
            }
        ),
        run=account_create,
    ),
    Operation(
        name="transfers.create",
        method="POST",
        path="/v1/transfers",
        shape=sdk.TransferCreateParams,
        simulated=frozenset(
            {"amount", "currency", "description", "destination", "expand", "metadata", "source_transaction", "transfer_group"}
        ),
        run=transfer_create,
    ),
    Operation(
        name="transfers.reversals.create",
        method="POST",
        path="/v1/transfers/{id}/reversals",
        shape=sdk.TransferReversalCreateParams,
        simulated=frozenset({"amount", "expand", "metadata"}),
        run=reversal_create,
    ),
    Operation(
        name="payouts.create",
        method="POST",
        path="/v1/payouts",
        shape=sdk.PayoutCreateParams,
        simulated=frozenset({"amount", "currency", "description", "expand", "metadata"}),
        run=payout_create,
        connected=True,
    ),
)
