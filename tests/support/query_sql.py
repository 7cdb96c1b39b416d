"""Says a query in SQL over the tables of ``benchmarks.world.sqlite_of``: a second, independent definition of what an answer is."""

from __future__ import annotations

from fractions import Fraction

COMPARISONS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def sql_of(database, query):
    """Return the SQL of a validated query; SQLite holds scaled numbers, null and text as they are, and compares text by code point."""
    tables = [query["from"], *(join["table"] for join in query["join"])]
    tests = [f"{join['left']} = {join['right']}" for join in query["join"]]
    tests += [condition_of(database, condition) for condition in query["where"]]
    every = [f"{table}.{column}" for table in tables for column in database.tables[table].columns]
    outputs = [*query["group_by"], *map(aggregate_of, query["aggregates"])] or query["select"] or every
    named = ", ".join(f"{output} as o{place}" for place, output in enumerate(outputs))
    inner = f"select {'distinct ' if query['distinct'] else ''}{named} from {', '.join(tables)}"
    inner += f" where {' and '.join(tests)}" if tests else ""
    inner += f" group by {', '.join(query['group_by'])}" if query["group_by"] else ""
    if "limit" not in query:
        return inner
    keys = [sorted_by(key["position"] - 1, "desc" if key["descending"] else "asc") for key in query["order"]]
    keys += [sorted_by(place, "asc") for place in range(len(outputs))]
    return f"select * from ({inner}) order by {', '.join(keys)} limit {query['limit']}"


def sorted_by(place, direction):
    """Nulls come first either way."""
    return f"o{place} is not null, o{place} {direction}"


def aggregate_of(aggregate):
    if "column" not in aggregate:
        return "count(*)"
    name = aggregate["column"]
    return f"count(distinct {name})" if aggregate["function"] == "count_distinct" else f"{aggregate['function']}({name})"


def condition_of(database, condition):
    name, operator = condition["column"], condition["op"]
    if operator in {"is_null", "not_null"}:
        return f"{name} is {'not ' if operator == 'not_null' else ''}null"
    table, column = name.split(".")
    values = [literal(database.tables[table].columns[column], value) for value in condition["values"]]
    if operator == "in":
        return f"{name} in ({', '.join(values)})"
    if operator == "starts_with":
        return f"{name} glob {values[0][:-1]}*'"
    return f"{name} {COMPARISONS[operator]} {values[0]}"


def literal(column, value):
    if column.text:
        return "'" + value.replace("'", "''") + "'"
    scaled = Fraction(value) * 10**column.decimals
    return str(scaled.numerator) if scaled.denominator == 1 else repr(float(scaled))
