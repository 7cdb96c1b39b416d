"""Claim: an outsider's full audit of a log of 100,000 entries, from its files in a folder, takes at most 2 s."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.claim import Absolute, Better, Claim, Contest
from registry.base.storage import DurableFileStorage
from registry.log.audit import Audit
from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.files import LogFiles
from registry.log.frontier import Frontier
from registry.log.merkle import leaf_hash
from registry.log.note import Signer
from registry.log.tiles import CHECKPOINT_PATH, TILE_WIDTH, encode_bundle, entries_path

SIZE: Final = 100_000
ENTRY_BYTES: Final = 374
"""The mean length of an entry."""
KEY: Final = Signer.of_seed("log.example/measured", bytes(range(32)))


def write(folder: Path) -> None:
    """Write the files of the log."""
    entries = [f"{number:09d}".encode().ljust(ENTRY_BYTES, b".") for number in range(SIZE)]
    frontier, tiles = Frontier().extended([leaf_hash(entry) for entry in entries])
    parts = [entries[at : at + TILE_WIDTH] for at in range(0, SIZE, TILE_WIDTH)]
    files = {tile.path: content for tile, content in tiles} | {
        entries_path(number, len(part)): encode_bundle(part) for number, part in enumerate(parts)
    }
    files[CHECKPOINT_PATH] = sign_checkpoint(Checkpoint(KEY.name, SIZE, frontier.edge.root), [KEY])
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def audit(folder: Path) -> float:
    """Seconds for one audit that finds nothing, every tile and entry read.

    Raises:
        RuntimeError: it found something.
    """
    began = time.perf_counter()
    reading = Audit(LogFiles(".", DurableFileStorage(location=folder)).read, KEY.verifier)
    findings = reading.run()
    seconds = time.perf_counter() - began
    if findings or reading.frontier.size != SIZE:
        message = f"{len(findings)} findings in a sound log of {reading.frontier.size}"
        raise RuntimeError(message)
    return seconds


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The log in a temporary folder."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write(folder)
        yield Contest(ours=lambda: audit(folder))


CLAIM: Final = Claim(
    says="An outsider's full audit of a log of 100,000 entries, from its files in a folder, takes at most 2 s.",
    unit="s",
    better=Better.LOWER,
    goal=Absolute(2, scaled_by="node_hashes_per_s"),
    open=contest,
)
