"""Opaque global ids: the type and the key in one string, so that an id of the wrong type is told at once."""

import base64
import binascii
from typing import Any
from uuid import UUID

import graphene

from registry.base.errors import InvalidId


def to_global(type_name: str, key: UUID) -> str:
    """The global id of a row."""
    return base64.urlsafe_b64encode(f"{type_name}:{key.hex}".encode()).decode().rstrip("=")


def from_global(value: str, *, expected: str, field: tuple[str, ...]) -> UUID:
    """The key inside a global id of the expected type.

    Raises:
        InvalidId: malformed, or of another type.
    """
    type_name, key = split_global(value)
    if key is None or type_name != expected:
        raise InvalidId(field=field, field_name=".".join(field), expected=expected)
    return key


def split_global(value: str) -> tuple[str, UUID | None]:
    """Type name and key of a global id; no key if it is malformed."""
    try:
        text = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
        type_name, _, key = text.partition(":")
        return type_name, UUID(hex=key)
    except (binascii.Error, ValueError):
        return "", None


class IdOf(graphene.InputField):
    """An input field that takes the global id of one named type and hands its UUID to the service."""

    def __init__(self, node: str, *, required: bool = False, many: bool = False, **options: Any) -> None:
        """``many`` takes a list of ids."""
        self.node = node
        self.many = many
        kind: Any = graphene.List(graphene.NonNull(graphene.ID)) if many else graphene.ID
        super().__init__(graphene.NonNull(kind) if required else kind, **options)
