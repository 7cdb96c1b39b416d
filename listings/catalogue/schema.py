"""Search, the open list and the register of price ceilings in GraphQL."""

from datetime import date
from typing import Any

import graphene

from listings.catalogue import ceiling_services, services
from listings.catalogue.models import OpenListEntry, PriceCeiling
from listings.catalogue.selectors import listing_search, open_list_page, price_ceiling_page
from listings.catalogue.states import OpenType
from listings.products.schema import DeliveryEnum, ListingNode
from pricing.fees.schema import MoneyType
from pricing.money import Money
from pricing.quotes.measuring import UnitOfSale
from registry.base.actor import Actor
from registry.base.graphql import BigInt, IdOf, Mutation, NodeType, Ref, connection, enum_of, keyed
from registry.parties.schema import OrganisationNode
from registry.rights.schema import RegisteredObjectNode

OpenTypeEnum = enum_of(OpenType, "OpenType", "How far a public body opens its data. 开放类型")
UnitOfSaleEnum = enum_of(UnitOfSale, "UnitOfSale", "What one price is for. 计价单位")


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


class PriceCeilingNode(NodeType):
    """The most that one unit of public data under authorised operation may cost. 公共数据最高收费标准"""

    class Meta:
        model = PriceCeiling

    set_by = Ref(OrganisationNode, "set_by_id", description="The public body. 制定机关")
    object = Ref(RegisteredObjectNode, "object_id", description="What it is for. 登记客体")
    unit = graphene.Field(UnitOfSaleEnum, required=True)
    ceiling = graphene.Field(graphene.NonNull(MoneyType), description="The most for one unit. 每单位最高收费")
    trial = graphene.Boolean(required=True, description="Set before the first full year of operation. 试行收费标准")
    document = graphene.String(required=True, description="The document that sets it, as it is cited. 文号")
    document_sha256 = graphene.String(required=True)
    replaces = Ref(lambda: PriceCeilingNode, "replaces_id", description="The record that it took the place of. 被取代的记录")
    valid_from = graphene.Date(required=True, description="First day. 起始日")
    valid_until = graphene.Date(description="First day on which it is no longer in force; null if none is set. 终止日（不含）")
    recorded_at = graphene.DateTime(required=True, description="Since when the register says so. 记录时间")
    closed_at = graphene.DateTime(description="Until when it said so; null while it does. 关闭时间")

    @staticmethod
    def resolve_ceiling(root: PriceCeiling, _info: Any) -> Money:
        """The amount."""
        return Money.of(root.ceiling_minor, root.currency)

    @staticmethod
    def resolve_valid_from(root: PriceCeiling, _info: Any) -> date:
        """Lower bound of the period."""
        first: date = root.valid.lower
        return first

    @staticmethod
    def resolve_valid_until(root: PriceCeiling, _info: Any) -> Any:
        """Upper bound of the period."""
        return root.valid.upper

    @staticmethod
    def resolve_recorded_at(root: PriceCeiling, _info: Any) -> Any:
        """Lower bound of what was known."""
        return root.recorded.lower

    @staticmethod
    def resolve_closed_at(root: PriceCeiling, _info: Any) -> Any:
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
    price_ceilings = connection(
        PriceCeilingNode,
        keyed(price_ceiling_page, object="RegisteredObject"),
        object=graphene.ID(),
        on=graphene.Date(description="In force on this day. 生效日"),
        known_at=graphene.DateTime(description="As the register said at this instant; now by default. 记录时点"),
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


class PriceCeilingSet(Mutation):
    """Set the most that one unit of public data under authorised operation may cost. 制定最高收费标准"""

    class Input:
        object_id = IdOf("RegisteredObject", required=True)
        unit = UnitOfSaleEnum(required=True)
        ceiling_minor = BigInt(required=True, description="For one unit, in minor units of the currency. 每单位最高收费（最小货币单位）")
        currency = graphene.String(required=True, description="ISO 4217 code. 币种")
        trial = graphene.Boolean(description="Default: no. 试行")
        document = graphene.String(required=True, description="The document that sets it, as it is cited. 文号")
        document_sha256 = graphene.String(required=True)
        valid_from = graphene.Date(required=True)
        valid_until = graphene.Date(description="First day on which it is no longer in force. 终止日（不含）")
        replaces_id = IdOf("PriceCeiling", description="The ceiling whose place it takes, from its first day on. 被取代的记录")
        idempotency_key = graphene.String(required=True)

    price_ceiling = graphene.Field(PriceCeilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "PriceCeilingSet":
        """Set it."""
        ceiling = ceiling_services.Ceiling(
            unit=UnitOfSale(given["unit"]),
            minor=given["ceiling_minor"],
            trial=bool(given.get("trial")),
            valid_until=given.get("valid_until"),
            **{name: given[name] for name in ("currency", "document", "document_sha256", "valid_from")},
        )
        others = {"replaces_id": given.get("replaces_id"), **{name: given[name] for name in ("object_id", "idempotency_key")}}
        return cls(price_ceiling=ceiling_services.price_ceiling_set(actor=actor, ceiling=ceiling, **others))


class PriceCeilingClose(Mutation):
    """Close a price ceiling from now on. 关闭最高收费标准"""

    class Input:
        ceiling_id = IdOf("PriceCeiling", required=True)
        idempotency_key = graphene.String(required=True)

    price_ceiling = graphene.Field(PriceCeilingNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "PriceCeilingClose":
        """Close it."""
        return cls(price_ceiling=ceiling_services.price_ceiling_close(actor=actor, **given))
