"""Keeps every payment provider behind one small interface, so that the ledger never learns a provider's words.

Amounts are positive integers in minor units with an ISO 4217 code. Every call that moves money takes an idempotency key that the caller has
stored before the call; after a crash or a `Temporary` error the caller sends the same request with the same key again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from uuid import UUID

MAX_AMOUNT_MINOR: Final = 99_999_999
"""The largest single amount that card rails take (eight digits); larger deals are funded in parts."""

MAX_KEY_LENGTH: Final = 255
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
MAX_PAGE: Final = 100


class GatewayError(Exception):
    """A call to the gateway that did not succeed. `code` is the provider's code, `request_id` what its support asks for."""

    def __init__(self, message: str, *, code: str = "", request_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.request_id = request_id


class Declined(GatewayError):
    """The payer's bank said no. Final for this key; the payer may try another method under a new key."""

    def __init__(self, message: str, *, code: str = "", request_id: str = "", decline_code: str = "", payment_id: str = "") -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.decline_code = decline_code
        self.payment_id = payment_id


class Temporary(GatewayError):
    """No usable answer: the effect may or may not exist. Send the same request with the same key again, later.

    `replayed` means the gateway stored this failure and will repeat it for the key: stop retrying and
    look the effect up in `list_movements` by its tag.
    """

    def __init__(self, message: str, *, code: str = "", request_id: str = "", replayed: bool = False) -> None:
        super().__init__(message, code=code, request_id=request_id)
        self.replayed = replayed


class Refused(GatewayError):
    """The gateway understood the request and will not do it (over-refund, too little balance, unknown id). Nothing moved."""


class Misconfigured(GatewayError):
    """Our credentials or our version are wrong. No retry helps; a person must act."""


class Conflict(GatewayError):
    """The idempotency key was used before for a different request. A defect on our side; nothing moved."""


class BadSignature(GatewayError):
    """A webhook whose signature, age or form cannot be trusted. Nothing in it may be used."""


class ChargeStatus(Enum):
    """Where a payment stands at the gateway."""

    SUCCEEDED = "succeeded"
    PROCESSING = "processing"
    NEEDS_PAYER = "needs_payer"
    CANCELED = "canceled"


class TransferStatus(Enum):
    """Where a refund or a payout stands: only SUCCEEDED and FAILED are final."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class MovementKind(Enum):
    """What changed a balance at the gateway."""

    CHARGE = "charge"
    REFUND = "refund"
    TRANSFER = "transfer"
    TRANSFER_REVERSAL = "transfer_reversal"
    PAYOUT = "payout"
    PAYOUT_FAILURE = "payout_failure"
    OTHER = "other"


class EventKind(Enum):
    """What a webhook announces. A hint only: the reader fetches the object before acting."""

    CHARGE_SUCCEEDED = "charge_succeeded"
    CHARGE_FAILED = "charge_failed"
    REFUNDED = "refunded"
    TRANSFERRED = "transferred"
    TRANSFER_REVERSED = "transfer_reversed"
    PAYOUT_SENT = "payout_sent"
    PAYOUT_PAID = "payout_paid"
    PAYOUT_FAILED = "payout_failed"
    OTHER = "other"


def _check_money(amount_minor: int, currency: str) -> None:
    if isinstance(amount_minor, bool) or not isinstance(amount_minor, int) or not 0 < amount_minor <= MAX_AMOUNT_MINOR:
        message = f"amount_minor must be an integer from 1 to {MAX_AMOUNT_MINOR}"
        raise ValueError(message)
    if not _CURRENCY.fullmatch(currency):
        message = "currency must be three upper-case letters"
        raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """What ties a movement at the gateway to our books: the ledger entry, the deal, and the share of it (a holder's line) if any."""

    entry: UUID
    deal: UUID
    share: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargeRequest:
    """Take money from a payer. `payment_method` is the token that the payer's browser got from the gateway; we never see a card."""

    amount_minor: int
    currency: str
    payment_method: str
    tag: Tag
    description: str = ""

    def __post_init__(self) -> None:
        """Refuse an impossible amount before it reaches a network."""
        _check_money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """Give a payer money back, at most what is left of the payment."""

    payment_id: str
    amount_minor: int
    currency: str
    tag: Tag

    def __post_init__(self) -> None:
        """Refuse an impossible amount before it reaches a network."""
        _check_money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferRequest:
    """Pay one share of a charge to a recipient's account at the gateway."""

    amount_minor: int
    currency: str
    recipient_id: str
    charge_id: str
    tag: Tag

    def __post_init__(self) -> None:
        """Refuse an impossible amount before it reaches a network."""
        _check_money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRequest:
    """Take (part of) a transfer back from a recipient; refused when the recipient's balance no longer covers it."""

    transfer_id: str
    amount_minor: int
    currency: str
    tag: Tag

    def __post_init__(self) -> None:
        """Refuse an impossible amount before it reaches a network."""
        _check_money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRequest:
    """Send a balance to its owner's bank. Without `recipient_id` it is the platform's own balance."""

    amount_minor: int
    currency: str
    tag: Tag
    recipient_id: str = ""

    def __post_init__(self) -> None:
        """Refuse an impossible amount before it reaches a network."""
        _check_money(self.amount_minor, self.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRequest:
    """Open an account that can be paid. `bank_token` stands for the bank account; the recipient got it from the gateway."""

    party: UUID
    name: str
    country: str
    currency: str
    bank_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """A payment as the gateway holds it. `charge_id` is empty until money moved; `fee_minor` is None until the gateway names its fee."""

    payment_id: str
    charge_id: str
    status: ChargeStatus
    amount_minor: int
    received_minor: int
    refunded_minor: int
    currency: str
    fee_minor: int | None
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """A refund as the gateway holds it. It may stay PENDING for days on some rails."""

    refund_id: str
    payment_id: str
    status: TransferStatus
    amount_minor: int
    currency: str
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A share that stands in a recipient's balance, less what was reversed."""

    transfer_id: str
    recipient_id: str
    amount_minor: int
    reversed_minor: int
    currency: str
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reversal:
    """Money taken back from a recipient."""

    reversal_id: str
    transfer_id: str
    amount_minor: int
    currency: str
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """Money on its way to a bank."""

    payout_id: str
    status: TransferStatus
    amount_minor: int
    currency: str
    arrival: datetime
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An account that can be paid, or not yet."""

    recipient_id: str
    party: UUID | None
    transfers_enabled: bool
    payouts_enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One change of one balance at the gateway; amounts are signed from the owner's view and `net = amount - fee`."""

    movement_id: str
    kind: MovementKind
    source_id: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    currency: str
    created: datetime
    available: datetime
    tag: Tag | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementQuery:
    """Movements of one balance, newest first, made from `since` on and before `until`; `after` is the last id of the page before."""

    since: datetime
    until: datetime
    recipient_id: str = ""
    after: str = ""
    limit: int = MAX_PAGE

    def __post_init__(self) -> None:
        """Refuse a window without a zone or a page that the gateway would cut."""
        if self.since.tzinfo is None or self.until.tzinfo is None:
            message = "since and until need a time zone"
            raise ValueError(message)
        if not 1 <= self.limit <= MAX_PAGE:
            message = f"limit must be from 1 to {MAX_PAGE}"
            raise ValueError(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovementPage:
    """One page of movements, and whether another follows."""

    movements: tuple[Movement, ...]
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEvent:
    """A verified webhook. `event_id` is the inbox's unique key; `payment_id` is set where the event is about a payment."""

    event_id: str
    kind: EventKind
    type: str
    created: datetime
    object_id: str
    payment_id: str
    recipient_id: str
    livemode: bool
    tag: Tag | None
    metadata: Mapping[str, str] = field(default_factory=dict)


class Gateway(Protocol):
    """A payment provider. Every method may raise `Temporary` and `Misconfigured`; calls with a key may raise `Conflict` and `Refused`."""

    def charge(self, *, key: str, request: ChargeRequest) -> Charge:
        """Create and confirm a payment. Raises `Declined` when the payer's bank refuses."""

    def retrieve_charge(self, *, payment_id: str) -> Charge:
        """The payment as it stands now. Raises `Refused` for an unknown id."""

    def refund(self, *, key: str, request: RefundRequest) -> Refund:
        """Give (part of) a payment back."""

    def transfer(self, *, key: str, request: TransferRequest) -> Transfer:
        """Pay a share to a recipient."""

    def reverse_transfer(self, *, key: str, request: ReversalRequest) -> Reversal:
        """Take (part of) a share back."""

    def payout(self, *, key: str, request: PayoutRequest) -> Payout:
        """Send a balance to a bank."""

    def create_recipient(self, *, key: str, request: RecipientRequest) -> Recipient:
        """Open an account that can be paid."""

    def list_movements(self, *, query: MovementQuery) -> MovementPage:
        """One page of what changed a balance, for reconciliation and for looking up an effect whose answer was lost."""

    def verify_webhook(self, *, payload: bytes, signature: str) -> GatewayEvent:
        """The event in a webhook's exact bytes. Raises `BadSignature`."""
