"""Posts money: one call, one SQL function, all or nothing."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import rfc8785
from django.db import Error, IntegrityError, OperationalError, connection, transaction

from registry.base import clock
from registry.base.ids import uuid7
from settlement.ledger.errors import InsufficientFunds, PostingKeyReused, PostingRefused
from settlement.ledger.models import AccountKind

MARKET: Final = 1
"""The market that this installation serves: first in every settlement key, so that markets can be sharded."""

PLATFORM: Final = UUID(int=0)
"""The owner of the market's own accounts (gateways, platform fees, tax)."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement between two accounts: a positive amount in minor units of one currency."""

    src: UUID
    dst: UUID
    amount_minor: int
    currency: str


def account_open(*, kind: AccountKind, owner: UUID, currency: str) -> UUID:
    """The account of an owner for one purpose and currency, opened on first use; returns its id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT settlement_account_open(%s::smallint, %s, %s, %s, %s)", [MARKET, uuid7(), kind, owner, currency])
        account: UUID = cursor.fetchone()[0]
    return account


def post(*, key: str, kind: str, movements: Sequence[Movement], deal_id: UUID | None = None, reverses: UUID | None = None) -> UUID:
    """Post one entry and return its id; the same key with the same content returns the first entry.

    Locks the balances that it touches in the order of their accounts.

    Raises:
        InsufficientFunds: a floored account would fall below its floor.
        PostingKeyReused: the key stands for another content.
        PostingRefused: no or too many movements, an amount that is not positive, equal ends, mixed or wrong currencies, an unknown
            account, an entry reversed twice, or a server with ``synchronous_commit`` off.
    """
    arguments: list[Any] = [
        MARKET,
        uuid7(),
        key,
        _digest(kind, movements, deal_id, reverses),
        kind,
        deal_id,
        reverses,
        clock.now(),
        [uuid7() for _ in movements],
        [movement.src for movement in movements],
        [movement.dst for movement in movements],
        [movement.currency for movement in movements],
        [movement.amount_minor for movement in movements],
    ]
    casts = "%s::smallint, %s, %s, %s, %s, %s, %s, %s, %s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::bigint[]"
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SELECT settlement_post({casts})", arguments)
            entry: UUID = cursor.fetchone()[0]
    except (IntegrityError, OperationalError) as error:
        raise _typed(error) from error
    return entry


def _digest(kind: str, movements: Sequence[Movement], deal_id: UUID | None, reverses: UUID | None) -> bytes:
    lines = [[str(movement.src), str(movement.dst), str(movement.amount_minor), movement.currency] for movement in movements]
    return hashlib.sha256(rfc8785.dumps([kind, lines, str(deal_id), str(reverses)])).digest()


def _typed(error: Error) -> Exception:
    diagnostics = getattr(error.__cause__, "diag", None)
    rule = getattr(diagnostics, "constraint_name", None) or ""
    match rule:
        case "balance_not_below_floor":
            return InsufficientFunds()
        case "entry_key_same_content":
            return PostingKeyReused()
        case "":
            return error
        case _:
            return PostingRefused(rule=rule)
