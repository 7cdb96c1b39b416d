"""Draws what several plans charge over one axis of use, as an SVG picture that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, log10
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import escape

from pricing.engines.result import exact_text

WIDTH: Final = 720
HEIGHT: Final = 420
LEFT, RIGHT, TOP, BOTTOM = 84, 24, 60, 64
FONT: Final = 13
TICKS: Final = 5
STROKES: Final = (
    ("#1b6ca8", ""),
    ("#c1440e", "8 4"),
    ("#2e7d32", "2 3"),
    ("#6a1b9a", "12 4 2 4"),
    ("#8d6e00", "5 5"),
)
"""Colour and dash of each line: told apart without colour too."""


@dataclass(frozen=True, slots=True)
class Series:
    """One plan's line: its name, and its points (use, amount in major units) in ascending use."""

    name: str
    points: tuple[tuple[Fraction, Fraction], ...]


def chart(series: Sequence[Series], *, title: str, across: str, up: str) -> str:
    """Return the picture: one line a series, axes with round ticks, a legend below; wider where long numbers or names need it.

    Args:
        series: at least one with at least one point.
        title: what the picture shows; its accessible name.
        across: the label of the axis of use.
        up: the label of the axis of money.
    """
    uses = [use for each in series for use, _ in each.points]
    amounts = [amount for each in series for _, amount in each.points]
    xs, ys = _Scale.over(min(uses), max(uses), LEFT, WIDTH - RIGHT), _Scale.over(Fraction(0), max(amounts), HEIGHT - BOTTOM, TOP)
    left = min(LEFT - 8 - max(_width(_number(tick)) for tick in ys.ticks), 0)
    width, height = max(WIDTH, LEFT + 44 + max(_width(each.name) for each in series)) - left, HEIGHT + 20 * len(series)
    frame = f'viewBox="{left} 0 {width} {height}" role="img" font-family="sans-serif" font-size="{FONT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {frame}><title>{escape(title)}</title>',
        f'<rect x="{left}" width="{width}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="22" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_axes(xs, ys, across, up),
    ]
    for index, each in enumerate(series):
        parts.extend(_line(index, each, xs, ys))
    return "\n".join([*parts, "</svg>"])


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to picture units, with ticks at round values."""

    low: Fraction
    high: Fraction
    start: int
    end: int
    ticks: tuple[Fraction, ...]

    @classmethod
    def over(cls, low: Fraction, high: Fraction, start: int, end: int) -> _Scale:
        if high == low:
            high = low + 1
        step = _round_step((high - low) / TICKS)
        low, high = floor(low / step) * step, ceil(high / step) * step
        return cls(low, high, start, end, tuple(low + step * index for index in range(int((high - low) / step) + 1)))

    def at(self, value: Fraction) -> str:
        return f"{float(self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)):.1f}"


def _round_step(rough: Fraction) -> Fraction:
    """Return the least of 1, 2 and 5 times a power of ten that is not below a rough step."""
    power = Fraction(10) ** floor(log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10, 20) if power * factor >= rough)


def _width(text: str) -> int:
    """Return about what a text needs: a full-width character is as wide as the type is high, any other two thirds of that."""
    return sum(FONT if east_asian_width(character) in "WF" else ceil(FONT * 2 / 3) for character in text)


def _printable(text: str) -> str:
    """Return a text without the control characters that no XML may hold."""
    return "".join(character if character.isprintable() else " " for character in text)


def _axes(xs: _Scale, ys: _Scale, across: str, up: str) -> list[str]:
    parts = []
    for tick in ys.ticks:
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{ys.at(tick)}" y2="{ys.at(tick)}" stroke="#dddddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{ys.at(tick)}" text-anchor="end" dominant-baseline="middle">{_number(tick)}</text>')
    parts.extend(f'<text x="{xs.at(tick)}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{_number(tick)}</text>' for tick in xs.ticks)
    parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}" stroke="#333333"/>')
    middle = (LEFT + WIDTH - RIGHT) // 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - BOTTOM + 42}" text-anchor="middle">{escape(across)}</text>')
    parts.append(f'<text x="{LEFT}" y="{TOP - 16}" text-anchor="end" fill="#555555">{escape(up)}</text>')
    return parts


def _line(index: int, each: Series, xs: _Scale, ys: _Scale) -> list[str]:
    colour, dash = STROKES[index % len(STROKES)]
    style = f'stroke="{colour}" stroke-width="2" fill="none"' + (f' stroke-dasharray="{dash}"' if dash else "")
    path = " ".join(f"{xs.at(use)},{ys.at(amount)}" for use, amount in each.points)
    below = HEIGHT + 20 * index
    return [
        f'<polyline points="{path}" {style}/>',
        *(f'<circle cx="{xs.at(use)}" cy="{ys.at(amount)}" r="2.5" fill="{colour}"/>' for use, amount in each.points),
        f'<line x1="{LEFT}" x2="{LEFT + 36}" y1="{below}" y2="{below}" {style}/>',
        f'<text x="{LEFT + 44}" y="{below}" dominant-baseline="middle">{escape(_printable(each.name))}</text>',
    ]


def _number(value: Fraction) -> str:
    """Return a tick, a multiple of 1, 2 or 5 times a power of ten, with all its digits."""
    return f"{Decimal(exact_text(value)):,f}"
