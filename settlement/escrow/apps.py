"""Registers the escrow room with Django."""

from django.apps import AppConfig


class EscrowRoom(AppConfig):
    """Lock, release and refund of one deal's money."""

    name = "settlement.escrow"
    label = "settlement_escrow"
