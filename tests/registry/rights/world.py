"""A small market for the register's tests: organisations, actors, objects and rights, each made by the real service."""

from datetime import date
from uuid import UUID, uuid4

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, PartyKind, scopes_for
from registry.base.ids import uuid7
from registry.parties.models import Organisation
from registry.rights.models import Grant, RegisteredObject
from registry.rights.scope import FULL, Scope
from registry.rights.services import ObjectFacts, grant_register, object_register
from registry.rights.states import ObjectKind, Right

START, END = date(2027, 1, 1), date(2030, 1, 1)
DERIVING = Scope(derive=True, provide_derived=True, territory="CN")


def organisation(kind: PartyKind = PartyKind.MERCHANT, name: str = "Party") -> Organisation:
    return Organisation.objects.create(kinds=[kind.value], name_en=name, country="SG", admitted_at=clock.now())


def actor(of: Organisation, *, person: UUID | None = None) -> Actor:
    kinds = frozenset(PartyKind(kind) for kind in of.kinds)
    return Actor(person=person or uuid7(), organisation=of.pk, kinds=kinds, scopes=scopes_for(kinds))


def registered(owner: Organisation, *relied: Grant, name: str = "Flights") -> RegisteredObject:
    facts = ObjectFacts(
        kind=ObjectKind.PRODUCT if relied else ObjectKind.RESOURCE, owner_id=owner.pk, name=name, summary="", source_category="ENTERPRISE",
        source_kind="DERIVED" if relied else "COLLECTED", situation="DERIVED" if relied else "OWN_ACTIVITY", filing_id=uuid4(),
    )  # fmt: skip
    return object_register(actor=SYSTEM, facts=facts, made_from=[(grant.object_id, grant.origin_id) for grant in relied])


def first(
    of: RegisteredObject, kind: Right = Right.OPERATE, *, holder: Organisation | None = None, start: date = START, end: date = END,
    exclusive: bool = False, scope: Scope = FULL,
) -> Grant:  # fmt: skip
    return grant_register(
        actor=SYSTEM, object_id=of.pk, kind=kind, holder_id=holder.pk if holder else of.owner_id, parent_id=None, valid_from=start,
        valid_until=end, exclusive=exclusive, scope=scope, filing_id=uuid4(),
    )  # fmt: skip


def licence(
    parent: Grant, holder: Organisation, kind: Right = Right.USE, *, start: date = START, end: date = END, exclusive: bool = False,
    scope: Scope = DERIVING, share: int = 0, of: RegisteredObject | None = None,
) -> Grant:  # fmt: skip
    return grant_register(
        actor=SYSTEM, object_id=of.pk if of else parent.object_id, kind=kind, holder_id=holder.pk, parent_id=parent.pk, valid_from=start,
        valid_until=end, exclusive=exclusive, scope=scope, income_share_ppm=share, deal_id=uuid4(),
    )  # fmt: skip
