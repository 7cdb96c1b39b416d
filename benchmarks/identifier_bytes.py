"""Claim: an identifier takes at most 75 bytes in its table and the index that it is found by."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any, Final

import psycopg
from django.conf import settings

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.identifiers import copy_names, copy_records, handles

ROWS: Final = 1_000_000
BATCH: Final = 10_000
"""Rows that come at once: the index must grow as it does in life, at random places."""
RECORDS: Final = 50_000
MEANT_FOR: Final = 370_000_000
KEY: Final = 8
SUBJECT: Final = 16
TEXT_KEYED: Final = """
DROP TABLE IF EXISTS text_keyed;
CREATE TABLE text_keyed (identifier text COLLATE "C" PRIMARY KEY, subject uuid NOT NULL);
"""


def sizes(connection: psycopg.Connection[Any], *relations: str) -> dict[str, float]:
    """Bytes a row of each relation."""
    return {name: connection.execute("SELECT pg_relation_size(%s::regclass)", [name]).fetchone()[0] / ROWS for name in relations}  # type: ignore[index]


def grow(connection: psycopg.Connection[Any]) -> None:
    """A million identifiers, a batch at a time, in the product's table; and the same with their text as the key."""
    for statement in TEXT_KEYED.strip().splitlines():
        connection.execute(statement)
    every = handles(ROWS)
    for _ in range(ROWS // BATCH):
        batch = list(islice(every, BATCH))
        copy_names(connection, batch)
        with connection.cursor() as cursor, cursor.copy("COPY text_keyed FROM STDIN") as copy:
            for handle in batch:
                copy.write_row((str(handle), "00000000-0000-7000-8000-000000000000"))
    connection.execute("VACUUM ANALYZE registry_identifiers_identifier")


def tell(grown: dict[str, float], rebuilt: dict[str, float], record: float) -> None:
    """Say what each part takes, and what the number of identifiers that Egret is meant for would take."""
    for name, part in {**{f"{name}, as grown": size for name, size in grown.items()}, **rebuilt, "record in public": record}.items():
        print(f"{name}: {part:.1f} B; {MEANT_FOR:,} of them {part * MEANT_FOR / 1e9:.1f} GB", file=sys.stderr)


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """Table and key index, rebuilt; the same rows under a text key; and the bare bytes of number and subject."""
    table, index, subject = ("registry_identifiers_identifier" + part for part in ("", "_pkey", "_subject_id_key"))
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as connection:
        grow(connection)
        grown = sizes(connection, table, index, subject)
        for name in (index, "text_keyed_pkey"):
            connection.execute(f"REINDEX INDEX {name}")
        rebuilt, keyed = sizes(connection, index), sizes(connection, "text_keyed", "text_keyed_pkey")
        copy_records(connection, islice(handles(ROWS), RECORDS))
        values = sizes(connection, "registry_identifiers_identifiervalue", "registry_identifiers_identifiervalue_pkey")
        tell(grown, {f"{index}, rebuilt": rebuilt[index]}, sum(values.values()) * ROWS / RECORDS)
        ours, text = grown[table] + rebuilt[index], sum(keyed.values())
        yield Contest(ours=lambda: ours, peer=lambda: text, limit=lambda: float(KEY + SUBJECT))


CLAIM: Final = Claim(
    says="An identifier takes at most 75 bytes in its table and in the index that it is found by, once that index was rebuilt.",
    unit="bytes",
    better=Better.LOWER,
    goal=Absolute(75.0, scaled_by=None),
    open=contest,
    peer="the same rows with the text of the identifier as the key",
)
