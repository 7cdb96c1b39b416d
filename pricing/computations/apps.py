"""Registers the computations room with Django."""

from django.apps import AppConfig


class ComputationsRoom(AppConfig):
    """Questions put to pricing models and their answers, kept so that anybody can put them again."""

    name = "pricing.computations"
    label = "pricing_computations"
