"""The embedded server's life with real processes: shared, outliving a killed user, and gone when the last user leaves."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import ClassVar

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, ObjectInUse

from registry.base import processes
from registry.base.embedded import NOTICE, ServerUnavailable, acquire
from registry.base.environment import WrongEnvironment
from registry.base.roles import DROP_TRIES, drop_database
from registry.base.scratch import ScratchRun
from tests.support.children import SECONDS, next_line

PROJECT = Path(__file__).resolve().parents[2]


class Holder:
    """One process that holds the server below a directory; ``var`` ends those that their test left."""

    begun: ClassVar[list[Holder]] = []

    def __init__(self, var: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.holder"],
            cwd=PROJECT,
            env={**environment, "EGRET_VAR": str(var)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.begun.append(self)
        pid, _, self.url = next_line(self.process).strip().partition(" ")
        assert pid.isdigit(), self.process.communicate(timeout=SECONDS)[1]
        self.postmaster = int(pid)

    def leave(self) -> str:
        """End it politely and return what it wrote to its error stream."""
        errors = self.process.communicate("", timeout=SECONDS)[1]
        assert self.process.returncode == 0, errors
        return errors

    def kill(self) -> None:
        """End it with SIGKILL, so that it can clean nothing up."""
        self.process.kill()
        self.process.communicate(timeout=SECONDS)


@pytest.fixture
def var():
    # not pytest's own directory: as root the wheel opens every directory above its data
    directory = Path(tempfile.mkdtemp(prefix="egret-embedded-"))
    yield directory
    while Holder.begun:
        holder = Holder.begun.pop()
        if holder.process.returncode is None:
            holder.kill()
    lines = (
        (directory / "postgres" / "postmaster.pid").read_text().splitlines() if (directory / "postgres" / "postmaster.pid").exists() else []
    )
    if lines and processes.started(int(lines[0])):
        os.kill(int(lines[0]), signal.SIGQUIT)
        _gone(int(lines[0]))
    shutil.rmtree(directory)


def _gone(pid):
    deadline = time.monotonic() + SECONDS
    while processes.started(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return processes.started(pid) is None


def test_two_users_share_one_server_and_the_last_one_stops_it(var):
    first, second = Holder(var), Holder(var)
    assert first.postmaster == second.postmaster
    first.leave()
    assert processes.started(second.postmaster) is not None
    second.leave()
    assert processes.started(second.postmaster) is None
    assert json.loads((var / "postgres.users").read_text()) == []


def test_a_killed_user_leaves_no_server_once_the_next_one_ends(var):
    killed = Holder(var)
    killed.kill()
    assert processes.started(killed.postmaster) is not None
    following = Holder(var)
    assert following.postmaster == killed.postmaster
    following.leave()
    assert processes.started(killed.postmaster) is None


def test_a_killed_server_recovers_what_was_committed(var):
    killed = Holder(var)
    with psycopg.connect(killed.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
    connection.close()
    killed.kill()
    os.kill(killed.postmaster, signal.SIGKILL)
    assert _gone(killed.postmaster)
    following = Holder(var)
    assert following.postmaster != killed.postmaster
    with psycopg.connect(following.url) as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
        settings = connection.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')").fetchone()
    assert settings == ("on", "on")
    following.leave()


def test_a_pid_that_now_belongs_to_another_process_counts_as_dead(var):
    stranger = {"token": "old", "pid": os.getpid(), "started": "not when this process started"}
    (var / "postgres.users").write_text(json.dumps([stranger]))
    only = Holder(var)
    assert [user["pid"] for user in json.loads((var / "postgres.users").read_text())] == [only.process.pid]
    only.leave()
    assert processes.started(only.postmaster) is None


def test_a_data_directory_left_half_made_is_made_again(var):
    (var / "postgres").mkdir()
    (var / "postgres" / "PG_VERSION").write_text("18\n")
    holder = Holder(var)
    holder.leave()
    assert (var / "postgres" / "egret.conf").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is told")
def test_root_is_told_once_what_the_wheel_will_do(var):
    assert NOTICE in Holder(var).leave()
    assert NOTICE not in Holder(var).leave()


def test_a_path_with_a_blank_is_refused_with_what_to_do(var, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("EGRET_VAR", str(var / "a b"))
    with pytest.raises(ServerUnavailable, match="set EGRET_VAR or DATABASE_URL"):
        acquire()


def test_a_server_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://nobody@127.0.0.1:1/egret")
    with pytest.raises(ServerUnavailable, match="does not answer"):
        acquire()


def test_an_address_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "mysql://127.0.0.1/egret")
    with pytest.raises(WrongEnvironment, match="DATABASE_URL must start with postgres://"):
        acquire()


def test_the_databases_of_a_dead_run_go_with_the_next_run_and_those_of_a_living_one_stay(databases):
    url = databases.server.url
    with ScratchRun(url) as living, contextlib.closing(ScratchRun(url)) as dead:
        living.database("one")
        dead.database("two")
        dead.admin.close()  # as the server sees a killed process
        with ScratchRun(url) as following:
            rows = following.admin.execute("SELECT datname FROM pg_database").fetchall()
    names = {name for (name,) in rows}
    assert living.name("one") in names
    assert dead.name("two") not in names


class Vacuumed:
    """A connection to a server whose own vacuum is in the database for so many tries: force is refused, and then the server ends it."""

    def __init__(self, *outcomes):
        self.outcomes, self.statements = list(outcomes), []

    def execute(self, statement):
        self.statements.append(statement.as_string())
        error = self.outcomes.pop(0)
        if error is not None:
            raise error


FORCED, PLAIN = 'DROP DATABASE IF EXISTS "one" WITH (FORCE)', 'DROP DATABASE IF EXISTS "one"'


@pytest.mark.parametrize(
    ("outcomes", "statements"),
    [
        ([None], [FORCED]),
        ([InsufficientPrivilege(), None], [FORCED, PLAIN]),
        ([InsufficientPrivilege(), ObjectInUse(), None], [FORCED, PLAIN, FORCED]),
    ],
    ids=["alone", "vacuumed", "vacuumed and in use"],
)
def test_a_database_is_dropped_though_the_servers_own_vacuum_is_in_it(outcomes, statements):
    admin = Vacuumed(*outcomes)
    drop_database(admin, "one")
    assert admin.statements == statements


def test_a_database_that_cannot_be_dropped_is_an_error_in_the_end():
    admin = Vacuumed(*[InsufficientPrivilege(), ObjectInUse()] * DROP_TRIES, InsufficientPrivilege())
    with pytest.raises(InsufficientPrivilege):
        drop_database(admin, "one")
    assert len(admin.statements) == 2 * DROP_TRIES + 1
