"""The web application as gunicorn loads it: the resolver of identifiers, and behind it Django."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from registry.base.local_keys import LENGTHS
from registry.identifiers.resolver.installed import resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")


def _require_keys() -> None:
    for name in LENGTHS:
        in_device = name == "EGRET_CERTIFICATE_KEY" and settings.EGRET_CERTIFICATE_SIGNER
        if not in_device and not getattr(settings, name):  # Django itself refuses an empty SECRET_KEY, with its own message
            message = f"{name} is not in the environment"
            raise ImproperlyConfigured(message)


_require_keys()
application = resolver(get_wsgi_application())
