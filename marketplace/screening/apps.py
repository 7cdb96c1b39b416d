"""Registers the screening room with Django."""

from importlib import import_module

from django.apps import AppConfig


class ScreeningRoom(AppConfig):
    """Facts, flags, verdicts on listings and deals, referrals."""

    name = "marketplace.screening"
    label = "marketplace_screening"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("marketplace.screening.events")
