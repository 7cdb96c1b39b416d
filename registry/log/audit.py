"""Reads a published log from its files alone, as an outsider does, and names what is wrong with it by file and index.

The tree is built anew from the entries. Where a bundle and its tile disagree, the level above says which of them was altered, and at the
right edge, which nothing is above, the signed root says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from registry.log.allowance import GENEROUS, Allowance, TooMuch
from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_by_any
from registry.log.findings import Finding
from registry.log.frontier import Frontier, subtree_root
from registry.log.merkle import HASH_BYTES, leaf_hash, split_hashes
from registry.log.note import Key, Verifier
from registry.log.policy import Policy
from registry.log.tiles import CHECKPOINT_PATH, TILE_WIDTH, Tile, entries_path, readable_entries

FINDINGS_MAX: Final = 1000
"""After so many the reading ends: a log may sign any size, and then has that many files missing."""

Read: TypeAlias = Callable[[str], bytes | None]
"""Returns the bytes of a file of the log by its path, or None if there is none."""


@dataclass(frozen=True, slots=True)
class Block:
    """The entries of one bundle as the tree has them.

    Attributes:
        number: of the bundle.
        entries: the bytes of every entry in it, or None if the bundle was altered.
        hashes: the leaf hash of each.
        old: how many of them were read before.
    """

    number: int
    entries: list[bytes] | None
    hashes: list[bytes]
    old: int


class Audit:
    """One reading of a log; ``findings`` fills while it goes on.

    Attributes:
        checkpoint: what the log has signed; None if that itself is not to be believed.
        signed: which of the keys signed it.
        note: its bytes, as they were published.
        frontier: the right edge of what was read.
    """

    def __init__(
        self,
        read: Read,
        *logs: Verifier,
        start: Frontier | None = None,
        policy: Policy | None = None,
        also: Sequence[Key] = (),
        allowance: Allowance = GENEROUS,
    ) -> None:
        """Open the checkpoint.

        Args:
            read: gives the files.
            logs: the log's key, or all that it has had, from a source that is trusted; one of them must have signed.
            start: the right edge at a size whose files need not be read again.
            policy: the witnesses that must have cosigned the checkpoint; without it their lines are not looked at.
            also: further keys that must all have signed too, such as the log's second one for SM2.
            allowance: how much this reading may take.
        """
        self.findings: list[Finding] = []
        self._files, self._allowance, self._taken = read, allowance, 0
        self.frontier = start or Frontier()
        self.checkpoint: Checkpoint | None = None
        self.signed: tuple[Key, ...] = ()
        self.note = note = self._read(CHECKPOINT_PATH)
        if note is None:
            self._find(CHECKPOINT_PATH, None, "missing")
            return
        try:
            self.checkpoint, self.signed = open_by_any(note, logs=logs, witnesses=also)
            if policy:
                policy.accept(note)
        except BadCheckpoint as error:
            self._find(CHECKPOINT_PATH, None, "untrusted", error.reason, error.chinese)
        for key in also:
            if self.checkpoint and key not in self.signed:
                self._find(CHECKPOINT_PATH, None, "unsigned_also", key)

    @property
    def size(self) -> int:
        """How many entries are signed; 0 where no checkpoint is to be believed."""
        return self.checkpoint.size if self.checkpoint else 0

    def require_allowed(self) -> None:
        """Refuse a log that has more new entries than this reading may take, before one of them is read.

        Raises:
            TooMuch: it has.
        """
        if self.size - self.frontier.size > self._allowance.entries:
            most = self._allowance.entries
            raise TooMuch.entries(signed=self.size, verified=self.frontier.size, most=most, findings=self.findings)

    def blocks(self) -> Iterator[Block]:
        """Read the log from the start to the signed size and yield its entries, a bundle at a time; then compare the root.

        Raises:
            TooMuch: before the first, there are too many; or at any, the files have too many bytes.
        """
        if self.checkpoint is None:
            return
        self.require_allowed()
        size = self.checkpoint.size
        if size < self.frontier.size:
            self._find(CHECKPOINT_PATH, None, "cut", size, self.frontier.size)
            return
        while self.frontier.size < size:
            if len(self.findings) >= FINDINGS_MAX:
                self._find(CHECKPOINT_PATH, None, "given_up", size, len(self.findings))
                return
            yield self._block(self.frontier.size, size)
        for tile, content in self.frontier.unfinished:
            if tile.level:
                self._compare(tile, content)
        if self.frontier.edge.root != self.checkpoint.root:
            self._find(CHECKPOINT_PATH, None, "root", size)

    def run(self) -> list[Finding]:
        """Read everything and return what is wrong with it.

        Raises:
            TooMuch: that is more than this reading may take.
        """
        for _ in self.blocks():
            pass
        return self.findings

    def _read(self, path: str) -> bytes | None:
        content = self._files(path)
        self._taken += len(content or b"")
        if self._taken > self._allowance.content_bytes:
            most = self._allowance.content_bytes
            raise TooMuch.content(signed=self.size, read=self.frontier.size, most=most, findings=self.findings)
        return content

    def _block(self, first: int, size: int) -> Block:
        number, kept = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, size - number * TILE_WIDTH)
        entries, tile = self._bundle(number, width), self._tile(Tile(0, number, width))
        told, stood = None if entries is None else [leaf_hash(entry) for entry in entries], tile
        hashes = self._chosen(number, width, told, stood)
        grown, tiles = self.frontier.extended(hashes[kept:])
        for each, content in tiles:
            if each.level and each.width == TILE_WIDTH:
                self._compare(each, content)
        self.frontier = grown
        return Block(number, entries if told == hashes else None, hashes, kept)

    def _bundle(self, number: int, width: int) -> list[bytes] | None:
        """The entries of a bundle, or as many as can be read of it."""
        path = entries_path(number, width)
        content, itself = self._full_or_partial(path, entries_path(number))
        if content is None:
            self._find(path, None, "missing")
            return None
        entries = readable_entries(content)[:width]
        if itself and len(entries) == width and sum(2 + len(entry) for entry in entries) != len(content):
            self._find(path, number * TILE_WIDTH + width, "goes_on")
        return entries

    def _tile(self, tile: Tile) -> list[bytes] | None:
        content, itself = self._full_or_partial(tile.path, Tile(tile.level, tile.index).path)
        if content is None:
            self._find(tile.path, None, "missing")
            return None
        wanted = (tile.width if itself else TILE_WIDTH) * HASH_BYTES
        if len(content) != wanted:
            self._find(tile.path, tile.start + min(len(content) // HASH_BYTES, tile.width), "length", len(content), wanted)
            return None
        return [content[at : at + HASH_BYTES] for at in range(0, tile.width * HASH_BYTES, HASH_BYTES)]

    def _full_or_partial(self, path: str, full: str) -> tuple[bytes | None, bool]:
        """The bytes of a file, or of the full form in its place; and whether it is the file itself, which ends where the tree ends."""
        content = self._read(path)
        return (content, True) if content is not None or path == full else (self._read(full), False)

    def _chosen(self, number: int, width: int, told: list[bytes] | None, stood: list[bytes] | None) -> list[bytes]:
        """The leaf hashes to go on with, of those that the bundle and the tile give; the other is named, or both if neither is right."""
        if told == stood and told is not None and self._goes_on(told):
            return told
        candidates = [each for each in (told, stood) if each and len(each) == width]
        right = next((each for each in candidates if self._confirmed(number, width, each)), None)
        for each, other, path in ((told, stood, entries_path(number, width)), (stood, told, Tile(0, number, width).path)):
            if each is not None and each != right:
                known = right or ([] if self._goes_on(each) else self._kept)
                pairs = enumerate(zip(each, known or other or [], strict=False))
                place = next((at for at, (mine, theirs) in pairs if mine != theirs), min(len(each), width))
                self._find(path, number * TILE_WIDTH + place, "leaf" if right else "past" if known else "leaf_or_above")
        # with nothing to go on with, the root will not be reached
        return right or (candidates[0] if candidates else [bytes(HASH_BYTES)] * width)

    def _confirmed(self, number: int, width: int, hashes: list[bytes]) -> bool:
        """Whether what was read before and what is above these leaves confirm them: their hash in the next level, or the signed root."""
        if not self._goes_on(hashes):
            return False
        if width == TILE_WIDTH:
            index, place = divmod(number, TILE_WIDTH)
            above = self._above(index, place)
            return above == subtree_root(b"".join(hashes))
        fresh = hashes[len(self._kept) :]
        return self.checkpoint is not None and self.frontier.extended(fresh)[0].edge.root == self.checkpoint.root

    @property
    def _kept(self) -> list[bytes]:
        """The leaf hashes of an unfinished bundle that were read before, under an earlier root."""
        return split_hashes(b"".join(self.frontier.levels[:1]))

    def _goes_on(self, hashes: list[bytes]) -> bool:
        """Whether the leaves begin as they did when they were read before: nothing else in this reading covers those again."""
        return hashes[: len(self._kept)] == self._kept

    def _above(self, index: int, place: int) -> bytes | None:
        """The hash of a full tile in the first level above it, from whichever form of that tile is there."""
        width = min(TILE_WIDTH, self.size // TILE_WIDTH - index * TILE_WIDTH)
        content, _ = self._full_or_partial(Tile(1, index, width).path, Tile(1, index).path)
        return (content or b"")[place * HASH_BYTES : (place + 1) * HASH_BYTES] or None

    def _compare(self, tile: Tile, content: bytes) -> None:
        there, itself = self._full_or_partial(tile.path, Tile(tile.level, tile.index).path)
        if there is None:
            self._find(tile.path, None, "missing")
        elif there[: len(content)] != content or len(there) != (len(content) if itself else TILE_WIDTH * HASH_BYTES):
            pairs = enumerate(zip(there, content, strict=False))
            place = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(there), len(content))) // HASH_BYTES
            self._find(tile.path, tile.start + place, "node")

    def _find(self, file: str, index: int | None, code: str, *params: object) -> None:
        self.findings.append(Finding.of(file, index, code, *params))
