"""Registers the statements room with Django."""

from django.apps import AppConfig


class StatementsRoom(AppConfig):
    """Statements of account; it has no table of its own."""

    name = "settlement.statements"
    label = "settlement_statements"
