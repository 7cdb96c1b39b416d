"""Databases that live as long as one run: made fresh, dropped after, and dropped by the next run when this one was killed."""

from __future__ import annotations

import contextlib
import re
import secrets
from typing import TYPE_CHECKING, Final, Self

from registry.base.environment import with_database
from registry.base.roles import connect, create_database, drop_database, ensure_database, ensure_roles

if TYPE_CHECKING:
    from psycopg import Connection

RUN_CLASS: Final = 0x65677231
"""First half of the advisory lock that every living run holds; the run's number is the second half."""
NAME: Final = re.compile(r"egret_run_([0-9a-f]{8})(_[a-z0-9_]+)?")


class ScratchRun:
    """A run and its databases on one server. The server itself knows whether the run lives: its session holds a lock."""

    def __init__(self, url: str) -> None:
        """Connect, make the roles, drop the databases of dead runs, and announce this run.

        Raises:
            psycopg.OperationalError: the server does not answer.
        """
        self.url = url
        self.number = secrets.token_hex(4)
        self.admin: Connection[tuple[object, ...]] = connect(url)
        try:
            ensure_roles(self.admin)
            drop_dead(self.admin)
            self.admin.execute("SELECT pg_advisory_lock(%s, %s)", [RUN_CLASS, _signed(self.number)])
        except BaseException:
            self.admin.close()
            raise

    def name(self, part: str) -> str:
        """Return the name of one of this run's databases."""
        return f"egret_run_{self.number}_{part}"

    def database(self, part: str) -> str:
        """Create an empty database of this run and return its address."""
        return ensure_database(self.admin, self.url, self.name(part))

    def clone(self, part: str, *, template: str) -> str:
        """Copy a template into a database of this run and return its address."""
        create_database(self.admin, self.name(part), template=template)
        return with_database(self.url, self.name(part))

    def close(self) -> None:
        """Drop this run's databases and say goodbye. A second call does nothing."""
        if not self.admin.closed:
            _drop_run(self.admin, self.number)
            self.admin.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def drop_dead(admin: Connection[tuple[object, ...]]) -> None:
    """Drop the databases of runs whose session is gone."""
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname LIKE 'egret\\_run\\_%%'").fetchall()
    for number in {match[1] for (name,) in rows if (match := NAME.fullmatch(str(name)))}:
        claim = [RUN_CLASS, _signed(number)]
        row = admin.execute("SELECT pg_try_advisory_lock(%s, %s)", claim).fetchone()
        if row and row[0]:
            with contextlib.ExitStack() as stack:
                stack.callback(admin.execute, "SELECT pg_advisory_unlock(%s, %s)", claim)
                _drop_run(admin, number)


def _drop_run(admin: Connection[tuple[object, ...]], number: str) -> None:
    rows = admin.execute("SELECT datname FROM pg_database WHERE left(datname, 18) = %s", [f"egret_run_{number}"]).fetchall()
    for (name,) in rows:
        drop_database(admin, str(name))


def _signed(number: str) -> int:
    # PostgreSQL's two-part lock keys are signed 32-bit integers
    return int.from_bytes(bytes.fromhex(number), signed=True)
