"""Registers the catalogue room with Django, and its events with the log."""

from importlib import import_module

from django.apps import AppConfig


class CatalogueRoom(AppConfig):
    """Search, the open list of public data, and its price ceilings."""

    name = "listings.catalogue"
    label = "listings_catalogue"

    def ready(self) -> None:
        """Declare the events of this room."""
        import_module("listings.catalogue.events")
