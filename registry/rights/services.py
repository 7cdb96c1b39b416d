"""The only writer of the register: objects, grants, endings, revocations and holds. The database decides; this room explains."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange, NumericRange
from django.db.models import F

from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, FourEyes
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.limits import NAME_MAX
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rights import checks
from registry.rights.checks import explained
from registry.rights.ending import end
from registry.rights.errors import NotCovered
from registry.rights.locks import lock, lock_for_grant
from registry.rights.models import DEPTH_MAX, Grant, Hold, MadeFrom, RegisteredObject, Revocation
from registry.rights.public_record import rights_push, sources_push, status_push
from registry.rights.scope import Scope
from registry.rights.states import HOLD_TRANSITIONS, REVOCATION_TRANSITIONS, HoldKind, HoldState, ObjectKind, RevocationState, Right

SOURCES_MAX: Final = 50
OPEN_FACTS: Final = ("kind", "identifier", "source_category", "source_kind", "situation", "level", "pi_kind", "sector")
SHA256_HEX: Final = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a filing says of the object that it registers; codes as in ``registry.rules.vocabulary``."""

    kind: ObjectKind
    owner_id: UUID
    name: str
    summary: str
    source_category: str
    source_kind: str
    situation: str
    filing_id: UUID
    level: str = ""
    pi_kind: str = ""
    sector: str = ""
    identifier: str = ""


def object_register(
    *, actor: Actor, facts: ObjectFacts, made_from: Sequence[tuple[UUID, UUID]] = (), object_id: UUID | None = None
) -> RegisteredObject:
    """Enter an object into the register, with every source it was made from and the USE right relied on in each.

    ``object_id`` is given when an identifier was minted for it before. Locks the sources in primary-key order. Writes one
    ``object.registered`` event.

    Raises:
        Forbidden: the actor is neither the platform nor a registrar.
        NotCovered: a licence relied on is not the owner's, not in force, forbids derivation, or the licences take more than everything.
        NotFound: the owner or a source does not exist.
    """
    checks.require_registrar(actor)
    if not 0 < len(facts.name) <= NAME_MAX:
        raise BadInput("name", f"1 to {NAME_MAX} characters")
    if len(made_from) > SOURCES_MAX:
        raise BadInput("madeFrom", f"at most {SOURCES_MAX} sources")
    checks.require_organisation(facts.owner_id, "ownerId")
    with transaction.atomic(), explained():
        lock(change=set(), keep={source for source, _ in made_from})
        depths = RegisteredObject.objects.filter(pk__in=[source for source, _ in made_from]).values_list("depth", flat=True)
        depth = 1 + max(depths) if made_from else 0
        if depth > DEPTH_MAX:
            raise NotCovered(reason_code="DEPTH", field=("madeFrom",))
        key, at = object_id or uuid7(), clock.now()
        links = [{"object": source, "grant": grant} for source, grant in made_from]
        told = asdict(facts)
        opened = {name: told[name] for name in OPEN_FACTS}
        event = record(
            "object.registered",
            subject=("object", key),
            actor=actor,
            public={**opened, "object": key, "owner": facts.owner_id, "filing": facts.filing_id, "made_from": links, "registered_at": at},
            sealed={"name": facts.name, "summary": facts.summary},
        )
        row = RegisteredObject.objects.create(id=key, depth=depth, registered_at=at, event_id=event, **told)
        for source, grant in made_from:
            MadeFrom.objects.create(object=row, source_id=source, grant_id=grant)
        status_push(key, event)
        sources_push(key, event)
    return row


