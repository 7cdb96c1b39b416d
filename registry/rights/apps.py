"""Registers the rights room with Django, and its events with the log."""

from importlib import import_module

from django.apps import AppConfig


class RightsRoom(AppConfig):
    """The register: who holds which right in which object, from when to when, and since when that is known."""

    name = "registry.rights"
    label = "registry_rights"

    def ready(self) -> None:
        """Declare the events of this room."""
        import_module("registry.rights.events")
