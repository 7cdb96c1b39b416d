"""Settling: the institution releases the escrow to everybody the terms name, to the minor unit, and the voucher is issued."""

import hashlib
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from marketplace.deals.errors import NotASide, NotYet
from marketplace.deals.joint import divided
from marketplace.deals.models import Deal, Voucher
from marketplace.deals.services.requesting import Checked
from marketplace.deals.states import TRANSITIONS, State
from marketplace.deals.subject import deal_subject
from marketplace.screening.services import screen_deal
from pricing.fees.arithmetic import Division, Role
from pricing.fees.chain import ShareTerm
from pricing.fees.services import division_of
from pricing.money import Money
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import IllegalTransition, StaleVersion
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.canonical import canonical
from registry.log.services import record
from registry.rules.calendar import china_date
from registry.rules_store.models import Verdict
from settlement.escrow.services import Line, escrow_release
from settlement.escrow.services import Role as EscrowRole

_ROLES: Final = {
    Role.PLATFORM_FEE: EscrowRole.PLATFORM_FEE,
    Role.INSTITUTION_FEE: EscrowRole.INSTITUTION_FEE,
    Role.TAX: EscrowRole.TAX,
    Role.SHARE: EscrowRole.SHARE,
}


def deal_settle(*, actor: Actor, deal_id: UUID, expected_version: int, idempotency_key: str) -> Checked:
    """Release an accepted deal's escrow: fees, taxes and the share of each right holder, in one posting.

    The deal passes all rules once more. Writes one ``deal.settled`` event and the voucher.

    Raises:
        NotASide: the actor is not of the institution that the contract names.
        IllegalTransition, StaleVersion: the deal is not ACCEPTED at that version.
        NotYet: the database misses a registered right, a signature, a passing verdict or the balanced entry.
    """
    require(actor, "deal:settle")
    found = Deal.objects.find(actor, deal_id, field="dealId")
    if actor.organisation != found.institution_id:
        raise NotASide(field=("dealId",), side="institution")
    with once(actor, "deal_settle", idempotency_key, deal_id, expected_version) as call:
        deal = Deal.objects.lock(deal_id)
        if call.replayed:
            return Checked(deal, call.result(Verdict))
        if deal.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="deal", current=deal.version, expected=expected_version)
        if deal.state != State.ACCEPTED:
            raise IllegalTransition(field=("dealId",), noun="deal", source=deal.state, target=str(State.SETTLED))
        verdict = screen_deal(actor=actor, subject=deal_subject(deal), stage="settlement")
        if verdict.passes:
            _settle(actor, deal, verdict)
        return Checked(deal, call.done(verdict))


def division(deal: Deal) -> Division:
    """The deal's amount divided by the fees and shares that its contract states."""
    terms = tuple(ShareTerm(**share) for share in deal.terms["shares"])
    amount = Money.of(deal.amount_minor, deal.currency)
    surplus, joint = deal.terms["surplus"], deal.terms["joint"]
    return division_of(
        amount=amount,
        seller_id=deal.seller_id,
        institution_id=deal.institution_id,
        terms=terms,
        schedule=deal.fee_schedule,
        surplus=(surplus["to"], int(surplus["minor"])) if surplus else None,
        joint=partial(divided, joint) if joint else None,
    )


def _settle(actor: Actor, deal: Deal, verdict: Verdict) -> None:
    lines = [line for line in division(deal).lines if line.minor]
    escrow_release(deal_id=deal.pk, lines=[Line(_ROLES[line.role], UUID(line.party), line.minor) for line in lines])
    try:
        with transaction.atomic():
            move(
                deal,
                to=State.SETTLED,
                expected_version=deal.version,
                transitions=TRANSITIONS,
                settled_at=clock.now(),
                settlement_verdict=verdict.pk,
            )
    except IntegrityError as error:
        raise NotYet.because(error) from error
    stated = [{"role": line.role.value, "party": line.party, "amount": str(line.minor)} for line in lines]
    record(
        "deal.settled",
        subject=("Deal", deal.pk),
        actor=actor,
        public={"deal": deal.pk, "currency": deal.currency},
        sealed={"amount": str(deal.amount_minor), "lines": stated},
    )
    _issue_voucher(deal, stated)


def _issue_voucher(deal: Deal, lines: list[dict[str, str]]) -> None:
    now = clock.now()
    number = f"V{china_date(now):%Y%m%d}-{deal.pk.hex[-12:].upper()}"
    statement = canonical(_statement(deal, number, lines))
    Voucher.objects.create(deal=deal, number=number, statement=statement, sha256=hashlib.sha256(statement).hexdigest(), issued_at=now)


def _statement(deal: Deal, number: str, lines: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "format": "egret-voucher",
        "version": 1,
        "number": number,
        "deal": str(deal.pk),
        "seller": str(deal.seller_id),
        "buyer": str(deal.buyer_id),
        "institution": str(deal.institution_id),
        "product": deal.terms["product"],
        "rights": deal.terms["rights"],
        "contract_sha256": deal.terms_hash,
        "amount": str(deal.amount_minor),
        "currency": deal.currency,
        "lines": lines,
        "delivered_at": deal.delivered_at.isoformat() if deal.delivered_at else None,
        "accepted_at": deal.accepted_at.isoformat() if deal.accepted_at else None,
        "settled_at": deal.settled_at.isoformat() if deal.settled_at else None,
    }
