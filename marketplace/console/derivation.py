"""The picture of what an object was made from and what was made from it: places of boxes and lines, without tables or markup."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from unicodedata import east_asian_width

BOX: Final = (240, 58)
"""Width and height of a box, in picture units."""
GAP: Final = (58, 16)
MARGIN: Final = 6
LINE_MAX: Final = 28
"""Widths of a narrow character that fit on a box's line; a wide one takes two."""


@dataclass(frozen=True, slots=True)
class Node:
    """One object: its key, where it leads, its name, its owner in Chinese and English, and its distance: negative for a source."""

    key: str
    address: str
    title: str
    owner: tuple[str, str]
    distance: int


@dataclass(frozen=True, slots=True)
class Box:
    """A node in its place: the upper left corner, and what fits of its texts."""

    x: int
    y: int
    node: Node
    title: str
    owner: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Picture:
    """Boxes and lines in a frame of a width and height; a line is an SVG path."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[str, ...]


def picture(nodes: Sequence[Node], edges: Sequence[tuple[str, str]]) -> Picture:
    """Set sources to the left of what was made from them, one column for each distance.

    Args:
        nodes: at least one, each key once.
        edges: pairs of keys, source and product; those that name no node are left out.
    """
    first = min(node.distance for node in nodes)
    columns: dict[int, list[Node]] = {}
    for node in nodes:
        columns.setdefault(node.distance - first, []).append(node)
    tallest = max(map(len, columns.values()))
    step = (BOX[0] + GAP[0], BOX[1] + GAP[1])
    boxes: dict[str, Box] = {}
    for column, members in columns.items():
        top = MARGIN + (tallest - len(members)) * step[1] // 2
        for row, node in enumerate(members):
            place = MARGIN + column * step[0], top + row * step[1]
            owner = shortened(node.owner[0], LINE_MAX), shortened(node.owner[1], LINE_MAX)
            boxes[node.key] = Box(*place, node, shortened(node.title, LINE_MAX), owner)
    width = max(columns) * step[0] + BOX[0] + 2 * MARGIN
    height = tallest * step[1] - GAP[1] + 2 * MARGIN
    return Picture(width, height, tuple(boxes.values()), tuple(_lines(boxes, edges)))


def shortened(text: str, most: int) -> str:
    """A text cut so that it takes no more than so many narrow widths, with an ellipsis where something was cut."""
    if _width(text) <= most:
        return text
    kept = ""
    for character in text:
        if _width(kept + character) > most - 1:
            break
        kept += character
    return f"{kept}…"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)


def _lines(boxes: Mapping[str, Box], edges: Sequence[tuple[str, str]]) -> list[str]:
    drawn = []
    for source, product in edges:
        start, end = boxes.get(source), boxes.get(product)
        if start is not None and end is not None:
            x1, y1, x2, y2 = start.x + BOX[0], start.y + BOX[1] // 2, end.x, end.y + BOX[1] // 2
            bend = GAP[0] // 2
            drawn.append(f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}")
    return drawn
