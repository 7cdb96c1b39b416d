"""Reads quotes."""

from django.db.models import QuerySet

from pricing.quotes.models import Quote
from registry.base.actor import Actor


def quote_page(*, actor: Actor) -> QuerySet[Quote]:
    """Quotes that the actor may see."""
    return Quote.objects.visible_to(actor)
