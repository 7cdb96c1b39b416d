"""Runs a command as an operator meets it: a database that is not there is one line which says what to do, not a traceback."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import psycopg
from django.core.management import execute_from_command_line
from django.db import Error

from registry.base import environment
from registry.base.environment import WrongEnvironment

REASON_MAX: Final = 300
"""Characters of the database's own words that are shown."""
GONE: Final = ("08", "57P")
"""Classes of SQLSTATE that say that the server is away. One that was never reached gives none."""
NEVER_SET_UP: Final = (psycopg.errors.UndefinedTable, psycopg.errors.InvalidParameterValue)
"""What a database without our tables, or without our roles, answers to the first question."""


def main(arguments: Sequence[str]) -> None:
    """Run a command, Django's own or ours; ends the process with status 1 where the environment or the database does not serve it.

    With ``--traceback`` errors are shown whole, as Django does with those of its commands.
    """
    try:
        execute_from_command_line(list(arguments))
    except (WrongEnvironment, Error, psycopg.Error) as error:
        told = str(error) if isinstance(error, WrongEnvironment) else _told(error)
        if not told or "--traceback" in arguments:
            raise
        sys.stderr.write(f"CommandError: {told}\n")
        sys.exit(1)


def _told(error: Exception) -> str:
    """What is wrong with the database and what to do, in both languages; nothing if the database is not the trouble."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    named = bool(environment.text("DATABASE_URL"))
    if isinstance(cause, psycopg.OperationalError) and (cause.sqlstate or GONE[0]).startswith(GONE):
        english = (
            "DATABASE_URL names a database that does not answer: start its server or correct the address"
            if named
            else "no database answers: run `manage.py serve`, which brings one, or set DATABASE_URL"
        )
        chinese = (
            "DATABASE_URL 所指数据库无应答：请启动该服务器或更正地址"
            if named
            else "数据库无应答：请运行 manage.py serve，或设置 DATABASE_URL"
        )
    elif isinstance(cause, NEVER_SET_UP):
        english = "the database was never set up, or for another version: run `manage.py serve`, which migrates it"
        chinese = "数据库尚未初始化或版本不符：请运行 manage.py serve，由其迁移"
    else:
        return ""
    return f"{english} / {chinese} ({' '.join(str(cause).split())[:REASON_MAX]})"
