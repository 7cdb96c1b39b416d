"""Answers a query by plain loops over rows as dictionaries: the definition that the fast conflict sets are held to."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cmp_to_key
from itertools import product

from benchmarks.world import UNSEEN
from pricing.engines.information.relations import NULL

COMPARE = {
    "eq": lambda value, given: value == given,
    "ne": lambda value, given: value != given,
    "lt": lambda value, given: value < given,
    "le": lambda value, given: value <= given,
    "gt": lambda value, given: value > given,
    "ge": lambda value, given: value >= given,
    "starts_with": lambda value, given: value.startswith(given),
}


def decoded(database):
    """Return each table as a list of rows, ``{"table.column": value}``."""
    return {
        table.name: [
            {f"{table.name}.{column.name}": cell(database, column, column.values[row]) for column in table.columns.values()}
            for row in range(table.rows)
        ]
        for table in database.tables.values()
    }


def cell(database, column, code):
    if code == NULL:
        return None
    if column.text:
        return UNSEEN if code == database.unseen else database.texts[code]
    return Fraction(int(code), 10**column.decimals)


def answered(tables, query):
    """Return the answer as a list of rows in their canonical order."""
    rows = tables[query["from"]]
    for join in query.get("join", []):
        rows = [
            {**one, **other}
            for one, other in product(rows, tables[join["table"]])
            if one[join["left"]] is not None and one[join["left"]] == other[join["right"]]
        ]
    rows = [row for row in rows if all(holds(row, condition) for condition in query.get("where", []))]
    if query.get("group_by") or query.get("aggregates"):
        out = grouped(rows, query.get("group_by", []), query.get("aggregates", []))
    else:
        names = query.get("select") or [name for row in rows[:1] for name in row]
        out = [tuple(row[name] for name in names) for row in rows]
    out = list(dict.fromkeys(out)) if query.get("distinct") else out
    return sorted(out, key=cmp_to_key(lambda one, other: compared(one, other, query.get("order", []))))[: query.get("limit")]


def holds(row, condition):
    value, values = row[condition["column"]], condition.get("values", [])
    if condition["op"] in {"is_null", "not_null"}:
        return (value is None) == (condition["op"] == "is_null")
    if value is None:
        return False
    givens = [given if isinstance(value, str) else Fraction(given) for given in values]
    if condition["op"] == "in":
        return value in givens
    return COMPARE[condition["op"]](value, givens[0])


def grouped(rows, keys, aggregates):
    groups = {} if keys else {(): []}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return [(*key, *(aggregated(members, each) for each in aggregates)) for key, members in groups.items()]


def aggregated(rows, aggregate):
    if "column" not in aggregate:
        return len(rows)
    values = [row[aggregate["column"]] for row in rows if row[aggregate["column"]] is not None]
    if aggregate["function"].startswith("count"):
        return len(set(values)) if aggregate["function"] == "count_distinct" else len(values)
    if not values:
        return None
    return {"sum": sum, "min": min, "max": max, "avg": lambda all_of: Fraction(sum(all_of)) / len(all_of)}[aggregate["function"]](values)


def compared(one, other, order):
    for key in order:
        place = key["position"] - 1
        if one[place] != other[place]:
            if None in {one[place], other[place]}:
                return -1 if one[place] is None else 1
            return (-1 if one[place] < other[place] else 1) * (-1 if key.get("descending") else 1)
    for left, right in zip(one, other, strict=True):
        if left != right:
            return -1 if left is None or (right is not None and left < right) else 1
    return 0


def differs(before, after):
    """Two answers differ as bags: the order is no part of an answer."""
    return Counter(before) != Counter(after)