def grant_register(
    *,
    actor: Actor,
    object_id: UUID,
    kind: Right,
    holder_id: UUID,
    parent_id: UUID | None,
    valid_from: date,
    valid_until: date,
    exclusive: bool,
    scope: Scope,
    income_share_ppm: int = 0,
    deal_id: UUID | None = None,
    filing_id: UUID | None = None,
) -> Grant:
    """Register a right from ``valid_from`` to before ``valid_until``: a first holder's own, by a filing, or a licence, by a deal.

    A licence rests on the right ``parent_id`` (any version of it), whose holder grants it: the calling use case has both parties'
    word in the deal. Locks the object and its sources in primary-key order. Writes one ``right.granted`` event.

    Raises:
        Forbidden: a first right by anybody but the platform or a registrar; a licence by a stranger to it.
        RightTaken: an exclusive right stands in the way, or this one would be exclusive of others; carries the period.
        NotCovered: the right it rests on, or a licence in a source, is narrower or not in force.
        Held: a hold blocks new rights in the object.
        AlreadyRegistered: the deal or filing already has this right.
        BadInput: an empty term, a share beyond the whole, or neither a filing nor a deal.

    Source: Data Property-Rights Registration Guideline (trial, 2026), art. 3 and 21.
    """
    parent = checks.version_of(parent_id, "parentId") if parent_id else None
    checks.require_registrant(actor, parent, holder_id)
    checks.check_terms(
        term=(valid_from, valid_until), income_share_ppm=income_share_ppm, licensed=parent is not None, deal_id=deal_id, filing_id=filing_id
    )
    checks.require_organisation(holder_id, "holderId")
    with transaction.atomic():
        lock_for_grant(object_id)
        key, at = uuid7(), clock.now()
        row = Grant(
            id=key, origin_id=key, object_id=object_id, kind=kind, holder_id=holder_id, parent_id=parent.origin_id if parent else None,
            licensor_id=parent.holder_id if parent else None, lane=_lane(object_id, kind, exclusive=exclusive),
            valid=DateRange(valid_from, valid_until), recorded=DateTimeTZRange(at, None), scope=scope.stored(),
            income_share_ppm=income_share_ppm, deal_id=deal_id, filing_id=filing_id,
        )  # fmt: skip
        with explained(row):
            row.event_id = _tell_granted(actor, row)
            row.save(force_insert=True)
        if parent is None:
            rights_push(object_id, row.event_id)
    return row


def grant_end(*, actor: Actor, grant_id: UUID, ends_on: date, reason: str) -> UUID:
    """End a licence on a day because its deal ended, and in the same event all that rests on it; returns the event's id.

    Raises:
        Forbidden: the actor is neither the platform nor a settling institution.
        BadInput: a first holder's own right (that takes a revocation), or it ends by then anyway.
        TooManyDependants: more rights rest on it than one event lists.
    """
    if actor is not SYSTEM:
        require(actor, "deal:settle")
    grant = checks.version_of(grant_id, "grantId")
    if grant.deal_id is None:
        raise BadInput("grantId", "a right by filing ends by revocation")
    with transaction.atomic():
        return end(actor=actor, origin_id=grant.origin_id, ends_on=ends_on, reason=checks.text(reason))


def revocation_propose(
    *, actor: Actor, grant_id: UUID, ends_on: date, reason: str, evidence_sha256: str, idempotency_key: str
) -> Revocation:
    """Propose, as a registrar, to end a right; another person of a registrar does it. Writes one ``revocation.proposed`` event.

    Raises:
        Forbidden: no registrar.
        Affiliated: the right's holder or grantor is the registrar's own organisation or its affiliate.
        BadInput: no reason, or no SHA-256 of the evidence.
    """
    require(actor, "filing:examine")
    with once(actor, "revocation_propose", idempotency_key, grant_id, ends_on, reason, evidence_sha256) as call:
        if call.replayed:
            return call.result(Revocation)
        grant = checks.version_of(grant_id, "grantId")
        checks.require_outsider(actor, grant)
        if not SHA256_HEX.fullmatch(evidence_sha256):
            raise BadInput("evidenceSha256", "64 lower-case hexadecimal digits")
        row = Revocation(
            grant_id=grant.origin_id, ends_on=ends_on, reason=checks.text(reason), evidence_sha256=evidence_sha256,
            registrar_id=checks.organisation_of(actor), proposed_by=checks.person_of(actor), proposed_at=clock.now(),
        )  # fmt: skip
        row.save(force_insert=True)
        opened = {"revocation": row.pk, "grant": grant.origin_id, "ends_on": ends_on, "evidence_sha256": evidence_sha256}
        record("revocation.proposed", subject=("grant", grant.origin_id), actor=actor, public=opened, sealed={"reason": reason})
        return call.done(row)


