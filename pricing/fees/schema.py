"""Money and fee schedules in GraphQL."""

from typing import Any

import graphene

from pricing.fees.models import PublishedSchedule
from pricing.fees.selectors import schedule_page
from pricing.fees.services import fee_schedule_publish
from pricing.money import Money
from registry.base.actor import Actor
from registry.base.graphql import BigInt, Mutation, NodeType, connection


class MoneyType(graphene.ObjectType):
    """An exact amount. 金额"""

    class Meta:
        name = "Money"

    amount = graphene.String(required=True, description="Decimal text in major units, such as 12.50. 主币单位")
    currency = graphene.String(required=True, description="ISO 4217 code. 币种")
    minor_units = BigInt(required=True, description="Whole minor units, such as fen. 最小货币单位")

    @staticmethod
    def resolve_amount(root: Money, _info: Any) -> str:
        """Decimal text."""
        return root.format()

    @staticmethod
    def resolve_currency(root: Money, _info: Any) -> str:
        """The code."""
        return root.currency.code

    @staticmethod
    def resolve_minor_units(root: Money, _info: Any) -> int:
        """The integer."""
        return root.minor


class FeeScheduleNode(NodeType):
    """One version of what the market takes. 收费标准"""

    class Meta:
        model = PublishedSchedule
        name = "FeeSchedule"

    number = graphene.Int(required=True)
    effective_from = graphene.DateTime(required=True)
    platform_ppm = graphene.Int(required=True, description="Parts per million of the amount. 平台服务费（百万分比）")
    institution_ppm = graphene.Int(required=True, description="Parts per million of the amount. 交易服务费（百万分比）")
    gateway_ppm = graphene.Int(required=True, description="Borne by the platform. 渠道手续费（百万分比），平台承担")
    gateway_fixed_minor = BigInt(required=True)


class FeeSchedulePublish(Mutation):
    """Publish a new version of the fees. 发布收费标准"""

    class Input:
        platform_ppm = graphene.Int(required=True)
        institution_ppm = graphene.Int(required=True)
        gateway_ppm = graphene.Int(required=True)
        gateway_fixed_minor = BigInt(required=True)
        effective_from = graphene.DateTime(description="Default: now. 生效时间")
        idempotency_key = graphene.String(required=True)

    fee_schedule = graphene.Field(FeeScheduleNode)

    @classmethod
    def perform(cls, actor: Actor, **given: Any) -> "FeeSchedulePublish":
        """Call the service."""
        return cls(fee_schedule=fee_schedule_publish(actor=actor, effective_from=given.pop("effective_from", None), **given))


class Queries:
    """What fees answer."""

    fee_schedules = connection(FeeScheduleNode, schedule_page)
