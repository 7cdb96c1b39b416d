"""Groups and their aggregates before a change and after it, from signed rows: only the groups that a change touches are computed again."""

from __future__ import annotations

from typing import Final

import numpy as np

from pricing.engines.information.algebra import Aggregate, Query
from pricing.engines.information.relations import ELEMENT, NULL, Bag, Ints, Rows, ranks

FRACTION_BITS: Final = 42
"""Averages of at most 2 million values differ by more than 2^-42 if at all: so many bits of their fractions tell and order them."""
_NO_CODE: Final = 2**62


class Groups:
    """The groups of all joined rows, and each pair of an element and a group that it touches.

    Columns of the group's keys come first, then each aggregate's: one column, or two for an average (whole part and fraction). An
    aggregate of no value is null, a count zero; without keys there is exactly one group, even of no rows.
    """

    def __init__(self, query: Query, base: Rows, delta: Rows, element: Ints, sign: Ints) -> None:
        """Tell the groups apart and tally their rows. O(rows log rows).

        Args:
            query: a grouped one.
            base: the joined rows of the database.
            delta: the joined rows that the elements change, with the same columns.
            element: of each changed row.
            sign: of each changed row.
        """
        self.base, self.delta, self.sign = base, delta, sign
        here = len(base[ELEMENT])
        keys = [np.concatenate([base[ref], delta[ref]]) for ref in query.outputs]
        group = ranks(keys) if keys else np.zeros(here + len(sign), dtype=np.int64)
        self.count = int(group.max()) + 1 if len(group) else int(not keys)
        self.group, changed = group[:here], group[here:]
        self.pair = ranks([element, changed])
        first = np.unique(self.pair, return_index=True)[1]
        self.pair_element, self.pair_group = element[first], changed[first]
        self.keys = [self._spread(group, key) for key in keys]
        self.rows_before, self.rows_after = self._tally(np.ones(here, dtype=np.int64), sign)
        self.measured = [columns for each in query.aggregates for columns in self._measure(each)]
        self.always = not keys

    @staticmethod
    def columns(query: Query) -> int:
        """Return how often each row is looked at: once for a key or a sum, three times where values are told apart by sorting."""
        return len(query.outputs) + sum(3 if each.function in {"min", "max", "count_distinct"} else 1 for each in query.aggregates)

    def rows(self) -> Bag:
        """Return one row for each group of the database."""
        present = self.rows_before > 0 if not self.always else np.ones(self.count, dtype=np.bool_)
        columns = tuple(column[present] for column in (*self.keys, *(before for before, _ in self.measured)))
        return Bag(columns, int(present.sum()))

    def changes(self) -> tuple[Bag, Ints, Ints]:
        """Return the rows of touched groups before and after, with the element and the sign of each."""
        gone = self.always | (self.rows_before[self.pair_group] > 0)
        come = self.always | (self.rows_after > 0)
        old = [*(key[self.pair_group] for key in self.keys), *(before[self.pair_group] for before, _ in self.measured)]
        new = [*(key[self.pair_group] for key in self.keys), *(after for _, after in self.measured)]
        columns = tuple(np.concatenate([one[gone], other[come]]) for one, other in zip(old, new, strict=True))
        sign = np.repeat(np.array([-1, 1], dtype=np.int64), [gone.sum(), come.sum()])
        return Bag(columns, len(sign)), np.concatenate([self.pair_element[gone], self.pair_element[come]]), sign

    def _spread(self, group: Ints, key: Ints) -> Ints:
        values = np.zeros(self.count, dtype=np.int64)
        values[group] = key
        return values

    def _tally(self, base: Ints, delta: Ints) -> tuple[Ints, Ints]:
        """Return the sums of a quantity: by group, and by pair after the change."""
        before = np.zeros(self.count, dtype=np.int64)
        np.add.at(before, self.group, base)
        after = before[self.pair_group]
        np.add.at(after, self.pair, delta)
        return before, after

    def _measure(self, aggregate: Aggregate) -> list[tuple[Ints, Ints]]:
        """Return an aggregate's columns, each by group before and by pair after."""
        if aggregate.ref is None:
            return [(self.rows_before, self.rows_after)]
        base, delta = self.base[aggregate.ref], self.delta[aggregate.ref]
        known, changed = base != NULL, delta != NULL
        if aggregate.function in {"min", "max"}:
            turn = 1 if aggregate.function == "min" else -1
            least = _Values(self, turn * base, turn * delta).least()
            return [(turn * least[0], turn * least[1])]
        if aggregate.function == "count_distinct":
            return [_Values(self, base, delta).distinct()]
        counts = self._tally(known.astype(np.int64), self.sign * changed)
        if aggregate.function == "count":
            return [counts]
        sums = self._tally(np.where(known, base, 0), self.sign * np.where(changed, delta, 0))
        if aggregate.function == "sum":
            return [(np.where(counts[0] > 0, sums[0], NULL), np.where(counts[1] > 0, sums[1], NULL))]
        parts = [_average(total, count) for total, count in zip(sums, counts, strict=True)]
        return [(parts[0][0], parts[1][0]), (parts[0][1], parts[1][1])]


