"""Makes the two database roles and the databases: the owner migrates, the application can neither change a table nor grant itself more."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql
from psycopg.errors import InsufficientPrivilege, ObjectInUse

from registry.base.environment import with_database

if TYPE_CHECKING:
    from psycopg import Connection

OWNER: Final = "egret_owner"
APPLICATION: Final = "egret_app"
SETUP_LOCK: Final = 0x65677265
"""Key of the advisory lock under which roles are made: two processes that start at once would collide in the role table."""
MIGRATION_LOCK: Final = 0x65676D69
"""Key of the advisory lock under which a server's databases are migrated, one after the other."""
CONNECT_SECONDS: Final = 10
LOCK_TIMEOUT: Final = "180s"
DROP_TRIES: Final = 5
"""How often a database is tried to be dropped; each try may wait five seconds in the server for its own vacuum to end."""


def connect(url: str) -> Connection[tuple[object, ...]]:
    """Open an administrative connection that commits each statement and waits for a lock no longer than three minutes.

    Raises:
        psycopg.OperationalError: the server does not answer.
    """
    connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    connection.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    return connection


def ensure_roles(admin: Connection[tuple[object, ...]]) -> None:
    """Create both roles when they are missing and let the connected user act as them.

    Raises:
        psycopg.errors.InsufficientPrivilege: the user may not create roles and nobody has created them.
    """
    with admin.transaction():
        admin.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
        for role in (OWNER, APPLICATION):
            if admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                admin.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
            if not _may_act_as(admin, role):
                admin.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(role)))


def _may_act_as(admin: Connection[tuple[object, ...]], role: str) -> bool:
    # from PostgreSQL 16 on, whoever creates a role is its member without the right to act as it
    privilege = "SET" if admin.info.server_version >= 160000 else "MEMBER"  # noqa: PLR2004  # PostgreSQL 16
    row = admin.execute("SELECT pg_has_role(current_user, %s::name, %s)", [role, privilege]).fetchone()
    return bool(row and row[0])


def ensure_database(admin: Connection[tuple[object, ...]], url: str, name: str) -> str:
    """Create the database when it is missing, give both roles their privileges in it, and return its address.

    What the owner creates later is readable and writable for the application by default privilege; append-only tables take that back
    in their own migrations. TRUNCATE is never granted.
    """
    address = with_database(url, name)
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        create_database(admin, name)
    with connect(address) as connection, connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
        for statement in (
            "GRANT CREATE, USAGE ON SCHEMA public TO {owner}",
            "GRANT USAGE ON SCHEMA public TO {application}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {application}",
            "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {application}",
        ):
            connection.execute(sql.SQL(statement).format(owner=sql.Identifier(OWNER), application=sql.Identifier(APPLICATION)))
    return address


def create_database(admin: Connection[tuple[object, ...]], name: str, *, template: str | None = None) -> None:
    """Create a database that belongs to the owner role, empty (UTF-8) or as a copy of a template."""
    source = sql.SQL("TEMPLATE {}").format(sql.Identifier(template)) if template else sql.SQL("TEMPLATE template0 ENCODING 'UTF8'")
    statement = sql.SQL("CREATE DATABASE {} OWNER {} ").format(sql.Identifier(name), sql.Identifier(OWNER)) + source
    admin.execute(statement)


def drop_database(admin: Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database when it exists, and with it the sessions that are still in it.

    The server's own vacuum may be at work in it, and only a superuser may end that. Asked to drop without force, the server ends it itself.

    Raises:
        psycopg.Error: it could not be dropped.
    """
    plain = sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name))
    for _ in range(DROP_TRIES):
        try:
            admin.execute(plain + sql.SQL(" WITH (FORCE)"))
        except InsufficientPrivilege:
            with suppress(ObjectInUse):
                admin.execute(plain)
                return
        else:
            return
    admin.execute(plain + sql.SQL(" WITH (FORCE)"))
