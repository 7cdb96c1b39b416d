"""The `world` database and the kinds of queries that QIRANA's authors priced on it, for the benchmark and the tests.

The queries are stated twice: in SQL, for SQLite, whose tables hold our scaled numbers; and in our query language.
"""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from pricing.engines.information.relations import NULL, Column, Database
from pricing.engines.information.support import Support
from pricing.engines.shapes import Json, JsonObject

DECIMALS: Final[Mapping[str, int]] = {"surface_area": 2, "life_expectancy": 1, "gnp": 2, "gnp_old": 2, "percentage": 1}
NUMBERS: Final = frozenset({*DECIMALS, "independence_year", "population", "capital", "id"})
KEYS: Final = frozenset({"code", "id"})
SHAPE: Final = {
    "countries": (
        (
            "code,name,continent,region,surface_area,independence_year,population,life_expectancy,"
            "gnp,gnp_old,local_name,government_form,head_of_state,capital,code2"
        ),
        239,
    ),
    "cities": ("id,name,country_code,district,population", 4_079),
    "languages": ("country_code,language,official,percentage", 984),
}
FILES: Final = tuple(SHAPE)
UNSEEN: Final = "\U0010ffff"
"""A text that occurs nowhere and sorts above all."""


def directory() -> Path:
    """Where the CSV files of `world` lie; they are not part of the project."""
    shared = os.environ.get("EGRET_SHARED") or Path(__file__).resolve().parents[2] / "shared"
    return Path(shared) / "data" / "world"


def plan(where: Path, **more: Json) -> JsonObject:
    """Return the parameters of a plan that sells `world` for CNY 100."""
    tables = [_table(name, (where / f"{name}.csv").read_text(encoding="utf-8")) for name in FILES]
    return {"currency": "CNY", "price": "100.00", "support_seed": 2017, "tables": tables, **more}


def made_up() -> JsonObject:
    """Return a plan over random tables of the shape of `world`, for where its files are absent."""
    draw = random.Random(2017)  # noqa: S311 no secret: the same tables for every contestant
    tables = []
    for name, (columns, rows) in SHAPE.items():
        cells = ([str(row if column in KEYS else draw.randrange(100)) for column in columns.split(",")] for row in range(rows))
        tables.append(_table(name, "\n".join([columns, *(",".join(row) for row in cells)])))
    return {"currency": "CNY", "price": "100.00", "support_seed": 2017, "tables": tables}


def sqlite_of(database: Database) -> sqlite3.Connection:
    """Return the tables of a database in SQLite, in memory; its rowid is our row and one."""
    connection = sqlite3.connect(":memory:")
    for table in database.tables.values():
        connection.execute(f"create table {table.name} ({', '.join(table.columns)})")
        columns = [[_value(database, column, code) for code in column.values.tolist()] for column in table.columns.values()]
        rows = list(zip(*columns, strict=True))
        connection.executemany(f"insert into {table.name} values ({', '.join('?' * len(columns))})", rows)  # noqa: S608 our names
    return connection


def write(connection: sqlite3.Connection, database: Database, support: Support, element: int, *, back: bool) -> None:
    """Make SQLite's tables the neighbour of one element, or ``back`` what they were."""
    ref = support.columns[support.column[element]]
    column = database.column(ref)
    for row, value in ((support.row[element], support.value[element]), (support.other[element], support.back[element])):
        if row >= 0:
            written = _value(database, column, int(column.values[row] if back else value))
            connection.execute(f"update {ref.table} set {ref.column} = ? where rowid = ?", (written, int(row) + 1))  # noqa: S608 our names


def _value(database: Database, column: Column, code: int) -> int | str | None:
    if code == NULL:
        return None
    if not column.text:
        return code
    return UNSEEN if code == database.unseen else database.texts[code]


def _table(name: str, text: str) -> JsonObject:
    names = text.split("\n", 1)[0].split(",")
    return {"name": name, "columns": [_column(each) for each in names], "csv": text}


def _column(name: str) -> JsonObject:
    kind = "number" if name in NUMBERS else "text"
    return {"name": name, "type": kind, "decimals": DECIMALS.get(name, 0), "key": name in KEYS}


def _where(column: str, op: str, *values: str) -> JsonObject:
    return {"column": column, "op": op, "values": list(values)}


def _query(table: str, *conditions: JsonObject, **more: Json) -> JsonObject:
    return {"from": table, "where": list(conditions), **more}


def _measure(function: str, column: str) -> Sequence[JsonObject]:
    return [{"function": function, "column": column}]


_SPOKEN: Final[Sequence[JsonObject]] = [{"table": "languages", "left": "countries.code", "right": "languages.country_code"}]
_CAPITAL: Final[Sequence[JsonObject]] = [{"table": "cities", "left": "countries.capital", "right": "cities.id"}]
_JOINED: Final = "from countries c, languages l where c.code = l.country_code"

