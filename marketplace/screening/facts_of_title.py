"""Facts about title: what the seller holds, whether every source is covered, what blocks, whether the registration stands."""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F
from psycopg.types.json import Jsonb

from marketplace.screening.lineage import Lineage, licences_relied_on
from marketplace.screening.subjects import RightAsked
from registry.rights.errors import TitleBroken
from registry.rights.models import Grant, MadeFrom, RegisteredObject
from registry.rights.scope import Scope
from registry.rights.selectors import held, holds_on, known, title_chain
from registry.rights.states import HoldKind, Right
from registry.rules.facts import FactValue

_DERIVED: Final = frozenset({"DERIVED", "CRAWLED_PRODUCT"})
_WITHIN: Final = "SELECT egret_scope_within(%s::jsonb, %s::jsonb)"
_LIMITS_WITHIN: Final = "SELECT egret_limits_within(%s::jsonb, %s::jsonb)"


def title_facts(lineage: Lineage) -> dict[str, FactValue | None]:
    """Coverage of the sources, holds and registration of the objects; the same for every seller and buyer."""
    holds = {hold.kind for each in lineage.objects for hold in holds_on(each.pk)}
    registered = [_registered(each) for each in lineage.objects]
    return {
        "sources_covered": _all_known(_covered(each, lineage.on) for each in lineage.objects),
        "source_terms_forbid": any(_forbids(licence) for each in lineage.all for licence in licences_relied_on(each.pk)),
        "dispute_open": HoldKind.DISPUTE in holds,
        "hold_active": bool(holds - {HoldKind.DISPUTE}),
        # a dispute is for people to weigh (PT-13), so it does not by itself undo the registration
        "certificate_in_force": None not in registered and not holds - {HoldKind.DISPUTE},
        "certificate_until": min((until for until in registered if until is not None), default=None),
    }


def seller_facts(seller_id: UUID, rights: Iterable[tuple[UUID, str]], on: date) -> dict[str, FactValue | None]:
    """What the seller holds in each object on a day, given the kinds of right that it would grant there."""
    asked = tuple(rights)
    kinds = [_kinds_held(seller_id, object_id, on) for object_id, _ in asked]
    return {
        "seller_rights": frozenset.intersection(*kinds) if kinds else None,
        "sublicence_permitted": all(_licence_chain(seller_id, each, kind, on) is not None for each, kind in asked) if asked else None,
    }


def grant_facts(seller_id: UUID, rights: tuple[RightAsked, ...], on: date) -> dict[str, FactValue | None]:
    """What would be granted against what the seller could register: kinds, last days and scope."""
    grounds = [(right, ground_of(seller_id, right.object_id, right.kind, max(on, right.valid_from))) for right in rights]
    lasts = [_last_day(ground, right.object_id) for right, ground in grounds if ground is not None]
    return {
        "rights_granted": frozenset(right.kind for right in rights),
        "term_ends_on": max((right.valid_until - timedelta(days=1) for right in rights), default=None),
        "held_until": min(lasts) if lasts and len(lasts) == len(grounds) else None,
        "scope_within_held": all(ground is not None and _scope_within(right, ground) for right, ground in grounds),
    }


def ground_of(seller_id: UUID, object_id: UUID, kind: str, on: date) -> Grant | None:
    """The right on which a seller would grant another: its OPERATE right, or else a licence that may be sub-licensed."""
    return held(seller_id, object_id, Right.OPERATE, on) or _licence_chain(seller_id, object_id, kind, on)


def _kinds_held(seller_id: UUID, object_id: UUID, on: date) -> frozenset[str]:
    return frozenset(known(None).filter(object=object_id, holder=seller_id, valid__contains=on).values_list("kind", flat=True))


def _licence_chain(seller_id: UUID, object_id: UUID, kind: str, on: date) -> Grant | None:
    """A licence in force that its holder may pass on as this kind of right; of several the one that lasts longest."""
    kinds = {Right.USE: [Right.USE, Right.OPERATE], Right.OPERATE: [Right.OPERATE]}.get(Right(kind), [])
    licences = known(None).filter(object=object_id, holder=seller_id, valid__contains=on, kind__in=kinds, parent__isnull=False)
    return licences.filter(scope__sublicense=True).order_by(F("valid__endswith").desc(), "id").first()


def _covered(product: RegisteredObject, on: date) -> bool | None:
    """Whether every source, down to the last, is used under a licence in force; unknown where the sources were never registered."""
    if product.situation in _DERIVED and not MadeFrom.objects.filter(object=product.pk).exists():
        return None
    try:
        title_chain(product.pk, on)
    except TitleBroken:
        return False
    return known(None).filter(object=product.pk, parent=None, valid__contains=on).exists()


def _forbids(licence: Grant) -> bool:
    """Whether the terms of a licence relied on forbid providing what is made under it."""
    allowed = licence.allows
    return not (allowed.derive and allowed.provide_derived)


def _registered(product: RegisteredObject) -> date | None:
    """The last day of the rights that the object's own filing registered; None if none of them stands."""
    terms = known(None).filter(object=product.pk, filing_id=product.filing_id).values_list("valid", flat=True)
    return max((term.upper - timedelta(days=1) for term in terms), default=None)


def _last_day(ground: Grant, object_id: UUID) -> date:
    """The last day on which the seller could let the right run: of its own right and of every licence its product relies on."""
    ends: list[date] = [ground.valid.upper, *(licence.valid.upper for licence in licences_relied_on(object_id))]
    return min(ends) - timedelta(days=1)


def _scope_within(right: RightAsked, ground: Grant) -> bool:
    """Whether the database would let the scope be registered: within the ground, and within the limits of the sources' licences."""
    checks = [(_WITHIN, ground), *((_LIMITS_WITHIN, licence) for licence in licences_relied_on(right.object_id))]
    return all(_answers(sql, right.scope, grant.allows) for sql, grant in checks)


def _answers(sql: str, asked: Scope, allowed: Scope) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, [_json(asked), _json(allowed)])
        return bool(cursor.fetchone()[0])


def _json(scope: Scope) -> Any:
    return Jsonb(scope.stored())


def _all_known(values: Iterable[bool | None]) -> bool | None:
    """True if all are; False if one certainly is not; else unknown."""
    seen = set(values)
    return False if False in seen else None if None in seen else True
