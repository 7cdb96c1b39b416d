"""Registers the deals room with Django."""

from django.apps import AppConfig


class DealsRoom(AppConfig):
    """Request, check, contract, performance, settlement, evidence."""

    name = "marketplace.deals"
    label = "marketplace_deals"

    def ready(self) -> None:
        """Declare the room's events."""
        from marketplace.deals import events  # noqa: F401, PLC0415 declares on import; apps load before models
