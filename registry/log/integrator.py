"""Gives committed events their place: one integrator at a time, dense indexes; then publishes them."""

from typing import Final

from django.db import connection, transaction

from registry.base.ids import uuid7
from registry.log.merkle import Edge, split_hashes
from registry.log.models import LogState
from registry.log.publication import edge_of, publish

BATCH_MAX: Final = 16_384
"""Events that are given their place at once. Only their hashes come to Python, 32 bytes each."""
_LOCK: Final = 0x45_47_52_45_54  # one integrator per database; a second one leaves and tries again

_MOVE: Final = """
WITH waiting AS (
  DELETE FROM registry_log_outbox
  WHERE seq <= (SELECT max(seq) FROM (SELECT seq FROM registry_log_outbox ORDER BY seq LIMIT %(most)s) AS first)
  RETURNING *
), entries AS (
  INSERT INTO registry_log_entry (id, schema, schema_version, subject_type, subject_id, organisation, at, body)
  SELECT event, schema, schema_version, subject_type, subject_id, organisation, at, body FROM waiting
), leaves AS (
  INSERT INTO registry_log_leaf (index, entry, hash)
  SELECT %(size)s + row_number() OVER (ORDER BY seq) - 1, event, sha256('\\x00'::bytea || body) FROM waiting
  RETURNING index, hash
)
SELECT string_agg(hash, ''::bytea ORDER BY index) FROM leaves
"""
"""The server itself moves the waiting events into the log and hashes their bytes, so that none of them travels to Python for it."""


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
    state = LogState.objects.filter(id=1).first()
    edge = edge_of(state) if state else Edge()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64MB'")  # a full batch is sorted and numbered without a temporary file
        cursor.execute(_MOVE, {"most": BATCH_MAX, "size": edge.size})
        hashes = split_hashes(bytes(cursor.fetchone()[0] or b""))
    if not hashes:
        return 0
    if state is None:
        LogState.objects.create(id=1, log_id=uuid7())
    edge = edge.extended(hashes)
    LogState.objects.filter(id=1).update(size=edge.size, edge=b"".join(edge.hashes))
    return len(hashes)
