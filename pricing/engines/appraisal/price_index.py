"""A dated price index: carries a price from the day it was paid to the day of the valuation."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.errors import InputError
from pricing.engines.reading import DAY
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import exact

MAX_POINTS: Final = 240
INDEX: Final[Schema] = shapes.array(
    ("Price index, in order of date; without it prices are taken as they are", "价格指数（按日期排列）；不填则不作调整"),
    shapes.record(
        ("Level from a day on", "自该日起的指数"),
        {
            "from": shapes.text(("From", "起始日"), pattern=DAY, longest=10, kind="date"),
            "level": shapes.decimal(("Level", "指数"), digits=6, decimals=4),
        },
        required=["from", "level"],
    ),
    least=0,
    most=MAX_POINTS,
)


@dataclass(frozen=True, slots=True)
class PriceIndex:
    """Levels, each holding from its day until the next; days are ISO texts, which sort as days do."""

    days: tuple[str, ...]
    levels: tuple[Fraction, ...]

    def ratio(self, earlier: str, later: str, field: str) -> Fraction:
        """Return the level of the later day over that of the earlier one; 1 without an index. O(log points).

        Raises:
            InputError: AFTER_VALUATION_DATE, NO_INDEX_LEVEL, at ``field``.
        """
        if earlier > later:
            raise InputError("AFTER_VALUATION_DATE", field, date=later)
        if not self.days:
            return Fraction(1)
        return self._level(later, field) / self._level(earlier, field)

    def _level(self, day: str, field: str) -> Fraction:
        position = bisect_right(self.days, day)
        if position == 0:
            raise InputError("NO_INDEX_LEVEL", field, date=day)
        return self.levels[position - 1]


def read_index(rows: Json, field: str) -> PriceIndex:
    """Return validated rows as an index.

    Raises:
        InputError: DATES_NOT_RISING, TOO_SMALL (a level of zero), naming the row.
    """
    points = cast("Sequence[JsonObject]", rows)
    days = [cast("str", point["from"]) for point in points]
    levels = [exact(point["level"]) for point in points]
    for index, (day, level) in enumerate(zip(days, levels, strict=True)):
        if index and day <= days[index - 1]:
            raise InputError("DATES_NOT_RISING", f"{field}.{index}.from")
        if level == 0:
            raise InputError("TOO_SMALL", f"{field}.{index}.level", limit="0.0001")
    return PriceIndex(tuple(days), tuple(levels))
