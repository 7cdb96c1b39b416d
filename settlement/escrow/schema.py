"""Escrow in GraphQL: read only; money moves through deals and the payment relay alone."""

import graphene

from registry.base.graphql import BigInt, NodeType, Ref, connection, enum_of
from registry.parties.schema import OrganisationNode
from settlement.escrow.models import Escrow
from settlement.escrow.selectors import escrow_page
from settlement.escrow.states import State
from settlement.ledger.schema import EntryNode

EscrowState = enum_of(State, "EscrowState", "Where the money of a deal is. 托管状态")


class EscrowNode(NodeType):
    """The money of one deal. 托管"""

    class Meta:
        model = Escrow

    deal_id = graphene.UUID(required=True)
    state = EscrowState(required=True)
    amount_minor = BigInt(required=True, description="In minor units. 金额（最小货币单位）")
    currency = graphene.String(required=True)
    payer = Ref(OrganisationNode, "payer_id")
    institution = Ref(OrganisationNode, "institution_id")
    funding = Ref(EntryNode, "fund_entry", description="The posting that locked the money. 入托分录")
    settlement = Ref(EntryNode, "out_entry", description="The posting that released or returned it. 结算分录")


class Queries:
    """What escrow answers."""

    escrows = connection(EscrowNode, escrow_page)
