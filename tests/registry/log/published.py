"""Logs as they are published, made in memory."""

from registry.log.checkpoint import Checkpoint, sign_checkpoint
from registry.log.frontier import Frontier
from registry.log.merkle import leaf_hash
from registry.log.note import Signer
from registry.log.tiles import encode_bundle, entries_path

KEY = Signer.of_seed("log.example/audited", bytes(range(32)))


def written(size, *, entries=None, keys=(KEY,)):
    """Return the files of a log of short entries, as they stand after one growth."""
    entries = entries or [f"entry {number}".encode() for number in range(size)]
    frontier, tiles = Frontier().extended([leaf_hash(entry) for entry in entries])
    files = {tile.path: content for tile, content in tiles}
    for at in range(0, size, 256):
        part = entries[at : at + 256]
        files[entries_path(at // 256, len(part))] = encode_bundle(part)
    files["checkpoint"] = sign_checkpoint(Checkpoint(KEY.name, size, frontier.edge.root), keys)
    return files
