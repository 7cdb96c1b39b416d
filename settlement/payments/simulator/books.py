"""Proves the simulator's own books: recomputes every balance and compares it with what the objects say."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from settlement.payments.simulator.store import BANKS, FEES, PAYERS, TRANSIT, wallet

if TYPE_CHECKING:
    from settlement.payments.simulator.store import Store

Totals = dict[tuple[str, str], int]


def report(store: Store) -> dict[str, Any]:
    """Balances by account and currency, how many objects of each kind, and every disagreement between books and objects (none is right)."""
    balances: Totals = defaultdict(int)
    for move in store.moves:
        balances[move.source, move.currency] -= move.amount
        balances[move.destination, move.currency] += move.amount
    differences = _differences(balances, _expected(store))
    differences += [
        f"cache:{account}:{currency}" for (account, currency), held in store.balances.items() if balances[account, currency] != held
    ]
    currencies = {currency for _, currency in balances}
    totals = {currency: sum(held for (_, name), held in balances.items() if name == currency) for currency in sorted(currencies)}
    shown: dict[str, dict[str, int]] = defaultdict(dict)
    for (account, currency), held in sorted(balances.items()):
        shown[account][currency] = held
    return {
        "object": "simulator.books",
        "balanced": not differences and not any(totals.values()),
        "differences": differences,
        "totals": totals,
        "accounts": shown,
        "moves": len(store.moves),
        "objects": {kind: len(names) for kind, names in sorted(store.kinds.items())},
    }


def _expected(store: Store) -> Totals:
    """What each account must hold if the objects are right, worked out without looking at any move."""
    expected: Totals = defaultdict(int)
    for name, body in store.objects.items():
        kind, currency = body["object"], body.get("currency", "")
        if kind == "balance_transaction":
            expected[wallet(store.owners[name]), currency] += body["net"]
            expected[FEES, currency] += body["fee"]
        elif kind == "charge" and body["paid"] and body["source_transfer"] is None:
            expected[PAYERS, currency] -= body["amount_captured"]
        elif kind == "refund":
            expected[PAYERS, currency] += body["amount"]
        elif kind == "payout":
            place = {"pending": TRANSIT, "paid": BANKS}.get(body["status"])
            if place is not None:
                expected[place, currency] += body["amount"]
    return expected


def _differences(balances: Totals, expected: Totals) -> list[str]:
    return [
        f"{account}:{currency}: books {balances.get((account, currency), 0)}, objects {expected.get((account, currency), 0)}"
        for account, currency in sorted(balances.keys() | expected.keys())
        if balances.get((account, currency), 0) != expected.get((account, currency), 0)
    ]
