"""The right edge: whatever the steps in which a log grows, the tiles and the root are those of the whole tree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.log.frontier import Frontier, widths
from registry.log.merkle import EMPTY_ROOT, Tree, leaf_hash
from registry.log.tiles import Tile, tiles_between

LEAVES = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]
TREE = Tree(LEAVES)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 700), st.sampled_from([1, 255, 256, 257, 512])), min_size=1, max_size=8))
def test_tiles_and_root_are_those_of_the_whole_tree_in_whatever_steps_it_grows(steps):
    frontier, files = Frontier(), {}
    for step in steps:
        size = frontier.size
        grown, written = frontier.extended(LEAVES[size : size + step])
        assert [tile for tile, _ in written] == list(tiles_between(size, size + step))
        files.update(written)
        frontier = grown
        assert frontier.edge == TREE.edge(frontier.size)
    for tile, content in files.items():
        assert content == nodes_of(tile)


def nodes_of(tile: Tile) -> bytes:
    return TREE.nodes(8 * tile.level, tile.start, tile.start + tile.width)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000])
def test_the_edge_at_the_borders_of_levels(size):
    frontier, written = Frontier().extended(LEAVES[:size])
    assert frontier.edge.root == (TREE.root(size) if size else EMPTY_ROOT)
    assert [len(level) // 32 for level in frontier.levels] == widths(size)
    assert all(content == nodes_of(tile) for tile, content in written)


def test_hashes_that_do_not_belong_to_a_size_are_refused():
    frontier, _ = Frontier().extended(LEAVES[:300])
    with pytest.raises(ValueError, match="right edge of a tree of 301"):
        Frontier(301, frontier.levels)
    with pytest.raises(ValueError, match="32 bytes"):
        frontier.extended([b"short"])
