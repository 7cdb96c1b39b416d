"""An append-only Merkle tree, so that one 32-byte root commits to every event and a short proof shows that an event is in it.

Source: RFC 6962 section 2.1 (hashing, proofs); RFC 9162 section 2.1 (verification); transparency-dev/merkle (test vectors).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
SIZE_MAX: Final = 2**63 - 1
EMPTY_ROOT: Final = sha256(b"").digest()


class InvalidProof(ValueError):
    """A proof that does not prove; ``reason`` says what is wrong with it."""

    def __init__(self, *, reason: str) -> None:
        """Keep the reason, in English, for logs and tests."""
        super().__init__(reason)
        self.reason = reason


class OutsideTree(ValueError):
    """An index or size that the tree does not have; ``asked`` and ``size`` say which."""

    def __init__(self, *, asked: str, size: int) -> None:
        """Name what was asked of a tree of ``size`` leaves."""
        super().__init__(f"{asked} is outside a tree of {size} leaves")
        self.asked = asked
        self.size = size


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(00 || data): the hash of one leaf. Source: RFC 6962, 2.1."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(01 || left || right): the hash of an inner node. Source: RFC 6962, 2.1."""
    return sha256(b"\x01" + left + right).digest()


def split_hashes(joined: bytes) -> list[bytes]:
    """Hashes that stand one after the other.

    Raises:
        ValueError: not whole hashes.
    """
    if len(joined) % HASH_BYTES:
        raise ValueError(f"{len(joined)} bytes are no whole hashes")
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]


