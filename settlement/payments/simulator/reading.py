"""Shows what the simulator holds: retrieving, listing, expanding, and the balance."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import stripe.params as sdk

from settlement.payments.simulator.call import CURRENCIES, Answer, Call, Operation
from settlement.payments.simulator.errors import ApiError, missing
from settlement.payments.simulator.store import wallet

if TYPE_CHECKING:
    from collections.abc import Callable

    from settlement.payments.simulator.store import Draft

MAX_PAGE: Final = 100
MAX_EXPANSIONS: Final = 10
MAX_DEPTH: Final = 4
_EXPANDABLE: Final = frozenset(
    {
        "balance_transaction", "charge", "destination", "destination_payment", "latest_charge", "payment_intent", "source",
        "source_transaction", "source_transfer", "transfer",
    }
)  # fmt: skip
_PAGING: Final = frozenset({"created", "expand", "limit", "starting_after"})


def expand(draft: Draft, body: dict[str, Any], paths: list[str], *, owner: str) -> dict[str, Any]:
    """A copy of an answer in which the named ids are replaced by their objects. Raises ApiError for what cannot be expanded."""
    if len(paths) > MAX_EXPANSIONS:
        message = "Too many expansions"
        raise ApiError(message, param="expand")
    body = copy.deepcopy(body)
    for path in paths:
        _expand(draft, body, path.split("."), path, owner)
    return body


def _expand(draft: Draft, body: dict[str, Any], steps: list[str], path: str, owner: str) -> None:
    step, rest = steps[0], steps[1:]
    value = body.get(step)
    if step == "data" and isinstance(value, list) and rest:
        for row in value:
            _expand(draft, row, rest, path, owner)
        return
    if step not in _EXPANDABLE or step not in body or len(steps) > MAX_DEPTH:
        message = f"This property cannot be expanded ({path})."
        raise ApiError(message, param="expand")
    if isinstance(value, str):
        found = draft.find(value, owner=owner)
        if found is None:
            return
        body[step] = value = found
    if rest and isinstance(value, dict):
        _expand(draft, value, rest, path, owner)


def retriever(kind: str) -> Callable[[Call], Answer]:
    """An operation that shows one object of this kind."""

    def retrieve(call: Call) -> Answer:
        return Answer(200, call.draft.get(call.ids[-1], kind, owner=call.owner))

    return retrieve


def lister(kind: str, url: str, filters: frozenset[str]) -> Callable[[Call], Answer]:
    """An operation that shows a page of the objects of this kind, newest first, filtered by equality."""

    def page(call: Call) -> Answer:
        limit = call.params.get("limit", 10)
        if not 1 <= limit <= MAX_PAGE:
            message = f"limit must be from 1 to {MAX_PAGE}"
            raise ApiError(message, code="parameter_invalid_integer", param="limit")
        rows = call.draft.listed(kind, owner=call.owner)[::-1]
        rows = [row for row in rows if all(row.get(name) == call.params[name] for name in filters & call.params.keys())]
        if "created" in call.params:
            rows = [row for row in rows if _within(row["created"], call.params["created"])]
        if after := call.params.get("starting_after"):
            names = [row["id"] for row in rows]
            if after not in names:
                raise missing(after, param="starting_after")
            rows = rows[names.index(after) + 1 :]
        return Answer(200, {"object": "list", "url": url, "has_more": len(rows) > limit, "data": rows[:limit]})

    return page


def _within(created: int, window: int | dict[str, int]) -> bool:
    if isinstance(window, int):
        return created == window
    return (
        created > window.get("gt", created - 1)
        and created >= window.get("gte", created)
        and created < window.get("lt", created + 1)
        and created <= window.get("lte", created)
    )


def reversals(call: Call) -> Answer:
    """The reversals of one transfer, newest first; a transfer has few."""
    transfer = call.draft.get(call.ids[0], "transfer")
    rows = [row for row in call.draft.listed("transfer_reversal", owner=call.owner) if row["transfer"] == transfer["id"]][::-1]
    limit = min(MAX_PAGE, max(1, call.params.get("limit", 10)))
    return Answer(200, {"object": "list", "url": transfer["reversals"]["url"], "has_more": len(rows) > limit, "data": rows[:limit]})


def balance(call: Call) -> Answer:
    """What an account may spend, by currency."""
    held = [(currency, call.draft.balance(wallet(call.owner), currency)) for currency in sorted(CURRENCIES)]
    available = [{"amount": amount, "currency": currency, "source_types": {"card": amount}} for currency, amount in held if amount]
    pending = [{"amount": 0, "currency": row["currency"], "source_types": {"card": 0}} for row in available]
    return Answer(200, {"object": "balance", "available": available, "livemode": False, "pending": pending})


def _readable(kind: str, name: str, retrieve: type, listed: type, filters: frozenset[str], *, connected: bool = False) -> list[Operation]:
    url = f"/v1/{name}"
    return [
        Operation(
            name=f"{name}.retrieve",
            method="GET",
            path=url + "/{id}",
            shape=retrieve,
            simulated=frozenset({"expand"}),
            run=retriever(kind),
            connected=connected,
        ),
        Operation(
            name=f"{name}.list",
            method="GET",
            path=url,
            shape=listed,
            simulated=_PAGING | filters,
            run=lister(kind, url, filters),
            connected=connected,
        ),
    ]


OPERATIONS: Final = (
    *_readable("payment_intent", "payment_intents", sdk.PaymentIntentRetrieveParams, sdk.PaymentIntentListParams, frozenset()),
    *_readable(
        "charge", "charges", sdk.ChargeRetrieveParams, sdk.ChargeListParams, frozenset({"payment_intent", "transfer_group"}), connected=True
    ),
    *_readable("refund", "refunds", sdk.RefundRetrieveParams, sdk.RefundListParams, frozenset({"charge", "payment_intent"})),
    *_readable("account", "accounts", sdk.AccountRetrieveParams, sdk.AccountListParams, frozenset()),
    *_readable("transfer", "transfers", sdk.TransferRetrieveParams, sdk.TransferListParams, frozenset({"destination", "transfer_group"})),
    *_readable("payout", "payouts", sdk.PayoutRetrieveParams, sdk.PayoutListParams, frozenset({"status"}), connected=True),
    *_readable(
        "balance_transaction",
        "balance_transactions",
        sdk.BalanceTransactionRetrieveParams,
        sdk.BalanceTransactionListParams,
        frozenset({"currency", "source", "type"}),
        connected=True,
    ),
    *_readable("event", "events", sdk.EventRetrieveParams, sdk.EventListParams, frozenset({"type"})),
    Operation(
        name="transfers.reversals.list",
        method="GET",
        path="/v1/transfers/{id}/reversals",
        shape=sdk.TransferReversalListParams,
        simulated=frozenset({"expand", "limit"}),
        run=reversals,
    ),
    Operation(
        name="balance.retrieve",
        method="GET",
        path="/v1/balance",
        shape=sdk.BalanceRetrieveParams,
        simulated=frozenset(),
        run=balance,
        connected=True,
    ),
)
