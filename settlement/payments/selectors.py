"""Reads charges."""

from uuid import UUID

from django.db.models import QuerySet

from registry.base.actor import Actor
from settlement.payments.models import Charge


def charge_page(*, actor: Actor, deal_id: UUID | None = None) -> QuerySet[Charge]:
    """Charges that the actor may see, of one deal if asked."""
    charges = Charge.objects.visible_to(actor)
    return charges if deal_id is None else charges.filter(deal_id=deal_id)