QUERIES: Final[Sequence[tuple[str, JsonObject]]] = (
    (
        "select count(name) from countries where continent = 'Asia'",
        _query("countries", _where("countries.continent", "eq", "Asia"), aggregates=_measure("count", "countries.name")),
    ),
    ("select count(distinct continent) from countries", _query("countries", aggregates=_measure("count_distinct", "countries.continent"))),
    ("select avg(population) from countries", _query("countries", aggregates=_measure("avg", "countries.population"))),
    ("select max(population) from countries", _query("countries", aggregates=_measure("max", "countries.population"))),
    ("select min(life_expectancy) from countries", _query("countries", aggregates=_measure("min", "countries.life_expectancy"))),
    (
        "select count(name) from countries where name like 'A%'",
        _query("countries", _where("countries.name", "starts_with", "A"), aggregates=_measure("count", "countries.name")),
    ),
    (
        "select region, max(surface_area) from countries group by region",
        _query("countries", group_by=["countries.region"], aggregates=_measure("max", "countries.surface_area")),
    ),
    (
        "select continent, max(population) from countries group by continent",
        _query("countries", group_by=["countries.continent"], aggregates=_measure("max", "countries.population")),
    ),
    (
        "select continent, count(code) from countries group by continent",
        _query("countries", group_by=["countries.continent"], aggregates=_measure("count", "countries.code")),
    ),
    ("select * from countries", _query("countries")),
    (
        "select name from countries where name like 'A%'",
        _query("countries", _where("countries.name", "starts_with", "A"), select=["countries.name"]),
    ),
    (
        "select * from countries where continent = 'Europe' and population > 5000000",
        _query("countries", _where("countries.continent", "eq", "Europe"), _where("countries.population", "gt", "5000000")),
    ),
    ("select * from countries where region = 'Caribbean'", _query("countries", _where("countries.region", "eq", "Caribbean"))),
    (
        "select name from countries where region = 'Caribbean'",
        _query("countries", _where("countries.region", "eq", "Caribbean"), select=["countries.name"]),
    ),
    (
        "select name from countries where population between 10000000 and 20000000",
        _query(
            "countries",
            _where("countries.population", "ge", "10000000"),
            _where("countries.population", "le", "20000000"),
            select=["countries.name"],
        ),
    ),
    (
        "select * from countries where continent = 'Europe' order by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 limit 2",
        _query("countries", _where("countries.continent", "eq", "Europe"), limit=2),
    ),
    (
        "select population from countries where code = 'USA'",
        _query("countries", _where("countries.code", "eq", "USA"), select=["countries.population"]),
    ),
    ("select government_form from countries", _query("countries", select=["countries.government_form"])),
    ("select distinct government_form from countries", _query("countries", select=["countries.government_form"], distinct=True)),
    (
        "select * from cities where population >= 1000000 and country_code = 'USA'",
        _query("cities", _where("cities.population", "ge", "1000000"), _where("cities.country_code", "eq", "USA")),
    ),
    (
        "select distinct language from languages where country_code = 'USA'",
        _query("languages", _where("languages.country_code", "eq", "USA"), select=["languages.language"], distinct=True),
    ),
    ("select * from languages where official = 'T'", _query("languages", _where("languages.official", "eq", "T"))),
    (
        "select language, count(country_code) from languages group by language",
        _query("languages", group_by=["languages.language"], aggregates=_measure("count", "languages.country_code")),
    ),
    (
        "select count(language) from languages where country_code = 'USA'",
        _query("languages", _where("languages.country_code", "eq", "USA"), aggregates=_measure("count", "languages.language")),
    ),
    (
        "select country_code, sum(population) from cities group by country_code",
        _query("cities", group_by=["cities.country_code"], aggregates=_measure("sum", "cities.population")),
    ),
    (
        "select country_code, count(id) from cities group by country_code",
        _query("cities", group_by=["cities.country_code"], aggregates=_measure("count", "cities.id")),
    ),
    ("select * from cities where country_code = 'GRC'", _query("cities", _where("cities.country_code", "eq", "GRC"))),
    (
        "select distinct country_code from cities where country_code = 'USA' and population > 10000000",
        _query(
            "cities",
            _where("cities.country_code", "eq", "USA"),
            _where("cities.population", "gt", "10000000"),
            select=["cities.country_code"],
            distinct=True,
        ),
    ),
    (
        f"select c.name {_JOINED} and l.language = 'Greek'",
        _query("countries", _where("languages.language", "eq", "Greek"), join=_SPOKEN, select=["countries.name"]),
    ),
    (
        f"select c.name {_JOINED} and l.language = 'English' and l.percentage >= 500",
        _query(
            "countries",
            _where("languages.language", "eq", "English"),
            _where("languages.percentage", "ge", "50"),
            join=_SPOKEN,
            select=["countries.name"],
        ),
    ),
    (
        "select t.district from countries c, cities t where c.code = 'USA' and c.capital = t.id",
        _query("countries", _where("countries.code", "eq", "USA"), join=_CAPITAL, select=["cities.district"]),
    ),
    (
        f"select * {_JOINED} and l.language = 'Spanish'",
        _query("countries", _where("languages.language", "eq", "Spanish"), join=_SPOKEN),
    ),
    (f"select c.name, l.language {_JOINED}", _query("countries", join=_SPOKEN, select=["countries.name", "languages.language"])),
    (f"select * {_JOINED}", _query("countries", join=_SPOKEN)),
)
