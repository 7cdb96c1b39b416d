"""Ends a right and everything that rests on it in one event: closes each version and inserts a shorter one, never in place."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange
from django.db.models import Q

from registry.base import clock
from registry.base.actor import Actor
from registry.base.errors import BadInput
from registry.base.ids import uuid7
from registry.log.services import record
from registry.rights.errors import TooManyDependants
from registry.rights.locks import lock_for_ending
from registry.rights.models import Grant
from registry.rights.public_record import rights_push

DEPENDANTS_MAX: Final = 370
"""As many as one leaf of the log can list; it has 65,535 bytes."""
TICK: Final = timedelta(microseconds=1)


def end(*, actor: Actor, origin_id: UUID, ends_on: date, reason: str) -> UUID:
    """End a right before a day, in the caller's transaction, and return the id of its one ``right.ended`` event.

    What rests on it (licences under it, and the rights in what was made under it) ends no later. A right that would have
    begun only then ends without having begun.

    Raises:
        BadInput: it is not in force, or ends by then anyway.
        TooManyDependants: more than ``DEPENDANTS_MAX`` rights rest on it.
    """
    lock_for_ending(Grant.objects.values_list("object_id", flat=True).get(pk=origin_id))
    first = Grant.objects.filter(origin=origin_id, recorded__upper_inf=True, valid__endswith__gt=ends_on).first()
    if first is None:
        raise BadInput("endsOn", "a day on which the right is still in force")
    ended = _with_dependants(first, ends_on)
    # another machine's clock may run ahead of ours; what was recorded later is not closed before it began
    at = max(clock.now(), *(grant.recorded.lower + TICK for grant in ended))
    children = [{"grant": each.origin_id, "object": each.object_id, "kind": each.kind, "holder": each.holder_id} for each in ended[1:]]
    event = record(
        "right.ended",
        subject=("grant", origin_id),
        actor=actor,
        public={
            "grant": origin_id,
            "object": first.object_id,
            "kind": first.kind,
            "holder": first.holder_id,
            "ends_on": ends_on,
            "children": children,
            "recorded_at": at,
        },
        sealed={"reason": reason},
    )
    for grant in ended:
        Grant.objects.filter(pk=grant.pk).update(recorded=DateTimeTZRange(grant.recorded.lower, at))
    for grant in ended:
        if grant.valid.lower < ends_on:
            _shortened(grant, ends_on, at, event).save(force_insert=True)
    for object_id in sorted({grant.object_id for grant in ended if grant.parent_id is None}):
        rights_push(object_id, event)
    return event


def _shortened(grant: Grant, ends_on: date, at: datetime, event: UUID) -> Grant:
    kept = {field.attname: getattr(grant, field.attname) for field in Grant._meta.concrete_fields}  # noqa: SLF001 Django's documented model API
    new = {"id": uuid7(at), "valid": DateRange(grant.valid.lower, ends_on), "recorded": DateTimeTZRange(at, None), "event_id": event}
    return Grant(**{**kept, **new})


def _with_dependants(first: Grant, ends_on: date) -> list[Grant]:
    """The right and all that rests on it beyond the day, each after everything that it rests on itself."""
    found = {first.origin_id: first}
    level = [first.origin_id]
    while level:
        resting = Q(parent__in=level) | Q(object__in=Grant.objects.filter(pk__in=level).values("relied_on_by__object"))
        lasting = Grant.objects.filter(resting, recorded__upper_inf=True, valid__endswith__gt=ends_on)
        later = list(lasting.order_by("id")[: DEPENDANTS_MAX + 1])
        # found again on a deeper level: it moves behind what was found before
        found = {key: grant for key, grant in found.items() if key not in {each.origin_id for each in later}}
        found.update({grant.origin_id: grant for grant in later})
        if len(found) > DEPENDANTS_MAX:
            raise TooManyDependants(limit=DEPENDANTS_MAX)
        level = [grant.origin_id for grant in later]
    return list(found.values())
