"""Node types and scalars."""

import re
from enum import Enum
from typing import Any, Final
from uuid import UUID

import graphene
from django.db.models import Model, TextChoices
from graphene.types.objecttype import ObjectTypeOptions
from graphql import GraphQLError, IntValueNode, StringValueNode, ValueNode

from registry.base.actor import ANONYMOUS, Actor
from registry.base.graphql.globalid import to_global
from registry.base.visibility import Record

NODES: dict[str, type["NodeType"]] = {}
"""Every node type by its GraphQL name."""


class Node(graphene.Interface):
    """Anything that has an id. 有标识的对象"""

    id = graphene.ID(required=True, description="Opaque global id. 全局标识")

    @classmethod
    def resolve_type(cls, instance: Any, info: graphene.ResolveInfo) -> Any:
        """The node type of a row."""
        return next(node for node in NODES.values() if node._meta.model is type(instance))  # noqa: SLF001 graphene's documented option object


class NodeOptions(ObjectTypeOptions):
    """graphene's options of a type, with the table that the type shows."""

    model: type[Record] | None = None


class NodeType(graphene.ObjectType):
    """A GraphQL type over one table. ``FilingNode`` with ``Meta.model`` becomes the type ``Filing``."""

    class Meta:
        abstract = True

    @classmethod
    def __init_subclass_with_meta__(cls, *, model: type[Record] | None = None, name: str | None = None, **options: Any) -> None:
        """Register the type under its name and remember its table."""
        name = name or cls.__name__.removesuffix("Node")
        meta = NodeOptions(cls)
        meta.model = model
        super().__init_subclass_with_meta__(name=name, interfaces=(Node,), _meta=meta, **options)
        NODES[name] = cls

    def resolve_id(self, info: graphene.ResolveInfo) -> str:
        """The opaque id of the row that this type shows."""
        key: UUID = self.pk
        return to_global(info.parent_type.name, key)

    @classmethod
    def is_type_of(cls, root: Any, info: graphene.ResolveInfo) -> bool:
        """Rows of the table are of this type."""
        return isinstance(root, cls._meta.model)


DECIMAL_DIGITS: Final = re.compile(r"-?[0-9]{1,19}", re.ASCII)
BIGINT: Final = range(-(2**63), 2**63)


class BigInt(graphene.Scalar):
    """A whole number of up to 64 bits, as a decimal string. 大整数"""

    serialize = str

    @staticmethod
    def parse_value(value: Any) -> int:
        """Accept an integer or a decimal string."""
        if isinstance(value, str) and DECIMAL_DIGITS.fullmatch(value):
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and value in BIGINT:
            return value
        message = "BigInt takes a whole number of up to 64 bits, or its decimal digits as a string."
        raise GraphQLError(message)

    @classmethod
    def parse_literal(cls, node: ValueNode, _variables: Any = None) -> int:
        """Accept an integer or string literal."""
        if isinstance(node, IntValueNode | StringValueNode):
            return cls.parse_value(node.value)
        message = "BigInt takes a whole number of up to 64 bits, or its decimal digits as a string."
        raise GraphQLError(message)


class UserErrorType(graphene.ObjectType):
    """Why a request was not carried out and what to do. 可由用户纠正的错误"""

    class Meta:
        name = "UserError"

    code = graphene.String(required=True, description="Stable code. 错误代码")
    message = graphene.String(required=True, description="What is wrong, in the request's language. 说明")
    field = graphene.List(graphene.NonNull(graphene.String), description="Path of the offending input. 字段路径")
    clause = graphene.String(description="The provision that refuses it, if a law does. 法律依据")
    rule = graphene.String(description="The rule that refuses it, if a rule does. 规则编号")
    remedy = graphene.String(description="What would mend it. 补救办法")


def actor_of(info: graphene.ResolveInfo) -> Actor:
    """Who asks; the view resolved the API key."""
    actor: Actor = getattr(info.context, "actor", ANONYMOUS)
    return actor


def enum_of(choices: type[TextChoices], name: str, description: str) -> Any:
    """A GraphQL enum with the members of a state or code list; values are the stored codes."""
    # from the class itself, so that a row fresh from a service, whose column still holds the member, is shown like a stored one
    return graphene.Enum.from_enum(choices, name=name, description=lambda value: None if value else description)


def stored(value: Any) -> Any:
    """An input's value as services and columns know it: the code of an enum's member, anything else as it is."""
    return value.value if isinstance(value, Enum) else value


def model_of(node: type[NodeType]) -> type[Model]:
    """The table behind a node type."""
    model: type[Model] = node._meta.model  # noqa: SLF001 graphene's documented option object
    return model
