"""Puts what the register says in public about an object into the record of its identifier, with the event by which it became so.

Only what everybody may read in the leaves anyway: no name, no scope, no share, no licence by a deal, no reason of a hold.
"""

from datetime import timedelta
from typing import Final
from uuid import UUID

from registry.base import clock
from registry.identifiers.records import instant
from registry.identifiers.services import values_push
from registry.identifiers.values import RIGHTS, SOURCES, STATUS, Kind
from registry.log.canonical import JSON
from registry.rights.models import Grant, Hold, MadeFrom, RegisteredObject
from registry.rules.calendar import china_date

LISTED_MAX: Final = 16
"""Holds, and rights, that one value lists, the newest first; of more it says how many there are."""


def status_push(object_id: UUID, event: UUID) -> None:
    """Say that an object is registered, and which holds stand on it; a hold on what it was made from stands in that one's record."""
    active = Hold.objects.filter(object=object_id, lifted_at=None)
    holds: list[JSON] = [
        {"kind": kind, "since": instant(at)}
        for kind, at in active.order_by("-placed_at", "-id").values_list("kind", "placed_at")[:LISTED_MAX]
    ]
    _push(object_id, event, {STATUS: {"state": "REGISTERED", "holds": holds, "holds_total": active.count()}})


def sources_push(object_id: UUID, event: UUID) -> None:
    """Say what an object was made from, for the sources that have an identifier."""
    links = MadeFrom.objects.filter(object=object_id).exclude(source__identifier="")
    handles: list[JSON] = list(links.order_by("source__identifier").values_list("source__identifier", flat=True))
    if handles:
        _push(object_id, event, {SOURCES: handles})


def rights_push(object_id: UUID, event: UUID) -> None:
    """Say which rights of first holders an object has that are not over, with their terms; both days included, in China time."""
    today = china_date(clock.now())
    standing = Grant.objects.filter(object=object_id, parent=None, recorded__upper_inf=True, valid__endswith__gt=today)
    rights: list[JSON] = [
        {
            "right": grant.kind,
            "grant": str(grant.origin_id),
            "holder": str(grant.holder_id),
            "from": grant.valid.lower.isoformat(),
            "last_day": (grant.valid.upper - timedelta(days=1)).isoformat(),
        }
        for grant in standing.order_by("-origin_id")[:LISTED_MAX]
    ]
    _push(object_id, event, {RIGHTS: {"rights": rights, "rights_total": standing.count()}})


def _push(object_id: UUID, event: UUID, values: dict[Kind, JSON]) -> None:
    handle = RegisteredObject.objects.values_list("identifier", flat=True).get(pk=object_id)
    if handle:
        values_push(handle=handle, values=values, event=event)
