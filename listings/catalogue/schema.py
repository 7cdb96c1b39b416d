"""Search and the open list in GraphQL."""

from datetime import date
from typing import Any

import graphene

from listings.catalogue import services
from listings.catalogue.models import OpenListEntry
from listings.catalogue.selectors import listing_search, open_list_page
from listings.catalogue.states import OpenType
from listings.products.schema import DeliveryEnum, ListingNode
from registry.base.actor import Actor
from registry.base.graphql import IdOf, Mutation, NodeType, Ref, connection, enum_of, keyed
from registry.parties.schema import OrganisationNode
from registry.rights.schema import RegisteredObjectNode

OpenTypeEnum = enum_of(OpenType, "OpenType", "How far a public body opens its data. 开放类型")


class OpenListEntryNode(NodeType):
    """One entry of the open list of public data. 公共数据开放清单条目"""

    class Meta:
        model = OpenListEntry

    publisher = Ref(OrganisationNode, "publisher_id", description="The public body. 发布机关")
    object = Ref(RegisteredObjectNode, "object_id", description="What is opened, where it is registered. 登记客体")
    title = graphene.String(required=True)
    open_type = graphene.Field(OpenTypeEnum, required=True)
    conditions = graphene.String(required=True)
    valid_from = graphene.Date(required=True, description="First day. 起始日")
    valid_until = graphene.Date(description="First day on which it is no longer in force; null if none is set. 终止日（不含）")
    published_at = graphene.DateTime(required=True, description="Since when the list says so. 发布时间")
    withdrawn_at = graphene.DateTime(description="Until when it said so; null while it does. 撤回时间")

    @staticmethod
    def resolve_valid_from(root: OpenListEntry, _info: Any) -> date:
        """Lower bound of the period."""
        first: date = root.valid.lower
        return first

    @staticmethod
    def resolve_valid_until(root: OpenListEntry, _info: Any) -> Any:
        """Upper bound of the period."""
        return root.valid.upper

    @staticmethod
    def resolve_published_at(root: OpenListEntry, _info: Any) -> Any:
        """Lower bound of what was known."""
        return root.recorded.lower

    @staticmethod
    def resolve_withdrawn_at(root: OpenListEntry, _info: Any) -> Any:
        """Upper bound of what was known."""
        return root.recorded.upper


class Queries:
    """What the catalogue answers."""

    catalogue = connection(
        ListingNode,
        listing_search,
        text=graphene.String(description="Words that all occur in names or descriptions. 关键词"),
        industry=graphene.String(description="As the product's filing says. 行业"),
        delivery=DeliveryEnum(),
    )
    open_list = connection(
        OpenListEntryNode,
        keyed(open_list_page, object="RegisteredObject"),
        object=graphene.ID(),
        on=graphene.Date(description="In force on this day. 生效日"),
        known_at=graphene.DateTime(description="As the list said at this instant; now by default. 发布时点"),
    )


class OpenListPublish(Mutation):
    """Publish an entry of the open list of public data. 发布开放清单条目"""

    class Input:
        title = graphene.String(required=True)
        open_type = OpenTypeEnum(required=True)
        conditions = graphene.String(description="Needed where the type is CONDITIONAL. 开放条件")
        object_id = IdOf("RegisteredObject", description="What is opened, where it is registered. 登记客体")
        valid_from = graphene.Date(required=True)
        valid_until = graphene.Date(description="First day on which it is no longer in force. 终止日（不含）")
        idempotency_key = graphene.String(required=True)

    entry = graphene.Field(OpenListEntryNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OpenListPublish":
        """Publish it."""
        stated = {name: value for name, value in given.items() if value is not None}
        stated["open_type"] = OpenType(stated["open_type"])
        return cls(entry=services.open_list_publish(actor=actor, **stated))


class OpenListWithdraw(Mutation):
    """Withdraw an entry of the open list from now on. 撤回开放清单条目"""

    class Input:
        entry_id = IdOf("OpenListEntry", required=True)
        idempotency_key = graphene.String(required=True)

    entry = graphene.Field(OpenListEntryNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "OpenListWithdraw":
        """Withdraw it."""
        return cls(entry=services.open_list_withdraw(actor=actor, **given))
