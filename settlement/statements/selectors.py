"""Computes statements: the opening balance, every move of the period, and a closing balance that is recomputed, not carried."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from registry.base.actor import Actor
from registry.base.errors import BadInput
from settlement.ledger.models import AccountKind
from settlement.ledger.services import MARKET

LINES_MAX: Final = 1_000

_LINES: Final = """
SELECT e.at, e.kind, e.deal, m.id, CASE WHEN m.dst = a.id THEN m.amount ELSE -m.amount END
FROM settlement_account a
JOIN settlement_move m ON m.market = a.market AND (m.dst = a.id OR m.src = a.id)
JOIN settlement_entry e ON e.market = m.market AND e.id = m.entry
WHERE a.market = %(market)s AND a.kind = %(kind)s AND a.owner = %(owner)s AND a.unit = %(unit)s AND e.at < %(until)s
ORDER BY e.at, m.id
"""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One move of the party's account; negative when money left it."""

    at: datetime
    kind: str
    deal: UUID | None
    move: UUID
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One account over one period; ``closing_minor`` is the opening balance plus the lines."""

    currency: str
    since: datetime
    until: datetime
    opening_minor: int
    lines: tuple[StatementLine, ...]

    @property
    def closing_minor(self) -> int:
        """The balance at the end of the period."""
        return self.opening_minor + sum(line.amount_minor for line in self.lines)


def statement(*, actor: Actor, currency: str, since: datetime, until: datetime) -> Statement:
    """What the market owed the actor's organisation over a period, from ``since`` to before ``until``.

    Raises:
        BadInput: an empty period, or more than ``LINES_MAX`` moves in it.
        Unauthenticated: nobody is signed in.
    """
    if since >= until:
        raise BadInput("until", "later than since")
    values: dict[str, Any] = {"market": MARKET, "kind": AccountKind.PAYABLE, "owner": actor.acting_for, "unit": currency, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_LINES, values)
        moves = [StatementLine(*row) for row in cursor.fetchall()]
    lines = tuple(move for move in moves if move.at >= since)
    if len(lines) > LINES_MAX:
        raise BadInput("since", f"a period with at most {LINES_MAX} moves")
    return Statement(currency, since, until, sum(move.amount_minor for move in moves if move.at < since), lines)
