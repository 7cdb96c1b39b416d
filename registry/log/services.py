"""Records what happened: the only way into the log."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Subquery
from psycopg.types.json import Jsonb

from registry.base import clock
from registry.base.actor import Actor
from registry.base.ids import uuid7
from registry.log.canonical import canonical, fresh_salt, seal_member
from registry.log.models import Cursor, Disclosure, Entry, Leaf, SignedCheckpoint
from registry.log.schemas import schema_of
from registry.log.tiles import ENTRY_BYTES_MAX


class EventTooLong(ValueError):
    """An event that no bundle of the log could hold. A mistake of ours: the transaction fails instead of the log standing still."""


ACTOR: Final = "/actor"
"""The path of who acted, among the sealed members of an event; the others are names in its ``data``."""

_TELL: Final = """
WITH told AS (
  INSERT INTO registry_log_entry (id, schema, schema_version, subject_type, subject_id, organisation, at, body)
  VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
), waits AS (
  INSERT INTO registry_log_outbox (event) VALUES (%s)
)
INSERT INTO registry_log_disclosure (event, path, salt, value)
SELECT %s, * FROM unnest(%s::text[], %s::bytea[], %s::jsonb[])
"""
"""All inserts in one round trip: every transaction of the market waits for this."""


def record(
    schema: str, *, subject: tuple[str, UUID], actor: Actor, public: Mapping[str, Any], sealed: Mapping[str, Any] | None = None
) -> UUID:
    """Record an event in the caller's transaction and return its id.

    Writes the entry, its row of the outbox, and one disclosure row per sealed field; who acted is sealed too, since everybody may read the
    leaf. The event is "logged" once a checkpoint covers it.

    Raises:
        UndeclaredEvent: the event or one of its fields is not declared.
        NotCanonical: a value has no canonical form (a float, an integer beyond 2^53-1).
        EventTooLong: the leaf would have more than 65,535 bytes.
    """
    shape = schema_of(schema)
    opened, closed = _plain(dict(public)), _plain(dict(sealed or {}))
    shape.check(opened, closed)
    at = clock.now()
    event = uuid7(at)
    closed[ACTOR] = {"person": _plain(actor.person), "organisation": _plain(actor.organisation)}
    salts = {name: fresh_salt() for name in closed}
    sealed_members = {name: seal_member(value, salts[name]) for name, value in closed.items()}
    body = {
        "schema": shape.name,
        "version": shape.version,
        "id": str(event),
        "at": at.isoformat(),
        "actor": sealed_members.pop(ACTOR),
        "subject": {"type": subject[0], "id": str(subject[1])},
        "data": opened | sealed_members,
    }
    leaf = canonical(body)
    if len(leaf) > ENTRY_BYTES_MAX:
        message = f"{schema}: a leaf of {len(leaf)} bytes"
        raise EventTooLong(message)
    row = (event, shape.name, shape.version, *subject, actor.organisation, at, leaf)
    values = [None if value is None else Jsonb(value) for value in closed.values()]
    with connection.cursor() as cursor:
        cursor.execute(_TELL, [*row, event, event, list(closed), list(salts.values()), values])
    return event


def follow(name: str, handler: Callable[[Entry], None], *, schemas: frozenset[str], limit: int = 100, covered: bool = False) -> int:
    """Hand the sequenced entries of these schemas to a relay, in order, each once it succeeded; returns how many places it moved.

    The cursor moves in the transaction of the handler's effect, and over entries of other schemas in one step with the next of these.
    A second follower of the same name finds the row locked, or the cursor moved, and leaves. ``covered`` waits for each entry until a
    checkpoint covers it.
    """
    start = Cursor.objects.get_or_create(name=name)[0].position
    block = _ahead(start, start + limit, schemas=schemas, covered=covered)
    place = start
    while place in block:
        with transaction.atomic():
            if Cursor.objects.select_for_update(skip_locked=True).filter(name=name, position=place).first() is None:
                break
            moved = place
            while moved in block:
                entry = block[moved]
                moved += 1
                if entry is not None:
                    handler(Entry.objects.get(pk=entry))
                    break
            Cursor.objects.filter(name=name).update(position=moved)
        place = moved
    return place - start


def _ahead(start: int, end: int, *, schemas: frozenset[str], covered: bool) -> dict[int, UUID | None]:
    """The entry at each place from ``start`` that is taken, or None for one of another schema. What is read here never changes."""
    leaves = Leaf.objects.filter(index__gte=start, index__lt=end).order_by("index")
    if covered:
        leaves = leaves.filter(index__lt=Subquery(SignedCheckpoint.objects.order_by("-size").values("size")[:1]))
    places = dict(leaves.values_list("index", "entry"))
    concerned = set(Entry.objects.filter(pk__in=places.values(), schema__in=schemas).values_list("pk", flat=True)) if places else set()
    return {index: entry if entry in concerned else None for index, entry in places.items()}


def erase(*, event: UUID, path: str) -> None:
    """Erase one sealed value: the leaf stays valid, the value cannot be shown any more."""
    Disclosure.objects.filter(event=event, path=path).delete()


def _plain(value: Any) -> Any:
    """A value as JSON can carry it: ids and instants become strings, enums their codes."""
    match value:
        case Enum():
            return value.value
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case dict():
            return {str(name): _plain(item) for name, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value
