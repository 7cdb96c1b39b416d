"""Where the log's static files live and what is in them, so that any tlog-tiles client can read the log without us.

Source: C2SP tlog-tiles (paths without the height that Go's own layout has).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from registry.log.merkle import HASH_BYTES, SIZE_MAX, split_hashes

TILE_WIDTH: Final = 256
TILE_HEIGHT: Final = 8
LEVEL_MAX: Final = 7
ENTRY_BYTES_MAX: Final = 2**16 - 1
CHECKPOINT_PATH: Final = "checkpoint"
FILE_BYTES_MAX: Final = 17 * 1024 * 1024
"""A little more than the longest bundle, 256 entries of 65,535 bytes."""
_GROUP: Final = 1000


class BadTile(ValueError):
    """Coordinates or bytes that are no tile or bundle; ``reason`` says why."""

    def __init__(self, *, reason: str) -> None:
        """Keep the reason, in English, for logs and tests."""
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Tile:
    """The coordinates of one tile: ``width`` hashes of tree level ``8 * level``, from node ``256 * index`` on."""

    level: int
    index: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """``tile/<level>/<index>[.p/<width>]``."""
        if not 0 <= self.level <= LEVEL_MAX:
            raise BadTile(reason=f"there is no level {self.level}")
        return f"tile/{self.level}/{_numbered(self.index, self.width)}"

    @property
    def start(self) -> int:
        """The first node of the tile in its tree level."""
        return self.index * TILE_WIDTH


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """``tile/entries/<index>[.p/<width>]``: the bundle that belongs to tile ``index`` of level 0.

    Raises:
        BadTile: a negative index or a width outside 1..256.
    """
    return f"tile/entries/{_numbered(index, width)}"


def content_type(path: str) -> str:
    """The media type of a file of the log."""
    return "text/plain; charset=utf-8" if PurePosixPath(path).name == CHECKPOINT_PATH else "application/octet-stream"


def cache_control(path: str) -> str:
    """How long others may keep a file of the log: a checkpoint is replaced, all else never changes."""
    return "public, max-age=2" if PurePosixPath(path).name == CHECKPOINT_PATH else "public, max-age=31536000, immutable"


def tiles_between(old_size: int, new_size: int) -> Iterator[Tile]:
    """The tiles to write when the tree grows, lowest level first, left to right; a partial tile is never hashed upwards.

    Raises:
        BadTile: sizes that do not grow from 0 or more.
    """
    if not 0 <= old_size <= new_size <= SIZE_MAX:
        raise BadTile(reason=f"a tree cannot grow from {old_size} to {new_size}")
    for level in range(LEVEL_MAX + 1):
        old_nodes, new_nodes = old_size >> TILE_HEIGHT * level, new_size >> TILE_HEIGHT * level
        if old_nodes == new_nodes:
            return
        for index in range(old_nodes // TILE_WIDTH, -(-new_nodes // TILE_WIDTH)):
            yield Tile(level=level, index=index, width=min(TILE_WIDTH, new_nodes - index * TILE_WIDTH))


def split_tile(data: bytes) -> list[bytes]:
    """The hashes of a tile's content.

    Raises:
        BadTile: not 1 to 256 whole hashes.
    """
    width, rest = divmod(len(data), HASH_BYTES)
    if rest or not 1 <= width <= TILE_WIDTH:
        raise BadTile(reason=f"{len(data)} bytes are not 1 to {TILE_WIDTH} hashes")
    return split_hashes(data)


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Entries one after the other, each behind its length as a big-endian uint16.

    Raises:
        BadTile: not 1 to 256 entries, or one longer than 65,535 bytes.
    """
    if not 1 <= len(entries) <= TILE_WIDTH:
        raise BadTile(reason=f"a bundle holds 1 to {TILE_WIDTH} entries, not {len(entries)}")
    if longest := next((len(entry) for entry in entries if len(entry) > ENTRY_BYTES_MAX), None):
        raise BadTile(reason=f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {longest}")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        BadTile: a cut-off entry, or not 1 to 256 entries.
    """
    entries = readable_entries(data)
    if not entries or sum(2 + len(entry) for entry in entries) != len(data):
        raise BadTile(reason=f"entry {len(entries)} is cut off or one too many")
    return entries


def readable_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle up to the first that is cut off, at most 256."""
    entries: list[bytes] = []
    at = 0
    while len(entries) < TILE_WIDTH and at + 2 <= len(data):
        start = at + 2
        at = start + int.from_bytes(data[start - 2 : start], "big")
        if at > len(data):
            break
        entries.append(data[start:at])
    return entries


def _numbered(index: int, width: int) -> str:
    if not 0 <= index <= SIZE_MAX or not 1 <= width <= TILE_WIDTH:
        raise BadTile(reason=f"there is no tile {index} of width {width}")
    groups = [f"{index % _GROUP:03d}"]
    while index := index // _GROUP:
        groups.append(f"x{index % _GROUP:03d}")
    path = "/".join(reversed(groups))
    return path if width == TILE_WIDTH else f"{path}.p/{width}"
