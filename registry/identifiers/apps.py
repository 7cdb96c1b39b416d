"""Registers the identifiers room with Django."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from registry.identifiers.handles import prefix_valid


class IdentifiersRoom(AppConfig):
    """Identifiers: minting, check characters, the resolver."""

    name = "registry.identifiers"
    label = "registry_identifiers"

    def ready(self) -> None:
        """Stop the start on a prefix that no identifier could carry.

        Raises:
            ImproperlyConfigured: EGRET_IDENTIFIER_PREFIX is not three dotted groups of digits.
        """
        if not prefix_valid(settings.EGRET_IDENTIFIER_PREFIX):
            message = "EGRET_IDENTIFIER_PREFIX must look like 88.118.100111"
            raise ImproperlyConfigured(message)
