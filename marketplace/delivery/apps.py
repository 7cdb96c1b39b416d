"""Registers the delivery room with Django, and its events with the log."""

from importlib import import_module

from django.apps import AppConfig


class DeliveryRoom(AppConfig):
    """What a buyer may do now, and what was done with it."""

    name = "marketplace.delivery"
    label = "marketplace_delivery"

    def ready(self) -> None:
        """Declare the events of this room."""
        import_module("marketplace.delivery.events")
