"""A server, a migrated database and a place for files that last as long as one run of the benchmarks and touch nobody else's."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import django
from django.conf import settings
from django.db import connections

from registry.base.embedded import acquire
from registry.base.local_keys import LENGTHS
from registry.base.migration import migrated_database
from registry.base.scratch import ScratchRun

FILES: Final = "registry.base.storage.DurableFileStorage"


@contextmanager
def house() -> Iterator[str]:
    """Set Django up on a fresh, migrated database; yields the address of an empty second one for calibration and plain SQL.

    Raises:
        ServerUnavailable: no PostgreSQL could be started or reached.
        MigrationFailed: with the output of the migrations.
    """
    with acquire() as server, ScratchRun(server.url) as run, tempfile.TemporaryDirectory() as files:
        for name, length in LENGTHS.items():
            os.environ[name] = secrets.token_hex(length)
        os.environ["DATABASE_URL"] = migrated_database(run.admin, server.url, run.name("bench"))
        os.environ["DJANGO_SETTINGS_MODULE"] = "marketplace.settings"
        django.setup()
        settings.STORAGES = settings.STORAGES | {"log": {"BACKEND": FILES, "OPTIONS": {"location": files}}}
        try:
            yield run.database("plain")
        finally:
            connections.close_all()
