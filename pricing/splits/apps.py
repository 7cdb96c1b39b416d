"""Registers the splits room with Django."""

from django.apps import AppConfig


class SplitsRoom(AppConfig):
    """Agreements on how the income of a joint product is divided among its contributors."""

    name = "pricing.splits"
    label = "pricing_splits"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.splits import events  # noqa: F401, PLC0415 declares on import; apps load before models
