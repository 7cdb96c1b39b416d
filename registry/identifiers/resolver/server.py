"""The resolver by itself, for a machine that does nothing else: ``gunicorn registry.identifiers.resolver.server:application``."""

import os

from registry.identifiers.resolver.installed import resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = resolver()
