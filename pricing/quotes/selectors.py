"""Reads quotes."""

from uuid import UUID

from django.db.models import QuerySet

from pricing.quotes.models import Quote
from registry.base.actor import Actor


def quote_page(*, actor: Actor) -> QuerySet[Quote]:
    """Quotes that the actor may see."""
    return Quote.objects.visible_to(actor)


def awarded_to(*, buyer_id: UUID | None, offer_id: UUID, quote_id: UUID) -> bool:
    """Whether a quote is what a round awarded a buyer on an offer."""
    return Quote.objects.filter(pk=quote_id, buyer=buyer_id, offer_id=offer_id, computation__isnull=False).exists()
