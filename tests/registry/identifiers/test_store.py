"""What the resolver remembers, for how long, and what it does when the database goes away and comes back."""

import contextlib
import http.client
import os
import shutil
import tempfile
import threading
import time
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from psycopg.errors import ReadOnlySqlTransaction

from registry.base import embedded, environment, roles
from registry.base.migration import migrated_database
from registry.identifiers.resolver.store import REMEMBERED_SECONDS, Store
from registry.identifiers.values import STATUS
from registry.log.integrator import integrate
from tests.support.children import SECONDS
from tests.support.resolver import REGISTERED, UNKNOWN, logged, named, say, served

HELD = {STATUS: {"state": "REGISTERED", "holds": [{"kind": "COURT"}]}}


def status_of(told):
    return next(each["data"]["value"] for each in told.json["values"] if each["type"] == "STATUS")


def test_a_change_shows_within_the_stated_time_and_an_answer_says_how_old_it_is(committed_db):
    with served(committed_db.url) as server:
        handle, began = logged(), time.monotonic()
        first = server.ask(f"/api/handles/{handle}")
        assert (first.headers["age"], first.headers["etag"]) == ("0", '"0"')
        say(handle, HELD)
        integrate()
        changed = time.monotonic()
        remembered = server.ask(f"/api/handles/{handle}")
        if time.monotonic() - began < REMEMBERED_SECONDS / 2:
            assert (remembered.headers["age"], remembered.headers["etag"]) == ("1", '"0"')
        asked = time.monotonic()
        while status_of(told := server.ask(f"/api/handles/{handle}")) != '{"holds":[{"kind":"COURT"}],"state":"REGISTERED"}':
            assert int(told.headers["age"]) <= REMEMBERED_SECONDS
            assert asked - changed < REMEMBERED_SECONDS  # what was asked for later must be new, however late its answer comes
            time.sleep(0.05)
            asked = time.monotonic()
        assert told.headers["etag"] == '"1"'


def test_what_is_not_there_and_what_is_not_logged_is_never_remembered(committed_db, settings):
    with served(committed_db.url) as server:
        handle = named()
        assert "etag" not in server.ask(f"/api/handles/{handle}").headers
        say(handle, HELD)
        assert status_of(server.ask(f"/api/handles/{handle}")) == '{"holds":[{"kind":"COURT"}],"state":"REGISTERED"}'
        assert server.ask(f"/api/handles/{UNKNOWN}").status == 404


def test_clients_at_once_each_get_their_own_record(committed_db):
    handles = [named() for _ in range(40)]
    integrate()
    wrong = []

    def resolve_all(port, first):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        for at in range(80):
            handle = handles[(first + at) % len(handles)]
            client.request("GET", f"/api/handles/{handle}")
            answer = client.getresponse()
            if f'"handle":"{handle}"'.encode() not in answer.read() or answer.status != 200:
                wrong.append(handle)
        client.close()

    with served(committed_db.url) as server:
        threads = [threading.Thread(target=resolve_all, args=(server.port, first)) for first in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        counted = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'egret-resolver' AND datname = current_database()"
        with contextlib.closing(psycopg.connect(committed_db.url)) as watcher:
            sessions = watcher.execute(counted).fetchone()[0]
    assert wrong == []
    assert 1 <= sessions <= 8


def test_a_session_of_the_resolver_can_only_read(committed_db):
    store = Store(dict(environment.database(committed_db.url)), role=roles.APPLICATION, prefix="88.118.100111")
    with pytest.raises(ReadOnlySqlTransaction):
        store._rows("INSERT INTO registry_identifiers_series VALUES (9, '1.2.3', 'Thing')", [])
    assert store._rows("SELECT current_user::text", []) == [("egret_app",)]
    store.close()


@pytest.fixture
def own_server():
    """A PostgreSQL server that the test may stop, with a migrated database; yields a way to start it and the address."""
    directory = Path(tempfile.mkdtemp(prefix="egret-resolver-"))
    before = {name: os.environ.get(name) for name in ("EGRET_VAR", "DATABASE_URL")}
    os.environ["EGRET_VAR"] = str(directory)
    os.environ.pop("DATABASE_URL", None)
    held = []
    try:
        held.append(embedded.acquire())
        with contextlib.closing(roles.connect(held[-1].url)) as admin:
            url = migrated_database(admin, held[-1].url, "resolved")
        yield held, url
    finally:
        for handle in held:
            handle.release()
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value
        shutil.rmtree(directory)


def test_the_database_may_restart_under_the_resolver(own_server, committed_db):
    held, url = own_server
    default = connections["default"]
    kept = dict(default.settings_dict)
    default.close()
    connections.settings["default"].update(environment.django_database(url))
    try:
        handle = logged(REGISTERED)
    finally:
        default.close()
        connections.settings["default"].update({name: kept[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")})
    with served(url) as server:
        path = f"/api/handles/{handle}"
        assert server.ask(path).status == 200
        held[-1].release()
        time.sleep(REMEMBERED_SECONDS + 0.1)
        away = server.ask(path)
        assert (away.status, away.headers["retry-after"], away.headers["cache-control"]) == (503, "2", "no-store")
        assert away.json["responseCode"] == 3
        assert server.ask(f"/{handle}").status == 503
        assert server.batch([handle]).status == 503
        held.append(embedded.acquire())
        time.sleep(1)
        assert [server.ask(path).status for _ in range(20)] == [200] * 20
        # and once more, with sessions that are idle when it happens
        held[-1].release()
        held.append(embedded.acquire())
        time.sleep(REMEMBERED_SECONDS + 0.1)
        assert [server.ask(path).status for _ in range(20)] == [200] * 20
