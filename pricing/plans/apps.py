"""Registers the plans room with Django."""

from django.apps import AppConfig


class PlansRoom(AppConfig):
    """The pricing model that a participant picked, with its parameters."""

    name = "pricing.plans"
    label = "pricing_plans"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.plans import events  # noqa: F401, PLC0415 declares on import; apps load before models
