"""Asks the gateway for money and acts on its word: recorded first, fetched again, then posted."""

import json
import re
from datetime import timedelta
from functools import cache
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from pricing.money import Money
from registry.base import clock, work
from registry.base.actor import SYSTEM, Actor
from registry.base.errors import BadInput
from registry.base.models import Inbox
from registry.log.services import record
from settlement.escrow.models import Escrow
from settlement.escrow.services import escrow_await, escrow_lock, escrow_not_paid
from settlement.ledger.models import AccountKind
from settlement.ledger.services import PLATFORM, Movement, account_open, post
from settlement.payments.errors import AmountTooLarge, ChargeOpen, GatewayOff
from settlement.payments.gateway import MAX_AMOUNT_MINOR, ChargeRequest, ChargeStatus, Declined, Gateway, Refused, Tag
from settlement.payments.gateway import Charge as GatewayCharge
from settlement.payments.models import Charge
from settlement.payments.stripe_gateway import StripeConfig, StripeGateway

CHARGE_TOPIC: Final = "payments.charge"
LOOK_TOPIC: Final = "payments.look"
LOOK_AFTER: Final = timedelta(seconds=30)
"""When we look ourselves, in case the gateway's message never comes."""
_TOKEN: Final = re.compile(r"[!-~]{1,64}")
"""Printable ASCII without a blank, as gateways make their tokens."""


@cache
def gateway() -> Gateway:
    """The configured gateway.

    Raises:
        GatewayOff: none is configured.
    """
    if not settings.STRIPE_API_KEY:
        raise GatewayOff
    return StripeGateway(
        StripeConfig(api_key=settings.STRIPE_API_KEY, webhook_secret=settings.STRIPE_WEBHOOK_SECRET, api_base=settings.STRIPE_API_BASE)
    )


def payment_request(*, actor: Actor, deal_id: UUID, payment_method: str, attempt: str) -> Charge:
    """Store the wish to charge the buyer and leave it to the relay. Called in the caller's transaction; nothing is funded by it.

    Raises:
        BadInput: the payment method is no gateway token.
        ChargeOpen: another charge of the deal is under way or done.
        GatewayOff, AmountTooLarge: it cannot be charged here.
    """
    gateway()
    if not _TOKEN.fullmatch(payment_method):
        raise BadInput("paymentMethod", "the token that the gateway gave the payer, such as pm_…")
    escrow = Escrow.objects.get(deal_id=deal_id)
    if escrow.amount_minor > MAX_AMOUNT_MINOR:
        raise AmountTooLarge(limit=MAX_AMOUNT_MINOR)
    try:
        with transaction.atomic():
            charge = Charge.objects.create(
                escrow=escrow,
                deal_id=deal_id,
                payment_method=payment_method,
                amount_minor=escrow.amount_minor,
                currency=escrow.currency,
                requested_at=clock.now(),
            )
    except IntegrityError as error:
        raise ChargeOpen(field=("dealId",)) from error
    escrow_await(deal_id=deal_id)
    work.enqueue(
        topic=CHARGE_TOPIC, key=str(charge.pk), payload={"charge": str(charge.pk), "person": str(actor.person), "attempt": attempt}
    )
    work.enqueue(topic=LOOK_TOPIC, key=str(charge.pk), payload={"charge": str(charge.pk)}, due_at=clock.now() + LOOK_AFTER)
    return charge


def charge_send(*, charge_id: UUID) -> None:
    """Call the gateway for one stored charge, under the charge's own key; a repeat after a crash is the same call."""
    charge = Charge.objects.lock(charge_id)
    if charge.state != Charge.State.REQUESTED:
        return
    request = ChargeRequest(
        amount_minor=charge.amount_minor,
        currency=charge.currency,
        payment_method=charge.payment_method,
        tag=Tag(entry=charge.pk, deal=charge.deal_id),
    )
    try:
        answer = gateway().charge(key=f"charge:{charge.pk}", request=request)
    except (Declined, Refused) as error:
        _declined(charge, error.code or "declined")
        return
    Charge.objects.filter(pk=charge.pk).update(state=Charge.State.SENT, gateway_payment_id=answer.payment_id)


def charge_look(*, charge_id: UUID) -> None:
    """Fetch a charge whose message may have been lost, and act on what the gateway says."""
    charge = Charge.objects.get(pk=charge_id)
    if charge.state == Charge.State.SENT:
        _apply(gateway().retrieve_charge(payment_id=charge.gateway_payment_id))


def message_act(*, inbox_id: UUID) -> None:
    """Act on one recorded message of the gateway: fetch the object it names, and believe only that."""
    message = json.loads(bytes(Inbox.objects.get(pk=inbox_id).payload))
    if message.get("type") == "payment_intent.succeeded":
        _apply(gateway().retrieve_charge(payment_id=message["data"]["object"]["id"]))


def _apply(answer: GatewayCharge) -> None:
    if answer.status is not ChargeStatus.SUCCEEDED or answer.tag is None:
        return
    charge = Charge.objects.select_for_update().filter(pk=answer.tag.entry).first()
    if charge is None or charge.state == Charge.State.SUCCEEDED:
        return
    received = Money.of(answer.received_minor, answer.currency)
    escrow_lock(deal_id=charge.deal_id, gateway_reference=answer.payment_id, received=received)
    if answer.fee_minor:
        _post_fee(charge, answer.fee_minor)
    Charge.objects.filter(pk=charge.pk).update(state=Charge.State.SUCCEEDED, gateway_payment_id=answer.payment_id)
    record(
        "payment.received",
        subject=("Charge", charge.pk),
        actor=SYSTEM,
        public={"deal": charge.deal_id, "charge": charge.pk},
        sealed={"amount": str(received.minor), "gateway_payment": answer.payment_id},
    )


def _post_fee(charge: Charge, fee_minor: int) -> None:
    expense = account_open(kind=AccountKind.FEE_EXPENSE, owner=PLATFORM, currency=charge.currency)
    held = account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency=charge.currency)
    movements = [Movement(expense, held, fee_minor, charge.currency)]
    post(key=f"gateway-fee:{charge.pk}", kind="gateway_fee", deal_id=charge.deal_id, movements=movements)


def _declined(charge: Charge, code: str) -> None:
    Charge.objects.filter(pk=charge.pk).update(state=Charge.State.DECLINED, code=code[:64])
    escrow_not_paid(deal_id=charge.deal_id)
    public = {"deal": charge.deal_id, "charge": charge.pk, "code": code[:64]}
    record("payment.declined", subject=("Charge", charge.pk), actor=SYSTEM, public=public)
