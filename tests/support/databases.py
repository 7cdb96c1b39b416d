"""The databases of a test session: one migrated template, a clone for each worker, and a clone for each test that must really commit."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import django
from django.conf import settings

from registry.base.embedded import acquire
from registry.base.migration import migrated_database
from registry.base.roles import drop_database
from registry.base.scratch import ScratchRun

if TYPE_CHECKING:
    from psycopg import Connection

    from registry.base.embedded import ServerHandle

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
    digest = hashlib.sha256(f"{django.VERSION} {settings.INSTALLED_APPS}".encode())
    files = [path for package in PACKAGES for path in (PROJECT / package).glob("**/migrations/**/*") if path.suffix in {".py", ".sql"}]
    files += [path for package in PACKAGES for path in (PROJECT / package).glob("*/guards.py")]  # SQL that migrations run
    seeded = PROJECT / "registry" / "rules" / "rulebook.json"
    for path in sorted([*files, seeded, *(PROJECT / "registry" / "base").glob("*.py")]):
        digest.update(f"{path.relative_to(PROJECT)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:8]


@dataclass
class Session:
    """What one pytest process holds: the server, this run's databases, and the template that they are copied from."""

    server: ServerHandle
    run: ScratchRun
    template: str
    clones: int = 0

    @classmethod
    def open(cls) -> Session:
        """Start or reach the server, and make the template unless an earlier run left the same one."""
        with contextlib.ExitStack() as undo:
            server = undo.enter_context(acquire())
            run = undo.enter_context(ScratchRun(server.url))
            os.environ["DATABASE_URL"] = server.url  # for the processes that tests start
            session = cls(server, run, _template(run.admin, server.url))
            undo.pop_all()
        return session

    def clone(self) -> str:
        """Copy the template and return the new database's name."""
        self.clones += 1
        part = f"{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{self.clones}"
        self.run.clone(part, template=self.template)
        return self.run.name(part)

    def drop(self, name: str) -> None:
        """Drop a clone."""
        drop_database(self.run.admin, name)

    def close(self) -> None:
        """Drop what is left and let the server go."""
        self.run.close()
        self.server.release()


def _template(admin: Connection[tuple[object, ...]], url: str) -> str:
    number = schema_hash()
    name, half = f"{TEMPLATE}{number}", int.from_bytes(bytes.fromhex(number), signed=True)
    admin.execute("SELECT pg_advisory_lock(%s, %s)", [BUILDING_CLASS, half])
    if admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
        _drop_unused(admin)
        _build(admin, url, f"{BUILDING}{number}", name)
    admin.execute("SELECT pg_advisory_lock_shared(%s, %s)", [TEMPLATE_CLASS, half])  # held until the session ends
    admin.execute("SELECT pg_advisory_unlock(%s, %s)", [BUILDING_CLASS, half])
    return name


def _build(admin: Connection[tuple[object, ...]], url: str, draft: str, name: str) -> None:
    drop_database(admin, draft)
    migrated_database(admin, url, draft)
    # nobody may connect from here on: a copy fails while its source has a visitor
    admin.execute(f'ALTER DATABASE "{draft}" ALLOW_CONNECTIONS false')
    admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')


def _drop_unused(admin: Connection[tuple[object, ...]]) -> None:
    rows = admin.execute("SELECT datname FROM pg_database WHERE datname ~ '^egret_(template|building)_[0-9a-f]{8}$'").fetchall()
    for (name,) in rows:
        key = [TEMPLATE_CLASS, int.from_bytes(bytes.fromhex(str(name)[-8:]), signed=True)]
        row = admin.execute("SELECT pg_try_advisory_lock(%s, %s)", key).fetchone()
        if row and row[0]:
            drop_database(admin, str(name))
            admin.execute("SELECT pg_advisory_unlock(%s, %s)", key)
