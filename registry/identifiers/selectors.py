"""The resolver inside the house: from a text to the public record that it names."""

from django.conf import settings
from django.db import connection

from registry.base.errors import NotFound
from registry.identifiers.errors import InvalidIdentifier
from registry.identifiers.handles import parse
from registry.identifiers.records import CURRENT, Installation, Record, records


def installation() -> Installation:
    """What the settings make this installation say of its identifiers."""
    return Installation(settings.EGRET_PUBLIC_URL, settings.EGRET_IDENTIFIER_PREFIX, settings.EGRET_LOG_ORIGIN)


def resolve(text: str, *, field: str = "handle") -> Record:
    """The public record that a text names, open to everybody; of a retired identifier too, as a tombstone.

    Raises:
        InvalidIdentifier: malformed, or the check character is wrong.
        NotFound: well formed, but never minted here.
    """
    handle = parse(text)
    if handle is None:
        raise InvalidIdentifier(field=(field,))
    with connection.cursor() as cursor:
        cursor.execute(CURRENT, [handle.number])
        found = records(cursor.fetchall()).get(handle.number)
    if found is None or not found.named_by(handle):
        raise NotFound(field=(field,), noun="identifier")
    return found
