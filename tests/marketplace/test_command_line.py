"""`manage.py` without its database: one line that says what is wrong and what to do, in both languages, and no traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import IntegrityError, OperationalError

from marketplace.management import command_line
from registry.base.environment import with_database
from registry.base.roles import create_database

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 120


def ended(tmp_path, *arguments, **given):
    """Status, output and errors of a command."""
    without = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    environment = without | {"EGRET_VAR": str(tmp_path), "SECRET_KEY": "x" * 50, **given}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def nowhere():
    """The address of a port that is taken and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"postgresql://nobody@127.0.0.1:{taken.getsockname()[1]}/nothing"


def test_a_server_that_is_away_is_told_in_one_line(nowhere, tmp_path):
    status, out, errors = ended(tmp_path, "log_keys", "list", DATABASE_URL=nowhere)
    assert (status, out, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(
        "CommandError: DATABASE_URL names a database that does not answer: start its server or correct the address"
        " / DATABASE_URL 所指数据库无应答：请启动该服务器或更正地址 (connection failed: "
    )
    assert "Connection refused" in errors


def test_a_database_that_was_never_set_up_is_told_in_one_line(databases, tmp_path):
    name = databases.run.name("bare")
    create_database(databases.run.admin, name)
    status, out, errors = ended(tmp_path, "bootstrap", DATABASE_URL=with_database(databases.server.url, name))
    databases.drop(name)
    assert (status, out, errors.count("\n")) == (1, "", 1)
    assert errors.startswith(
        "CommandError: the database was never set up, or for another version: run `manage.py serve`, which migrates it"
    )
    assert "数据库尚未初始化或版本不符" in errors


def raising(cause):
    def execute(_arguments):
        raise OperationalError from cause

    return execute


def test_without_a_server_of_ones_own_the_command_says_how_to_start_one(monkeypatch, capsys):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setattr(command_line, "execute_from_command_line", raising(psycopg.OperationalError("no such\n\tsocket")))
    with pytest.raises(SystemExit) as ended:
        command_line.main(["manage.py", "log_keys", "list"])
    assert (ended.value.code, capsys.readouterr().err) == (
        1,
        (
            "CommandError: no database answers: run `manage.py serve`, which brings one, or set DATABASE_URL"
            " / 数据库无应答：请运行 manage.py serve，或设置 DATABASE_URL (no such socket)\n"
        ),
    )


def test_a_server_that_goes_away_meanwhile_is_told_too(monkeypatch, capsys):
    monkeypatch.setattr(command_line, "execute_from_command_line", raising(psycopg.errors.AdminShutdown("terminating connection")))
    with pytest.raises(SystemExit) as ended:
        command_line.main(["manage.py", "log_keys", "list"])
    assert ended.value.code == 1
    assert "(terminating connection)\n" in capsys.readouterr().err
    with pytest.raises(OperationalError):
        command_line.main(["manage.py", "log_keys", "--traceback", "list"])


def test_another_error_of_the_database_is_no_matter_of_reaching_it(monkeypatch, capsys):
    for cause in (psycopg.errors.DiskFull("no space"), psycopg.errors.LockNotAvailable("locked")):
        monkeypatch.setattr(command_line, "execute_from_command_line", raising(cause))
        with pytest.raises(OperationalError):
            command_line.main(["manage.py", "bootstrap"])

    def broken(_arguments):
        raise IntegrityError

    monkeypatch.setattr(command_line, "execute_from_command_line", broken)
    with pytest.raises(IntegrityError):
        command_line.main(["manage.py", "bootstrap"])
    assert capsys.readouterr().err == ""
