"""Claim: a backlog of committed events is sequenced, hashed and covered by a signed checkpoint at 40,000 a second."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

import psycopg
from django.db import connection

from benchmarks.claim import Absolute, Better, Claim, Contest
from registry.base import clock
from registry.base.ids import uuid7
from registry.log.canonical import JSON, canonical, fresh_salt, seal_member
from registry.log.integrator import integrate_backlog as take_backlog
from registry.log.merkle import leaf_hash

BACKLOG: Final = 10_000


ENTRIES: Final = "registry_log_entry (id, schema, schema_version, subject_type, subject_id, at, body)"
OUTBOX: Final = "registry_log_outbox (event)"


def backlog() -> list[tuple[UUID, str, int, str, UUID, datetime, bytes]]:
    """Fresh events in the form and about the size that ``record()`` gives them, with two sealed members, as rows of the entries."""
    at = clock.now()
    events = []
    for number in range(BACKLOG):
        event = uuid7(at)
        body: dict[str, JSON] = {
            "schema": "deal.settled",
            "version": 1,
            "id": str(event),
            "at": at.isoformat(),
            "actor": {"person": str(UUID(int=1)), "organisation": str(UUID(int=2))},
            "subject": {"type": "deal", "id": str(UUID(int=number))},
            "data": {name: {**seal_member(str(number), fresh_salt())} for name in ("amount", "shares")},
        }
        events.append((event, "deal.settled", 1, "deal", UUID(int=number), at, canonical(body)))
    return events


def integrate_backlog() -> float:
    """Events a second from the outbox to the signed checkpoint; filling the outbox is not timed."""
    rows = backlog()
    with connection.cursor() as cursor:
        for table, wide in ((ENTRIES, None), (OUTBOX, 1)):
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row[:wide])
    began = time.perf_counter()
    added = take_backlog()
    passed = time.perf_counter() - began
    if added != BACKLOG:
        message = f"{added} of {BACKLOG} events were integrated"
        raise RuntimeError(message)
    return added / passed


def copy_rows(plain: psycopg.Connection) -> float:
    """The least that a log in PostgreSQL can do: hash each body once, copy ids, bodies and hashes into one table, commit."""
    rows = backlog()
    plain.execute("DROP TABLE IF EXISTS copied")
    plain.execute("CREATE TABLE copied (event uuid PRIMARY KEY, body bytea NOT NULL, hash bytea NOT NULL)")
    began = time.perf_counter()
    with plain.transaction(), plain.cursor() as cursor, cursor.copy("COPY copied (event, body, hash) FROM STDIN") as copy:
        for event, *_, body in rows:
            copy.write_row((event, body, leaf_hash(body)))
    return BACKLOG / (time.perf_counter() - began)


@contextmanager
def contest(plain: str) -> Iterator[Contest]:
    """The integrator, and the bare copy of the same number of rows as its limit."""
    with psycopg.connect(plain, autocommit=True) as connected:
        yield Contest(ours=integrate_backlog, limit=lambda: copy_rows(connected))


CLAIM: Final = Claim(
    says="A backlog of committed events is sequenced, hashed and covered by a signed checkpoint at 40,000 a second.",
    unit="events/s",
    better=Better.HIGHER,
    goal=Absolute(40_000, scaled_by="node_hashes_per_s"),
    open=contest,
)
