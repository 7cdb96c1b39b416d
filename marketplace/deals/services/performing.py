"""Performing: the charge is asked for, the money's arrival opens the data, the buyer receives and accepts."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from marketplace.deals.errors import FileDiffers, NotASide
from marketplace.deals.models import Deal
from marketplace.deals.rights import grant_rights, open_entitlements, require_grantable
from marketplace.deals.services.requesting import Checked
from marketplace.deals.states import TRANSITIONS, State
from marketplace.deals.subject import deal_subject
from marketplace.deals.terms import INSPECTION_DAYS
from marketplace.delivery.services import entitlements_screened
from marketplace.delivery.states import Mode
from marketplace.screening.services import screen_deal
from registry.base import clock, work
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import IllegalTransition, StaleVersion, UserError
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.services import record
from registry.rules.calendar import china_date
from registry.rules_store.models import Verdict
from settlement.payments.services import payment_request

INSPECTION_TOPIC: Final = "deals.inspection"
OPENING_TOPIC: Final = "deals.opening"
OPEN_AGAIN: Final = timedelta(hours=1)
"""When to try again what stopped the delivery of a paid deal."""


def deal_fund(*, actor: Actor, deal_id: UUID, payment_method: str, expected_version: int, idempotency_key: str) -> Checked:
    """Ask the gateway to charge the buyer, after the deal passed all rules again. Only the gateway's word will fund it.

    Raises:
        NotASide: the actor is not the buyer.
        IllegalTransition, StaleVersion: the deal is not SIGNED at that version.
        RightTaken, NotCovered, Held, NotYet: the right could not be granted for the money; see ``require_grantable``.
    """
    require(actor, "deal:buy")
    _require_buyer(actor, Deal.objects.find(actor, deal_id, field="dealId"))
    with once(actor, "deal_fund", idempotency_key, deal_id, payment_method, expected_version) as call:
        deal = Deal.objects.lock(deal_id)
        if call.replayed:
            return Checked(deal, call.result(Verdict))
        _require(deal, State.SIGNED, State.FUNDED, expected_version)
        verdict = screen_deal(actor=actor, subject=deal_subject(deal), stage="funding")
        if verdict.passes:
            require_grantable(deal=deal)
            payment_request(actor=actor, deal_id=deal.pk, payment_method=payment_method, attempt=idempotency_key)
        return Checked(deal, call.done(verdict))


def deal_funded(*, deal_id: UUID) -> None:
    """Take note that the money is locked, whatever comes next: then open the delivery. Called by the relay; idempotent.

    Writes one ``deal.funded`` event.
    """
    deal = Deal.objects.lock(deal_id)
    if deal.state != State.SIGNED:
        return
    move(deal, to=State.FUNDED, expected_version=deal.version, transitions=TRANSITIONS, funded_at=clock.now())
    record(
        "deal.funded",
        subject=("Deal", deal.pk),
        actor=SYSTEM,
        public={"deal": deal.pk, "currency": deal.currency},
        sealed={"amount": str(deal.amount_minor)},
    )
    deal_opening(deal_id=deal_id)


def deal_opening(*, deal_id: UUID) -> None:
    """Register the rights of a paid deal and open its entitlements. Called by the relay; idempotent.

    Screening runs once more; where it does not pass, the entitlements are stopped. What stops them, or the register's refusal of a
    right (a hold that was placed meanwhile), is looked at again every ``OPEN_AGAIN`` until the right's term is over.
    """
    deal = Deal.objects.lock(deal_id)
    if deal.state != State.FUNDED:
        return
    try:
        with transaction.atomic():
            grant_rights(actor=SYSTEM, deal=deal)
    except UserError:
        _open_again(deal)
        return
    verdict = screen_deal(actor=SYSTEM, subject=deal_subject(deal), stage="delivery")
    open_entitlements(deal=deal, suspended=not verdict.passes)
    entitlements_screened(deal_id=deal.pk, passes=verdict.passes)
    if not verdict.passes:
        _open_again(deal)
    elif deal.terms["delivery"]["mode"] == Mode.GRANT:
        deal_delivered(deal_id=deal_id, sha256=deal.terms_hash)


def deal_delivered(*, deal_id: UUID, sha256: str) -> None:
    """Take note that the whole file, or the bare right, reached the buyer; starts the inspection period. Called by the relay; idempotent.

    Writes one ``deal.delivered`` event.
    """
    deal = Deal.objects.lock(deal_id)
    if deal.state != State.FUNDED:
        return
    now = clock.now()
    until = now + timedelta(days=INSPECTION_DAYS)
    move(deal, to=State.DELIVERED, expected_version=deal.version, transitions=TRANSITIONS, delivered_at=now, inspection_until_at=until)
    record("deal.delivered", subject=("Deal", deal.pk), actor=SYSTEM, public={"deal": deal.pk, "sha256": sha256})
    work.enqueue(topic=INSPECTION_TOPIC, key=str(deal.pk), payload={"deal": str(deal.pk)}, due_at=until)


def deal_accept(*, actor: Actor, deal_id: UUID, received_sha256: str, expected_version: int, idempotency_key: str) -> Deal:
    """Accept what was delivered; the buyer states the SHA-256 of what arrived: of the file, or of the contract where it grants no more.

    Writes one ``deal.accepted`` event.

    Raises:
        NotASide: the actor is not the buyer.
        FileDiffers: other bytes arrived than the contract names.
    """
    require(actor, "deal:buy")
    _require_buyer(actor, Deal.objects.find(actor, deal_id, field="dealId"))
    with once(actor, "deal_accept", idempotency_key, deal_id, received_sha256, expected_version) as call:
        if call.replayed:
            return call.result(Deal)
        deal = Deal.objects.lock(deal_id)
        if received_sha256.lower() != _contracted(deal):
            raise FileDiffers(field=("receivedSha256",))
        _accept(actor, deal, expected_version)
        return call.done(deal)


def inspection_ended(*, deal_id: UUID) -> None:
    """Silence until the end of the inspection period is acceptance. Called by the timer; idempotent."""
    deal = Deal.objects.lock(deal_id)
    if deal.state == State.DELIVERED:
        _accept(SYSTEM, deal, deal.version)


def _contracted(deal: Deal) -> str | None:
    """The SHA-256 of what the contract delivers. A bare right is what the contract itself states."""
    sha256: str | None = deal.terms_hash if deal.terms["delivery"]["mode"] == Mode.GRANT else deal.terms["delivery"]["sha256"]
    return sha256


def _open_again(deal: Deal) -> None:
    due = clock.now() + OPEN_AGAIN
    if china_date(due) < max(right.valid.upper for right in deal.rights.all()):
        work.enqueue(topic=OPENING_TOPIC, key=f"{deal.pk}:{due.isoformat()}", payload={"deal": str(deal.pk)}, due_at=due)


def _accept(actor: Actor, deal: Deal, expected_version: int) -> None:
    move(deal, to=State.ACCEPTED, expected_version=expected_version, transitions=TRANSITIONS, accepted_at=clock.now())
    record("deal.accepted", subject=("Deal", deal.pk), actor=actor, public={"deal": deal.pk})


def _require_buyer(actor: Actor, deal: Deal) -> None:
    if actor.organisation != deal.buyer_id:
        raise NotASide(field=("dealId",), side="buyer")


def _require(deal: Deal, state: State, target: State, expected_version: int) -> None:
    if deal.version != expected_version:
        raise StaleVersion(field=("expectedVersion",), noun="deal", current=deal.version, expected=expected_version)
    if deal.state != state:
        raise IllegalTransition(field=("dealId",), noun="deal", source=deal.state, target=str(target))
