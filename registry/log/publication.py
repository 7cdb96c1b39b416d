"""Publishes what is sequenced: bundles and tiles first, the signed checkpoint last, so that no reader meets a promise without its proof.

A crash between any two steps is repaired by the next run: every file has one content, and what was written once is found equal. The right
edge is taken from the published files and carried on with the stored leaves; only if it arrives at the stored edge is anything signed, so
neither an old backup of the database nor altered files can make the log sign another past.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final
from uuid import UUID

import psycopg
from django.db import connection

from registry.base import clock
from registry.log import keys
from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.files import AlteredFile, LogFiles, Published
from registry.log.frontier import Frontier
from registry.log.merkle import EMPTY_ROOT, Edge, split_hashes
from registry.log.models import LogState, SignedCheckpoint
from registry.log.tiles import CHECKPOINT_PATH, TILE_WIDTH, encode_bundle, entries_path

CHUNK: Final = 16 * TILE_WIDTH
"""Leaves that are read and written at once, with their bodies: at most 268 MB, as a rule two."""

HASHES: Final = 65_536
"""Leaf hashes that are compared at once: 2 MB."""

_frontiers: dict[UUID, Frontier] = {}
"""The right edge of each log as this process last published it; a memory of files, checked against the checkpoint before use."""


class StaleBackup(RuntimeError):
    """The published checkpoint says that the log was longer or different: somebody restored an old backup. Nothing is signed."""


def edge_of(state: LogState) -> Edge:
    """The stored right edge."""
    return Edge(size=state.size, hashes=tuple(split_hashes(bytes(state.edge))))


def publish() -> int:
    """Publish everything that is sequenced, under the integrator's lock; returns the size that the checkpoint covers.

    Raises:
        StaleBackup: the published checkpoint contradicts the database.
        AlteredFile: a published file is missing or altered.
        BadCheckpoint: no key of this log that vouches for its size has signed the published checkpoint.
        NoSigningKey: the environment holds no key that may sign.
    """
    state = LogState.objects.filter(id=1).first()
    if state is None:
        return 0
    keys.begin(state.log_id)
    files = LogFiles.of(state.log_id)
    published = keys.published(files)
    start = published.checkpoint.size if published else 0
    if start > state.size:
        message = f"published size {start}, stored size {state.size}"
        raise StaleBackup(message)
    frontier = _frontier(state.log_id, files, published)
    if published:
        _remember(published.checkpoint, published.note)
    if published and start == state.size and frontier.edge == edge_of(state):
        return start
    _refuse_other_past(frontier.edge, edge_of(state))
    signing = keys.signers(state.log_id, state.size)
    _frontiers[state.log_id] = _grow(files, frontier, state.size)
    checkpoint = Checkpoint(origin=keys.origin(state.log_id), size=state.size, root=edge_of(state).root)
    note = sign_checkpoint(checkpoint, signing)
    if files.read(CHECKPOINT_PATH) != (published.note if published else None):
        raise AlteredFile(CHECKPOINT_PATH, "was changed by another integrator")
    files.put(CHECKPOINT_PATH, note)
    _remember(checkpoint, note)
    files.prune(start, state.size)
    return state.size


def _frontier(log_id: UUID, files: LogFiles, published: Published | None) -> Frontier:
    """The right edge under the published checkpoint."""
    size, root = (published.checkpoint.size, published.checkpoint.root) if published else (0, EMPTY_ROOT)
    known = _frontiers.get(log_id)
    if known and known.size == size and known.edge.root == root:
        return known
    frontier = files.frontier(size)
    if frontier.edge.root != root:
        raise AlteredFile("tile/", f"does not have the root of the checkpoint of size {size}")
    return frontier


def _remember(checkpoint: Checkpoint, note: bytes) -> None:
    """Keep a published checkpoint as a row; its writer may have been killed before it could."""
    size, root = checkpoint.size, checkpoint.root
    row, _ = SignedCheckpoint.objects.get_or_create(size=size, defaults={"root": root, "note": note.decode(), "at": clock.now()})
    if bytes(row.root) != root:
        message = f"the root at size {size} differs from the published one"
        raise StaleBackup(message)


def _refuse_other_past(published: Edge, stored: Edge) -> None:
    """Refuse stored leaves that do not carry the published edge on to the stored one."""
    reached = published
    while reached.size < stored.size and (hashes := _hashes(reached.size, min(reached.size + HASHES, stored.size))):
        reached = reached.extended(hashes)
    if reached != stored:
        message = f"the stored log does not continue the one published at size {published.size}"
        raise StaleBackup(message)


def _grow(files: LogFiles, frontier: Frontier, size: int) -> Frontier:
    """Write the bundles and tiles between a published size and the stored one, and return the new frontier.

    While one part waits for the disk the next is read, so two parts are in memory at most.
    """
    grown = frontier
    with ThreadPoolExecutor(1) as writer:
        pending: Future[None] | None = None
        for grown, part in _parts(frontier, size):
            if pending:
                pending.result()
            if grown.size == size:
                files.write(part)
            else:
                pending = writer.submit(files.write, part)
    return grown


def _parts(frontier: Frontier, size: int) -> Iterator[tuple[Frontier, dict[str, bytes]]]:
    """The bundles and tiles to write, by path, and the frontier after them, a chunk of leaves at a time."""
    while frontier.size < size:
        first = frontier.size - frontier.size % TILE_WIDTH
        stop = min(first + CHUNK, size)
        rows = _leaves(first, stop)
        frontier, tiles = frontier.extended([hashed for _, hashed in rows[frontier.size - first :]])
        written = {tile.path: content for tile, content in tiles if tile.width == TILE_WIDTH}
        if frontier.size == size:  # before, a partial tile that the rest outgrows is for nobody
            written |= {tile.path: content for tile, content in frontier.unfinished}
        for at in range(0, len(rows), TILE_WIDTH):
            bodies = [body for body, _ in rows[at : at + TILE_WIDTH]]
            written[entries_path((first + at) // TILE_WIDTH, len(bodies))] = encode_bundle(bodies)
        yield frontier, written


def _hashes(first: int, stop: int) -> list[bytes]:
    """The hashes of the leaves at these places."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(hash, ''::bytea ORDER BY index) FROM registry_log_leaf WHERE index >= %s AND index < %s", [first, stop]
        )
        return split_hashes(bytes(cursor.fetchone()[0] or b""))


def _leaves(first: int, stop: int) -> list[tuple[bytes, bytes]]:
    """Bodies and hashes of the leaves at these places."""
    with psycopg.Cursor(connection.connection) as cursor:  # Django's own would have the bytes sent as text, twice as long
        # each body by its key, not by a join: a planner without statistics of a young log would read the whole table
        cursor.execute(
            "SELECT (SELECT body FROM registry_log_entry WHERE id = leaf.entry), hash FROM registry_log_leaf AS leaf"
            " WHERE index >= %s AND index < %s ORDER BY index",
            [first, stop],
            binary=True,
        )
        return cursor.fetchall()
