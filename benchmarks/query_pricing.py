"""Claim: 34 queries over the `world` database are priced against 1,000 neighbouring databases in a quarter of a second."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Final

from benchmarks import world
from benchmarks.claim import Absolute, Better, Claim, Contest
from pricing.engines.information.query import QUERY_PRICE, Plan, plan_of
from pricing.engines.model import Verb
from pricing.engines.shapes import JsonObject

SUBSET: Final = 10
"""Neighbours on which the naive way is timed; the others cost it the same."""
SEEDS: Final = count(1)
"""A new support for every quote, so that nothing kept from the one before is used."""


def price(params: JsonObject) -> float:
    """Seconds for one quote of all 34 queries from nothing: reading the tables, drawing a new support, pricing, lines and digest."""
    fresh = {**params, "support_seed": next(SEEDS)}
    began = time.perf_counter()
    QUERY_PRICE.run(Verb.QUOTE, params=fresh, inputs={"queries": [given for _, given in world.QUERIES]})
    return time.perf_counter() - began


def answers(connection: sqlite3.Connection) -> Sequence[Sequence[str]]:
    """All answers, each as a sorted list of rows."""
    return [sorted(map(repr, connection.execute(sql))) for sql, _ in world.QUERIES]


def price_naively(plan: Plan, connection: sqlite3.Connection) -> float:
    """Seconds for SQLite to answer the queries anew on each of the neighbours: a subset, scaled up."""
    before = answers(connection)
    elements = range(0, plan.support.size, plan.support.size // SUBSET)
    began = time.perf_counter()
    for element in elements:
        world.write(connection, plan.database, plan.support, element, back=False)
        [one == other for one, other in zip(before, answers(connection), strict=True)]
        world.write(connection, plan.database, plan.support, element, back=True)
    return (time.perf_counter() - began) / len(elements) * plan.support.size


def answer_once(connection: sqlite3.Connection) -> float:
    """Seconds for SQLite to answer the queries once: whoever prices them must at least look at their answers."""
    began = time.perf_counter()
    for sql, _ in world.QUERIES:
        connection.execute(sql).fetchall()
    return time.perf_counter() - began


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The engine, and SQLite in the same process, on the same neighbours."""
    where = world.directory()
    params = world.plan(where) if where.is_dir() else world.made_up()
    plan = plan_of(QUERY_PRICE.validated_params(params))
    connection = world.sqlite_of(plan.database)
    yield Contest(
        ours=lambda: price(params),
        peer=lambda: price_naively(plan, connection),
        limit=lambda: answer_once(connection),
        not_measured="" if where.is_dir() else "`world` is absent: measured on made-up tables of its shape",
    )
    connection.close()


CLAIM: Final = Claim(
    says="34 queries over the `world` database are priced against 1,000 neighbouring databases in a quarter of a second.",
    unit="s",
    better=Better.LOWER,
    goal=Absolute(0.25, scaled_by="node_hashes_per_s"),
    open=contest,
    peer=f"naive: SQLite in memory answers every query anew on every neighbour ({SUBSET} of them timed, scaled up)",
)
