"""Registers the ledger room with Django."""

from django.apps import AppConfig


class LedgerRoom(AppConfig):
    """Accounts, entries and moves; written by one SQL function alone."""

    name = "settlement.ledger"
    label = "settlement_ledger"
