"""Gives things their names, keeps their public records, retires them: the only writer of identifiers.

No event of its own: the owner of the named thing records what happened, and each version of a value carries that event's id.
"""

from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from registry.base import clock
from registry.base.errors import NotFound
from registry.identifiers.errors import InvalidIdentifier, ValueTooLong
from registry.identifiers.handles import DRAWS_MAX, Handle, draw, parse
from registry.identifiers.models import COMMON, Identifier, IdentifierValue, Series
from registry.identifiers.records import CURRENT, instant, records
from registry.identifiers.selectors import resolve
from registry.identifiers.values import DATA_BYTES_MAX, STATUS, STORED, Kind
from registry.log.canonical import JSON, canonical


def mint(*, subject_type: str, subject_id: UUID) -> str:
    """Name a thing and return the identifier; a thing that has a name keeps it.

    ``subject_id`` is a UUIDv7 made just now. A number that is already taken is drawn again. Safe to call from two transactions at once.

    Raises:
        RuntimeError: the machine's randomness is broken.
    """
    for _ in range(DRAWS_MAX):
        row = Identifier.objects.filter(subject_id=subject_id).first()
        if row is not None:
            return str(Handle(_prefix(row), row.number))
        handle = draw(settings.EGRET_IDENTIFIER_PREFIX)
        try:
            with transaction.atomic():
                series = _series(handle.prefix, subject_type)
                Identifier.objects.create(number=handle.number, subject_id=subject_id, series_id=None if series == COMMON else series)
        except IntegrityError:
            continue
        return str(handle)
    message = f"no free identifier in {DRAWS_MAX} draws"
    raise RuntimeError(message)


def values_push(*, handle: str, values: Mapping[Kind, JSON], event: UUID) -> int:
    """Put values into an identifier's public record, or withdraw those given as None; returns the version that the record then has.

    Other values stay; those that are given as they are already change nothing, and the tombstone of a retired identifier stays as it is.
    ``event`` is what made it so. Locks the identifier. What is pushed is public at once and for all time: nothing personal, nothing sealed.

    Raises:
        InvalidIdentifier, NotFound: the handle names nothing here.
        ValueTooLong: the canonical JSON of a value has more than ``DATA_BYTES_MAX`` bytes.
        ValueError: a kind that does not come from owners.
    """
    with transaction.atomic():
        row = _lock(handle, "handle")
        return _push(row, {} if row.retired_at else values, event)


def retire(*, handle: str, event: UUID, successor: str = "") -> None:
    """Retire an identifier for good: it still resolves, as a tombstone that says when, and what took its place if anything did.

    All other values are withdrawn. Retiring twice changes nothing.

    Raises:
        InvalidIdentifier, NotFound: one of the two names nothing here.
    """
    with transaction.atomic():
        row = _lock(handle, "handle")
        tombstone: dict[str, JSON] = {"state": "RETIRED"}
        if successor:
            tombstone["successor"] = resolve(successor, field="successor").handle
        if row.retired_at is not None:
            return
        at = clock.now()
        Identifier.objects.filter(pk=row.pk).update(retired_at=at)
        _push(row, {**dict.fromkeys(STORED), STATUS: {**tombstone, "retired_at": instant(at)}}, event)


def _lock(handle: str, field: str) -> Identifier:
    named = parse(handle)
    if named is None:
        raise InvalidIdentifier(field=(field,))
    row = Identifier.objects.select_for_update().filter(pk=named.number).first()
    if row is None or _prefix(row) != named.prefix:
        raise NotFound(field=(field,), noun="identifier")
    return row


def _prefix(row: Identifier) -> str:
    return Series.objects.get(pk=row.series_id or COMMON).prefix


def _push(row: Identifier, values: Mapping[Kind, JSON], event: UUID) -> int:
    told = {kind: _data(kind, value) for kind, value in values.items()}
    with connection.cursor() as cursor:
        cursor.execute(CURRENT, [row.pk])
        record = records(cursor.fetchall())[row.pk]
    before = {stored.kind: stored.data for stored in record.values}
    changed = {kind: data for kind, data in told.items() if before.get(kind) != data}
    version, at = record.version + 1, clock.now()
    IdentifierValue.objects.bulk_create(
        IdentifierValue(identifier=row, index=kind.index, version=version, data=data, event_id=event, at=at)
        for kind, data in changed.items()
    )
    return version if changed else record.version


def _series(prefix: str, subject_type: str) -> int:
    """The number of a series, given now if it is new; two who give the same number collide, and one of them tries again."""
    known = Series.objects.filter(prefix=prefix, subject_type=subject_type).first()
    return known.pk if known else Series.objects.create(id=Series.objects.count() + COMMON, prefix=prefix, subject_type=subject_type).pk


def _data(kind: Kind, value: JSON) -> str | None:
    if kind not in STORED:
        raise ValueError(kind.name)
    if value is None:
        return None
    data = canonical(value)
    if len(data) > DATA_BYTES_MAX:
        raise ValueTooLong(kind=kind.name, limit=DATA_BYTES_MAX)
    return data.decode()
