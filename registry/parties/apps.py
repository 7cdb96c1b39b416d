"""Registers the parties room with Django."""

from importlib import import_module

from django.apps import AppConfig


class PartiesRoom(AppConfig):
    """Parties: organisations, people, roles, affiliations, keys."""

    name = "registry.parties"
    label = "registry_parties"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("registry.parties.events")
