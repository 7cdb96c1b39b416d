"""Registers the fees room with Django."""

from django.apps import AppConfig


class FeesRoom(AppConfig):
    """Who deducts what from a deal's amount, as published versions."""

    name = "pricing.fees"
    label = "pricing_fees"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.fees import events  # noqa: F401, PLC0415 declares on import; apps load before models
