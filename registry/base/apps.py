"""Registers the base room with Django."""

from django.apps import AppConfig


class BaseRoom(AppConfig):
    """The foundation room: clock, idempotency, work queue, sealed values, audit of refused access."""

    name = "registry.base"
    label = "registry_base"
