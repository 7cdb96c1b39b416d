"""Reads advice."""

from uuid import UUID

from django.db.models import QuerySet

from pricing.advice.models import Advice
from registry.base.actor import Actor


def advice_page(*, actor: Actor, about_id: UUID | None = None) -> QuerySet[Advice]:
    """Advice that the actor may see, about one plan if asked."""
    advice = Advice.objects.visible_to(actor)
    return advice if about_id is None else advice.filter(about=about_id)
