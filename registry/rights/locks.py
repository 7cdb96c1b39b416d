"""Locks on registered objects: whoever changes the rights in one waits for the other, always in primary-key order."""

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db import connection

from registry.base.errors import NotFound

_LOCK: Final = "SELECT 1 FROM registry_rights_registeredobject WHERE id = %s FOR "
_OBJECTS_MADE_FROM: Final = """
WITH RECURSIVE walk(id) AS (
  SELECT %s::uuid
  UNION
  SELECT made.object_id FROM walk JOIN registry_rights_madefrom made ON made.source_id = walk.id
) SELECT id FROM walk
"""


def lock_for_grant(object_id: UUID) -> None:
    """Hold an object against other grants, and everything it was made from against holds and endings.

    Raises:
        NotFound: there is no such object.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT egret_made_of(%s)", [object_id])
        sources = [row[0] for row in cursor.fetchall()]
    lock(change={object_id}, keep=sources)


def lock_for_ending(object_id: UUID) -> None:
    """Hold an object and everything made from it, however indirectly, against any change of rights."""
    locked: set[UUID] = set()
    # a product registered while we waited for a lock is found in the next round; none can come once its sources are locked
    while reached := _made_into(object_id) - locked:
        lock(change=reached, keep=())
        locked |= reached


def lock(*, change: set[UUID], keep: Iterable[UUID]) -> None:
    """Lock objects: those whose rights will change for us alone, those to be kept as they are together with others.

    Raises:
        NotFound: one of them does not exist.
    """
    with connection.cursor() as cursor:
        for key in sorted(change | set(keep)):
            cursor.execute(_LOCK + ("NO KEY UPDATE" if key in change else "SHARE"), [key])
            if cursor.fetchone() is None:
                raise NotFound(field=("objectId",), noun="registered object")


def _made_into(object_id: UUID) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(_OBJECTS_MADE_FROM, [object_id])
        return {row[0] for row in cursor.fetchall()}
