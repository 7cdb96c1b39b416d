"""Gives committed events their place: one integrator at a time, dense indexes, files first, the signed checkpoint last."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction

from registry.base import clock
from registry.base.ids import uuid7
from registry.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.merkle import HASH_BYTES, Edge, leaf_hash
from registry.log.models import Leaf, LogState, SignedCheckpoint
from registry.log.note import Signer

BATCH_MAX: Final = 2_000
_LOCK: Final = 0x45_47_52_45_54  # one integrator per database; a second one leaves and tries again


class StaleBackup(RuntimeError):
    """The published checkpoint says that the log was longer or different: somebody restored an old backup. Nothing is signed."""


def integrate() -> int:
    """Sequence one batch of the outbox and publish the checkpoint that covers it; returns how many entries were added.

    Safe to run anywhere, any number of times: whoever holds the lock works, the others return 0.

    Raises:
        StaleBackup: the published checkpoint contradicts the database.
    """
    with transaction.atomic():
        if not _try_lock():
            return 0
        added = _sequence()
    with transaction.atomic():
        if _try_lock():
            _publish()
    return added


def signer(log_id: UUID) -> Signer:
    """The log's signing key under the log's own origin."""
    return Signer(name=f"{settings.EGRET_LOG_ORIGIN}/{log_id}", seed=bytes.fromhex(settings.EGRET_LOG_KEY))


def _try_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        return bool(cursor.fetchone()[0])


def _sequence() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH batch AS (DELETE FROM registry_log_outbox WHERE seq IN (SELECT seq FROM registry_log_outbox ORDER BY seq LIMIT %s)"
            " RETURNING seq, event, body) SELECT event, body FROM batch ORDER BY seq",
            [BATCH_MAX],
        )
        rows = [(event, bytes(body)) for event, body in cursor.fetchall()]
    if not rows:
        return 0
    state, _ = LogState.objects.get_or_create(id=1, defaults={"log_id": uuid7()})
    hashes = [leaf_hash(body) for _, body in rows]
    _copy(
        "COPY registry_log_entry (id, schema, schema_version, subject_type, subject_id, organisation, at, body) FROM STDIN",
        (_entry(event, body) for event, body in rows),
    )
    places = enumerate(zip(rows, hashes, strict=True), start=state.size)
    _copy("COPY registry_log_leaf (index, entry, hash) FROM STDIN", ((place, event, hashed) for place, ((event, _), hashed) in places))
    edge = edge_of(state).extended(hashes)
    LogState.objects.filter(id=1).update(size=edge.size, edge=b"".join(edge.hashes))
    return len(rows)


def _copy(statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows through PostgreSQL's COPY: a backlog is integrated many times faster than by INSERT."""
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)


def edge_of(state: LogState) -> Edge:
    """The stored right edge."""
    raw = bytes(state.edge)
    return Edge(size=state.size, hashes=tuple(raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)))


def _entry(event: UUID, body: bytes) -> tuple[Any, ...]:
    parsed = json.loads(body)
    subject, organisation = parsed["subject"], parsed["actor"]["organisation"]
    return event, parsed["schema"], parsed["version"], subject["type"], subject["id"], organisation, parsed["at"], body


def _publish() -> None:
    state = LogState.objects.filter(id=1).first()
    if state is None or SignedCheckpoint.objects.filter(size=state.size).exists():
        return
    key, checkpoint = signer(state.log_id), Checkpoint(origin=signer(state.log_id).name, size=state.size, root=edge_of(state).root)
    _refuse_stale_backup(state, key, checkpoint)
    note = sign_checkpoint(checkpoint, [key])
    _write_file(f"{state.log_id}/checkpoint", note)
    SignedCheckpoint.objects.create(size=state.size, root=checkpoint.root, note=note.decode(), at=clock.now())


def _refuse_stale_backup(state: LogState, key: Signer, checkpoint: Checkpoint) -> None:
    path = f"{state.log_id}/checkpoint"
    if not storages["log"].exists(path):
        return
    with storages["log"].open(path) as file:
        note = file.read()
    published, _ = open_checkpoint(note, log=key.verifier)
    if published.size > checkpoint.size:
        message = f"published size {published.size}, stored size {checkpoint.size}"
        raise StaleBackup(message)
    known = SignedCheckpoint.objects.filter(size=published.size).first()
    root = checkpoint.root if published.size == checkpoint.size else bytes(known.root) if known else _root_at(published.size)
    if root != published.root:
        message = f"the root at size {published.size} differs from the published one"
        raise StaleBackup(message)
    if known is None and published.size < checkpoint.size:  # its writer was killed before the row: it is the first over its entries
        SignedCheckpoint.objects.create(size=published.size, root=root, note=note.decode(), at=clock.now())


def _root_at(size: int) -> bytes:
    return (
        Edge()
        .extended(bytes(hashed) for hashed in Leaf.objects.filter(index__lt=size).order_by("index").values_list("hash", flat=True))
        .root
    )


def _write_file(path: str, content: bytes) -> None:
    storage = storages["log"]
    draft = storage.save(f"{path}.{uuid7()}", ContentFile(content))
    Path(storage.path(draft)).replace(storage.path(path))
