"""Registers the products room with Django, and its events with the log."""

from importlib import import_module

from django.apps import AppConfig


class ProductsRoom(AppConfig):
    """Products, versions, listings, offers."""

    name = "listings.products"
    label = "listings_products"

    def ready(self) -> None:
        """Declare the events of this room."""
        import_module("listings.products.events")
