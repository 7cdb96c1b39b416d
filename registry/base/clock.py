"""The only business time: real time plus one offset row, which a demo server may raise and nobody may lower."""

from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext_noop

from registry.base.errors import BadInput, UserError

JUMP_LIMIT: Final = timedelta(days=3660)
"""The furthest one jump may reach: ten years, the longest validity plus a renewal window."""

_fixed: dict[str, timedelta] = {}


class DemoClockOff(UserError):
    """Only a server started with ``--demo-clock`` lets its client move time."""

    code = "DEMO_CLOCK_OFF"
    message = gettext_noop("This server runs on real time.")
    remedy = gettext_noop("Wait, or start a demo server with --demo-clock.")


def now() -> datetime:
    """The business time, aware, UTC."""
    return datetime.now(tz=UTC) + offset()


def offset() -> timedelta:
    """How far business time runs ahead of real time, as the database says.

    A server without the demo clock reads it once, for nobody can raise it under its feet.
    """
    if settings.DEMO_CLOCK:
        return _read()
    name = str(connection.settings_dict["NAME"])
    if name not in _fixed:
        _fixed[name] = _read()
    return _fixed[name]


def advance(*, to: datetime) -> datetime:
    """Raise the business time to an instant and return it.

    Raises:
        DemoClockOff: the server keeps real time.
        BadInput: the instant is not in the future, or further than ``JUMP_LIMIT``.
    """
    if not settings.DEMO_CLOCK:
        raise DemoClockOff
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM registry_base_clockoffset WHERE id = 1 FOR UPDATE")
        current = now()
        if to <= current:
            raise BadInput("to", "time only moves forward", now=current.isoformat())
        if to - current > JUMP_LIMIT:
            raise BadInput("to", "at most ten years in one jump")
        seconds = (to - datetime.now(tz=UTC)).total_seconds()
        cursor.execute("UPDATE registry_base_clockoffset SET seconds = %s WHERE id = 1", [seconds])
    return now()


def _read() -> timedelta:
    with connection.cursor() as cursor:
        cursor.execute("SELECT seconds FROM registry_base_clockoffset WHERE id = 1")
        row = cursor.fetchone()
    return timedelta(seconds=row[0]) if row else timedelta()
