"""Reads plans and the catalogue of models."""

from uuid import UUID

from django.db.models import QuerySet

from pricing.engines.catalogue import catalogue
from pricing.engines.model import Model
from pricing.plans.models import Plan
from registry.base.actor import Actor


def plan_page(*, actor: Actor, owner: UUID | None = None) -> QuerySet[Plan]:
    """Plans that the actor may see, of one owner if asked."""
    plans = Plan.objects.visible_to(actor)
    return plans if owner is None else plans.filter(owner=owner)


def model_list() -> list[Model]:
    """Every pricing model, by key."""
    return [catalogue()[key] for key in sorted(catalogue())]
