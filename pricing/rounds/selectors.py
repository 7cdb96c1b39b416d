"""Reads rounds and bids."""

from uuid import UUID

from django.db.models import QuerySet

from pricing.money import split_keyed
from pricing.plans.pricing import model_of
from pricing.quotes.models import Quote
from pricing.rounds.book import sides_of
from pricing.rounds.models import Bid, Round
from pricing.rounds.states import Side
from registry.base.actor import Actor


def round_page(*, actor: Actor, offer_id: UUID | None = None, state: str | None = None) -> QuerySet[Round]:
    """Rounds, of one offer or in one state if asked."""
    rounds = Round.objects.visible_to(actor)
    rounds = rounds if offer_id is None else rounds.filter(offer_id=offer_id)
    return rounds if state is None else rounds.filter(state=state)


def receipts_of(quote: Quote) -> dict[str, int]:
    """What the clearing behind a quote gives each contributor to the thing sold, by organisation; empty where one seller sells its own.

    What the mechanism leaves undistributed goes to the round's owner, and not back to those from whom it was withheld. In a two-sided
    round each seller sells by an offer of its own, so its receipt is the deal itself.
    """
    if quote.computation is None or Side.SELL in sides_of(model_of(quote.plan)):
        return {}
    extras, owner = quote.computation.answer["extras"], str(quote.seller_id)
    receipts = {row["seller"]: int(row["minor"]) for row in extras["receipts"]}
    if receipts:
        receipts[owner] = receipts.get(owner, 0) + int(extras["undistributed_minor"])
    return split_keyed(quote.amount_minor, receipts) if any(receipts.values()) else {}


def bid_page(*, actor: Actor, round_id: UUID | None = None) -> QuerySet[Bid]:
    """Bids that the actor may see, of one round if asked."""
    bids = Bid.objects.visible_to(actor)
    return bids if round_id is None else bids.filter(round=round_id)
