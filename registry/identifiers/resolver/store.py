"""Reads records from PostgreSQL without the ORM: a few connections of its own, statements prepared once, and a short memory.

A record is remembered for ``REMEMBERED_SECONDS``, so that an answer is never older than that. What is not yet in the log, and what does
not exist, is not remembered at all.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import Cursor, sql

from registry.identifiers.records import AT_INDEX, AT_VERSION, CURRENT, EACH_CURRENT, Record, records
from registry.identifiers.resolver.asking import Question

REMEMBERED_SECONDS: Final = 2.0
REMEMBERED_MAX: Final = 10_000
"""Records; a few kilobytes each."""
NAME: Final = "egret-resolver"
"""What the sessions are called in the database's list of them."""
CONNECTIONS_MAX: Final = 16
CONNECT_SECONDS: Final = 2
STATEMENT_MILLISECONDS: Final = 2_000
REST_SECONDS: Final = 0.5
"""After a failed connection nobody tries another for this long: a database that is away must not hold up every thread."""
TRIES: Final = 2
"""A connection that was idle may have died since; the second try is on a fresh one."""


class Away(Exception):
    """The database does not answer."""


class Store:
    """The records of one database. Safe to share by threads; opens nothing before the first question, so that it survives a fork."""

    def __init__(self, parameters: dict[str, Any], *, role: str, prefix: str) -> None:
        """``parameters`` are libpq's; the session acts as ``role`` and can only read. ``prefix`` is the installation's own."""
        self._parameters, self._own = parameters, frozenset({prefix})
        self._session = sql.SQL("SET ROLE {}; SET default_transaction_read_only = on; SET statement_timeout = {}").format(
            sql.Identifier(role), sql.Literal(STATEMENT_MILLISECONDS)
        )
        self._idle: list[Cursor[Any]] = []
        self._places = threading.BoundedSemaphore(CONNECTIONS_MAX)
        self._lock = threading.Lock()
        self._prefixes: frozenset[str] | None = None
        self._rests_until = 0.0
        self._remembered: OrderedDict[int, tuple[Record, float]] = OrderedDict()

    def prefixes(self) -> frozenset[str]:
        """The prefixes that this database has identifiers under, and the installation's own.

        Raises:
            Away: the database does not answer.
        """
        if self._prefixes is None:
            rows = self._rows("SELECT DISTINCT prefix FROM registry_identifiers_series", [])
            self._prefixes = self._own | {prefix for (prefix,) in rows}
        return self._prefixes

    def recent(self, number: int) -> tuple[Record, float] | None:
        """A remembered record and its age in seconds."""
        found = self._remembered.get(number)
        if found is None or (age := time.monotonic() - found[1]) > REMEMBERED_SECONDS:
            return None
        return found[0], age

    def current(self, numbers: Sequence[int]) -> dict[int, tuple[Record, float]]:
        """The records of these numbers that exist, each with its age in seconds: from memory, the rest by one query.

        Raises:
            Away: the database does not answer.
        """
        known = {number: found for number in numbers if (found := self.recent(number))}
        missing = [number for number in dict.fromkeys(numbers) if number not in known]
        if not missing:
            return known
        asked = time.monotonic()
        one = len(missing) == 1
        read = records(self._rows(CURRENT if one else EACH_CURRENT, missing if one else [missing]))
        self._remember(read, asked)
        return known | {number: (record, 0.0) for number, record in read.items()}

    def earlier(self, question: Question) -> Record | None:
        """A record as it was, by version or by place in the log; None where the identifier does not exist.

        Raises:
            Away: the database does not answer.
        """
        query, point = (AT_INDEX, question.at) if question.at is not None else (AT_VERSION, question.version)
        return records(self._rows(query, [point, question.handle.number])).get(question.handle.number)

    def close(self) -> None:
        """Close the connections that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for cursor in idle:
            cursor.connection.close()

    def _remember(self, read: dict[int, Record], asked: float) -> None:
        with self._lock:
            for number, record in read.items():
                before = self._remembered.get(number)
                if record.index is not None and (before is None or before[1] <= asked):
                    self._remembered[number] = record, asked
                    self._remembered.move_to_end(number)
            while len(self._remembered) > REMEMBERED_MAX:
                self._remembered.popitem(last=False)

    def _rows(self, query: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
        for tried in range(1, TRIES + 1):
            try:
                with self._borrowed(fresh=tried > 1) as cursor:
                    return cursor.execute(query, parameters, prepare=True).fetchall()
            except psycopg.errors.QueryCanceled as error:
                raise Away from error
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                if tried == TRIES:
                    raise Away from error
        raise Away

    @contextmanager
    def _borrowed(self, *, fresh: bool) -> Iterator[Cursor[Any]]:
        """A connection's one cursor, for one query (making a cursor costs nearly as much as using it).

        A connection that failed is closed, with all that were idle beside it.
        """
        if not self._places.acquire(timeout=CONNECT_SECONDS):
            raise Away
        try:
            if fresh:
                self.close()
            with self._lock:
                cursor = self._idle.pop() if self._idle else None
            cursor = cursor or self._connect()
            try:
                yield cursor
            except BaseException:
                cursor.connection.close()
                raise
            with self._lock:
                self._idle.append(cursor)
        finally:
            self._places.release()

    def _connect(self) -> Cursor[Any]:
        if time.monotonic() < self._rests_until:
            raise Away
        try:
            ours = {"connect_timeout": CONNECT_SECONDS, "application_name": NAME}
            connection = psycopg.connect(**{**self._parameters, **ours}, autocommit=True)
            connection.execute(self._session)
        except psycopg.OperationalError as error:
            self._rests_until = time.monotonic() + REST_SECONDS
            raise Away from error
        return connection.cursor(binary=True)
