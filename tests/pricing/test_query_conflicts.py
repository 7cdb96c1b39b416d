"""Conflict sets are what answering on every neighbour shows: against plain loops on random data, and against SQLite on `world`."""

from collections import Counter
from contextlib import closing
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import world
from pricing.engines.checkers import information
from pricing.engines.information.algebra import QUERY, read_query
from pricing.engines.information.conflicts import answer, conflicts, conflicts_by_answering
from pricing.engines.information.query import QUERY_PRICE, plan_of
from pricing.engines.information.relations import Ref, read_database
from pricing.engines.information.support import draw_support
from pricing.engines.validate import validate
from tests.support import query_oracle, query_sql
from tests.support.shared import shared

SCHEMA = {
    "a": [("k", "text", 0), ("x", "number", 0), ("t", "text", 0)],
    "b": [("k", "text", 0), ("z", "number", 1)],
    "c": [("z", "number", 1), ("w", "number", 0)],
}
JOINS = {("a", "b"): ("k", "k"), ("b", "c"): ("z", "z")}
CHAINS = (["a"], ["b"], ["c"], ["a", "b"], ["b", "a"], ["b", "c"], ["c", "b"], ["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"])
TEXTS = st.sampled_from(["", "p", "q", "pq", "Pq", "中文", "r"])
NUMBERS = {0: st.sampled_from(["", "0", "1", "2", "-3"]), 1: st.sampled_from(["", "0.5", "1", "1.5", "-2.0"])}


@st.composite
def databases(draw):
    rows = []
    for name, columns in SCHEMA.items():
        cells = st.tuples(*(TEXTS if kind == "text" else NUMBERS[decimals] for _, kind, decimals in columns))
        grid = draw(st.lists(cells, min_size=1, max_size=5))
        text = "\n".join([",".join(column for column, _, _ in columns), *(",".join(f'"{cell}"' for cell in row) for row in grid)])
        declared = [
            {"name": column, "type": kind, "decimals": decimals, "key": draw(st.booleans()) and distinct([row[place] for row in grid])}
            for place, (column, kind, decimals) in enumerate(columns)
        ]
        rows.append({"name": name, "columns": declared, "csv": text, "weight": 1})
    return read_database(rows, "params.tables")


def distinct(cells):
    """No value twice, as values: 0.5 and 0.50 are one, and an empty cell is none."""
    values = [cell.rstrip("0").rstrip(".") if "." in cell else cell for cell in cells if cell]
    return len(values) == len(set(values))


@st.composite
def queries(draw):
    chain = draw(st.sampled_from(CHAINS))
    refs = {f"{table}.{column}": (kind, decimals) for table in chain for column, kind, decimals in SCHEMA[table]}
    names = st.sampled_from(sorted(refs))
    query = {"from": chain[0], "join": [joined(chain[:place], table) for place, table in enumerate(chain) if place]}
    query["where"] = [draw(conditions(name, *refs[name])) for name in draw(st.lists(names, max_size=2))]
    if draw(st.booleans()):
        query["group_by"] = draw(st.lists(names, max_size=2, unique=True))
        query["aggregates"] = [draw(aggregates(name, refs[name][0])) for name in draw(st.lists(names, min_size=1, max_size=3))]
        width = len(query["group_by"]) + len(query["aggregates"])
    else:
        query["select"] = draw(st.lists(names, min_size=1, max_size=3))
        width = len(query["select"])
    query["distinct"] = draw(st.booleans())
    if draw(st.booleans()):
        keys = st.fixed_dictionaries({"position": st.integers(1, width), "descending": st.booleans()})
        query.update(order=draw(st.lists(keys, max_size=2)), limit=draw(st.integers(1, 6)))
    return validate(QUERY, query, "query")


def joined(before, table):
    other = next(each for each in before if (each, table) in JOINS or (table, each) in JOINS)
    left, right = JOINS.get((other, table)) or JOINS[table, other][::-1]
    return {"table": table, "left": f"{other}.{left}", "right": f"{table}.{right}"}


