"""Brings a database to the current schema, as the owner role and in a process of its own, so that the application never holds that role."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from registry.base.roles import MIGRATION_LOCK, OWNER, ensure_database, ensure_roles

if TYPE_CHECKING:
    from psycopg import Connection

PROJECT: Final = Path(__file__).resolve().parents[2]
MIGRATE_SECONDS: Final = 300


class MigrationFailed(Exception):
    """The migrations did not run to their end; carries what they wrote."""


def migrated_database(admin: Connection[tuple[Any, ...]], url: str, name: str) -> str:
    """Make roles and database where they are missing, migrate, and return the database's address.

    Two processes that start on one server migrate one after the other.

    Raises:
        MigrationFailed: with the output of the migrations.
        psycopg.errors.InsufficientPrivilege: the user may not create roles or databases and they are missing.
    """
    ensure_roles(admin)
    admin.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
    try:
        address = ensure_database(admin, url, name)
        answer = subprocess.run(  # noqa: S603  # this interpreter and this project's own command
            # tables need no addresses or pages: what checks would load is none of a migration's business
            [sys.executable, str(PROJECT / "manage.py"), "migrate", "--skip-checks", "--verbosity", "0"],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": address, "EGRET_ROLE": OWNER},
            capture_output=True,
            text=True,
            check=False,
            timeout=MIGRATE_SECONDS,
        )
    finally:
        admin.execute("SELECT pg_advisory_unlock(%s)", [MIGRATION_LOCK])
    if answer.returncode:
        message = f"the migrations of {name} failed:\n{answer.stdout}{answer.stderr}"
        raise MigrationFailed(message)
    return address
