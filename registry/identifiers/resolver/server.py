"""The resolver by itself, for a machine that does nothing else; with the extra ``resolver``, two workers for two cores:

``granian --interface wsgi --workers 2 --blocking-threads 2 --workers-kill-timeout 5 registry.identifiers.resolver.server:application``

The kill timeout, in seconds, belongs to it: a worker of granian 2.8 that is told to stop soon after its start can miss the signal (seen
with Python 3.13), and without a limit its parent waits for it for ever.
"""

import os

from registry.identifiers.resolver.installed import resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace.settings")
application = resolver()