@st.composite
def conditions(draw, name, kind, decimals):
    operators = ["eq", "ne", "lt", "le", "gt", "ge", "in", "is_null", "not_null", *(["starts_with"] if kind == "text" else [])]
    operator = draw(st.sampled_from(operators))
    value = st.sampled_from(["p", "q", "pp", "P", "中", "z"]) if kind == "text" else st.sampled_from(["0", "1", "1.5", "0.25", "-2"])
    count = {"is_null": 0, "not_null": 0, "in": 2}.get(operator, 1)
    return {"column": name, "op": operator, "values": draw(st.lists(value, min_size=count, max_size=count))}


@st.composite
def aggregates(draw, name, kind):
    functions = ["count", "count_distinct", "min", "max", *(["sum", "avg"] if kind == "number" else [])]
    function = draw(st.sampled_from(functions))
    return {"function": "count"} if function == "count" and draw(st.booleans()) else {"function": function, "column": name}


@settings(max_examples=120, deadline=None)
@given(databases(), queries(), st.integers(0, 10**6))
def test_conflict_sets_are_what_plain_loops_over_every_neighbour_show(database, given_query, seed):
    support = draw_support(database, seed, 24)
    query = read_query(database, given_query, "query")
    before = query_oracle.answered(query_oracle.decoded(database), given_query)
    expected = [
        query_oracle.differs(before, query_oracle.answered(query_oracle.decoded(support.neighbour(database, element)), given_query))
        for element in range(support.size)
    ]
    assert conflicts(database, query, support, "query").tolist() == expected
    assert conflicts_by_answering(database, query, support, range(support.size), "query") == expected
    assert len(answer(database, query, "query")) == len(before)


@settings(max_examples=120, deadline=None)
@given(databases(), queries(), st.integers(0, 10**6))
def test_conflict_sets_are_what_sqlite_shows_on_every_neighbour(database, given_query, seed):
    support = draw_support(database, seed, 24)
    sql = query_sql.sql_of(database, given_query)
    expected = []
    with closing(world.sqlite_of(database)) as connection:
        before = Counter(connection.execute(sql))
        for element in range(support.size):
            world.write(connection, database, support, element, back=False)
            expected.append(Counter(connection.execute(sql)) != before)
            world.write(connection, database, support, element, back=True)
    query = read_query(database, given_query, "query")
    assert conflicts(database, query, support, "query").tolist() == expected
    assert len(answer(database, query, "query")) == before.total()


def test_losing_every_value_at_once_takes_no_longer_than_losing_one():
    rows = "\n".join(f"0,{value}" for value in range(60_000))
    b = {"name": "b", "columns": [column("k"), column("z")], "csv": f"k,z\n{rows}", "weight": 4}
    database = read_database([{"name": "a", "columns": [column("k")], "csv": "k\n0\n", "weight": 1}, b], "params.tables")
    least = [{"function": function, "column": "b.z"} for function in ("min", "max")] * 3
    asked = {"from": "a", "join": [{"table": "b", "left": "a.k", "right": "b.k"}], "aggregates": least}
    query, support = read_query(database, validate(QUERY, asked, "q"), "q"), draw_support(database, 1, 10)
    began = process_time()
    bits = conflicts(database, query, support, "q")
    assert process_time() - began < 1
    assert bits[[support.columns[place].table == "a" for place in support.column]].all()


@settings(max_examples=50, deadline=None)
@given(databases(), st.integers(0, 10**6))
def test_every_neighbour_differs_in_one_cell_or_two_exchanged_and_keys_stay_distinct(database, seed):
    support = draw_support(database, seed, 30)
    assert support.size == 30
    for element in range(support.size):
        neighbour = support.neighbour(database, element)
        ref = support.columns[support.column[element]]
        before, after = database.column(ref).values, neighbour.column(ref).values
        changed = np.flatnonzero(before != after)
        if support.other[element] >= 0:
            assert sorted(changed) == sorted([support.row[element], support.other[element]])
            assert sorted(before) == sorted(after)
        else:
            assert changed.tolist() == [support.row[element]]
            assert not database.column(ref).key or after[changed[0]] not in before


