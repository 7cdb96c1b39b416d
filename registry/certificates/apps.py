"""Registers the certificates room with Django."""

from importlib import import_module

from django.apps import AppConfig


class CertificatesRoom(AppConfig):
    """Certificates: signed renderings of what was deposited; where they differ, the record prevails."""

    name = "registry.certificates"
    label = "registry_certificates"

    def ready(self) -> None:
        """Declare the room's events."""
        import_module("registry.certificates.events")
