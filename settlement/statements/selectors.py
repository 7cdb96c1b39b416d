"""Computes statements: the opening balance, every move of the period, and a closing balance that is recomputed, not carried."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from pricing.money import CURRENCIES
from registry.base.actor import Actor
from registry.base.errors import BadInput
from settlement.ledger.models import AccountKind
from settlement.ledger.services import MARKET

LINES_MAX: Final = 1_000

KINDS: Final = (AccountKind.PAYABLE, AccountKind.INSTITUTION_FEE)
"""The accounts of what the market owes a party: its shares, and the fees of a trading-service institution."""

_MOVED: Final = """
FROM settlement_account a
JOIN settlement_move m ON m.market = a.market AND (m.dst = a.id OR m.src = a.id)
JOIN settlement_entry e ON e.market = m.market AND e.id = m.entry
WHERE a.market = %(market)s AND a.kind = ANY(%(kinds)s) AND a.owner = %(owner)s AND a.unit = %(unit)s
"""
_DELTA: Final = "CASE WHEN m.dst = a.id THEN m.amount ELSE -m.amount END"
_OPENING: Final = f"SELECT coalesce(sum({_DELTA}), 0) {_MOVED} AND e.at < %(since)s"
_LINES: Final = f"""
SELECT e.at, e.kind, e.deal, m.id, {_DELTA} {_MOVED} AND e.at >= %(since)s AND e.at < %(until)s ORDER BY e.at, m.id LIMIT %(limit)s
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
        BadInput: a currency that is none, instants without an offset, an empty period, or more than ``LINES_MAX`` moves in it.
        Unauthenticated: nobody is signed in.
    """
    owner = actor.acting_for
    if currency not in CURRENCIES:
        raise BadInput("currency", "a currency that the market knows, such as CNY")
    for name, instant in (("since", since), ("until", until)):
        if instant.tzinfo is None:
            raise BadInput(name, "an instant with its offset from UTC, such as 2026-01-31T08:00:00+08:00")
    if since >= until:
        raise BadInput("until", "later than since")
    values: dict[str, Any] = {
        "market": MARKET,
        "kinds": list(KINDS),
        "owner": owner,
        "unit": currency,
        "since": since,
        "until": until,
        "limit": LINES_MAX + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LINES, values)
        lines = tuple(StatementLine(*row) for row in cursor.fetchall())
        if len(lines) > LINES_MAX:
            raise BadInput("since", f"a period with at most {LINES_MAX} moves")
        cursor.execute(_OPENING, values)
        opening = int(cursor.fetchone()[0])
    return Statement(currency, since, until, opening, lines)
