"""Statements in GraphQL."""

from datetime import datetime
from typing import Any

import graphene

from pricing.fees.schema import MoneyType
from pricing.money import Money
from registry.base.graphql import Items, actor_of
from settlement.statements.selectors import LINES_MAX, Statement, statement


class StatementLineType(graphene.ObjectType):
    """One move of the account. 对账明细"""

    class Meta:
        name = "StatementLine"

    at = graphene.DateTime(required=True)
    kind = graphene.String(required=True)
    deal = graphene.UUID()
    move = graphene.UUID(required=True)
    amount = graphene.Field(graphene.NonNull(MoneyType), description="Negative when money left the account. 支出为负")


class StatementType(graphene.ObjectType):
    """What the market owed a party over a period. 对账单"""

    class Meta:
        name = "Statement"

    since = graphene.DateTime(required=True)
    until = graphene.DateTime(required=True)
    opening = graphene.Field(graphene.NonNull(MoneyType))
    closing = graphene.Field(graphene.NonNull(MoneyType), description="Opening plus the lines, recomputed. 期末余额")
    lines = Items(StatementLineType, size=LINES_MAX, description=f"At most {LINES_MAX}.")

    @staticmethod
    def of(found: Statement) -> "StatementType":
        """The type's value for a computed statement."""
        lines = [
            StatementLineType(
                at=line.at, kind=line.kind, deal=line.deal, move=line.move, amount=Money.of(line.amount_minor, found.currency)
            )
            for line in found.lines
        ]
        opening, closing = Money.of(found.opening_minor, found.currency), Money.of(found.closing_minor, found.currency)
        return StatementType(since=found.since, until=found.until, opening=opening, closing=closing, lines=lines)


def _statement_field() -> graphene.Field:
    def resolve(_root: Any, info: Any, currency: str, since: datetime, until: datetime) -> StatementType:
        return StatementType.of(statement(actor=actor_of(info), currency=currency, since=since, until=until))

    field = graphene.Field(
        StatementType,
        currency=graphene.String(required=True),
        since=graphene.DateTime(required=True),
        until=graphene.DateTime(required=True),
        resolver=resolve,
        description="Your organisation's own account with the market. 本主体的对账单",
    )
    field.cost = 10
    return field


class Queries:
    """What statements answer."""

    statement = _statement_field()
