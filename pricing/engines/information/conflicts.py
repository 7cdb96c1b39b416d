"""Which neighbouring databases answer a query differently: decided for all of them at once from their changed rows alone.

A neighbour changes one or two rows of one table. Its rows before (sign -1) and after (sign +1) are filtered and joined with the other,
unchanged tables like any rows; what comes out, with its signs, is exactly how the bag of joined rows differs. From there on only the
touched groups, values or positions of a cut-off are looked at. Elements that change a column the query never reads are skipped.

Source: the idea of a conflict set, Deep and Koutris, SIGMOD 2017; signed deltas, Gupta, Mumick, Subrahmanian, SIGMOD 1993.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pricing.engines.errors import InputError
from pricing.engines.information.algebra import Query
from pricing.engines.information.groups import Groups
from pricing.engines.information.relations import ELEMENT, MAX_JOINED, NULL, SIGN, Bag, Database, Ints, Ref, Rows, Work, ranks
from pricing.engines.information.support import Support

Bits = NDArray[np.bool_]

COMPARED: Final = 16
"""So many comparisons of a condition cost as much as a value that is joined or sorted."""


def conflicts(database: Database, query: Query, support: Support, field: str, work: Work | None = None) -> Bits:
    """Return which elements of the support change the query's answer. O((rows + elements' joined rows) log).

    Args:
        database: the seller's.
        query: resolved against it.
        support: drawn from it.
        field: where the query stands, for errors.
        work: what all queries of the question share; without it this one has it to itself.

    Raises:
        InputError: QUERY_TOO_LARGE or QUERIES_TOO_LARGE, at ``field``.
    """
    joiner = _Joiner(database, query, field, work or Work())
    delta = joiner.join_changes(support)
    cut = query.limit is not None or query.distinct
    whole = joiner.join_all() if query.grouped or cut else {}
    joiner.count_sorting(cut=cut)
    changed = np.zeros(support.size, dtype=np.bool_)
    element, sign = delta[ELEMENT], delta[SIGN]
    if not len(element):
        return changed
    if query.grouped:
        groups = Groups(query, whole, delta, element, sign)
        rows, element, sign = groups.changes()
    else:
        rows = Bag(tuple(delta[ref] for ref in query.outputs), len(element))
    if not cut:
        changed[_differing(rows, element, sign)] = True
    else:
        base = groups.rows() if query.grouped else _outputs(query, whole)
        changed[_differing_head(query, base, rows, element, sign)] = True
    return changed


def answer(database: Database, query: Query, field: str) -> Ints:
    """Return the answer in codes, shape (rows, columns), in its canonical order: what ``conflicts`` compares, computed in full.

    An average takes two columns, its whole part and its fraction (see ``groups``).

    Raises:
        InputError: QUERY_TOO_LARGE at ``field``.
    """
    joined = _Joiner(database, query, field, Work()).join_all()
    none = np.zeros(0, dtype=np.int64)
    bag = Groups(query, joined, dict.fromkeys(joined, none), none, none).rows() if query.grouped else _outputs(query, joined)
    rows = np.stack(_ordered(query, bag), axis=1)
    rows = np.unique(rows, axis=0) if query.distinct else rows[np.lexsort(rows.T[::-1])]
    return rows[: query.limit]


def conflicts_by_answering(database: Database, query: Query, support: Support, elements: Sequence[int], field: str) -> list[bool]:
    """Return the same for some elements by answering the query on each neighbour in full: the plain definition, to check against."""
    before = answer(database, query, field)
    return [not np.array_equal(before, answer(support.neighbour(database, element), query, field)) for element in elements]


def _outputs(query: Query, joined: Rows) -> Bag:
    columns = tuple(joined[ref] for ref in query.outputs)
    return Bag(columns, len(columns[0]))


def _differing(rows: Bag, element: Ints, sign: Ints) -> Ints:
    """Return the elements whose signed rows do not cancel out."""
    code = ranks([element, *rows.columns])
    net = np.bincount(code, weights=sign)
    differing: Ints = element[net[code] != 0]
    return differing


def _differing_head(query: Query, base: Bag, rows: Bag, element: Ints, sign: Ints) -> Ints:
    """Return the elements that change the rows left after removing repeats and cutting off.

    With all rows ranked in the order of the cut, let T be the rank of the last row kept. The least rank whose count an element changes
    decides: below T its rows are all kept, so the answer changes; at T it changes iff too few are left to fill the same places; above T
    it does not. If fewer rows exist than are kept, every change shows.
    """
    stacked = [np.concatenate(pair) for pair in zip(_ordered(query, base), _ordered(query, rows), strict=True)]
    code = ranks(stacked)
    counts = np.bincount(code[: base.size], minlength=int(code.max()) + 1)
    key, place = np.unique(element * len(counts) + code[base.size :], return_inverse=True)
    owner, rank = key // len(counts), key % len(counts)
    before = counts[rank]
    after = before + np.bincount(place, weights=sign).astype(np.int64)
    if query.distinct:
        counts, before, after = np.minimum(counts, 1), np.minimum(before, 1), np.minimum(after, 1)
    moved = before != after
    owner, rank, after = owner[moved], rank[moved], after[moved]
    reached = np.cumsum(counts)
    if query.limit is None or reached[-1] < query.limit:
        return np.unique(owner)
    last = int(np.searchsorted(reached, query.limit))
    places = query.limit - int(reached[last] - counts[last])
    owner, first = np.unique(owner, return_index=True)
    kept: Ints = owner[(rank[first] < last) | ((rank[first] == last) & (after[first] < places))]
    return kept


def _ordered(query: Query, bag: Bag) -> list[Ints]:
    """Return the columns to compare rows by, the order's first; the negative of null is null, so nulls come first either way."""
    starts = _starts(query)
    keys = [
        -column if descending else column
        for position, descending in query.order
        for column in bag.columns[starts[position] : starts[position + 1]]
    ]
    return [*keys, *bag.columns]


