"""Registers the project package with Django, so that its management commands are found."""

from django.apps import AppConfig


class Marketplace(AppConfig):
    """The project package; it has no tables of its own."""

    name = "marketplace"
    label = "marketplace"
