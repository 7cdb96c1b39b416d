"""`manage.py serve` as an operator sees it: one line when it answers, and nothing left when it ends, however it ends."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from registry.base import processes
from registry.base.environment import with_database
from tests.support.children import SECONDS, ending, next_line
from tests.support.softhsm import softhsm

PROJECT = Path(__file__).resolve().parents[2]


def children(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pids):
    deadline = time.monotonic() + SECONDS
    while any(processes.started(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [pid for pid in pids if processes.started(pid)] == []


@pytest.fixture
def serve(databases, tmp_path):
    """Start the server on a database of this run; return the process and the address that it printed."""
    with contextlib.ExitStack() as started:

        def start(name, *options, **environment):
            process = subprocess.Popen(
                [sys.executable, "manage.py", "serve", "--port", "0", "--database", databases.run.name(name), *options],
                cwd=PROJECT,
                env={**os.environ, "DATABASE_URL": databases.server.url, "EGRET_VAR": str(tmp_path), **environment},
                stdout=subprocess.PIPE,
                text=True,
            )
            started.enter_context(ending(process))
            return process, json.loads(next_line(process))["url"]

        yield start


@pytest.fixture
def migrated(serve, databases):
    """Start the server on a database that has today's schema already."""

    def start(name, **environment):
        databases.run.clone(name, template=databases.template)
        return serve(name, "--migrated", **environment)

    return start


def status(url):
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=SECONDS)
    try:
        connection.request("GET", "/no-such-page")
        return connection.getresponse().status
    finally:
        connection.close()


def test_it_migrates_answers_and_ends_without_a_trace(serve, databases):
    process, url = serve("served")
    assert status(url) == 404
    with psycopg.connect(with_database(databases.server.url, databases.run.name("served"))) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM django_migrations").fetchone() == (True,)
        owners = connection.execute("SELECT DISTINCT tableowner::text FROM pg_tables WHERE schemaname = 'public'").fetchall()
    connection.close()
    assert owners == [("egret_owner",)]
    left = children(process.pid)
    assert len(left) == 1
    process.send_signal(signal.SIGTERM)
    assert process.wait(SECONDS) == 0
    assert gone(left)


def test_its_web_server_dies_with_it_even_when_it_is_killed(migrated):
    process, _url = migrated("killed")
    left = children(process.pid)
    left += [grandchild for child in left for grandchild in children(child)]
    assert len(left) == 2
    process.kill()
    assert gone(left)


def test_a_web_server_that_ends_by_itself_ends_the_command_with_an_error(migrated):
    process, _url = migrated("broken")
    for pid in children(process.pid):
        os.kill(pid, signal.SIGKILL)
    assert process.wait(SECONDS) == 1


def test_a_refused_pin_stops_it_before_any_worker_could_send_it_again(migrated, tmp_path):
    device = softhsm(tmp_path)
    given = {"EGRET_CERTIFICATE_SIGNER": device.uri(), "SOFTHSM2_CONF": device.environment["SOFTHSM2_CONF"]}
    device.pin_file("9999")
    command = [sys.executable, "manage.py", "serve", "--port", "0", "--workers", "8"]
    done = subprocess.run(
        command, cwd=PROJECT, env=os.environ | given, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    told = "EGRET_CERTIFICATE_SIGNER names a key that cannot be used: token 'egret' refuses the PIN (PinIncorrect)"
    assert done.stderr == f"CommandError: {told}\n"

    device.pin_file()
    (tmp_path / "tokens").rename(tmp_path / "away")  # a device that is away at the start may come back
    _process, url = migrated("away", **given)
    assert status(url) == 404
