"""How an upper room adds fields to a lower room's type: stated anywhere, applied once at assembly."""

import graphene

from registry.base.graphql.types import NodeType

_EXTENSIONS: dict[tuple[type[NodeType], str], graphene.Field] = {}


def extend(node: type[NodeType], **fields: graphene.Field) -> None:
    """Contribute fields to a node type.

    Raises:
        ValueError: two rooms contribute one name.
    """
    for name, field in fields.items():
        if (node, name) in _EXTENSIONS or name in node._meta.fields:  # noqa: SLF001 graphene's documented option object
            message = f"{node.__name__}.{name} is contributed twice"
            raise ValueError(message)
        _EXTENSIONS[node, name] = field


def apply_extensions() -> None:
    """Add every contributed field to its type; called once, by the assembly of the schema."""
    for (node, name), field in _EXTENSIONS.items():
        node._meta.fields[name] = field  # noqa: SLF001
    _EXTENSIONS.clear()
