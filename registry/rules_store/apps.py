"""Registers the rules store with Django."""

from importlib import import_module

from django.apps import AppConfig


class RulesStoreRoom(AppConfig):
    """Rulebook versions, verdicts and findings; what is judged, and when, is for upper rooms."""

    name = "registry.rules_store"
    label = "registry_rules_store"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("registry.rules_store.events")
