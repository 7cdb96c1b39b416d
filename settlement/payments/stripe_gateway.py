"""Speaks to Stripe with its own SDK: separate charges and transfers, with our stored idempotency key on every call.

The deal's id is the transfer group; the ledger entry, deal and share travel as metadata and come back in webhooks and balance transactions.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import stripe

from settlement.payments import gateway as port

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stripe.params import PaymentIntentCreateParams

API_VERSION: Final = "2026-10-28.endive"
"""Pinned, because every SDK release otherwise brings its own."""

MAX_WEBHOOK_BYTES: Final = 256 * 1024
MAX_TIMEOUT_S: Final = 120
MAX_RETRIES: Final = 5

# The SDK would otherwise write an id under the home directory and send timings of earlier calls along.
stripe.enable_telemetry = False

_CHARGE_STATUS: Final[Mapping[str, port.ChargeStatus]] = {
    "succeeded": port.ChargeStatus.SUCCEEDED,
    "processing": port.ChargeStatus.PROCESSING,
    "requires_payment_method": port.ChargeStatus.NEEDS_PAYER,
    "requires_confirmation": port.ChargeStatus.NEEDS_PAYER,
    "requires_action": port.ChargeStatus.NEEDS_PAYER,
    "requires_capture": port.ChargeStatus.PROCESSING,
    "canceled": port.ChargeStatus.CANCELED,
}
_TRANSFER_STATUS: Final[Mapping[str, port.TransferStatus]] = {
    "pending": port.TransferStatus.PENDING,
    "requires_action": port.TransferStatus.PENDING,
    "in_transit": port.TransferStatus.PENDING,
    "succeeded": port.TransferStatus.SUCCEEDED,
    "paid": port.TransferStatus.SUCCEEDED,
    "failed": port.TransferStatus.FAILED,
    "canceled": port.TransferStatus.FAILED,
}
_MOVEMENTS: Final[Mapping[str, port.MovementKind]] = {
    "charge": port.MovementKind.CHARGE,
    "payment": port.MovementKind.CHARGE,
    "refund": port.MovementKind.REFUND,
    "payment_refund": port.MovementKind.REFUND,
    "transfer": port.MovementKind.TRANSFER,
    "transfer_refund": port.MovementKind.TRANSFER_REVERSAL,
    "payout": port.MovementKind.PAYOUT,
    "payout_failure": port.MovementKind.PAYOUT_FAILURE,
}
_EVENTS: Final[Mapping[str, port.EventKind]] = {
    "payment_intent.succeeded": port.EventKind.CHARGE_SUCCEEDED,
    "payment_intent.payment_failed": port.EventKind.CHARGE_FAILED,
    "refund.created": port.EventKind.REFUNDED,
    "transfer.created": port.EventKind.TRANSFERRED,
    "transfer.reversed": port.EventKind.TRANSFER_REVERSED,
    "payout.created": port.EventKind.PAYOUT_SENT,
    "payout.paid": port.EventKind.PAYOUT_PAID,
    "payout.failed": port.EventKind.PAYOUT_FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StripeConfig:
    """How to reach Stripe. `api_base` is empty for Stripe itself and a loopback address for the simulator."""

    api_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)
    api_base: str = ""
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 20.0
    max_network_retries: int = 2

    def __post_init__(self) -> None:
        """Refuse a configuration that would only fail later, in the middle of a payment.

        Raises:
            Misconfigured: a key is missing, or a limit is out of bounds.
        """
        if not self.api_key.strip() or not self.webhook_secret.strip():
            message = "Stripe needs an API key and a webhook secret"
            raise port.Misconfigured(message)
        waits = (self.connect_timeout_s, self.read_timeout_s)
        if not (0 < min(waits) <= max(waits) <= MAX_TIMEOUT_S and 0 <= self.max_network_retries <= MAX_RETRIES):
            message = f"Stripe's time-outs must be positive and {MAX_TIMEOUT_S} s at most, its retries {MAX_RETRIES} at most"
            raise port.Misconfigured(message)


class StripeGateway:
    """The `Gateway` on Stripe. Safe to share between threads: the SDK keeps one HTTP session per thread."""

    def __init__(self, config: StripeConfig) -> None:
        self._config = config
        addresses: Any = {"api": config.api_base.rstrip("/")} if config.api_base else None
        self._client = stripe.StripeClient(
            config.api_key,
            stripe_version=API_VERSION,
            base_addresses=addresses,
            max_network_retries=config.max_network_retries,
            http_client=stripe.RequestsClient(timeout=(config.connect_timeout_s, config.read_timeout_s)),
        )

    def charge(self, *, key: str, request: port.ChargeRequest) -> port.Charge:
        """Create and confirm a PaymentIntent in one call. Raises: see `Gateway.charge`."""
        params: PaymentIntentCreateParams = {
            "amount": request.amount_minor,
            "currency": request.currency.lower(),
            "confirm": True,
            "payment_method": request.payment_method,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "transfer_group": str(request.tag.deal),
            "metadata": _metadata(request.tag),
            "expand": ["latest_charge.balance_transaction"],
        }
        if request.description:
            params["description"] = request.description
        with _errors():
            return _charge(self._client.v1.payment_intents.create(params, {"idempotency_key": _key(key)}))

    def retrieve_charge(self, *, payment_id: str) -> port.Charge:
        """The PaymentIntent with its charge and fee. Raises: see `Gateway.retrieve_charge`."""
        with _errors():
            return _charge(self._client.v1.payment_intents.retrieve(payment_id, {"expand": ["latest_charge.balance_transaction"]}))

    def refund(self, *, key: str, request: port.RefundRequest) -> port.Refund:
        """Refund part of a PaymentIntent. Raises: see `Gateway.refund`."""
        with _errors():
            made = self._client.v1.refunds.create(
                {"payment_intent": request.payment_id, "amount": request.amount_minor, "metadata": _metadata(request.tag)},
                {"idempotency_key": _key(key)},
            )
        return port.Refund(
            refund_id=made.id,
            payment_id=_id(made.payment_intent),
            status=_TRANSFER_STATUS.get(made.status or "", port.TransferStatus.PENDING),
            amount_minor=made.amount,
            currency=made.currency.upper(),
            tag=_tag(made.metadata),
        )

    def transfer(self, *, key: str, request: port.TransferRequest) -> port.Transfer:
        """Pay a share out of one charge. Raises: see `Gateway.transfer`."""
        with _errors():
            made = self._client.v1.transfers.create(
                {
                    "amount": request.amount_minor,
                    "currency": request.currency.lower(),
                    "destination": request.recipient_id,
                    "source_transaction": request.charge_id,
                    "transfer_group": str(request.tag.deal),
                    "metadata": _metadata(request.tag),
                },
                {"idempotency_key": _key(key)},
            )
        return port.Transfer(
            transfer_id=made.id,
            recipient_id=_id(made.destination),
            amount_minor=made.amount,
            reversed_minor=made.amount_reversed,
            currency=made.currency.upper(),
            tag=_tag(made.metadata),
        )

    def reverse_transfer(self, *, key: str, request: port.ReversalRequest) -> port.Reversal:
        """Reverse part of a transfer. Raises: see `Gateway.reverse_transfer`."""
        with _errors():
            made = self._client.v1.transfers.reversals.create(
                request.transfer_id,
                {"amount": request.amount_minor, "metadata": _metadata(request.tag)},
                {"idempotency_key": _key(key)},
            )
        return port.Reversal(
            reversal_id=made.id,
            transfer_id=_id(made.transfer),
            amount_minor=made.amount,
            currency=made.currency.upper(),
            tag=_tag(made.metadata),
        )

    def payout(self, *, key: str, request: port.PayoutRequest) -> port.Payout:
        """Send a balance to its bank. Raises: see `Gateway.payout`."""
        options: stripe.RequestOptions = {"idempotency_key": _key(key)}
        if request.recipient_id:
            options["stripe_account"] = request.recipient_id
        with _errors():
            made = self._client.v1.payouts.create(
                {"amount": request.amount_minor, "currency": request.currency.lower(), "metadata": _metadata(request.tag)}, options
            )
        return port.Payout(
            payout_id=made.id,
            status=_TRANSFER_STATUS.get(made.status, port.TransferStatus.PENDING),
            amount_minor=made.amount,
            currency=made.currency.upper(),
            arrival=_time(made.arrival_date),
            tag=_tag(made.metadata),
        )

    def create_recipient(self, *, key: str, request: port.RecipientRequest) -> port.Recipient:
        """Open a connected account without a dashboard, that only receives transfers. Raises: see `Gateway.create_recipient`."""
        with _errors():
            made = self._client.v1.accounts.create(
                {
                    "country": request.country,
                    "default_currency": request.currency.lower(),
                    "business_profile": {"name": request.name},
                    "capabilities": {"transfers": {"requested": True}},
                    "controller": {
                        "fees": {"payer": "application"},
                        "losses": {"payments": "application"},
                        "requirement_collection": "application",
                        "stripe_dashboard": {"type": "none"},
                    },
                    "external_account": request.bank_token,
                    "metadata": {"party": str(request.party)},
                },
                {"idempotency_key": _key(key)},
            )
        return port.Recipient(
            recipient_id=made.id,
            party=_uuid(_plain(made.metadata).get("party")),
            transfers_enabled=made.capabilities is not None and made.capabilities.transfers == "active",
            payouts_enabled=bool(made.payouts_enabled),
        )

    def list_movements(self, *, query: port.MovementQuery) -> port.MovementPage:
        """Balance transactions with their sources expanded, because the tag is on the source. Raises: see `Gateway.list_movements`."""
        params: Any = {
            "created": {"gte": int(query.since.timestamp()), "lt": int(query.until.timestamp())},
            "limit": query.limit,
            "expand": ["data.source"],
        }
        if query.after:
            params["starting_after"] = query.after
        options: stripe.RequestOptions = {"stripe_account": query.recipient_id} if query.recipient_id else {}
        with _errors():
            page = self._client.v1.balance_transactions.list(params, options)
        return port.MovementPage(movements=tuple(_movement(row) for row in page.data), has_more=page.has_more)

    def verify_webhook(self, *, payload: bytes, signature: str) -> port.GatewayEvent:
        """Check signature and age (300 s) over the exact bytes, then read the event. Raises: see `Gateway.verify_webhook`."""
        if len(payload) > MAX_WEBHOOK_BYTES:
            message = "the webhook is larger than any event"
            raise port.BadSignature(message)
        try:
            event = self._client.construct_event(payload, signature, self._config.webhook_secret)
            return _event(event)
        except (stripe.SignatureVerificationError, ValueError, AttributeError, KeyError, TypeError) as error:
            message = "the webhook's signature or form is not Stripe's"
            raise port.BadSignature(message) from error


@contextmanager
def _errors() -> Iterator[None]:
    """Translate the SDK's errors. A 409 is a twin still running, so it is Temporary; anything unknown is too, since an effect may exist."""
    try:
        yield
    except stripe.CardError as error:
        raise _declined(error) from error
    except stripe.IdempotencyError as error:
        raise port.Conflict(_text(error), code=_code(error) or "idempotency_error", request_id=error.request_id or "") from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise port.Misconfigured(_text(error), code=_code(error), request_id=error.request_id or "") from error
    except stripe.InvalidRequestError as error:
        raise port.Refused(_text(error), code=_code(error), request_id=error.request_id or "") from error
    except stripe.StripeError as error:
        replayed = {name.lower(): value for name, value in (error.headers or {}).items()}.get("idempotent-replayed") == "true"
        raise port.Temporary(_text(error), code=_code(error), request_id=error.request_id or "", replayed=replayed) from error


