"""Signing: each side with its own key over the contract's hash; the second signature concludes the contract."""

import base64
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError, transaction

from marketplace.deals.errors import AlreadySigned, KeyNotYours, NotASide, NotYet, SignatureInvalid
from marketplace.deals.models import Deal, Signature
from marketplace.deals.rights import grant_rights, open_entitlements
from marketplace.deals.states import TRANSITIONS, Consideration, Side, State
from marketplace.deals.terms import signing_text
from pricing.money import Money
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import IllegalTransition, StaleVersion
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.models import SigningKey
from settlement.escrow.services import escrow_open

SIGNATURE_BYTES: Final = 64


def deal_sign(*, actor: Actor, deal_id: UUID, signing_key_id: UUID, signature: str, expected_version: int, idempotency_key: str) -> Deal:
    """Add one side's signature (base64 Ed25519) over the contract's hash.

    The second one makes the deal SIGNED (``deal.signed``): a priced deal gets its escrow, a licence for a share of income comes into
    force with its registered grant.

    Raises:
        NotASide, KeyNotYours, SignatureInvalid, AlreadySigned: see there.
        IllegalTransition: the deal is not CHECKED: only a checked hash can be signed.
        NotYet: the database finds no passing, unexpired verdict for these terms.
    """
    require(actor, "contract:sign")
    found = Deal.objects.find(actor, deal_id, field="dealId")
    side = _side_of(actor, found)
    with once(actor, "deal_sign", idempotency_key, deal_id, signing_key_id, signature, expected_version) as call:
        if call.replayed:
            return call.result(Deal)
        deal = Deal.objects.lock(deal_id)
        if deal.state != State.CHECKED:
            raise IllegalTransition(field=("dealId",), noun="deal", source=deal.state, target=str(State.SIGNED))
        if deal.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="deal", current=deal.version, expected=expected_version)
        _add_signature(actor, deal, side, signing_key_id, signature)
        signatures = {row.side: row for row in deal.signatures.select_related("signing_key")}
        if len(signatures) == len(Side):
            _conclude(actor, deal, signatures[Side.SELLER], signatures[Side.BUYER])
        return call.done(deal)


def _side_of(actor: Actor, deal: Deal) -> Side:
    if actor.organisation == deal.seller_id:
        return Side.SELLER
    if actor.organisation == deal.buyer_id:
        return Side.BUYER
    raise NotASide(field=("dealId",), side="seller or buyer")


def _add_signature(actor: Actor, deal: Deal, side: Side, key_id: UUID, encoded: str) -> None:
    key = SigningKey.objects.filter(pk=key_id, organisation=actor.organisation, person=actor.person, revoked_at=None).first()
    if key is None:
        raise KeyNotYours(field=("signingKeyId",))
    if deal.signatures.filter(side=side).exists():
        raise AlreadySigned(field=("dealId",), side=side.value)
    raw = _decoded(encoded)
    try:
        text = signing_text(hash_hex=deal.terms_hash, deal_id=deal.pk, side=side)
        Ed25519PublicKey.from_public_bytes(bytes(key.public_key)).verify(raw, text)
    except InvalidSignature as error:
        raise SignatureInvalid(field=("signature",)) from error
    Signature.objects.create(deal=deal, side=side, signing_key=key, terms_hash=deal.terms_hash, signature=raw, signed_at=clock.now())


def _decoded(encoded: str) -> bytes:
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise SignatureInvalid(field=("signature",)) from error
    if len(raw) != SIGNATURE_BYTES:
        raise SignatureInvalid(field=("signature",))
    return raw


def _conclude(actor: Actor, deal: Deal, seller: Signature, buyer: Signature) -> None:
    _move(deal, State.SIGNED, signed_at=clock.now())
    record(
        "deal.signed",
        subject=("Deal", deal.pk),
        actor=actor,
        public={
            "deal": deal.pk,
            "terms_hash": deal.terms_hash,
            "seller": deal.seller_id,
            "buyer": deal.buyer_id,
            "seller_key": _text(seller.signing_key.public_key),
            "buyer_key": _text(buyer.signing_key.public_key),
            "seller_signature": _text(seller.signature),
            "buyer_signature": _text(buyer.signature),
        },
    )
    if deal.consideration == Consideration.FIXED:
        amount = Money.of(deal.amount_minor, deal.currency)
        escrow_open(deal_id=deal.pk, payer_id=deal.buyer_id, institution_id=deal.institution_id, amount=amount)
        return
    grant_rights(actor=actor, deal=deal)
    _move(deal, State.IN_FORCE)
    open_entitlements(deal=deal, suspended=False)
    record("deal.in_force", subject=("Deal", deal.pk), actor=actor, public={"deal": deal.pk})


def _move(deal: Deal, state: State, **changes: object) -> None:
    try:
        with transaction.atomic():
            move(deal, to=state, expected_version=deal.version, transitions=TRANSITIONS, **changes)
    except IntegrityError as error:
        raise NotYet.because(error) from error


def _text(raw: bytes | memoryview) -> str:
    return base64.b64encode(bytes(raw)).decode()
