"""Registers the advice room with Django."""

from django.apps import AppConfig


class AdviceRoom(AppConfig):
    """Stored advice of pricing models about a participant's own plans."""

    name = "pricing.advice"
    label = "pricing_advice"

    def ready(self) -> None:
        """Declare the room's events."""
        from pricing.advice import events  # noqa: F401, PLC0415 declares on import; apps load before models
