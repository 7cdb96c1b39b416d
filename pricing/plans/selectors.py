"""Reads plans and the catalogue of models."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pricing.engines.catalogue import catalogue
from pricing.engines.model import Model
from pricing.engines.shapes import without_private
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from registry.base.actor import Actor, PartyKind


def plan_page(*, actor: Actor, owner: UUID | None = None) -> QuerySet[Plan]:
    """Plans that the actor may see, of one owner if asked."""
    plans = Plan.objects.visible_to(actor)
    return plans if owner is None else plans.filter(owner=owner)


def params_shown(*, actor: Actor, plan: Plan) -> Any:
    """A plan's parameters as the actor may read them: private ones are for its owner and the regulator."""
    if actor.organisation == plan.owner_id or actor.is_kind(PartyKind.REGULATOR):
        return plan.params
    return without_private(model_of(plan).params_schema, plan.params)


def model_list() -> list[Model]:
    """Every pricing model, by key."""
    return [catalogue()[key] for key in sorted(catalogue())]
