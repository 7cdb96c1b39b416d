"""Reads deals."""

from django.db.models import QuerySet

from marketplace.deals.models import Deal
from registry.base.actor import Actor


def deal_page(*, actor: Actor, state: str | None = None) -> QuerySet[Deal]:
    """Deals that the actor may see, in one state if asked."""
    deals = Deal.objects.visible_to(actor)
    return deals if state is None else deals.filter(state=state)
