"""The picture of a derivation: sources to the left of what was made from them, whatever their number and names."""

import pytest

from marketplace.console.derivation import BOX, GAP, MARGIN, Node, picture, shortened


def node(key, distance=0, title="Title"):
    return Node(key, f"/objects/{key}/", title, ("主体", "Owner"), distance)


def places(drawn):
    return {box.node.key: (box.x, box.y) for box in drawn.boxes}


def test_every_step_is_a_column_and_shorter_columns_stand_in_the_middle():
    nodes = [node("own"), node("a", -1), node("b", -1), node("far", -2), node("made", 1)]
    drawn = picture(nodes, [("a", "own"), ("b", "own"), ("far", "a"), ("far", "own"), ("own", "made")])
    across, down = BOX[0] + GAP[0], BOX[1] + GAP[1]
    assert places(drawn) == {
        "far": (MARGIN, MARGIN + down // 2),
        "a": (MARGIN + across, MARGIN),
        "b": (MARGIN + across, MARGIN + down),
        "own": (MARGIN + 2 * across, MARGIN + down // 2),
        "made": (MARGIN + 3 * across, MARGIN + down // 2),
    }
    assert (drawn.width, drawn.height) == (3 * across + BOX[0] + 2 * MARGIN, 2 * down - GAP[1] + 2 * MARGIN)
    assert len(drawn.lines) == 5
    assert drawn.lines[4].startswith(f"M{MARGIN + 2 * across + BOX[0]} ")


def test_a_line_to_what_is_not_drawn_is_left_out():
    assert picture([node("own"), node("a", -1)], [("a", "own"), ("gone", "own"), ("own", "gone")]).lines == (
        picture([node("own"), node("a", -1)], [("a", "own")]).lines
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [("abcde", "abcde"), ("abcdef", "abcd…"), ("数据", "数据"), ("数据表", "数据…"), ("a数据b", "a数…"), ("", "")],
)
def test_a_text_is_cut_to_its_width_where_wide_characters_take_two(text, shown):
    assert shortened(text, 5) == shown
