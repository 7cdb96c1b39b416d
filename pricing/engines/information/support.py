"""The support of a query price: databases that differ from the seller's in one cell, or in two exchanged cells, fixed by a seed.

It is drawn before any query is seen, over every table, and never from a query's answer; otherwise prices would tell what they charge for.
All these databases have the seller's tables, columns and row counts, which are therefore public and free.

Source: Deep, Koutris, QIRANA: A Framework for Scalable Query Pricing, SIGMOD 2017.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pricing import money
from pricing.engines.draws import words
from pricing.engines.information.relations import NULL, Column, Database, Ints, Ref, Table


@dataclass(frozen=True, slots=True)
class Support:
    """Neighbouring databases, all arrays of one length: element e writes ``value[e]`` into one cell, and ``back[e]`` into another or none.

    Attributes:
        columns: the columns that are changed; ``column`` indexes it.
        row: the row written to.
        value: what is written.
        other: the second row, or -1 where only one cell is overwritten.
        back: what is written there.
    """

    columns: tuple[Ref, ...]
    column: Ints
    row: Ints
    value: Ints
    other: Ints
    back: Ints

    @property
    def size(self) -> int:
        """The number of elements."""
        return len(self.row)

    def neighbour(self, database: Database, element: int) -> Database:
        """Return one of the neighbouring databases as a whole."""
        ref = self.columns[self.column[element]]
        values = database.column(ref).values.copy()
        values[self.row[element]] = self.value[element]
        if self.other[element] >= 0:
            values[self.other[element]] = self.back[element]
        return database.with_values(ref, values)


def draw_support(database: Database, seed: int, size: int) -> Support:
    """Draw a support: tables by their weight, within a table each column as often as any other, within a column each row alike.

    Half the elements overwrite a cell by another value of its column or by one that does not occur in it; half exchange two different
    values of a column, unless the two rows are otherwise equal, which would change nothing. A key column is only overwritten by a value
    that does not occur in it, so its values stay distinct. O(size + cells log cells).
    """
    tables = list(database.tables.values())
    counts = money.split(size, [table.weight for table in tables])
    parts: list[tuple[Ref, Ints]] = []
    for table, count in zip(tables, counts, strict=True):
        drawn = words(seed, f"query-support:{table.name}", 3 * count).reshape(3, count)
        parts += _table_parts(database, table, drawn)
    refs = tuple(ref for ref, _ in parts)
    column = np.repeat(np.arange(len(parts)), [part.shape[1] for _, part in parts])
    return Support(refs, column, *np.concatenate([part for _, part in parts], axis=1))


def _table_parts(database: Database, table: Table, drawn: NDArray[np.uint64]) -> list[tuple[Ref, Ints]]:
    """Return, for each column of a table, its elements as rows of row, value, other and back."""
    parts: list[tuple[Ref, Ints]] = []
    for place, column in enumerate(table.columns.values()):
        mine = drawn[:, place :: len(table.columns)]
        rows = (mine[0] % np.uint64(table.rows)).astype(np.int64)
        other = _different_rows(column.values, rows, mine[2])
        rest = [each.values for each in table.columns.values() if each is not column]
        tells = np.any([values[rows] != values[other] for values in [*rest, np.zeros(table.rows)]], axis=0)
        swaps = tells & (other != rows) & (mine[1] >> np.uint64(63)).astype(np.bool_)
        value = np.where(swaps, column.values[other], _other_values(column, rows, mine[2], database.unseen))
        back = np.where(swaps, column.values[rows], NULL)
        parts.append((Ref(table.name, column.name), np.stack([rows, value, np.where(swaps, other, -1), back])))
    return parts


def _different_rows(values: Ints, rows: Ints, drawn: NDArray[np.uint64]) -> Ints:
    """Return, for each row, a row with another value, or the row itself if there is none; all such rows alike.

    Equal values lie together when sorted, so count over them.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, values[rows], side="left")
    equal = np.searchsorted(ordered, values[rows], side="right") - first
    others = (len(values) - equal).astype(np.uint64)
    place = (drawn % np.maximum(others, 1)).astype(np.int64)
    different: Ints = np.where(others > 0, order[np.where(place < first, place, place + equal) % len(values)], rows)
    return different


def _other_values(column: Column, rows: Ints, drawn: NDArray[np.uint64], unseen: int) -> Ints:
    """Return, for each row, another value: of the column, or one new to it (a number just outside its range, or a text seen nowhere)."""
    known = column.values[column.values != NULL]
    bounds = [known.min() - 1, known.max() + 1] if len(known) else [0]
    new = np.array([unseen] if column.text else bounds, dtype=np.int64)
    if column.key:
        fresh: Ints = new[drawn % np.uint64(len(new))]
        return fresh
    domain = np.unique(np.concatenate([column.values, new]))
    here = np.searchsorted(domain, column.values[rows])
    step = 1 + (drawn % np.uint64(len(domain) - 1)).astype(np.int64)
    values: Ints = domain[(here + step) % len(domain)]
    return values
