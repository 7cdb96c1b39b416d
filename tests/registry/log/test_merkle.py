"""The tree against its definition, written out plainly, at every small size."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.log.merkle import (
    EMPTY_ROOT,
    Edge,
    InvalidProof,
    OutsideTree,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

SIZE = 70
LEAVES = [leaf_hash(str(number).encode()) for number in range(SIZE)]
TREE = Tree(LEAVES)


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962, 2.1, as it is written there."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node_hash(defined_root(leaves[:split]), defined_root(leaves[split:]))


def defined_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if index < split:
        return [*defined_path(index, leaves[:split]), defined_root(leaves[split:])]
    return [*defined_path(index - split, leaves[split:]), defined_root(leaves[:split])]


def defined_consistency(old: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, 2.1.2."""
    if old == len(leaves):
        return [] if whole else [defined_root(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    if old <= split:
        return [*defined_consistency(old, leaves[:split], whole=whole), defined_root(leaves[split:])]
    return [*defined_consistency(old - split, leaves[split:], whole=False), defined_root(leaves[:split])]


def test_hashes_of_leaf_and_node_are_told_apart_by_their_prefix():
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert node_hash(b"a" * 32, b"b" * 32) == sha256(b"\x01" + b"a" * 32 + b"b" * 32).digest()


@pytest.mark.parametrize("size", range(SIZE + 1))
def test_root_edge_and_every_proof_equal_the_definition_at_every_size(size: int):
    leaves = LEAVES[:size]
    root = defined_root(leaves)
    assert TREE.root(size) == Tree(leaves).root() == root
    assert TREE.edge(size) == Edge().extended(leaves)
    assert TREE.edge(size).root == root
    for index in range(size):
        proof = TREE.inclusion_proof(index, size)
        assert proof == defined_path(index, leaves)
        verify_inclusion(index=index, size=size, leaf=LEAVES[index], proof=proof, root=root)
    for old in range(1, size + 1):
        proof = TREE.consistency_proof(old, size)
        assert proof == defined_consistency(old, leaves)
        verify_consistency(old_size=old, new_size=size, old_root=TREE.root(old), new_root=root, proof=proof)


@settings(max_examples=50)
@given(st.lists(st.integers(0, 9), max_size=12))
def test_however_leaves_are_batched_the_tree_is_the_same(batches: list[int]):
    tree, edge, size = Tree(), Edge(), 0
    for batch in batches:
        fresh = LEAVES[size : size + batch]
        if batch == 1 and fresh:
            assert tree.append(fresh[0]) == size
        else:
            tree.extend(fresh)
        edge = edge.extended(fresh)
        size += len(fresh)
    assert tree.size == edge.size == size
    assert tree.root() == edge.root == TREE.root(size)
    assert [tree.inclusion_proof(index) for index in range(size)] == [TREE.inclusion_proof(index, size) for index in range(size)]


def test_an_edge_goes_on_from_where_it_was_stored():
    for size in range(SIZE):
        stored = Edge(size=size, hashes=TREE.edge(size).hashes)
        assert stored.extended(LEAVES[size:]).root == TREE.root()


def test_nodes_are_what_tiles_hold():
    assert TREE.nodes(0, 3, 5) == LEAVES[3] + LEAVES[4]
    assert TREE.nodes(2, 16, 17) == defined_root(LEAVES[64:68])
    assert TREE.nodes(0, 5, 5) == b""
    for level, start, stop in ((0, 0, SIZE + 1), (1, 35, 36), (7, 0, 1), (-1, 0, 1), (0, 2, 1), (0, -1, 1)):
        with pytest.raises(OutsideTree):
            TREE.nodes(level, start, stop)


def test_what_the_tree_does_not_have_is_refused_and_nothing_is_added():
    tree = Tree(LEAVES[:5])
    for call in (
        lambda: tree.root(6),
        lambda: tree.root(-1),
        lambda: tree.edge(6),
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.inclusion_proof(-1),
        lambda: tree.consistency_proof(6),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(-1),
    ):
        with pytest.raises(OutsideTree):
            call()
    for call in (lambda: tree.append(b"short"), lambda: tree.extend([LEAVES[0], b""]), lambda: tree.edge().extended([b""])):
        with pytest.raises(ValueError, match="a leaf hash has 32 bytes"):
            call()
    with pytest.raises(ValueError, match="1 hashes are not the edge of a tree of 3 leaves"):
        Edge(size=3, hashes=(LEAVES[0],))
    assert (tree.size, tree.root()) == (5, TREE.root(5))
    assert (Tree().root(), Edge().root) == (EMPTY_ROOT, EMPTY_ROOT)
    assert tree.consistency_proof(0) == tree.consistency_proof(5) == []


@pytest.mark.parametrize(
    ("index", "size", "leaf", "root", "reason"),
    [
        (0, 1, b"", b"", "a hash has 32 bytes"),
        (0, 1, LEAVES[0], b"", "a hash has 32 bytes"),
        (1, 1, LEAVES[0], LEAVES[0], "leaf 1 is not in a tree of 1 leaves"),
        (-1, 1, LEAVES[0], LEAVES[0], "leaf -1 is not in a tree of 1 leaves"),
        (0, 2**63, LEAVES[0], LEAVES[0], "leaf 0 is not in a tree of 9223372036854775808 leaves"),
        (0, 2, LEAVES[0], LEAVES[0], "the proof has 0 hashes, not 1"),
        (0, 1, LEAVES[0], LEAVES[1], "the proof leads to another root"),
    ],
)
def test_an_inclusion_proof_is_refused_for_its_reason(index: int, size: int, leaf: bytes, root: bytes, reason: str):
    with pytest.raises(InvalidProof) as refusal:
        verify_inclusion(index=index, size=size, leaf=leaf, proof=[], root=root)
    assert refusal.value.reason == reason


def test_an_empty_old_tree_proves_nothing():
    for new_size, new_root in ((0, EMPTY_ROOT), (1, LEAVES[0])):
        with pytest.raises(InvalidProof, match="cannot be compared"):
            verify_consistency(old_size=0, new_size=new_size, old_root=EMPTY_ROOT, new_root=new_root, proof=[])


def test_empty_byte_strings_are_no_roots():
    for sizes in ((1, 1), (1, 2)):
        with pytest.raises(InvalidProof):
            verify_consistency(old_size=sizes[0], new_size=sizes[1], old_root=b"", new_root=b"", proof=[])


def test_one_flipped_bit_anywhere_in_a_proof_is_noticed():
    proof, root, old_root = TREE.consistency_proof(37), TREE.root(), TREE.root(37)
    path = TREE.inclusion_proof(37)
    for place in range(max(len(proof), len(path))):
        if place < len(path):
            broken = [*path[:place], flipped(path[place]), *path[place + 1 :]]
            with pytest.raises(InvalidProof, match="another root"):
                verify_inclusion(index=37, size=SIZE, leaf=LEAVES[37], proof=broken, root=root)
        if place < len(proof):
            broken = [*proof[:place], flipped(proof[place]), *proof[place + 1 :]]
            with pytest.raises(InvalidProof, match=r"another (old|new) root"):
                verify_consistency(old_size=37, new_size=SIZE, old_root=old_root, new_root=root, proof=broken)


def flipped(hashed: bytes) -> bytes:
    return bytes([hashed[0] ^ 1]) + hashed[1:]