class Tree:
    """The whole tree in memory: one ``bytearray`` per level, holding only nodes whose subtree is full.

    A node never changes once written, so every earlier size stays provable. About 64 bytes per leaf.
    """

    __slots__ = ("_levels",)

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        """A tree over the given leaf hashes, in order."""
        self._levels: list[bytearray] = [bytearray()]
        self.extend(leaf_hashes)

    @property
    def size(self) -> int:
        """How many leaves the tree has."""
        return len(self._levels[0]) // HASH_BYTES

    def append(self, hashed: bytes) -> int:
        """Add one leaf hash and return its index. Amortised O(1).

        Raises:
            ValueError: the hash is not 32 bytes; nothing was added.
        """
        _require_leaves([hashed])
        levels = self._levels
        levels[0] += hashed
        level = 0
        while len(levels[level]) % (2 * HASH_BYTES) == 0:
            if level + 1 == len(levels):
                levels.append(bytearray())
            levels[level + 1] += sha256(b"\x01" + levels[level][-2 * HASH_BYTES :]).digest()
            level += 1
        return self.size - 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add leaf hashes in order, each level in one pass.

        Raises:
            ValueError: a hash is not 32 bytes; nothing was added.
        """
        batch = list(leaf_hashes)
        _require_leaves(batch)
        self._levels[0] += b"".join(batch)
        level = 0
        while (full := len(self._levels[level]) // (2 * HASH_BYTES)) > 0:
            if level + 1 == len(self._levels):
                self._levels.append(bytearray())
            self._raise_level(level, full)
            level += 1

    def _raise_level(self, level: int, full: int) -> None:
        below, above = self._levels[level], self._levels[level + 1]
        pairs = range(2 * len(above), 2 * HASH_BYTES * full, 2 * HASH_BYTES)
        # A node is SHA-256 over the prefix and both children, which lie side by side in the level below.
        above += b"".join([sha256(b"\x01" + below[at : at + 2 * HASH_BYTES]).digest() for at in pairs])

    def nodes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes of full nodes ``start`` (included) to ``stop`` (excluded) of one level, concatenated: what a tile holds.

        Raises:
            OutsideTree: the level has no such full nodes.
        """
        if not 0 <= level < len(self._levels) or not 0 <= start <= stop <= len(self._levels[level]) // HASH_BYTES:
            raise OutsideTree(asked=f"nodes {start}..{stop} of level {level}", size=self.size)
        return bytes(self._levels[level][start * HASH_BYTES : stop * HASH_BYTES])

    def root(self, size: int | None = None) -> bytes:
        """The root over the first ``size`` leaves (default: all).

        Raises:
            OutsideTree: the tree is smaller than ``size``.
        """
        asked = self._known(size)
        return self._right_edge(asked, asked) if asked else EMPTY_ROOT

    def edge(self, size: int | None = None) -> "Edge":
        """The compact form of the first ``size`` leaves (default: all).

        Raises:
            OutsideTree: the tree is smaller than ``size``.
        """
        asked = self._known(size)
        levels = [level for level in reversed(range(asked.bit_length())) if asked >> level & 1]
        return Edge(size=asked, hashes=tuple(self._node(level, (asked >> level) - 1) for level in levels))

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path of leaf ``index`` in the tree of the first ``size`` leaves, from the leaf upwards.

        Raises:
            OutsideTree: no such size, or the leaf is not in it.

        Source: RFC 6962, 2.1.1.
        """
        asked = self._known(size)
        if not 0 <= index < asked:
            raise OutsideTree(asked=f"leaf {index}", size=asked)
        return self._path(0, index, asked)

    def consistency_proof(self, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the tree of ``old`` leaves is a prefix of the tree of ``new`` leaves; empty for 0 and for equal sizes.

        Raises:
            OutsideTree: no such sizes.

        Source: RFC 6962, 2.1.2.
        """
        asked = self._known(new)
        if not 0 <= old <= asked:
            raise OutsideTree(asked=f"size {old}", size=asked)
        if old in {0, asked}:
            return []
        level = _trailing_zeros(old)
        index = (old >> level) - 1
        # When the old tree is one full subtree the verifier already has its root.
        seed = [self._node(level, index)] if index else []
        return seed + self._path(level, index, asked)

    def _known(self, size: int | None) -> int:
        asked = self.size if size is None else size
        if not 0 <= asked <= self.size:
            raise OutsideTree(asked=f"size {asked}", size=self.size)
        return asked

    def _node(self, level: int, index: int) -> bytes:
        return bytes(self._levels[level][index * HASH_BYTES : (index + 1) * HASH_BYTES])

    def _right_edge(self, size: int, width: int) -> bytes:
        """The hash over the last ``width`` of ``size`` leaves, which start at a subtree's left end."""
        levels = [level for level in range(width.bit_length()) if width >> level & 1]
        folded = self._node(levels[0], (size >> levels[0]) - 1)
        for level in levels[1:]:
            folded = node_hash(self._node(level, (size >> level) - 1), folded)
        return folded

    def _path(self, level: int, index: int, size: int) -> list[bytes]:
        """Siblings of a full node, upwards, in the tree of ``size`` leaves; at most one of them is not full."""
        inner = _inner_length(index, (size - 1) >> level)
        path = []
        for step in range(inner):
            sibling = index >> step ^ 1
            start = sibling << level + step
            # Only the topmost inner sibling can reach beyond the tree's right edge.
            full = start + (1 << level + step) <= size
            path.append(self._node(level + step, sibling) if full else self._right_edge(size, size - start))
        above = range(inner, (index >> inner).bit_length() + inner)
        return path + [self._node(level + step, (index >> step) - 1) for step in above if index >> step & 1]


@dataclass(frozen=True, slots=True)
class Edge:
    """The compact form of a tree: the roots of its full subtrees, largest first. Enough to go on appending, not to prove."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hashes that cannot belong to the size."""
        if not 0 <= self.size <= SIZE_MAX or len(self.hashes) != self.size.bit_count() or any(len(h) != HASH_BYTES for h in self.hashes):
            raise ValueError(f"{len(self.hashes)} hashes are not the edge of a tree of {self.size} leaves")

    def extended(self, leaf_hashes: Iterable[bytes]) -> "Edge":
        """The edge after appending leaf hashes in order.

        Raises:
            ValueError: a hash is not 32 bytes.
        """
        batch = list(leaf_hashes)
        _require_leaves(batch)
        kept, grown, fresh, level = list(self.hashes), [], b"".join(batch), 0
        while fresh or self.size >> level:
            run = (kept.pop() if self.size >> level & 1 else b"") + fresh
            full = len(run) - len(run) % (2 * HASH_BYTES)
            if run[full:]:
                grown.append(run[full:])
            fresh = b"".join([sha256(b"\x01" + run[at : at + 2 * HASH_BYTES]).digest() for at in range(0, full, 2 * HASH_BYTES)])
            level += 1
        return Edge(size=self.size + len(batch), hashes=tuple(reversed(grown)))

    @property
    def root(self) -> bytes:
        """The root of the whole tree."""
        if not self.hashes:
            return EMPTY_ROOT
        folded = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            folded = node_hash(left, folded)
        return folded


