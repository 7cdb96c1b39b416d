"""Registers the console with Django, so that its pages and styles are found."""

from django.apps import AppConfig


class ConsoleRoom(AppConfig):
    """Pages for people. It has no tables of its own."""

    name = "marketplace.console"
    label = "marketplace_console"
