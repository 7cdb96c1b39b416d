"""Registers the log room with Django."""

from django.apps import AppConfig


class LogRoom(AppConfig):
    """The log: what happened, in one order, provable to outsiders."""

    name = "registry.log"
    label = "registry_log"