def test_the_support_is_fixed_by_its_seed_and_covers_every_table_by_its_weight():
    plan = plan_of(QUERY_PRICE.validated_params(world.plan(shared("data", "world"))))
    again = draw_support(plan.database, 2017, 1_000)
    other = draw_support(plan.database, 2018, 1_000)
    tables = [plan.support.columns[column].table for column in plan.support.column]
    assert [tables.count(name) for name in world.FILES] == [334, 333, 333]
    assert len({plan.support.columns[column] for column in plan.support.column}) == 24
    assert all(np.array_equal(getattr(plan.support, name), getattr(again, name)) for name in ("column", "row", "value", "other", "back"))
    assert not np.array_equal(plan.support.row, other.row)
    assert 300 < int((plan.support.other >= 0).sum()) < 700


@pytest.fixture(scope="module")
def sold():
    """The `world` plan, and the same tables in SQLite."""
    plan = plan_of(QUERY_PRICE.validated_params(world.plan(shared("data", "world"))))
    connection = world.sqlite_of(plan.database)
    yield plan, connection
    connection.close()


@pytest.mark.parametrize("part", [0, 1, 2])
def test_conflict_sets_on_world_are_what_sqlite_shows(sold, part):
    plan, connection = sold
    bits = [plan.conflicts(validate(QUERY, given_query, "query"), "query") for _, given_query in world.QUERIES]
    before = [sorted(connection.execute(sql).fetchall(), key=repr) for sql, _ in world.QUERIES]
    for element in range(part * 7, plan.support.size, 61):
        world.write(connection, plan.database, plan.support, element, back=False)
        for (sql, _), known, ours in zip(world.QUERIES, before, bits, strict=True):
            assert (sorted(connection.execute(sql).fetchall(), key=repr) != known) == ours[element], (sql, element)
        world.write(connection, plan.database, plan.support, element, back=True)


def test_conflict_sets_of_determined_queries_lie_within_those_that_determine_them(sold):
    plan, _ = sold
    bits = [plan.conflicts(validate(QUERY, given_query, "query"), "query") for _, given_query in world.QUERIES]
    sets = [frozenset(np.flatnonzero(each).tolist()) for each in bits]
    assert [len(sets[place - 1]) for place in (10, 22, 34)] == [334, 143, 665]
    for more, less in ((10, 1), (10, 3), (10, 7), (10, 12), (10, 18), (18, 19), (13, 14), (22, 22), (34, 33), (34, 32)):
        assert sets[less - 1] <= sets[more - 1]
    assert information.information_monotone(sets, [plan.price(each) for each in bits]) is None


def test_a_column_that_no_query_reads_changes_nothing():
    rows = [{"name": "a", "columns": [column("x"), column("y")], "csv": "x,y\n1,2\n3,4\n", "weight": 1}]
    database = read_database(rows, "params.tables")
    support = draw_support(database, 1, 100)
    bits = conflicts(database, read_query(database, validate(QUERY, {"from": "a", "select": ["a.x"]}, "q"), "q"), support, "q")
    overwritten = [
        support.columns[place] == Ref("a", "x") and other < 0 for place, other in zip(support.column, support.other, strict=True)
    ]
    assert bits.tolist() == overwritten
    assert 15 < sum(overwritten) < 35
    count = read_query(database, validate(QUERY, {"from": "a", "aggregates": [{"function": "count"}]}, "q"), "q")
    assert not conflicts(database, count, support, "q").any()


def column(name):
    return {"name": name, "type": "number", "decimals": 0, "key": False}


def test_the_made_up_tables_of_the_benchmark_have_the_shape_of_world():
    one, other = (plan_of(QUERY_PRICE.validated_params(params)) for params in (world.made_up(), world.plan(shared("data", "world"))))
    shapes = [{name: (list(table.columns), table.rows) for name, table in plan.database.tables.items()} for plan in (one, other)]
    assert shapes[0] == shapes[1]
