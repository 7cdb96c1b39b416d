"""Gives committed events their place: one integrator at a time, dense indexes; then publishes them."""

import json
from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction

from registry.base.ids import uuid7
from registry.log.merkle import leaf_hash
from registry.log.models import LogState
from registry.log.publication import edge_of, publish

BATCH_MAX: Final = 2_000
_LOCK: Final = 0x45_47_52_45_54  # one integrator per database; a second one leaves and tries again


def integrate() -> int:
    """Sequence one batch of the outbox and publish the checkpoint that covers it; returns how many entries were added.

    Safe to run anywhere, any number of times: whoever holds the lock works, the others return 0.

    Raises:
        StaleBackup: the published checkpoint contradicts the database.
        AlteredFile: a published file is missing or altered.
    """
    with transaction.atomic():
        if not try_lock():
            return 0
        added = _sequence()
    with transaction.atomic():
        if try_lock():
            publish()
    return added


def try_lock() -> bool:
    """Take the integrator's lock for this transaction, if nobody has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def wait_lock() -> None:
    """Take the integrator's lock for this transaction once it is free: nothing is sequenced or signed meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _sequence() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH batch AS (DELETE FROM registry_log_outbox WHERE seq IN (SELECT seq FROM registry_log_outbox ORDER BY seq LIMIT %s)"
            " RETURNING seq, event, organisation, body) SELECT event, organisation, body FROM batch ORDER BY seq",
            [BATCH_MAX],
        )
        rows = [(event, organisation, bytes(body)) for event, organisation, body in cursor.fetchall()]
    if not rows:
        return 0
    state, _ = LogState.objects.get_or_create(id=1, defaults={"log_id": uuid7()})
    hashes = [leaf_hash(body) for *_, body in rows]
    _copy(
        "COPY registry_log_entry (id, schema, schema_version, subject_type, subject_id, organisation, at, body) FROM STDIN",
        (_entry(*row) for row in rows),
    )
    places = enumerate(zip(rows, hashes, strict=True), start=state.size)
    _copy("COPY registry_log_leaf (index, entry, hash) FROM STDIN", ((place, event, hashed) for place, ((event, *_), hashed) in places))
    edge = edge_of(state).extended(hashes)
    LogState.objects.filter(id=1).update(size=edge.size, edge=b"".join(edge.hashes))
    return len(rows)


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows through PostgreSQL's COPY: a backlog is integrated many times faster than by INSERT."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def _entry(event: UUID, organisation: UUID | None, body: bytes) -> tuple[Any, ...]:
    parsed = json.loads(body)
    subject = parsed["subject"]
    return event, parsed["schema"], parsed["version"], subject["type"], subject["id"], organisation, parsed["at"], body
