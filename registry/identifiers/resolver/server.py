"""The resolver by itself, for a machine that does nothing else; with the extra ``resolver``, two workers for two cores:

``granian --interface wsgi --workers 2 --blocking-threads 2 registry.identifiers.resolver.server:application``
"""

import os

from registry.identifiers.resolver.installed import resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = resolver()
