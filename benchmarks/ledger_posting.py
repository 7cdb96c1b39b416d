"""Claim: posting an entry from Python reaches 0.7 of what pgbench reaches with the same SQL function and one client."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from benchmarks.claim import Better, Claim, Contest, VersusPeer
from benchmarks.peers import pgbench, run_pgbench
from registry.base.ids import uuid7
from settlement.ledger.services import MARKET, Movement, post

ACCOUNTS: Final = 20_000
FUNDED_MINOR: Final = 1_000_000
SECONDS: Final = 2
NEW_ID: Final = (
    "(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')"
    " || '7' || substr(md5(random()::text), 1, 3) || '8' || substr(md5(random()::text), 1, 15))::uuid"
)
"""A UUIDv7 in SQL that runs from PostgreSQL 15 on, so that both contestants insert at the right edge of their indexes."""

SCRIPT: Final = rf"""
\set payer random(1, {ACCOUNTS})
\set payee (:payer + random(1, {ACCOUNTS} - 1) - 1) % {ACCOUNTS} + 1
SELECT settlement_post({MARKET}::smallint, {NEW_ID}, gen_random_uuid()::text, sha256(random()::text::bytea),
  'bench', NULL, NULL, clock_timestamp(), ARRAY[{NEW_ID}],
  ARRAY[lpad(to_hex(:payer::bigint), 32, '0')::uuid], ARRAY[lpad(to_hex(:payee::bigint), 32, '0')::uuid],
  ARRAY['CNY'], ARRAY[1::bigint]);
"""


def open_accounts() -> None:
    """Escrow accounts numbered from 1, each with money, paid in from one gateway account numbered 0."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT settlement_account_open(%s::smallint, %s, 'GATEWAY', %s, 'CNY')", [MARKET, UUID(int=0), UUID(int=0)])
        cursor.execute(
            "SELECT settlement_account_open(%s::smallint, id, 'ESCROW', id, 'CNY')"
            " FROM (SELECT lpad(to_hex(n), 32, '0')::uuid AS id FROM generate_series(1, %s) AS n) AS numbered",
            [MARKET, ACCOUNTS],
        )
    for first in range(1, ACCOUNTS + 1, 1_000):
        movements = [Movement(UUID(int=0), UUID(int=number), FUNDED_MINOR, "CNY") for number in range(first, first + 1_000)]
        post(key=f"fund {first}", kind="bench", movements=movements)


def post_from_python() -> float:
    """Entries a second by ``ledger.services.post``: one client, two random accounts, each entry committed by itself."""
    draw = random.Random(ACCOUNTS)  # noqa: S311 no secret: which accounts are paid
    began, done = time.perf_counter(), 0
    while (passed := time.perf_counter() - began) < SECONDS:
        payer, payee = (UUID(int=number) for number in draw.sample(range(1, ACCOUNTS + 1), 2))
        post(key=str(uuid7()), kind="bench", movements=[Movement(payer, payee, 1, "CNY")])
        done += 1
    return done / passed


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Our service, and pgbench with the same function, accounts and role where there is a pgbench."""
    open_accounts()
    program = pgbench()
    if program is None:
        yield Contest(ours=post_from_python, not_measured="pgbench was not found")
    else:
        url = settings.DATABASE_URL
        yield Contest(ours=post_from_python, peer=lambda: run_pgbench(program, url=url, script=SCRIPT, seconds=SECONDS))


CLAIM: Final = Claim(
    says="Posting an entry from Python reaches 0.7 of what pgbench reaches with the same SQL function and one client.",
    unit="entries/s",
    better=Better.HIGHER,
    goal=VersusPeer(0.7),
    open=contest,
    peer="pgbench, one client, the same function",
)
