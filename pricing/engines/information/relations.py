"""Relations as typed column arrays of 64-bit integers, read from a plan's CSV: small, exact, and the same on any machine.

A number is scaled by its column's decimal places. A text is its rank among all texts of the database, so texts compare and join by their
codes; one more rank, above all, stands for a text that occurs nowhere. An empty field is null.
"""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from pricing.engines.errors import InputError
from pricing.engines.shapes import JsonObject

Ints = NDArray[np.int64]

NULL: Final = -(2**63)
MAX_CELLS: Final = 200_000
MAX_SCALED: Final = 4 * 10**12
"""Largest number after scaling: two million of them sum within 64 bits."""
MAX_JOINED: Final = 2_000_000
"""Most values, rows times columns read, of a join or of one table's changed rows together. A join reads two columns at least, so there are
no more than two million rows even with the changed ones."""
MAX_VALUES: Final = 20_000_000
"""Most values that all queries of one question look at, as ``Work`` counts them: about a second."""


class Ref(NamedTuple):
    """A column of a table, by both names."""

    table: str
    column: str


ELEMENT: Final = Ref("", "element")
SIGN: Final = Ref("", "sign")
"""Columns of changed rows: which element of the support changes the row, and -1 for the row before and 1 for the row after."""

Rows = dict[Ref, Ints]
"""Joined rows as columns of one length."""


@dataclass(slots=True)
class Work:
    """What the queries of one question may still cost, in values that are read, joined, sorted or added up.

    It counts the same on every machine, so a question that was answered once is answered in a replay.
    """

    left: int = MAX_VALUES

    def spend(self, values: int, field: str) -> None:
        """Count values before they are looked at.

        Raises:
            InputError: QUERIES_TOO_LARGE, at the field of the query.
        """
        self.left -= values
        if self.left < 0:
            raise InputError("QUERIES_TOO_LARGE", field, limit=MAX_VALUES)


