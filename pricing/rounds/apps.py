"""Registers the rounds room with Django."""

from django.apps import AppConfig


class RoundsRoom(AppConfig):
    """Rounds of sealed bids, cleared by a plan's mechanism into binding quotes."""

    name = "pricing.rounds"
    label = "pricing_rounds"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.rounds import events  # noqa: F401, PLC0415 declares on import; apps load before models
