"""Registers the payments room with Django."""

from django.apps import AppConfig


class PaymentsRoom(AppConfig):
    """Charges through the gateway, and the gateway's word about them."""

    name = "settlement.payments"
    label = "settlement_payments"

    def ready(self) -> None:
        """Declare the room's events."""
        from settlement.payments import events  # noqa: F401, PLC0415 declares on import; apps load before models
