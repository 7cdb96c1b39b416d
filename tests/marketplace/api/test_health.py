"""Supervisors and load balancers."""

from __future__ import annotations

from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client


def test_a_live_process_says_so_without_the_database():
    response = Client().get("/livez")
    assert (response.status_code, response.json()) == (200, {"live": True})


def test_ready_means_a_database_with_every_migration(db):
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "checks": {"database": True, "migrations": True}})


def test_a_missing_migration_is_not_ready(db, monkeypatch):
    applied = MigrationRecorder.applied_migrations
    monkeypatch.setattr(
        MigrationRecorder, "applied_migrations", lambda self: {key: row for key, row in applied(self).items() if key[0] != "registry_base"}
    )
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["checks"]) == (503, {"database": True, "migrations": False})


def test_no_database_is_not_ready_and_tells_nothing(db, monkeypatch):
    def fail():
        raise OperationalError("host=secret")

    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", fail)
        response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (503, {"ready": False, "checks": {"database": False, "migrations": False}})


def test_only_reading_is_allowed(db):
    assert [Client().post(path).status_code for path in ("/livez", "/readyz", "/graphiql")] == [405, 405, 405]
