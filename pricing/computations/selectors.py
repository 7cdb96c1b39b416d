"""Reads computations."""

from django.db.models import QuerySet

from pricing.computations.models import Computation
from registry.base.actor import Actor


def computation_page(*, actor: Actor) -> QuerySet[Computation]:
    """Computations that the actor may see."""
    return Computation.objects.visible_to(actor)
