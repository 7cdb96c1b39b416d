"""Reads the ledger; the audit recomputes every balance from the moves."""

from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from registry.base.actor import Actor
from settlement.ledger.models import Account, Entry
from settlement.ledger.services import MARKET

_DRIFT: Final = """
WITH moved AS (
  SELECT account, sum(delta) AS amount FROM (
    SELECT dst AS account, amount AS delta FROM settlement_move WHERE market = %(market)s
    UNION ALL SELECT src, -amount FROM settlement_move WHERE market = %(market)s) AS legs GROUP BY account)
SELECT
  (SELECT count(*) FROM settlement_balance b LEFT JOIN moved m USING (account)
     WHERE b.market = %(market)s AND b.amount <> coalesce(m.amount, 0))
  + (SELECT count(*) FROM settlement_account a WHERE a.market = %(market)s AND a.floored
       AND NOT EXISTS (SELECT 1 FROM settlement_balance b WHERE b.market = a.market AND b.account = a.id))
  + (SELECT count(*) FROM settlement_entry e WHERE e.market = %(market)s
       AND NOT EXISTS (SELECT 1 FROM settlement_move m WHERE m.market = e.market AND m.entry = e.id))
  + (SELECT count(*) FROM (SELECT unit FROM moved JOIN settlement_account a ON a.id = moved.account AND a.market = %(market)s
       GROUP BY unit HAVING sum(moved.amount) <> 0) AS lopsided)
"""

_BALANCE: Final = """
SELECT coalesce((SELECT sum(amount) FROM settlement_move WHERE market = %(market)s AND dst = %(account)s), 0)
     - coalesce((SELECT sum(amount) FROM settlement_move WHERE market = %(market)s AND src = %(account)s), 0)
"""


def balance_of(account_id: UUID) -> int:
    """The balance of an account in minor units, summed from its moves."""
    with connection.cursor() as cursor:
        cursor.execute(_BALANCE, {"market": MARKET, "account": account_id})
        return int(cursor.fetchone()[0])


def ledger_drift() -> int:
    """How many things are wrong; 0 in a sound ledger.

    Kept balances that differ from their moves, floored accounts without one, entries without moves, currencies that do not sum to zero.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DRIFT, {"market": MARKET})
        return int(cursor.fetchone()[0])


def ledger_balanced() -> bool:
    """Whether a full recomputation finds nothing wrong."""
    return ledger_drift() == 0


def account_page(*, actor: Actor) -> QuerySet[Account]:
    """Accounts that the actor may see."""
    return Account.objects.visible_to(actor)


def entry_page(*, actor: Actor, deal_id: UUID | None = None) -> QuerySet[Entry]:
    """Entries that the actor may see, of one deal if asked."""
    entries = Entry.objects.visible_to(actor)
    return entries if deal_id is None else entries.filter(deal=deal_id)
