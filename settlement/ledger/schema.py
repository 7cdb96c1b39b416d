"""The ledger in GraphQL: read only."""

from typing import Any

import graphene

from registry.base.actor import PartyKind
from registry.base.errors import Forbidden
from registry.base.graphql import BigInt, Children, NodeType, Ref, actor_of, connection
from settlement.ledger.models import Account, Entry, Move
from settlement.ledger.selectors import account_page, balance_of, entry_page, ledger_balanced


class AccountNode(NodeType):
    """A place where money of one currency sits. 账户"""

    class Meta:
        model = Account
        name = "LedgerAccount"

    kind = graphene.String(required=True)
    owner = graphene.UUID(required=True)
    unit = graphene.String(required=True, description="ISO 4217 code. 币种")
    balance_minor = BigInt(required=True, description="Summed from its moves, in minor units. 余额（最小货币单位）")

    @staticmethod
    def resolve_balance_minor(root: Account, _info: Any) -> int:
        """The balance."""
        return balance_of(root.pk)


class MoveNode(NodeType):
    """One movement of money. 资金变动"""

    class Meta:
        model = Move
        name = "LedgerMove"

    line = graphene.Int(required=True)
    unit = graphene.String(required=True)
    amount = BigInt(required=True, description="In minor units, positive. 金额（最小货币单位）")
    source = Ref(AccountNode, "src", description="Null where you may not see the account. 转出账户")
    destination = Ref(AccountNode, "dst", description="Null where you may not see the account. 转入账户")


class EntryNode(NodeType):
    """One business fact as money. 分录"""

    class Meta:
        model = Entry
        name = "LedgerEntry"

    kind = graphene.String(required=True)
    key = graphene.String(required=True)
    deal = graphene.UUID()
    at = graphene.DateTime(required=True)
    moves = Children(MoveNode, "entry", order="line")


class Queries:
    """What the ledger answers."""

    ledger_entries = connection(EntryNode, entry_page, deal_id=graphene.UUID())
    ledger_accounts = connection(AccountNode, account_page)
    ledger_balanced = graphene.Boolean(required=True, description="Recomputes every balance from the moves. 账平校验")

    @staticmethod
    def resolve_ledger_balanced(_root: Any, info: Any) -> bool:
        """The audit, for those who audit."""
        if not actor_of(info).is_kind(PartyKind.REGULATOR, PartyKind.INSTITUTION, PartyKind.OPERATOR):
            raise Forbidden(scope="deal:settle")
        return ledger_balanced()
