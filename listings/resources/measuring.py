"""Measures a table column by column: pure, streaming, exact. Nothing here knows the database.

Speed comes from counting first: ``Counter`` counts a batch's cells in C, and all that follows looks at each distinct value of a batch
once, by functions that are themselves in C.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, localcontext
from fractions import Fraction
from itertools import compress
from operator import mul
from typing import Any, Final

NULLS: Final = frozenset({"", "NA", "N/A", "NULL", "null", "NaN", "nan", "None"})
"""Cells that say that there is no value."""
DISTINCT_MAX: Final = 100_000
DISTINCT_CELLS_MAX: Final = 4_000_000
"""How many values all columns together remember; a table with many columns counts each less far."""
VALUE_SHOWN_MAX: Final = 200
MEAN_PLACES: Final = 6
_EXACT: Final = Context(prec=400, rounding=ROUND_HALF_EVEN, traps=[Inexact])

Match = Callable[[str], object]
_NUMBER: Final = r"[+-]?(?:0|[1-9]\d{0,29})"
_DAY: Final = r"\d{4}[-/](?:0[1-9]|1[0-2])[-/](?:0[1-9]|[12]\d|3[01])"
_SHAPES: Final[Mapping[str, Match]] = {
    "BOOLEAN": re.compile(r"true|false|TRUE|FALSE|True|False|是|否").fullmatch,
    "INTEGER": re.compile(_NUMBER, re.ASCII).fullmatch,
    "DECIMAL": re.compile(_NUMBER + r"(?:\.\d{1,30})?(?:[eE][+-]?\d{1,2})?", re.ASCII).fullmatch,
    "DATE": re.compile(_DAY, re.ASCII).fullmatch,
    "DATETIME": re.compile(_DAY + r"[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})?", re.ASCII).fullmatch,
}
"""Types from the narrowest; a column has the first that all its values match, TEXT if none."""
_NUMERIC: Final = frozenset({"INTEGER", "DECIMAL"})

PERSONAL_KINDS: Final = ("RESIDENT_ID", "MOBILE", "BANK_CARD")
_ANY_PERSONAL: Final = re.compile(r"\d{17}[\dXx]|\d{16,19}|(?:\+?86[- ]?)?1[3-9]\d{9}", re.ASCII).fullmatch
_RESIDENT_ID: Final = re.compile(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", re.ASCII).fullmatch
_MOBILE: Final = re.compile(r"(?:\+?86[- ]?)?1[3-9]\d{9}", re.ASCII).fullmatch
_CARD: Final = re.compile(r"[3-6]\d{15,18}", re.ASCII).fullmatch
_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ID_CHECKS: Final = "10X98765432"


def resident_id(text: str) -> bool:
    """Whether a text is a Chinese resident identity number with a right check character. Source: GB 11643-1999 (ISO 7064 MOD 11-2)."""
    if not _RESIDENT_ID(text):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(_ID_WEIGHTS, text, strict=False))
    return _ID_CHECKS[total % 11] == text[17].upper()


def bank_card(text: str) -> bool:
    """Whether a text is a card number with a right check digit. Source: ISO/IEC 7812-1, annex B (Luhn)."""
    if not _CARD(text):
        return False
    digits = [int(digit) for digit in reversed(text)]
    return (sum(digits[::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def personal_kind(text: str) -> str | None:
    """What kind of personal number a text looks like, if any."""
    if resident_id(text):
        return "RESIDENT_ID"
    if _MOBILE(text):
        return "MOBILE"
    return "BANK_CARD" if bank_card(text) else None


class _Column:
    """What was measured in one column so far."""

    def __init__(self, name: str, *, remembered: int) -> None:
        self.name = name
        self.rows = self.nulls = self.seen = 0
        self.distinct: set[str] | None = set()
        self.remembered = remembered
        self.types = list(_SHAPES)
        self.total = Decimal()
        self.numbers: tuple[Decimal, Decimal] | None = None
        self.texts: tuple[str, str] | None = None
        self.personal: Counter[str] = Counter()

    def add(self, cells: Iterable[str]) -> None:
        """Measure one batch."""
        counts = Counter(cells)
        self.rows += counts.total()
        for null in NULLS & counts.keys():
            self.nulls += counts.pop(null)
        if not counts:
            return
        values = counts.keys()
        for kind in self.types[:]:
            if not all(map(_SHAPES[kind], values)):
                self.types.remove(kind)
        self._remember(values)
        low, high = min(values), max(values)
        self.texts = (low, high) if self.texts is None else (min(low, self.texts[0]), max(high, self.texts[1]))
        if "DECIMAL" in self.types:
            self._add_numbers(list(map(Decimal, values)), counts)
        for value in compress(values, map(_ANY_PERSONAL, values)):
            if kind_found := personal_kind(value):
                self.personal[kind_found] += counts[value]

    def _add_numbers(self, numbers: list[Decimal], counts: Counter[str]) -> None:
        self.total = _EXACT.add(self.total, sum(map(mul, numbers, counts.values()), Decimal()))
        low, high = min(numbers), max(numbers)
        self.numbers = (low, high) if self.numbers is None else (min(low, self.numbers[0]), max(high, self.numbers[1]))

    def _remember(self, values: Iterable[str]) -> None:
        if self.distinct is not None:
            self.distinct.update(values)
            self.seen = len(self.distinct)
            if self.seen > self.remembered:
                self.distinct, self.seen = None, self.remembered

    def measured(self) -> dict[str, Any]:
        """The column as the profile stores it."""
        present = self.rows - self.nulls
        kind = "EMPTY" if not present else self.types[0] if self.types else "TEXT"
        numeric = kind in _NUMERIC and self.numbers is not None
        extremes = self.numbers if numeric else self.texts
        if self.personal:
            extremes = None  # the least and the greatest would be somebody's number
        return {
            "name": self.name,
            "type": kind,
            "nulls": self.nulls,
            "distinct": self.seen,
            "distinct_more": self.distinct is None,
            "min": None if extremes is None else _shown(extremes[0]),
            "max": None if extremes is None else _shown(extremes[1]),
            "mean": _mean(self.total, present) if numeric else None,
            "personal": dict(sorted(self.personal.items())),
        }


class Measure:
    """Measures a table batch by batch."""

    def __init__(self, header: list[str]) -> None:
        """Start with the names of the columns."""
        remembered = min(DISTINCT_MAX, DISTINCT_CELLS_MAX // len(header))
        self.rows = 0
        self._columns = [_Column(name, remembered=remembered) for name in header]

    def add(self, batch: list[list[str]]) -> None:
        """Measure rows, each as long as the header."""
        self.rows += len(batch)
        with localcontext(_EXACT):
            for column, cells in zip(self._columns, zip(*batch, strict=True), strict=True):
                column.add(cells)

    def columns(self) -> list[dict[str, Any]]:
        """What was measured, in the order of the header."""
        return [column.measured() for column in self._columns]


def _mean(total: Decimal, count: int) -> str:
    """The mean to six decimal places, half to even, computed without rounding before."""
    millionths = round(Fraction(total) / count * 10**MEAN_PLACES)
    return _plain(_EXACT.scaleb(Decimal(millionths), -MEAN_PLACES))


def _shown(value: Decimal | str) -> str:
    return _plain(value) if isinstance(value, Decimal) else value[:VALUE_SHOWN_MAX]


def _plain(value: Decimal) -> str:
    return format(value, "f")
