"""Registers the filings room with Django."""

from importlib import import_module

from django.apps import AppConfig


class FilingsRoom(AppConfig):
    """Filings: application, acceptance, examination by two people, public notice, objections, deposit, certificate."""

    name = "registry.filings"
    label = "registry_filings"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("registry.filings.events")
