"""Registers the oversight room with Django."""

from importlib import import_module

from django.apps import AppConfig


class OversightRoom(AppConfig):
    """Complaints, orders, statistics, the audit of refused access."""

    name = "marketplace.oversight"
    label = "marketplace_oversight"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("marketplace.oversight.events")
