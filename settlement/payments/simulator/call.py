"""Names what an operation of the simulator is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import stripe

from settlement.payments.simulator.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import Callable

    from settlement.payments.simulator.store import Draft

CURRENCIES: Final = frozenset({"cny", "usd", "hkd", "eur", "gbp", "sgd", "jpy"})
MAX_AMOUNT: Final = 99_999_999


@dataclass(frozen=True, slots=True, kw_only=True)
class Fees:
    """What the simulator keeps of a charge: parts per million, rounded half up, plus a fixed amount; never more than the charge."""

    ppm: int = 0
    fixed: int = 0

    def of(self, amount: int) -> int:
        """The fee on one charge, in minor units."""
        return min(amount, (amount * self.ppm + 500_000) // 1_000_000 + self.fixed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One validated request. `owner` is the account it acts for, `ids` what its path named."""

    draft: Draft
    params: dict[str, Any]
    ids: tuple[str, ...]
    owner: str
    fees: Fees

    def emit(self, kind: str, body: dict[str, Any]) -> None:
        """Record an event of this call's account in the pinned version."""
        self.draft.emit(kind, body, owner=self.owner, version=stripe.api_version)


@dataclass(frozen=True, slots=True)
class Answer:
    """A status and a body. What the call drafted is committed with it, for a decline as for a success."""

    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing the simulator can do: where it is, which of the SDK's types checks it, and which of those parameters it acts on."""

    name: str
    method: str
    path: str
    shape: type
    simulated: frozenset[str]
    run: Callable[[Call], Answer]
    connected: bool = False


def money(params: dict[str, Any]) -> tuple[int, str]:
    """The amount and currency of a request. Raises ApiError for one that cannot be paid."""
    amount = params.get("amount")
    if not isinstance(amount, int) or amount < 1:
        message = "This value must be greater than or equal to 1."
        raise ApiError(message, code="parameter_invalid_integer", param="amount")
    if amount > MAX_AMOUNT:
        message = f"Amount must be no more than {MAX_AMOUNT}"
        raise ApiError(message, code="amount_too_large", param="amount")
    currency = str(params["currency"])
    if currency not in CURRENCIES:
        message = f"Invalid currency: {currency}"
        raise ApiError(message, code="parameter_invalid", param="currency")
    return amount, currency
