"""What is put before the rules: a listing or a deal, as frozen facts that only its own room knows."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from registry.rights.scope import Scope

DEAL: Final = "Deal"
LISTING: Final = "Listing"


@dataclass(frozen=True, slots=True)
class RightAsked:
    """One right that would be granted, from ``valid_from`` to before ``valid_until``."""

    object_id: UUID
    kind: str
    valid_from: date
    valid_until: date
    scope: Scope


@dataclass(frozen=True, slots=True)
class DealSubject:
    """A deal under one version of its terms.

    Attributes:
        amount_minor: the price in minor units of ``currency``; None where the consideration is a share of income.
        use_class: class of use of public data, as the contract states it; None if it does not.
        quote_id: the quote by which it is priced; None where the consideration is a share of income.
        clauses: codes of the mandatory clauses that the contract has, as in ``registry.rules.vocabulary``.
        signatures: how many sides have signed these terms with a registered key.
        inspection_until_at: set once the whole file reached the buyer.
    """

    deal_id: UUID
    terms_version: int
    seller_id: UUID
    buyer_id: UUID
    institution_id: UUID
    offer_id: UUID
    rights: tuple[RightAsked, ...]
    purpose: str
    use_class: str | None
    quote_id: UUID | None
    amount_minor: int | None
    currency: str
    delivery: str
    clauses: frozenset[str]
    signatures: int
    accepted: bool
    inspection_until_at: datetime | None


@dataclass(frozen=True, slots=True)
class OfferAsked:
    """One offer of a listing: what it would grant, and how it would be delivered."""

    kind: str
    delivery: str


@dataclass(frozen=True, slots=True)
class ListingSubject:
    """A listing under one version of its content."""

    listing_id: UUID
    content_version: int
    seller_id: UUID
    object_id: UUID
    product_version: int
    offers: tuple[OfferAsked, ...]
