"""Identifiers in GraphQL: one lookup, open to all."""

from typing import Any

import graphene

from registry.base.errors import NotFound
from registry.base.graphql import BigInt, Items
from registry.identifiers.records import Record, Value, encode_json, values_of
from registry.identifiers.selectors import installation, resolve
from registry.identifiers.values import KINDS


class IdentifierValueType(graphene.ObjectType):
    """One value of an identifier's public record, as the Handle JSON API shows it. 标识解析值"""

    class Meta:
        name = "IdentifierValue"

    index = graphene.Int(required=True, description="Where it stands in the record. 序号")
    type = graphene.String(required=True, description="URL, STATUS, RIGHTS, CERT, SOURCES, ALSO, LOG or HS_ADMIN. 类型")
    format = graphene.String(required=True, description="How the data is to be read: string or admin. 数据格式")
    data = graphene.String(required=True, description="Text; canonical JSON where the type has members. 数据")
    ttl = graphene.Int(required=True, description="Seconds for which a copy may be used. 有效秒数")
    timestamp = graphene.DateTime(required=True, description="When it was last changed. 更新时间")

    @staticmethod
    def resolve_index(root: Value, _info: Any) -> int:
        """Of its kind."""
        return root.kind.index

    @staticmethod
    def resolve_type(root: Value, _info: Any) -> str:
        """Of its kind."""
        return root.kind.name

    @staticmethod
    def resolve_format(root: Value, _info: Any) -> str:
        """Of its kind."""
        return root.kind.format

    @staticmethod
    def resolve_data(root: Value, _info: Any) -> str:
        """As text."""
        return root.data if isinstance(root.data, str) else encode_json(root.data)

    @staticmethod
    def resolve_ttl(root: Value, _info: Any) -> int:
        """Of its kind."""
        return root.kind.ttl

    @staticmethod
    def resolve_timestamp(root: Value, _info: Any) -> Any:
        """As stored."""
        return root.at


class IdentifierType(graphene.ObjectType):
    """What an identifier names, and what the register says of it in public. A retired one is a tombstone. 标识"""

    class Meta:
        name = "Identifier"

    handle = graphene.String(required=True, description="88.<node>.<enterprise>/<12 base32><check>. 标识编码")
    subject_type = graphene.String(required=True, description="Kind of the named thing. 对象类型")
    subject_id = graphene.UUID(required=True, description="Internal key of the named thing. 对象内部编号")
    minted_at = graphene.DateTime(required=True, description="赋码时间")
    retired_at = graphene.DateTime(description="Set when the name was retired; it is never given again. 注销时间")
    version = graphene.Int(required=True, description="How often the public record has changed. 版本")
    log_index = graphene.Field(
        BigInt, description="Place in the log of the entry that last changed the record; null while it is not logged yet. 日志序号"
    )
    values = Items(
        IdentifierValueType, size=len(KINDS), description="The public record, by index, as the resolver answers it too. 标识解析记录"
    )

    @staticmethod
    def resolve_log_index(root: Record, _info: Any) -> int | None:
        """Of the record."""
        return root.index

    @staticmethod
    def resolve_values(root: Record, _info: Any) -> list[Value]:
        """Those of owners, and those that follow from identifier, installation and log."""
        return values_of(root, installation())


class Queries:
    """What the identifiers room answers."""

    identifier = graphene.Field(
        IdentifierType, handle=graphene.String(required=True), description="Resolve an identifier, in either case. 标识解析"
    )

    @staticmethod
    def resolve_identifier(_root: Any, _info: Any, handle: str) -> Record | None:
        """The record that the text names; null if it was never minted."""
        try:
            return resolve(handle)
        except NotFound:
            return None

    identifier.cost = 1