def _starts(query: Query) -> list[int]:
    """Return where each output begins among the columns of a bag; an average takes two."""
    widths = [*(1 for _ in query.outputs), *(2 if each.function == "avg" else 1 for each in query.aggregates)]
    return [sum(widths[:place]) for place in range(len(widths) + 1)]


class _Joiner:
    """Joins and filters for one query, whole tables or changed rows alike.

    Filters come last, and the size of a join counts up to a power of two: where a question is refused for its size, which leaves no trace,
    it then tells nothing of what its filters find, and of a join but the order of its size.
    """

    def __init__(self, database: Database, query: Query, field: str, work: Work) -> None:
        self.database, self.query, self.field, self.work = database, query, field, work
        self.reads = query.reads()
        self.sorted: dict[Ref, tuple[Ints, Ints]] = {}
        self.looked = 0
        """How many rows were joined, filters apart."""

    def join_all(self) -> Rows:
        """Return the joined rows of the database."""
        first = self.query.tables[0]
        start: Rows = {ref: self.database.column(ref).values for ref in self._read_of(first)}
        start[ELEMENT] = np.arange(self.database.tables[first].rows)
        return self._join(first, start)

    def join_changes(self, support: Support) -> Rows:
        """Return the joined rows that the elements take away (sign -1) and add (sign 1)."""
        read = np.array([ref in self.reads for ref in support.columns])[support.column]
        parts: list[Rows] = []
        for table in self.query.tables:
            of_table = np.array([ref.table == table for ref in support.columns])[support.column]
            elements = np.flatnonzero(read & of_table)
            if len(elements):
                parts.append(self._join(table, self._changes(support, table, elements)))
        refs = [*self.reads, ELEMENT, SIGN]
        none = np.zeros(0, dtype=np.int64)
        return {ref: np.concatenate([none, *(part[ref] for part in parts)]) for ref in refs}

    def count_sorting(self, *, cut: bool) -> None:
        """Count how often the rows that were joined are still to be looked at, to tell groups apart and to find the last one kept."""
        query = self.query
        times = Groups.columns(query) if query.grouped else 0
        times += len(query.outputs) + len(query.aggregates) + len(query.order) if cut else 0
        self.work.spend(self.looked * times, self.field)

    def _read_of(self, table: str) -> list[Ref]:
        return [ref for ref in self.reads if ref.table == table]

    def _changes(self, support: Support, table: str, elements: Ints) -> Rows:
        """Return the changed rows of one table as they were and as they become."""
        swaps = elements[support.other[elements] >= 0]
        element = np.concatenate([elements, swaps])
        row = np.concatenate([support.row[elements], support.other[swaps]])
        value = np.concatenate([support.value[elements], support.back[swaps]])
        changes: Rows = {
            ELEMENT: np.concatenate([element, element]),
            SIGN: np.repeat(np.array([-1, 1], dtype=np.int64), len(element)),
        }
        for ref in self._read_of(table):
            old = self.database.column(ref).values[row]
            mine = support.column[element] == (support.columns.index(ref) if ref in support.columns else -1)
            changes[ref] = np.concatenate([old, np.where(mine, value, old)])
        return changes

    def _join(self, first: str, rows: Rows) -> Rows:
        """Follow the joins outwards from the rows of one table, and filter what comes out."""
        size = self._counted(len(rows[ELEMENT]))
        waiting, joined = list(self.query.edges), {first}
        while waiting:
            edge = next(edge for edge in waiting if (edge.left.table in joined) != (edge.right.table in joined))
            waiting.remove(edge)
            here, there = (edge.left, edge.right) if edge.left.table in joined else (edge.right, edge.left)
            rows, size = self._probe(rows, here, there)
            joined.add(there.table)
        self.looked += size
        return self._filtered(rows, size)

    def _filtered(self, rows: Rows, size: int) -> Rows:
        self.work.spend(size * sum(len(condition.ranges) for condition in self.query.conditions) // COMPARED, self.field)
        keep: Bits | None = None
        for condition in self.query.conditions:
            holds = condition.holds(rows[condition.ref])
            keep = holds if keep is None else keep & holds
        return rows if keep is None else {ref: values[keep] for ref, values in rows.items()}

    def _probe(self, rows: Rows, here: Ref, there: Ref) -> tuple[Rows, int]:
        """Join rows with a whole table on equal values, null being equal to nothing; also return the size that was counted."""
        keys, order = self._sorted_keys(there)
        low = np.searchsorted(keys, rows[here], side="left")
        counts = np.searchsorted(keys, rows[here], side="right") - low
        total = int(counts.sum())
        size = self._counted(total)
        mine = np.repeat(np.arange(len(counts)), counts)
        theirs = order[np.arange(total) + np.repeat(low - np.cumsum(counts) + counts, counts)]
        joined = {ref: values[mine] for ref, values in rows.items()}
        for ref in self._read_of(there.table):
            joined[ref] = self.database.column(ref).values[theirs]
        return joined, size

    def _sorted_keys(self, key: Ref) -> tuple[Ints, Ints]:
        """Return a table's keys in order, without nulls, and the rows that they stand in."""
        if key not in self.sorted:
            values = self.database.column(key).values
            order = np.argsort(values, kind="stable")[np.count_nonzero(values == NULL) :]
            self.sorted[key] = values[order], order
        return self.sorted[key]

    def _counted(self, rows: int) -> int:
        """Count the values of rows before they are made, and return for how many rows they were counted."""
        size = 1 << max(rows - 1, 0).bit_length()
        values = size * max(len(self.reads), 1)
        if values > MAX_JOINED:
            raise InputError("QUERY_TOO_LARGE", self.field, limit=MAX_JOINED)
        self.work.spend(values, self.field)
        return size
