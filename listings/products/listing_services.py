"""Moves listings: onto the market by a verdict, off it by their owner, and to a halt by the regulator."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from listings.products.checks import own_listing
from listings.products.errors import NotCleared, NothingOffered, OrderedSuspension
from listings.products.models import REASON_MAX, Listing
from listings.products.states import TRANSITIONS, OfferState, State
from listings.resources.services import measurements_open
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, IllegalTransition, NotFound
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.services import record

_VERDICT_CHECKS: Final = frozenset({"listing_verdict_passes"})


def listing_list(*, actor: Actor, listing_id: UUID, verdict_id: UUID, expected_version: int) -> Listing:
    """Put a listing on the market by a verdict on its very content. Called by screening, in its transaction.

    Locks the listing; opens its profile and sample to the market. Writes one ``listing.listed`` event.

    Raises:
        NotFound: not a listing of the actor's, who is no regulator either.
        OrderedSuspension: the regulator stopped it, and the actor is none.
        NothingOffered: no offer of it is open.
        NotCleared: the database finds no such verdict that passes now.
        StaleVersion, IllegalTransition: the listing moved first.
    """
    listing = _movable(actor, listing_id)
    _require_unordered(actor, listing)
    _put_on_market(listing, expected_version=expected_version, verdict_id=verdict_id)
    _tell("listing.listed", actor, listing, content_version=listing.content_version, verdict=listing.verdict_id)
    return listing


def listing_refer(*, actor: Actor, listing_id: UUID, verdict_id: UUID, expected_version: int) -> Listing:
    """Park a listing until people decide on its verdict. Called by screening, in its transaction.

    Locks the listing. Writes one ``listing.referred`` event.

    Raises:
        NotFound: not a listing of the actor's, who is no regulator either.
        StaleVersion, IllegalTransition: the listing moved first.
    """
    listing = _movable(actor, listing_id)
    move(listing, to=State.REFERRED, expected_version=expected_version, transitions=TRANSITIONS, verdict_id=verdict_id)
    _tell("listing.referred", actor, listing, content_version=listing.content_version, verdict=verdict_id)
    return listing


def listing_suspend(*, actor: Actor, listing_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Listing:
    """Stop a listing: its owner for reasons of its own, or the regulator by order, which only the regulator lifts.

    An order may also be put on what its owner suspended. Locks the listing. Writes one ``listing.suspended`` event.

    Raises:
        Forbidden, NotFound: the actor may not.
        BadInput: no reason.
        StaleVersion, IllegalTransition: the listing moved first.
    """
    ordering = _ordering(actor)
    reason = _reason(reason)
    with once(actor, "listing_suspend", idempotency_key, listing_id, reason, expected_version) as call:
        if call.replayed:
            return call.result(Listing)
        listing = _movable(actor, listing_id)
        if listing.state == State.SUSPENDED and (listing.ordered or not ordering):
            raise IllegalTransition(field=("listingId",), noun="listing", source=listing.state, target=State.SUSPENDED.value)
        changes = {"reason": reason, "ordered": ordering}
        move(listing, to=State.SUSPENDED, expected_version=expected_version, transitions=TRANSITIONS, **changes)
        _tell("listing.suspended", actor, listing, sealed={"reason": reason}, ordered=ordering)
        return call.done(listing)


def listing_resume(*, actor: Actor, listing_id: UUID, expected_version: int, idempotency_key: str) -> Listing:
    """Put a suspended listing back by the verdict it had, if that still passes for its content.

    Locks the listing. Writes one ``listing.resumed`` event.

    Raises:
        Forbidden, NotFound: the actor may not.
        OrderedSuspension: the regulator stopped it, and the actor is none.
        NotCleared: its offers changed, or its verdict expired; it needs a new one.
        NothingOffered: no offer of it is open.
        StaleVersion, IllegalTransition: the listing moved first.
    """
    _ordering(actor)
    with once(actor, "listing_resume", idempotency_key, listing_id, expected_version) as call:
        if call.replayed:
            return call.result(Listing)
        listing = _movable(actor, listing_id)
        _require_unordered(actor, listing)
        if listing.state != State.SUSPENDED:
            raise IllegalTransition(field=("listingId",), noun="listing", source=listing.state, target=State.LISTED.value)
        _put_on_market(listing, expected_version=expected_version, verdict_id=listing.verdict_id)
        _tell("listing.resumed", actor, listing, content_version=listing.content_version, verdict=listing.verdict_id)
        return call.done(listing)


def listing_delist(*, actor: Actor, listing_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Listing:
    """Take a listing down for good; deals made on it stand. Its owner does.

    Locks the listing. Writes one ``listing.delisted`` event.

    Raises:
        NotFound: not a listing of the actor's.
        BadInput: no reason.
        StaleVersion, IllegalTransition: the listing moved first.
    """
    require(actor, "listing:write")
    reason = _reason(reason)
    with once(actor, "listing_delist", idempotency_key, listing_id, reason, expected_version) as call:
        if call.replayed:
            return call.result(Listing)
        listing = own_listing(actor, listing_id)
        move(listing, to=State.DELISTED, expected_version=expected_version, transitions=TRANSITIONS, reason=reason)
        _tell("listing.delisted", actor, listing, sealed={"reason": reason})
        return call.done(listing)


def _ordering(actor: Actor) -> bool:
    """Whether the actor moves listings as a regulator; an owner needs the scope of listing."""
    if actor.is_kind(PartyKind.REGULATOR):
        require(actor, "oversight:order")
        return True
    require(actor, "listing:write")
    return False


def _movable(actor: Actor, listing_id: UUID) -> Listing:
    if not actor.is_kind(PartyKind.REGULATOR):
        return own_listing(actor, listing_id)
    listing = Listing.objects.select_related("product_version").select_for_update(of=("self",)).filter(pk=listing_id).first()
    if listing is None:
        raise NotFound(field=("listingId",), noun="listing")
    return listing


def _require_unordered(actor: Actor, listing: Listing) -> None:
    if listing.ordered and not actor.is_kind(PartyKind.REGULATOR):
        raise OrderedSuspension(field=("listingId",))


def _put_on_market(listing: Listing, *, expected_version: int, verdict_id: UUID | None) -> None:
    if not listing.offers.filter(state=OfferState.OPEN).exists():
        raise NothingOffered(field=("listingId",))
    changes = {"verdict_id": verdict_id, "listed_at": clock.now(), "reason": "", "ordered": False}
    with _cleared():
        move(listing, to=State.LISTED, expected_version=expected_version, transitions=TRANSITIONS, **changes)
    measurements_open(profile_id=listing.product_version.profile_id, sample_id=listing.product_version.sample_id)


@contextmanager
def _cleared() -> Iterator[None]:
    """Run a statement in a savepoint, and turn the database's refusal into the error that says what to do."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) not in _VERDICT_CHECKS:
            raise
        raise NotCleared(field=("listingId",)) from error


def _tell(schema: str, actor: Actor, listing: Listing, sealed: dict[str, str] | None = None, **public: object) -> None:
    told = {"listing": listing.pk, "product": listing.product_version.product_id, **public}
    record(schema, subject=("Listing", listing.pk), actor=actor, public=told, sealed=sealed)


def _reason(text: str) -> str:
    reason = text.strip()
    if not 0 < len(reason) <= REASON_MAX:
        raise BadInput("reason", f"1 to {REASON_MAX} characters")
    return reason
