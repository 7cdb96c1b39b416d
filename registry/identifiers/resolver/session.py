"""One connection of the resolver and the statements that it has prepared.

It speaks to libpq directly. A cursor of psycopg costs three times as much for a prepared statement, and the resolver does little else.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg.abc import Transformer as Reader
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

_PLACE: Final = re.compile("%s")
_DONE: Final = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)


class Session:
    """Runs one query at a time, each prepared when it is first asked."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        """Take over a connection that commits by itself."""
        self._connection = connection
        self._names: dict[str, bytes] = {}
        self._readers: dict[str, Reader] = {}

    def rows(self, query: str, parameters: Sequence[int | Sequence[int]]) -> list[tuple[Any, ...]]:
        """The rows of a query with ``%s`` for each parameter: a number, or a list of numbers for an array.

        Raises:
            psycopg.Error: as a cursor would.
        """
        name = self._names.get(query) or self._prepare(query)
        given = [str(each).encode() if isinstance(each, int) else _array(each) for each in parameters]
        result = self._checked(self._connection.pgconn.exec_prepared(name, given, result_format=Format.BINARY))
        reader = self._readers.get(query)
        if reader is None:
            reader = self._readers[query] = Transformer(self._connection)
            reader.set_pgresult(result)  # looks up how each column is read, which every later result has alike
        else:
            reader.set_pgresult(result, set_loaders=False)
        return reader.load_rows(0, result.ntuples, tuple)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _prepare(self, query: str) -> bytes:
        name, count = f"r{len(self._names)}".encode(), itertools.count(1)
        numbered = _PLACE.sub(lambda _place: f"${next(count)}", query)
        self._checked(self._connection.pgconn.prepare(name, numbered.encode()))
        self._names[query] = name
        return name

    def _checked(self, result: PGresult) -> PGresult:
        if result.status in _DONE:
            return result
        if self._connection.pgconn.status != ConnStatus.OK:
            raise psycopg.OperationalError(result.error_message.decode(errors="replace"))
        raise error_from_result(result)


def _array(numbers: Sequence[int]) -> bytes:
    return f"{{{','.join(map(str, numbers))}}}".encode()
