"""Reads rounds and bids."""

from uuid import UUID

from django.db.models import QuerySet

from pricing.rounds.models import Bid, Round
from registry.base.actor import Actor


def round_page(*, actor: Actor, offer_id: UUID | None = None, state: str | None = None) -> QuerySet[Round]:
    """Rounds, of one offer or in one state if asked."""
    rounds = Round.objects.visible_to(actor)
    rounds = rounds if offer_id is None else rounds.filter(offer_id=offer_id)
    return rounds if state is None else rounds.filter(state=state)


def bid_page(*, actor: Actor, round_id: UUID | None = None) -> QuerySet[Bid]:
    """Bids that the actor may see, of one round if asked."""
    bids = Bid.objects.visible_to(actor)
    return bids if round_id is None else bids.filter(round=round_id)