def _declined(error: stripe.CardError) -> port.Declined:
    details = _details(error)
    payment = details.get("payment_intent") or {}
    return port.Declined(
        _text(error),
        code=_code(error),
        request_id=error.request_id or "",
        decline_code=str(details.get("decline_code") or ""),
        payment_id=str(payment.get("id") or ""),
    )


def _details(error: stripe.StripeError) -> dict[str, Any]:
    """The error object of the answer; the SDK drops parts of it for some statuses (a 409's code, a decline's payment)."""
    body: Any = error.json_body
    details = body.get("error") if isinstance(body, dict) else None
    return details if isinstance(details, dict) else {}


def _code(error: stripe.StripeError) -> str:
    return str(error.code or _details(error).get("code") or "")


def _text(error: stripe.StripeError) -> str:
    return error.user_message or "the gateway gave no reason"


def _key(key: str) -> str:
    if not 1 <= len(key) <= port.MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        message = f"an idempotency key is 1 to {port.MAX_KEY_LENGTH} printable ASCII characters"
        raise ValueError(message)
    return key


def _metadata(tag: port.Tag) -> dict[str, str]:
    given = {"entry": str(tag.entry), "deal": str(tag.deal)}
    return {**given, "share": tag.share} if tag.share else given


def _plain(metadata: Any) -> dict[str, str]:
    return {} if metadata is None else {str(name): str(value) for name, value in metadata.to_dict().items()}


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text or "")
    except ValueError:
        return None


