"""Reads of the register: who holds what on a day, as known at an instant; what blocks; and the chain of title."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import F, QuerySet

from registry.base.actor import SYSTEM, Actor
from registry.base.errors import NotFound
from registry.rights.errors import TitleBroken
from registry.rights.models import SUPERVISING, Grant, Hold, MadeFrom, RegisteredObject, Revocation
from registry.rights.scope import FULL, Scope
from registry.rights.states import Right

_CHAIN: Final = """
WITH RECURSIVE walk(id, level) AS (
  SELECT %(object)s::uuid, 0
  UNION
  SELECT made.source_id, walk.level + 1
  FROM walk JOIN registry_rights_madefrom made ON made.object_id = walk.id
  WHERE walk.level < 16
)
SELECT made.object_id, made.source_id, licence.licensor_id, licence.holder_id, licence.income_share_ppm, made.grant_id
FROM (SELECT id, min(level) AS level FROM walk GROUP BY id) walk
JOIN registry_rights_madefrom made ON made.object_id = walk.id
LEFT JOIN registry_rights_grant licence
  ON licence.origin_id = made.grant_id AND upper_inf(licence.recorded) AND licence.valid @> %(on)s::date
WHERE licence.id IS NULL OR licence.parent_id IS NOT NULL
ORDER BY walk.level, made.object_id, made.source_id
"""
_MADE_OF: Final = (
    "SELECT * FROM registry_rights_registeredobject WHERE id IN (SELECT egret_made_of(root) FROM unnest(%s::uuid[]) root) ORDER BY id"
)


_HELD: Final = """
WITH RECURSIVE held(id, on_title) AS (
  SELECT object_id, kind IN ('DISPUTE', 'COURT', 'ORDER') FROM registry_rights_hold WHERE lifted_at IS NULL
  UNION
  SELECT made.object_id, true FROM held JOIN registry_rights_madefrom made ON made.source_id = held.id WHERE held.on_title
) SELECT DISTINCT id FROM held
"""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far an organisation may operate an object.

    Attributes:
        operate: its OPERATE right in force on the first day that reaches furthest; None if there is none.
        until: the first day on which that right is no longer in force.
        covers: whether it is in force throughout the period asked about.
        disputed: whether a hold blocks new rights in the object now.
    """

    operate: Grant | None
    until: date | None
    covers: bool
    disputed: bool


@dataclass(frozen=True, slots=True)
class ChainLink:
    """Whoever earns from a product owes its source's licensor ``income_share_ppm`` parts per million of the net income from it."""

    product_object_id: UUID
    source_object_id: UUID
    licensor: UUID
    licensee: UUID
    income_share_ppm: int
    grant_id: UUID


def held(organisation_id: UUID, object_id: UUID, kind: Right, on: date, known_at: datetime | None = None) -> Grant | None:
    """The right that an organisation has in an object on a day, as the register said at an instant (default: as it says now).

    Of several, the one that reaches furthest.
    """
    rights = known(known_at).filter(object=object_id, kind=kind, holder=organisation_id, valid__contains=on)
    return rights.order_by(F("valid__endswith").desc(), "id").first()


def known(known_at: datetime | None) -> QuerySet[Grant]:
    """The versions that the register stood by at an instant (default: now)."""
    return Grant.objects.filter(recorded__upper_inf=True) if known_at is None else Grant.objects.filter(recorded__contains=known_at)


def standing(grant_id: UUID, on: date, known_at: datetime | None = None) -> Grant | None:
    """The version of a right in force on a day, by the id of any of its versions; None when it has ended or not begun.

    Read it at the moment of use: a right may have been ended since its id was noted.
    """
    origin = Grant.objects.filter(pk=grant_id).values("origin")
    return known(known_at).filter(origin__in=origin, valid__contains=on).first()


def coverage(organisation_id: UUID, object_id: UUID, valid_from: date, valid_until: date) -> Coverage:
    """Whether an organisation may operate an object from a day to before another; a seller needs that."""
    operate = held(organisation_id=organisation_id, object_id=object_id, kind=Right.OPERATE, on=valid_from)
    until = operate.valid.upper if operate else None
    return Coverage(operate, until, until is not None and valid_until <= until, bool(holds_on(object_id)))


