"""Registers the resources room with Django, and its events with the log."""

from importlib import import_module

from django.apps import AppConfig


class ResourcesRoom(AppConfig):
    """Assets and what was measured or stated of them."""

    name = "listings.resources"
    label = "listings_resources"

    def ready(self) -> None:
        """Declare the events of this room."""
        import_module("listings.resources.events")
