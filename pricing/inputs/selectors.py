"""Reads files of inputs."""

from django.db.models import QuerySet

from pricing.inputs.models import InputFile
from registry.base.actor import Actor


def input_page(*, actor: Actor) -> QuerySet[InputFile]:
    """Files of inputs of the actor's organisation."""
    return InputFile.objects.visible_to(actor)
