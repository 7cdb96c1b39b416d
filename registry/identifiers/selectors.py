"""The resolver: from a text to the row that it names."""

from registry.base.actor import Actor
from registry.base.errors import NotFound
from registry.identifiers.errors import InvalidIdentifier
from registry.identifiers.handles import parse
from registry.identifiers.models import Identifier


def resolve(text: str, *, actor: Actor) -> Identifier:
    """The identifier that a text names; a retired one too, as a tombstone.

    Raises:
        InvalidIdentifier: malformed, or the check character is wrong.
        NotFound: well formed, but never minted here.
    """
    handle = parse(text)
    if handle is None:
        raise InvalidIdentifier(field=("handle",))
    row = Identifier.objects.visible_to(actor).filter(number=handle.number, prefix=handle.prefix).first()
    if row is None:
        raise NotFound(field=("handle",), noun="identifier")
    return row
