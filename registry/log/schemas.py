"""The declared shape of every event, so that nothing undeclared, and nothing personal in the open, ever reaches a leaf."""

from dataclasses import dataclass
from typing import Any, Final

_SCHEMAS: Final[dict[str, "EventSchema"]] = {}


class UndeclaredEvent(LookupError):
    """An event, or a field of one, that no room declared. A mistake of ours, never of a user."""


@dataclass(frozen=True, slots=True)
class EventSchema:
    """The fields of one kind of event: public ones stand in the leaf, sealed ones as salted hashes."""

    name: str
    version: int
    public: frozenset[str]
    sealed: frozenset[str]

    def check(self, public: dict[str, Any], sealed: dict[str, Any]) -> None:
        """Refuse fields that are not exactly the declared ones.

        Raises:
            UndeclaredEvent: a field is undeclared or missing.
        """
        if public.keys() != self.public or sealed.keys() != self.sealed:
            wrong = sorted((public.keys() ^ self.public) | (sealed.keys() ^ self.sealed))
            message = f"{self.name}: undeclared or missing {', '.join(wrong)}"
            raise UndeclaredEvent(message)


def declare(name: str, *, version: int = 1, public: tuple[str, ...], sealed: tuple[str, ...] = ()) -> EventSchema:
    """Declare an event; called once per event by the room that records it.

    Raises:
        UndeclaredEvent: the name is taken by another shape.
    """
    schema = EventSchema(name, version, frozenset(public), frozenset(sealed))
    if _SCHEMAS.setdefault(name, schema) != schema:
        message = f"{name} is declared twice"
        raise UndeclaredEvent(message)
    return schema


def schema_of(name: str) -> EventSchema:
    """The declared shape of an event.

    Raises:
        UndeclaredEvent: no room declared it.
    """
    try:
        return _SCHEMAS[name]
    except KeyError:
        message = f"{name} is not declared"
        raise UndeclaredEvent(message) from None


def declared() -> tuple[EventSchema, ...]:
    """All declared events, by name."""
    return tuple(_SCHEMAS[name] for name in sorted(_SCHEMAS))