def holds_on(object_id: UUID, at: datetime | None = None) -> tuple[Hold, ...]:
    """The holds that block new rights in an object at an instant (default: now), oldest first.

    Its own of every kind, and on everything it was made from those of kind DISPUTE, COURT and ORDER.
    """
    return tuple(Hold.objects.raw("SELECT * FROM egret_blocking_holds(%s, %s) ORDER BY placed_at, id", [object_id, at]))


def held_objects() -> set[UUID]:
    """Every object in which a hold blocks new rights now: those of which ``holds_on`` is not empty."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return {row[0] for row in cursor.fetchall()}


def sources_of(object_ids: Collection[UUID]) -> tuple[RegisteredObject, ...]:
    """Everything that objects were made from, however indirectly."""
    return tuple(RegisteredObject.objects.raw(_MADE_OF, [sorted(object_ids)]))


def title_chain(object_id: UUID, on: date) -> tuple[ChainLink, ...]:
    """Every licence with a licensor to pay that an object stands on, its own first, then its sources'; each link once.

    A source that its owner used by a right of their own owes nothing and has no link, but what lies beneath it has.
    To pay, follow from the object sold the links whose ``product_object_id`` it is; what a licensor so receives is its income
    from the source, on which the links of that source follow.

    Raises:
        TitleBroken: a licence relied on is not in force on the day.
        NotFound: there is no such object.
    """
    if not RegisteredObject.objects.filter(pk=object_id).exists():
        raise NotFound(field=("objectId",), noun="registered object")
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"object": object_id, "on": on})
        rows = cursor.fetchall()
    if any(row[3] is None for row in rows):
        raise TitleBroken(on=on.isoformat())
    return tuple(ChainLink(*row) for row in rows)


def scope_available(object_id: UUID) -> Scope:
    """The widest scope that a first holder's right in an object may have: everything, within the licences in its sources.

    Raises:
        BadInput: those licences have no common territory or purpose.
    """
    relied = MadeFrom.objects.filter(object=object_id).values("grant")
    return reduce(Scope.limited_by, (grant.allows for grant in known(None).filter(origin__in=relied)), FULL)


def terms_open(actor: Actor, grant: Grant) -> bool:
    """Whether an actor may read the share, the deal and the scope of a right: its two parties and those who supervise."""
    if actor is SYSTEM or actor.is_kind(*SUPERVISING):
        return True
    return actor.organisation is not None and actor.organisation in {grant.holder_id, grant.licensor_id}


def reason_open(actor: Actor, hold: Hold) -> bool:
    """Whether an actor may read why a hold was placed: the object's owner, its setter, and those who supervise."""
    if actor is SYSTEM or actor.is_kind(*SUPERVISING):
        return True
    return actor.organisation is not None and actor.organisation in {hold.set_by_id, hold.owner_id}


def object_page(*, actor: Actor, kind: str | None = None, owner_id: UUID | None = None) -> QuerySet[RegisteredObject]:
    """Registered objects, of one kind or owner if asked."""
    rows = RegisteredObject.objects.visible_to(actor)
    rows = rows if kind is None else rows.filter(kind=kind)
    return rows if owner_id is None else rows.filter(owner=owner_id)


def grant_page(
    *,
    actor: Actor,
    object_id: UUID | None = None,
    holder_id: UUID | None = None,
    kind: str | None = None,
    on: date | None = None,
    known_at: datetime | None = None,
) -> QuerySet[Grant]:
    """Rights as the register says now, or said at ``known_at``; those in force on ``on`` if asked."""
    rows = known(known_at) & Grant.objects.visible_to(actor)
    wanted = {"object": object_id, "holder": holder_id, "kind": kind, "valid__contains": on}
    return rows.filter(**{name: value for name, value in wanted.items() if value is not None})


def hold_page(*, actor: Actor, object_id: UUID | None = None, active: bool | None = None) -> QuerySet[Hold]:
    """Holds, of one object, and only those that block or only those that were lifted, if asked."""
    rows = Hold.objects.visible_to(actor)
    rows = rows if object_id is None else rows.filter(object=object_id)
    return rows if active is None else rows.filter(lifted_at__isnull=active)


def revocation_page(*, actor: Actor, state: str | None = None) -> QuerySet[Revocation]:
    """Revocations, in one state if asked."""
    rows = Revocation.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)