def verify_inclusion(*, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf with hash ``leaf`` is number ``index`` of the ``size`` leaves under ``root``.

    Raises:
        InvalidProof: it is not shown; also for any hash that is not 32 bytes.

    Source: RFC 9162, 2.1.3.2.
    """
    _require_hashes(leaf, root, *proof)
    if not 0 <= index < size <= SIZE_MAX:
        raise InvalidProof(reason=f"leaf {index} is not in a tree of {size} leaves")
    inner = _inner_length(index, size - 1)
    border = (index >> inner).bit_count()
    if len(proof) != inner + border:
        raise InvalidProof(reason=f"the proof has {len(proof)} hashes, not {inner + border}")
    if _chain_border(_chain_inner(leaf, proof[:inner], index), proof[inner:]) != root:
        raise InvalidProof(reason="the proof leads to another root")


def verify_consistency(*, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Check that the tree under ``old_root`` is a prefix of the tree under ``new_root``.

    An old size of 0 is refused: an empty tree is a prefix of every tree, so such a proof shows nothing. A caller that
    meets a log for the first time has nothing to compare and must say so itself.

    Raises:
        InvalidProof: it is not shown; also, unless the sizes are equal, for any hash that is not 32 bytes.

    Source: RFC 9162, 2.1.4.2.
    """
    if not 0 < old_size <= new_size <= SIZE_MAX:
        raise InvalidProof(reason=f"sizes {old_size} and {new_size} cannot be compared")
    if old_size == new_size:
        # Nothing is hashed here, so the published vectors let equal roots of any length pass; empty ones would be no roots at all.
        if proof or not old_root or old_root != new_root:
            raise InvalidProof(reason="trees of one size need equal roots and an empty proof")
        return
    _require_hashes(old_root, new_root, *proof)
    shift = _trailing_zeros(old_size)
    index = old_size - 1 >> shift
    inner = _inner_length(index, new_size - 1 >> shift)
    border = (index >> inner).bit_count()
    # When the old tree is one full subtree its root starts both chains and is not repeated in the proof.
    seeded = 1 if index else 0
    if len(proof) != seeded + inner + border:
        raise InvalidProof(reason=f"the proof has {len(proof)} hashes, not {seeded + inner + border}")
    seed, path = (proof[0], proof[1:]) if seeded else (old_root, proof)
    left_only = [each for step, each in enumerate(path[:inner]) if index >> step & 1]
    if _chain_border(_chain_border(seed, left_only), path[inner:]) != old_root:
        raise InvalidProof(reason="the proof leads to another old root")
    if _chain_border(_chain_inner(seed, path[:inner], index), path[inner:]) != new_root:
        raise InvalidProof(reason="the proof leads to another new root")


def _require_leaves(leaf_hashes: Sequence[bytes]) -> None:
    if any(len(each) != HASH_BYTES for each in leaf_hashes):
        raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")


def _require_hashes(*hashes: bytes) -> None:
    # Without this, an empty leaf equals an empty root and a proof of nothing passes.
    if any(len(each) != HASH_BYTES for each in hashes):
        raise InvalidProof(reason=f"a hash has {HASH_BYTES} bytes")


def _trailing_zeros(number: int) -> int:
    return (number & -number).bit_length() - 1


def _inner_length(index: int, last: int) -> int:
    """Levels from a node up to where its path meets the path of the last node."""
    return (index ^ last).bit_length()


def _chain_inner(seed: bytes, path: Sequence[bytes], index: int) -> bytes:
    for step, sibling in enumerate(path):
        seed = node_hash(sibling, seed) if index >> step & 1 else node_hash(seed, sibling)
    return seed


def _chain_border(seed: bytes, path: Sequence[bytes]) -> bytes:
    for sibling in path:
        seed = node_hash(sibling, seed)
    return seed
