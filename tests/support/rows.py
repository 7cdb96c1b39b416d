"""Takes a table's rows as values, so that a refusal test can show that nothing changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.models import Model


def snapshot(*models: type[Model]) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every model, in primary-key order."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values_list()) for model in models}
