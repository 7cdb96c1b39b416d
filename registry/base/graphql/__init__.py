"""The GraphQL base types that every room's schema stands on: nodes, references, pages, mutations, extensions."""

from registry.base.graphql.extend import apply_extensions, extend
from registry.base.graphql.fields import Children, Items, Looked, Ref, connection, keyed, node_field
from registry.base.graphql.globalid import IdOf, from_global, to_global
from registry.base.graphql.mutation import MUTATIONS, Mutation, error_row
from registry.base.graphql.types import NODES, BigInt, Node, NodeType, UserErrorType, actor_of, enum_of

__all__ = [
    "MUTATIONS",
    "NODES",
    "BigInt",
    "Children",
    "IdOf",
    "Items",
    "Looked",
    "Mutation",
    "Node",
    "NodeType",
    "Ref",
    "UserErrorType",
    "actor_of",
    "apply_extensions",
    "connection",
    "enum_of",
    "error_row",
    "extend",
    "from_global",
    "keyed",
    "node_field",
    "to_global",
]