@dataclass(frozen=True, slots=True)
class Bag:
    """Rows of an answer, columns in order."""

    columns: tuple[Ints, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its codes or scaled numbers, and whether its values are known to be distinct."""

    name: str
    text: bool
    decimals: int
    key: bool
    values: Ints


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns by name, in order, and its share of the support."""

    name: str
    columns: Mapping[str, Column]
    rows: int
    weight: int


@dataclass(frozen=True, slots=True)
class Database:
    """All tables by name, and every text that occurs in them, sorted."""

    tables: Mapping[str, Table]
    texts: tuple[str, ...]

    @property
    def unseen(self) -> int:
        """The code of a text that occurs nowhere."""
        return len(self.texts)

    def column(self, ref: Ref) -> Column:
        """Return a column that exists."""
        return self.tables[ref.table].columns[ref.column]

    def with_values(self, ref: Ref, values: Ints) -> Database:
        """Return this database with other values in one column."""
        table = self.tables[ref.table]
        columns = {**table.columns, ref.column: replace(table.columns[ref.column], values=values)}
        return Database({**self.tables, ref.table: replace(table, columns=columns)}, self.texts)


def read_database(rows: Sequence[JsonObject], field: str) -> Database:
    """Return the database of a plan. O(cells log cells).

    Args:
        rows: tables as validated by the plan's schema: name, columns, weight and the CSV text with a header.
        field: where they stand, for errors.

    Raises:
        InputError: DUPLICATE (table or column name, value of a key), HEADER_DIFFERS, ROW_WIDTH, TOO_FEW (no row), TOO_MANY (cells),
            BAD_FORMAT (no CSV), BAD_TEXT, NOT_A_NUMBER, OVER_PRECISE, TOO_LARGE; a cell is named as ``….csv.<row>.<column>``, the header
            being row 0.
    """
    names = [cast("str", row["name"]) for row in rows]
    _distinct(names, field, "name")
    grids: list[list[list[str]]] = []
    cells = 0
    for index, row in enumerate(rows):
        grids.append(_grid(row, f"{field}.{index}"))
        cells += len(grids[-1]) * len(_columns(row))
        if cells > MAX_CELLS:
            raise InputError("TOO_MANY", field, limit=MAX_CELLS)
    texts = _texts(rows, grids)
    codes = {text: code for code, text in enumerate(texts)}
    tables = {
        name: _table(row, grid, codes, f"{field}.{index}") for index, (name, row, grid) in enumerate(zip(names, rows, grids, strict=True))
    }
    return Database(tables, texts)


def _columns(row: JsonObject) -> Sequence[JsonObject]:
    return cast("Sequence[JsonObject]", row["columns"])


def _distinct(names: Sequence[str], field: str, word: str) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InputError("DUPLICATE", f"{field}.{index}.{word}")


def _grid(row: JsonObject, field: str) -> list[list[str]]:
    """Return the rows of a CSV text below its header, which must name the declared columns in their order.

    Blank lines are no rows. Reading stops at more rows than there may be cells.
    """
    names = [cast("str", column["name"]) for column in _columns(row)]
    _distinct(names, f"{field}.columns", "name")
    text = cast("str", row["csv"])
    if re.search("[\0\ud800-\udfff]", text):
        raise InputError("BAD_TEXT", f"{field}.csv")
    try:
        lines = (cells for cells in csv.reader(io.StringIO(text, newline=""), strict=True) if cells)
        header, *grid = islice(lines, MAX_CELLS + 2)
    except (csv.Error, ValueError):
        raise InputError("BAD_FORMAT", f"{field}.csv") from None
    if header != names:
        raise InputError("HEADER_DIFFERS", f"{field}.csv.0", columns=",".join(names))
    for index, cells in enumerate(grid):
        if len(cells) != len(names):
            raise InputError("ROW_WIDTH", f"{field}.csv.{index + 1}", expected=len(names), count=len(cells))
    if not grid:
        raise InputError("TOO_FEW", f"{field}.csv", limit=1)
    return grid


def _texts(rows: Sequence[JsonObject], grids: Sequence[list[list[str]]]) -> tuple[str, ...]:
    def every() -> Iterator[str]:
        for row, grid in zip(rows, grids, strict=True):
            for place, column in enumerate(_columns(row)):
                if column["type"] == "text":
                    yield from (cells[place] for cells in grid)

    return tuple(sorted(set(every()) - {""}))


def _table(row: JsonObject, grid: list[list[str]], codes: Mapping[str, int], field: str) -> Table:
    columns: dict[str, Column] = {}
    for place, given in enumerate(_columns(row)):
        name, text, key = cast("str", given["name"]), given["type"] == "text", bool(given["key"])
        decimals = 0 if text else cast("int", given["decimals"])
        if text:
            cells = [codes.get(cells[place], NULL) for cells in grid]
        else:
            cells = [scaled(cells[place], decimals, f"{field}.csv.{index + 1}.{name}") for index, cells in enumerate(grid)]
        if key:
            _require_key(cells, name, f"{field}.csv")
        columns[name] = Column(name, text, decimals, key, np.array(cells, dtype=np.int64))
    return Table(cast("str", row["name"]), columns, len(grid), cast("int", row["weight"]))


def _require_key(cells: Sequence[int], name: str, field: str) -> None:
    """Refuse a value that a column of distinct ones has twice: buyers are told that it has not. Null is no value."""
    seen: set[int] = set()
    for index, cell in enumerate(cells):
        if cell in seen:
            raise InputError("DUPLICATE", f"{field}.{index + 1}.{name}")
        if cell != NULL:
            seen.add(cell)


_NUMBER: Final = re.compile(r"(-?)([0-9]{1,20})(?:\.([0-9]{1,20}))?")


def scaled(text: str, decimals: int, field: str) -> int:
    """Return decimal text times ten to the power of ``decimals``, or null for an empty text.

    Raises:
        InputError: NOT_A_NUMBER, OVER_PRECISE, TOO_LARGE, at ``field``.
    """
    if not text:
        return NULL
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise InputError("NOT_A_NUMBER", field)
    sign, whole, fraction = match[1], match[2], (match[3] or "").rstrip("0")
    if len(fraction) > decimals:
        raise InputError("OVER_PRECISE", field, limit=decimals)
    number = int(whole + fraction.ljust(decimals, "0"))
    if number > MAX_SCALED:
        raise InputError("TOO_LARGE", field, limit=str(MAX_SCALED // 10**decimals))
    return -number if sign else number


def ranks(columns: Sequence[Ints]) -> Ints:
    """Return the dense rank of each row among the rows, in lexicographic order of the columns; equal rows rank equal. O(k n log n)."""
    order = np.lexsort(columns[::-1])
    new = np.zeros(len(order), dtype=np.int64)
    for column in columns:
        ordered = column[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    result = np.empty_like(new)
    result[order] = np.cumsum(new)
    return result


def code_of(texts: Sequence[str], text: str) -> int | None:
    """Return the code of a text, or None if it occurs nowhere. O(log texts)."""
    place = bisect_left(texts, text)
    return place if place < len(texts) and texts[place] == text else None