def _average(total: Ints, count: Ints) -> tuple[Ints, Ints]:
    """Return the whole part and the leading bits of the fraction of exact averages; null where there is no value."""
    divisor = np.maximum(count, 1)
    whole, rest = np.divmod(total, divisor)
    return np.where(count > 0, whole, NULL), np.where(count > 0, (rest << FRACTION_BITS) // divisor, NULL)


class _Values:
    """How often each value occurs in each group, and after each pair's change. Values that are null do not occur."""

    def __init__(self, groups: Groups, base: Ints, delta: Ints) -> None:
        known, changed = base != NULL, delta != NULL
        pair = groups.pair[changed]
        group = np.concatenate([groups.group[known], groups.pair_group[pair]])
        value = np.concatenate([base[known], delta[changed]])
        code = ranks([group, value])
        self.groups, self.size = groups, int(code.max()) + 1 if len(code) else 0
        here = int(known.sum())
        self.occurs = np.bincount(code[:here], minlength=self.size)
        self.group_of, self.value_of = (np.zeros(self.size, dtype=np.int64) for _ in range(2))
        self.group_of[code], self.value_of[code] = group, value
        key, place = np.unique(pair * self.size + code[here:], return_inverse=True)
        self.pair, self.code = np.divmod(key, max(self.size, 1))
        self.before = self.occurs[self.code]
        self.after = self.before + np.bincount(place, weights=groups.sign[changed]).astype(np.int64)

    def distinct(self) -> tuple[Ints, Ints]:
        """Return the number of different values, by group before and by pair after."""
        before = np.bincount(self.group_of[self.occurs > 0], minlength=self.groups.count)
        after = before[self.groups.pair_group]
        np.add.at(after, self.pair, (self.after > 0).astype(np.int64) - (self.before > 0))
        return before, after

    def least(self) -> tuple[Ints, Ints]:
        """Return the least value, by group before and by pair after, or null.

        After a change that is the first value of the group that did not go, or a new one below it. Both a group's values and the ones of a
        pair that went are sorted, so the ones that went from the front are those at the same place in both.
        """
        live = np.flatnonzero(self.occurs > 0)
        start, stop = (np.searchsorted(self.group_of[live], np.arange(self.groups.count), side=side) for side in ("left", "right"))
        gone = (self.before > 0) & (self.after == 0)
        pair, places = self.pair[gone], np.searchsorted(live, self.code[gone])
        at, end = start[self.groups.pair_group], stop[self.groups.pair_group]
        in_front = places - at[pair] == np.arange(len(pair)) - np.searchsorted(pair, pair, side="left")
        at += np.bincount(pair[in_front], minlength=len(at))
        live = np.append(live, _NO_CODE)
        before = self._value(np.where(start < stop, live[start], _NO_CODE))
        code = np.where(at < end, live[at], _NO_CODE)
        new = (self.before == 0) & (self.after > 0)
        np.minimum.at(code, self.pair[new], self.code[new])
        return before, self._value(code)

    def _value(self, code: Ints) -> Ints:
        known = code < _NO_CODE
        values = np.full(len(code), NULL, dtype=np.int64)
        values[known] = self.value_of[code[known]]
        return values
