"""Makes the resolver of this installation from its settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.conf import settings

from registry.identifiers.resolver.application import Resolver
from registry.identifiers.resolver.store import Store
from registry.identifiers.selectors import installation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAMES: Final = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
"""What libpq calls Django's parts of an address."""


def resolver(other: WSGIApplication | None = None) -> Resolver:
    """The resolver of this installation's database, in front of another application if one is given."""
    database = settings.DATABASES["default"]
    options = {name: value for name, value in database["OPTIONS"].items() if name != "assume_role"}
    named = {libpq: database[name] for name, libpq in NAMES.items() if database[name]}
    store = Store({**options, **named}, role=database["OPTIONS"]["assume_role"], prefix=settings.EGRET_IDENTIFIER_PREFIX)
    return Resolver(store, installation(), other)
