"""The right edge of the tree as its static files hold it: which tiles to write when the log grows, without holding the tree.

Source: C2SP tlog-tiles; a partial tile is never hashed upwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from registry.log.merkle import HASH_BYTES, SIZE_MAX, Edge
from registry.log.tiles import TILE_HEIGHT, TILE_WIDTH, Tile

TILE_BYTES: Final = TILE_WIDTH * HASH_BYTES


@dataclass(frozen=True, slots=True)
class Frontier:
    """The last tile of every level as far as it is not full; enough to go on writing tiles.

    Attributes:
        size: leaves of the tree.
        levels: from level 0 up, 0 to 255 hashes one after the other; no level above the highest that has a hash.
    """

    size: int = 0
    levels: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hashes that cannot belong to the size."""
        if not 0 <= self.size <= SIZE_MAX or [len(level) for level in self.levels] != [HASH_BYTES * width for width in widths(self.size)]:
            raise ValueError(f"these hashes are not the right edge of a tree of {self.size} leaves")

    def extended(self, leaf_hashes: Sequence[bytes]) -> tuple[Self, list[tuple[Tile, bytes]]]:
        """Append leaf hashes; return the new frontier and the tiles that changed, lowest level first, left to right. O(n).

        Raises:
            ValueError: a hash is not 32 bytes.
        """
        if any(len(each) != HASH_BYTES for each in leaf_hashes):
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")
        written: list[tuple[Tile, bytes]] = []
        levels: list[bytes] = []
        fresh = b"".join(leaf_hashes)
        while fresh or len(levels) < len(self.levels):
            level = len(levels)
            run = (self.levels[level] if level < len(self.levels) else b"") + fresh
            if fresh:
                first = (self.size >> TILE_HEIGHT * level) // TILE_WIDTH
                parts = [run[at : at + TILE_BYTES] for at in range(0, len(run), TILE_BYTES)]
                written += [(Tile(level, first + place, len(part) // HASH_BYTES), part) for place, part in enumerate(parts)]
            full = len(run) - len(run) % TILE_BYTES
            levels.append(run[full:])
            fresh = b"".join(subtree_root(run[at : at + TILE_BYTES]) for at in range(0, full, TILE_BYTES))
        return type(self)(self.size + len(leaf_hashes), tuple(levels)), written

    @property
    def unfinished(self) -> list[tuple[Tile, bytes]]:
        """The tiles at the right edge that are not full, lowest level first."""
        return [
            (Tile(level, (self.size >> TILE_HEIGHT * level) // TILE_WIDTH, len(hashes) // HASH_BYTES), hashes)
            for level, hashes in enumerate(self.levels)
            if hashes
        ]

    @property
    def edge(self) -> Edge:
        """The compact form, and by it the root."""
        hashes: list[bytes] = []
        for level in reversed(self.levels):
            width, start = len(level) // HASH_BYTES, 0
            for bit in reversed(range(TILE_HEIGHT)):
                if width >> bit & 1:
                    end = start + (HASH_BYTES << bit)
                    hashes.append(subtree_root(level[start:end]))
                    start = end
        return Edge(self.size, tuple(hashes))


def widths(size: int) -> list[int]:
    """How many hashes the unfinished tile of each level has, from level 0 up to the highest level that has a node."""
    found = []
    while size:
        found.append(size % TILE_WIDTH)
        size //= TILE_WIDTH
    return found


def subtree_root(hashes: bytes) -> bytes:
    """The node over a power of two of sibling nodes, given one after the other; a full tile's is a hash of the next level."""
    while len(hashes) > HASH_BYTES:
        pairs = range(0, len(hashes), 2 * HASH_BYTES)
        hashes = b"".join([sha256(b"\x01" + hashes[at : at + 2 * HASH_BYTES]).digest() for at in pairs])
    return hashes
