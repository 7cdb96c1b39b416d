"""Bidding: an offer is put up for sealed bids, and others ask to sell in the same round."""

from datetime import datetime
from typing import Any
from uuid import UUID

from listings.products.models import Offer
from listings.products.states import OfferState
from listings.products.states import State as ListingState
from marketplace.deals.errors import AskDiffers, OfferNotOpen
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from pricing.rounds.book import awards_one, sides_of
from pricing.rounds.models import Bid, Round
from pricing.rounds.services import bid_put, round_start
from pricing.rounds.states import Side
from pricing.splits.selectors import split_in_force
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, NotFound
from registry.base.idempotency import once


def round_open(
    *, actor: Actor, offer_id: UUID, inputs: dict[str, Any], closes_at: datetime, surplus_to_id: UUID | None, idempotency_key: str
) -> Round:
    """Put an offer of one's own up for sealed bids until a stated time, by the mechanism of the offer's own plan.

    Writes one ``round.opened`` event.

    Raises:
        NotFound: not an offer of the actor's.
        OfferNotOpen: the offer or its listing is not on sale.
        BadInput: an exclusive right by a mechanism that can award it to several bidders, or one that divides by itself the income of an
            object whose makers agreed on a split; otherwise see ``pricing.rounds``.
        NotCleared, RoundUnderWay: see there.
    """
    require(actor, "deal:sell")
    with once(actor, "round_open", idempotency_key, offer_id, inputs, closes_at, surplus_to_id) as call:
        if call.replayed:
            return call.result(Round)
        offer = _own_open_offer(actor, offer_id)
        plan = _clearing_plan(offer)
        if offer.exclusive and sides_of(model_of(plan)) and not awards_one(model_of(plan), plan.params):
            raise BadInput("offerId", "an offer that is not exclusive, where several bidders can win")
        if inputs.get("sellers") and split_in_force(offer.listing.product_version.product.object_id) is not None:
            raise BadInput("inputs.sellers", "no makers but those who agreed on a split of the object")
        opened = round_start(actor=actor, plan=plan, offer_id=offer.pk, inputs=inputs, closes_at=closes_at, surplus_to=surplus_to_id)
        return call.done(opened)


def ask_place(*, actor: Actor, round_id: UUID, offer_id: UUID, content: dict[str, Any], idempotency_key: str) -> Bid:
    """Ask to sell by an offer of one's own in a two-sided round; the offer's plan picks the same mechanism with the same parameters.

    Writes one ``bid.placed`` event.

    Raises:
        NotFound: no such round, or not an offer of the actor's.
        OfferNotOpen, AskDiffers: the offer is not on sale, or is priced by another mechanism.
        RoundNotOpen, PricingRefused, RoundFull, BadInput: see ``pricing.rounds``.
    """
    require(actor, "deal:sell")
    found = Round.objects.find(actor, round_id, field="roundId")
    with once(actor, "ask_place", idempotency_key, round_id, offer_id, content) as call:
        if call.replayed:
            return call.result(Bid)
        offer, plan = _own_open_offer(actor, offer_id), found.plan
        if all((own.model_key, own.model_version, own.params) != (plan.model_key, plan.model_version, plan.params) for own in offer.plans):
            raise AskDiffers(field=("offerId",))
        return call.done(bid_put(actor=actor, round_id=round_id, side=Side.SELL, offer_id=offer.pk, content=content))


def _clearing_plan(offer: Offer) -> Plan:
    """The first of the offer's plans whose model takes bids; the offer's first plan if none does, which the round then refuses."""
    return next((plan for plan in offer.plans if sides_of(model_of(plan))), offer.plan)


def _own_open_offer(actor: Actor, offer_id: UUID) -> Offer:
    own = Offer.objects.select_related("plan", "listing").filter(listing__product_version__product__object__owner=actor.organisation)
    offer = own.filter(pk=offer_id).first()
    if offer is None:
        raise NotFound(field=("offerId",), noun="offer of yours")
    if offer.state != OfferState.OPEN:
        raise OfferNotOpen(field=("offerId",), state=offer.state)
    if offer.listing.state != ListingState.LISTED:
        raise OfferNotOpen(field=("offerId",), state=offer.listing.state)
    return offer
