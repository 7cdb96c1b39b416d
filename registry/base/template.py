"""A migrated database to copy from, so that a fresh one costs a copy and not every migration: one for each state of the migrations."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import django

from registry.base.migration import migrated_database
from registry.base.roles import drop_database

if TYPE_CHECKING:
    from psycopg import Connection

PROJECT: Final = Path(__file__).resolve().parents[2]
PACKAGES: Final = ("registry", "pricing", "listings", "settlement", "marketplace")
TEMPLATE_CLASS: Final = 0x65677432
"""First half of the advisory lock on a template's use: shared while a session clones from it, exclusive while it is dropped."""
BUILDING_CLASS: Final = 0x65677433
"""First half of the advisory lock on its making, which must not wait for sessions that already use it."""
BUILDING: Final = "egret_building_"
TEMPLATE: Final = "egret_template_"


def schema_hash() -> str:
    """Return eight hexadecimal digits that change with anything the migrated schema is made from."""
    digest = hashlib.sha256(str(django.VERSION).encode())
    files = [path for package in PACKAGES for path in (PROJECT / package).glob("**/migrations/**/*") if path.suffix in {".py", ".sql"}]
    files += [path for package in PACKAGES for path in (PROJECT / package).glob("*/guards.py")]  # SQL that migrations run
    stated = [PROJECT / "registry" / "rules" / "rulebook.json", PROJECT / "marketplace" / "settings.py"]
    for path in sorted([*files, *stated, *(PROJECT / "registry" / "base").glob("*.py")]):
        digest.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def migrated_template(admin: Connection[tuple[Any, ...]], url: str) -> str:
    """Return the name of the template of today's migrations, made if an earlier run did not leave it.

    It stays until no living session uses it and another state of the migrations needs one.

    Raises:
        MigrationFailed: with the output of the migrations.
    """
    number = schema_hash()
    name, half = f"{TEMPLATE}{number}", int.from_bytes(bytes.fromhex(number), signed=True)
    admin.execute("SELECT pg_advisory_lock(%s, %s)", [BUILDING_CLASS, half])
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        _drop_unused(admin)
        _build(admin, url, f"{BUILDING}{number}", name)
    admin.execute("SELECT pg_advisory_lock_shared(%s, %s)", [TEMPLATE_CLASS, half])  # held until the session ends
    admin.execute("SELECT pg_advisory_unlock(%s, %s)", [BUILDING_CLASS, half])
    return name


def _build(admin: Connection[tuple[Any, ...]], url: str, draft: str, name: str) -> None:
    drop_database(admin, draft)
    migrated_database(admin, url, draft)
    # nobody may connect from here on: a copy fails while its source has a visitor
    admin.execute(f'ALTER DATABASE "{draft}" ALLOW_CONNECTIONS false')
    admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


def _drop_unused(admin: Connection[tuple[Any, ...]]) -> None:
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname ~ '^egret_(template|building)_[0-9a-f]{8}$'").fetchall()
    for (name,) in rows:
        key = [TEMPLATE_CLASS, int.from_bytes(bytes.fromhex(str(name)[-8:]), signed=True)]
        row = admin.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
        if row and row[0]:
            drop_database(admin, str(name))
            admin.execute("SELECT pg_advisory_unlock(%s, %s)", key)
