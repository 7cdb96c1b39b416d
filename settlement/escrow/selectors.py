"""Reads escrows."""

from uuid import UUID

from django.db.models import QuerySet

from registry.base.actor import Actor
from settlement.escrow.models import Escrow


def escrow_page(*, actor: Actor) -> QuerySet[Escrow]:
    """Escrows that the actor may see."""
    return Escrow.objects.visible_to(actor)


def escrow_of(deal_id: UUID) -> Escrow | None:
    """The escrow of a deal, if it has one."""
    return Escrow.objects.filter(deal_id=deal_id).first()
