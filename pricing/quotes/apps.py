"""Registers the quotes room with Django."""

from django.apps import AppConfig


class QuotesRoom(AppConfig):
    """What a buyer was told: a plan applied to one use, binding until it expires."""

    name = "pricing.quotes"
    label = "pricing_quotes"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.quotes import events  # noqa: F401, PLC0415 declares on import; apps load before models
