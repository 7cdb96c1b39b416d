"""Charges in GraphQL: read only. No mutation can say that a deal is funded."""

import graphene

from registry.base.graphql import BigInt, NodeType, connection
from settlement.payments.models import Charge
from settlement.payments.selectors import charge_page


class ChargeNode(NodeType):
    """One attempt to take a deal's money from its buyer. 支付"""

    class Meta:
        model = Charge

    deal_id = graphene.UUID(required=True)
    state = graphene.String(required=True)
    amount_minor = BigInt(required=True)
    currency = graphene.String(required=True)
    code = graphene.String(required=True, description="The gateway's code where it declined. 拒付代码")
    requested_at = graphene.DateTime(required=True)


class Queries:
    """What payments answer."""

    charges = connection(ChargeNode, charge_page, deal_id=graphene.UUID())
