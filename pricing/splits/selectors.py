"""Reads splits."""

from uuid import UUID

from django.db.models import QuerySet

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
