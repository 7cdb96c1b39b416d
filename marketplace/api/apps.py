"""Registers the API room with Django."""

from django.apps import AppConfig


class ApiRoom(AppConfig):
    """The GraphQL view and the query page; it has no tables of its own."""

    name = "marketplace.api"
    label = "marketplace_api"
