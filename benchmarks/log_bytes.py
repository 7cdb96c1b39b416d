"""Claim: the log's hashes take at most 41 bytes of disk for each entry."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from django.core.files.storage import storages
from django.db import connection

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.log_integrate import integrate_backlog
from registry.log.models import LogState

ENTRIES: Final = 40_000
"""At least so many are in the log before anything is measured: its right edge weighs nothing then."""
SCALE: Final = 370_000_000
"""Entries of a national register, for which the sizes are extrapolated."""
BLOCK: Final = 512
"""The unit of ``st_blocks``."""


def on_disk(*, bundles: bool) -> int:
    """Bytes that the log's tiles, or its bundles of entries, take on the disk, in whole blocks of the file system."""
    folder = Path(storages["log"].path(str(LogState.objects.get().log_id))) / "tile"
    sizes = [
        (Path(above) / name).stat().st_blocks * BLOCK
        for above, _, names in os.walk(folder)
        for name in names
        if (Path(above).relative_to(folder).parts[0] == "entries") is bundles
    ]
    return sum(sizes)


def hash_bytes() -> float:
    """Bytes of tiles for each entry, after another backlog."""
    integrate_backlog()
    return on_disk(bundles=False) / LogState.objects.get().size


def hash_limit() -> float:
    """The least: 32 bytes for each leaf, and a 256th of that for each level above."""
    size = LogState.objects.get().size
    return 32 * sum(size >> 8 * level for level in range(8)) / size


def beside() -> Mapping[str, float]:
    """Bytes for each entry of everything else that the log keeps, and what it all comes to for a national register."""
    size = LogState.objects.get().size
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_table_size(oid)) FILTER (WHERE relname LIKE 'registry_log_entry%'),"
            " sum(pg_indexes_size(oid)) FILTER (WHERE relname LIKE 'registry_log_entry%'),"
            " sum(pg_total_relation_size(oid)) FILTER (WHERE relname = 'registry_log_leaf'),"
            " (SELECT avg(length(body)) FROM registry_log_entry)"
            " FROM pg_class WHERE relkind = 'r' AND (relname LIKE 'registry_log_entry%' OR relname = 'registry_log_leaf')"
        )
        rows, indexes, leaves, body = (float(each) for each in cursor.fetchone())
    parts = {"hashes": on_disk(bundles=False), "bundles": on_disk(bundles=True), "rows": rows, "indexes": indexes, "leaves": leaves}
    each = {f"{name}_bytes": round(part / size, 1) for name, part in parts.items()} | {"body_bytes": round(body, 1)}
    return each | {f"{name}_gb_at_{SCALE}": round(part / size * SCALE / 1e9, 1) for name, part in parts.items()}


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The files of the market's own log."""
    while (state := LogState.objects.first()) is None or state.size < ENTRIES:
        integrate_backlog()
    yield Contest(ours=hash_bytes, limit=hash_limit, beside=beside)


CLAIM: Final = Claim(
    says="The log's hashes take at most 41 bytes of disk for each entry.",
    unit="bytes/entry",
    better=Better.LOWER,
    goal=Absolute(41, scaled_by=None),
    open=contest,
)
