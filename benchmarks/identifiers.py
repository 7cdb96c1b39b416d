"""Fills a database with identifiers and their public records, in the product's own tables and of the size that filings give them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from typing import Any, Final
from uuid import UUID

import psycopg
from django.conf import settings

from registry.base import clock
from registry.base.ids import uuid7
from registry.identifiers.handles import CROCKFORD, NUMBER_BITS, Handle, check_character, encode
from registry.identifiers.values import CERT, RIGHTS, STATUS

SEED: Final = 370
VALUES: Final = (STATUS, RIGHTS, CERT)


def handles(count: int) -> Iterator[Handle]:
    """Distinct identifiers under the installation's prefix, as minting draws them, from a fixed seed."""
    draw, prefix = random.Random(SEED), settings.EGRET_IDENTIFIER_PREFIX  # noqa: S311 no secret: the same names each time
    given: set[int] = set()
    while len(given) < count:
        number = draw.getrandbits(NUMBER_BITS)
        if number not in given and check_character(prefix, encode(number)) in CROCKFORD:
            given.add(number)
            yield Handle(prefix, number)


def copy_names(connection: psycopg.Connection[Any], named: Iterable[Handle]) -> None:
    """Enter identifiers of the common series, each with a fresh subject."""
    common = "INSERT INTO registry_identifiers_series VALUES (1, %s, 'RegisteredObject') ON CONFLICT DO NOTHING"
    connection.execute(common, [settings.EGRET_IDENTIFIER_PREFIX])
    rows = ((handle.number, uuid7()) for handle in named)
    _copy(connection, "registry_identifiers_identifier (number, subject_id)", rows)


def copy_records(connection: psycopg.Connection[Any], named: Iterable[Handle]) -> None:
    """Enter the record that a certified filing leaves: status, three rights, a certificate; each logged."""
    log_id, at = uuid7(), clock.now()
    events = [(handle.number, uuid7(at)) for handle in named]
    said = {kind: _data(kind.name) for kind in VALUES}
    _copy(connection, "registry_log_leaf (index, entry, hash)", ((place, event, bytes(32)) for place, (_, event) in enumerate(events)))
    connection.execute("INSERT INTO registry_log_logstate VALUES (1, %s, %s, '')", [log_id, len(events)])
    _copy(
        connection,
        "registry_identifiers_identifiervalue (identifier_id, at, version, index, event_id, data)",
        ((number, at, 1, kind.index, event, data) for number, event in events for kind, data in said.items()),
    )
    connection.execute("ANALYZE registry_identifiers_identifier, registry_identifiers_identifiervalue, registry_log_leaf")


def _data(kind: str) -> str:
    key = str(UUID(int=1))
    right = {"right": "OPERATE", "grant": key, "holder": key, "from": "2027-01-01", "last_day": "2029-12-31"}
    certificate = {"number": "EGR-202701-0001", "sha256": "0" * 64, "issued_at": "2027-01-01T00:00:00Z"}
    return json.dumps(
        {
            "STATUS": {"state": "REGISTERED", "holds": [], "holds_total": 0},
            "RIGHTS": {"rights": [right] * 3, "rights_total": 3},
            "CERT": {"certificates": [certificate], "certificates_total": 1},
        }[kind],
        separators=(",", ":"),
    )


def _copy(connection: psycopg.Connection[Any], into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
