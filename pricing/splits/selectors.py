"""Reads splits."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from pricing.plans.models import Plan
from pricing.splits.models import Split
from pricing.splits.states import State
from registry.base.actor import Actor


def split_page(*, actor: Actor, object_id: UUID | None = None) -> QuerySet[Split]:
    """Splits that the actor may see, of one object if asked."""
    splits = Split.objects.visible_to(actor)
    return splits if object_id is None else splits.filter(object=object_id)


def split_in_force(object_id: UUID) -> Split | None:
    """The rule by which an object's income is divided now, if its makers agreed on one."""
    return Split.objects.select_related("plan", "computation").filter(object=object_id, state=State.IN_FORCE).first()


def named_by(plan: Plan, answer: Any) -> set[str]:
    """Everybody to whom a rule may give something: the holders in its answer, and who gets what it leaves of another amount."""
    residual = plan.params.get("residual_to")
    return {share["holder"] for share in answer["extras"]["shares"]} | ({residual} if residual is not None else set())


def holders_of(split: Split) -> list[str]:
    """Everybody who may share by a split that is or was in force, with its owner, who gets what the rule leaves."""
    named = named_by(split.plan, split.computation.answer) if split.computation else set()
    return sorted(named | {str(split.owner_id)})
