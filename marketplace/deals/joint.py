"""How what the seller keeps of a price is divided among those who made the product: worked out once, and stated in the contract.

Settlement then only pays what both sides signed, so no rule can fail between a buyer's money and its payees.
"""

from typing import Any
from uuid import UUID

from pricing.money import Money, split_keyed
from pricing.quotes.models import Quote
from pricing.rounds.selectors import receipts_of
from pricing.splits.selectors import split_in_force
from pricing.splits.services import split_carry_out, split_parts


def joint_terms(*, object_id: UUID, quote: Quote, kept: Money) -> dict[str, Any] | None:
    """What a contract says of the makers: what each gets by the agreement in force for the object, or else as the round cleared it.

    ``kept`` is what the seller keeps after fees and licences. An agreement, to which all makers consented, goes before a round, in which
    the seller alone names them. None where the seller is alone, or keeps nothing. Stores the computation of an agreement, which says more
    of the makers than a buyer or its institution is told. Called in the caller's transaction.

    Raises:
        SplitInOtherCurrency, PricingRefused: the agreement does not divide this amount.
    """
    split = split_in_force(object_id) if kept.minor else None
    if split is None:
        receipts = receipts_of(quote)
        return {"receipts": _written(receipts)} if any(receipts.values()) else None
    computation = split_carry_out(split=split, amount=kept, under="quoteId")
    stated = {"split": split.pk, "plan": split.plan_id, "example": split.computation_id, "computation": computation.pk}
    return {**stated, "receipts": _written(split_parts(split=split, computation=computation))}


def divided(joint: dict[str, Any], amount_minor: int) -> list[tuple[str, int]]:
    """What each maker gets of what the seller keeps: in proportion to the stated receipts, which is these very receipts by an agreement."""
    return list(split_keyed(amount_minor, {holder: int(minor) for holder, minor in joint["receipts"].items()}).items())


def _written(receipts: dict[str, int]) -> dict[str, str]:
    return {holder: str(minor) for holder, minor in receipts.items()}
