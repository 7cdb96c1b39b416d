"""Identifiers in GraphQL: one lookup, open to all."""

from typing import Any

import graphene

from registry.base.errors import NotFound
from registry.base.graphql import actor_of
from registry.identifiers.models import Identifier
from registry.identifiers.selectors import resolve


class IdentifierType(graphene.ObjectType):
    """What an identifier names. A retired one is a tombstone. 标识"""

    class Meta:
        name = "Identifier"

    handle = graphene.String(required=True, description="88.<node>.<enterprise>/<12 base32><check>. 标识编码")
    subject_type = graphene.String(required=True, description="Kind of the named thing. 对象类型")
    subject_id = graphene.UUID(required=True, description="Internal key of the named thing. 对象内部编号")
    minted_at = graphene.DateTime(required=True, description="赋码时间")
    retired_at = graphene.DateTime(description="Set when the name was retired; it is never given again. 注销时间")


class Queries:
    """What the identifiers room answers."""

    identifier = graphene.Field(
        IdentifierType, handle=graphene.String(required=True), description="Resolve an identifier, in either case. 标识解析"
    )

    @staticmethod
    def resolve_identifier(_root: Any, info: Any, handle: str) -> Identifier | None:
        """The row that the text names; null if it was never minted."""
        try:
            return resolve(handle, actor=actor_of(info))
        except NotFound:
            return None

    identifier.cost = 1
