"""Locks, releases and refunds the money of a deal, each as one balanced posting."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db import transaction

from pricing.money import Money
from registry.base.transitions import move
from settlement.escrow.errors import AmountDiffers, LinesDoNotSum
from settlement.escrow.models import Escrow
from settlement.escrow.states import TRANSITIONS, State
from settlement.ledger.models import AccountKind
from settlement.ledger.services import MARKET, PLATFORM, Movement, account_open, post


class Role(StrEnum):
    """What a line of a release pays for."""

    PLATFORM_FEE = "platform_fee"
    INSTITUTION_FEE = "institution_fee"
    TAX = "tax"
    SHARE = "share"


_ACCOUNTS: Final = {
    Role.PLATFORM_FEE: AccountKind.PLATFORM_FEE,
    Role.INSTITUTION_FEE: AccountKind.INSTITUTION_FEE,
    Role.TAX: AccountKind.TAX,
    Role.SHARE: AccountKind.PAYABLE,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One payee of a release: the role, whose account, and the amount in minor units (0 is left out of the posting)."""

    role: Role
    party_id: UUID
    amount_minor: int


def escrow_open(*, deal_id: UUID, payer_id: UUID, institution_id: UUID, amount: Money) -> Escrow:
    """Open the escrow of a signed deal; the first call's escrow is returned to later ones."""
    escrow, _ = Escrow.objects.get_or_create(
        deal_id=deal_id,
        defaults={
            "market": MARKET,
            "payer_id": payer_id,
            "institution_id": institution_id,
            "amount_minor": amount.minor,
            "currency": amount.currency.code,
        },
    )
    return escrow


def escrow_await(*, deal_id: UUID) -> Escrow:
    """Say that the gateway was asked for the money."""
    escrow = _locked(deal_id)
    if escrow.state == State.UNFUNDED:
        move(escrow, to=State.FUNDING, expected_version=escrow.version, transitions=TRANSITIONS)
    return escrow


def escrow_not_paid(*, deal_id: UUID) -> Escrow:
    """Say that the payment failed, so that the payer may try another way."""
    escrow = _locked(deal_id)
    if escrow.state == State.FUNDING:
        move(escrow, to=State.UNFUNDED, expected_version=escrow.version, transitions=TRANSITIONS)
    return escrow


def escrow_lock(*, deal_id: UUID, gateway_reference: str, received: Money) -> Escrow:
    """Lock the money that the gateway says it took: gateway -> escrow. Called by the payment relay alone, once per payment.

    Raises:
        AmountDiffers: the gateway took another amount or currency.
        IllegalTransition: the escrow does not wait for money.
    """
    with transaction.atomic():
        escrow = _locked(deal_id)
        if escrow.state != State.FUNDING and escrow.fund_entry is not None:
            return escrow
        if (received.minor, received.currency.code) != (escrow.amount_minor, escrow.currency):
            raise AmountDiffers(received=str(received), amount=f"{escrow.amount_minor} {escrow.currency}")
        source = account_open(kind=AccountKind.GATEWAY, owner=PLATFORM, currency=escrow.currency)
        entry = post(
            key=f"fund:{deal_id}:{gateway_reference}",
            kind="fund",
            deal_id=deal_id,
            movements=[Movement(source, _account(escrow), escrow.amount_minor, escrow.currency)],
        )
        move(escrow, to=State.FUNDED, expected_version=escrow.version, transitions=TRANSITIONS, fund_entry=entry)
    return escrow


def escrow_release(*, deal_id: UUID, lines: Sequence[Line]) -> Escrow:
    """Pay the whole escrow out in one posting: fees, taxes withheld, and the share of each right holder.

    Raises:
        LinesDoNotSum: the lines are not exactly the locked amount, or one is negative.
        IllegalTransition: the escrow is not funded.
    """
    with transaction.atomic():
        escrow = _locked(deal_id)
        total = sum(line.amount_minor for line in lines)
        if total != escrow.amount_minor or any(line.amount_minor < 0 for line in lines):
            raise LinesDoNotSum(sum=total, amount=escrow.amount_minor)
        source = _account(escrow)
        movements = [
            Movement(
                source,
                account_open(kind=_ACCOUNTS[line.role], owner=line.party_id, currency=escrow.currency),
                line.amount_minor,
                escrow.currency,
            )
            for line in lines
            if line.amount_minor
        ]
        entry = post(key=f"release:{deal_id}", kind="release", deal_id=deal_id, movements=movements)
        move(escrow, to=State.RELEASED, expected_version=escrow.version, transitions=TRANSITIONS, out_entry=entry)
    return escrow


def escrow_refund(*, deal_id: UUID) -> Escrow:
    """Give the whole escrow back towards the gateway that took it: escrow -> transit, until the gateway confirms.

    Raises:
        IllegalTransition: the escrow is not funded.
    """
    with transaction.atomic():
        escrow = _locked(deal_id)
        target = account_open(kind=AccountKind.TRANSIT, owner=escrow.payer_id, currency=escrow.currency)
        entry = post(
            key=f"refund:{deal_id}",
            kind="refund",
            deal_id=deal_id,
            movements=[Movement(_account(escrow), target, escrow.amount_minor, escrow.currency)],
        )
        move(escrow, to=State.REFUNDED, expected_version=escrow.version, transitions=TRANSITIONS, out_entry=entry)
    return escrow


def _account(escrow: Escrow) -> UUID:
    return account_open(kind=AccountKind.ESCROW, owner=escrow.deal_id, currency=escrow.currency)


def _locked(deal_id: UUID) -> Escrow:
    return Escrow.objects.select_for_update(of=("self",)).get(deal_id=deal_id)