def grant_revoke(*, actor: Actor, revocation_id: UUID, expected_version: int, idempotency_key: str) -> Revocation:
    """Do what another person proposed: end the right on the proposed day, and in the same event all that rests on it.

    Locks the objects concerned in primary-key order. Writes one ``right.ended`` event.

    Raises:
        Forbidden: no registrar.
        FourEyes: the same person proposed it.
        Affiliated: the right's holder or grantor is the registrar's own organisation or its affiliate.
        StaleVersion, IllegalTransition: it was done meanwhile.
        BadInput: the right ends by then anyway.
    """
    require(actor, "filing:examine")
    with once(actor, "grant_revoke", idempotency_key, revocation_id, expected_version) as call:
        if call.replayed:
            return call.result(Revocation)
        row = Revocation.objects.find(actor, revocation_id, field="revocationId")
        if checks.person_of(actor) == row.proposed_by:
            raise FourEyes(field=("revocationId",))
        checks.require_outsider(actor, row.grant)
        decided = {"decided_by": actor.person, "decided_at": clock.now()}
        move(row, to=RevocationState.DONE, expected_version=expected_version, transitions=REVOCATION_TRANSITIONS, **decided)
        end(actor=actor, origin_id=row.grant_id, ends_on=row.ends_on, reason=row.reason)
        return call.done(row)


def hold_place(*, actor: Actor, object_id: UUID, kind: HoldKind, reason: str, idempotency_key: str) -> Hold:
    """Block new rights in an object from now on, and in what is made from it when the hold is on its title (not a pledge or caveat).

    Rights already granted stay; upper rooms read ``selectors.holds_on`` at the moment of use. Writes one ``hold.placed`` event.

    Raises:
        Forbidden: neither regulator nor registrar; an ORDER by anybody but a regulator.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        NotFound: no such object.
    """
    checks.require_hold_authority(actor, supervising=kind == HoldKind.ORDER)
    with once(actor, "hold_place", idempotency_key, object_id, kind, reason) as call:
        if call.replayed:
            return call.result(Hold)
        owner = RegisteredObject.objects.find(actor, object_id, field="objectId").owner_id
        require_unaffiliated(actor, owner)
        lock(change={object_id}, keep=())
        setter = checks.organisation_of(actor)
        key, at = uuid7(), clock.now()
        opened = {"hold": key, "object": object_id, "kind": kind, "set_by": setter, "placed_at": at}
        event = record("hold.placed", subject=("object", object_id), actor=actor, public=opened, sealed={"reason": checks.text(reason)})
        row = Hold(id=key, object_id=object_id, owner_id=owner, kind=kind, set_by_id=setter, reason=reason, placed_at=at, event_id=event)
        row.save(force_insert=True)
        status_push(object_id, event)
        return call.done(row)


def hold_lift(*, actor: Actor, hold_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Hold:
    """Lift a hold. Writes one ``hold.lifted`` event.

    Raises:
        Forbidden: neither regulator nor registrar, or a registrar that did not set it.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        StaleVersion, IllegalTransition: it was lifted meanwhile.
    """
    with once(actor, "hold_lift", idempotency_key, hold_id, reason, expected_version) as call:
        if call.replayed:
            return call.result(Hold)
        row = Hold.objects.find(actor, hold_id, field="holdId")
        checks.require_hold_authority(actor, supervising=row.set_by_id != actor.organisation)
        require_unaffiliated(actor, row.owner_id)
        lock(change={row.object_id}, keep=())
        at = clock.now()
        opened = {"hold": row.pk, "object": row.object_id, "kind": row.kind, "lifted_at": at}
        event = record("hold.lifted", subject=("object", row.object_id), actor=actor, public=opened, sealed={"reason": checks.text(reason)})
        lifted = {"lifted_at": at, "lifted_by_id": checks.organisation_of(actor), "lift_event_id": event}
        move(row, to=HoldState.LIFTED, expected_version=expected_version, transitions=HOLD_TRANSITIONS, **lifted)
        status_push(row.object_id, event)
        return call.done(row)


def _lane(object_id: UUID, kind: Right, *, exclusive: bool) -> NumericRange:
    """All lanes for an exclusive right, else the next free one: under the object's lock nobody else counts the same."""
    if exclusive:
        return NumericRange(0, None)
    number = Grant.objects.filter(object=object_id, kind=kind, origin=F("id")).count()
    return NumericRange(number, number + 1)


def _tell_granted(actor: Actor, grant: Grant) -> UUID:
    terms = {"lane": grant.lane.lower, "scope": grant.scope, "filing": grant.filing_id, "recorded_at": grant.recorded.lower}
    return record(
        "right.granted",
        subject=("grant", grant.pk),
        actor=actor,
        public={
            "grant": grant.pk,
            "object": grant.object_id,
            "kind": grant.kind,
            "holder": grant.holder_id,
            "parent": grant.parent_id,
            "deal": grant.deal_id,
            "exclusive": grant.exclusive,
            "valid_from": grant.valid.lower,
            "valid_to": grant.valid.upper,
        },
        sealed={"income_share_ppm": grant.income_share_ppm, "terms": terms},
    )