def _tag(metadata: Any) -> port.Tag | None:
    """Our tag, or None for an object that we did not make."""
    given = _plain(metadata)
    entry, deal = _uuid(given.get("entry")), _uuid(given.get("deal"))
    return port.Tag(entry=entry, deal=deal, share=given.get("share", "")) if entry and deal else None


def _id(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value.id)


def _time(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


def _charge(payment: stripe.PaymentIntent) -> port.Charge:
    charge = payment.latest_charge
    held = charge if isinstance(charge, stripe.Charge) and charge.paid else None
    balance = held.balance_transaction if held else None
    return port.Charge(
        payment_id=payment.id,
        charge_id=held.id if held else "",
        status=_CHARGE_STATUS.get(payment.status, port.ChargeStatus.PROCESSING),
        amount_minor=payment.amount,
        received_minor=payment.amount_received,
        refunded_minor=held.amount_refunded if held else 0,
        currency=payment.currency.upper(),
        fee_minor=balance.fee if isinstance(balance, stripe.BalanceTransaction) else None,
        tag=_tag(payment.metadata),
    )


def _movement(row: stripe.BalanceTransaction) -> port.Movement:
    source: Any = row.source
    return port.Movement(
        movement_id=row.id,
        kind=_MOVEMENTS.get(row.type, port.MovementKind.OTHER),
        source_id=_id(source),
        amount_minor=row.amount,
        fee_minor=row.fee,
        net_minor=row.net,
        currency=row.currency.upper(),
        created=_time(row.created),
        available=_time(row.available_on),
        tag=None if source is None or isinstance(source, str) else _tag(getattr(source, "metadata", None)),
    )


def _event(event: stripe.Event) -> port.GatewayEvent:
    about: Any = event.data.object
    kind = about["object"]
    payment = about["id"] if kind == "payment_intent" else _id(getattr(about, "payment_intent", None))
    metadata = getattr(about, "metadata", None)
    return port.GatewayEvent(
        event_id=event.id,
        kind=_EVENTS.get(event.type, port.EventKind.OTHER),
        type=event.type,
        created=_time(event.created),
        object_id=_id(about),
        payment_id=payment,
        recipient_id=_id(getattr(event, "account", None)),
        livemode=event.livemode,
        tag=_tag(metadata),
        metadata=_plain(metadata),
    )
