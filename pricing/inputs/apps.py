"""Registers the inputs room with Django."""

from django.apps import AppConfig


class InputsRoom(AppConfig):
    """Uploaded parameters and inputs of pricing models."""

    name = "pricing.inputs"
    label = "pricing_inputs"
