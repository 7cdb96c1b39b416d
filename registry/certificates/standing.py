"""How a certificate stands by the register: which of its rights were ended since, and what holds are on its object."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from django.db.models import Max, prefetch_related_objects

from registry.base.actor import Actor
from registry.base.strict_json import read_json
from registry.certificates.addresses import page_address
from registry.certificates.models import Certificate
from registry.certificates.rendering.face import Face, FaceRight
from registry.certificates.rendering.words import ALLOWANCES
from registry.log.merkle import leaf_hash
from registry.log.models import Entry
from registry.rights.models import Grant, Hold
from registry.rights.scope import Scope
from registry.rights.selectors import hold_page, holds_on
from registry.rights.states import RevocationState

HOLDS_MAX: Final = 50
"""Holds shown of one object."""
State = Literal["in_force", "not_begun", "run_out", "ended"]


@dataclass(frozen=True, slots=True)
class StandingRight:
    """A right as the certificate states it, and as the register says now.

    Attributes:
        grant: the right, by its origin.
        ended_on: the first day on which it is no longer in force, where the register ended it before the last day stated.
    """

    grant: UUID
    kind: str
    exclusive: bool
    first: date
    last: date
    scope: Scope
    ended_on: date | None

    def state(self, on: date) -> State:
        """How it stands on a day."""
        if self.ended_on is not None and on >= self.ended_on:
            return "ended"
        if on < self.first:
            return "not_begun"
        return "in_force" if on <= self.last else "run_out"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the register says of a certificate's rights and object.

    Attributes:
        holds: those that block new rights in the object, its own and those on what it was made from, oldest first.
        revoked_at: when the certificate was revoked as issued in error; None if it was not.
        as_of: the latest change that is in it; the issue, if nothing changed since.
    """

    rights: tuple[StandingRight, ...]
    holds: tuple[Hold, ...]
    revoked_at: datetime | None
    as_of: datetime


def standing_of(certificate: Certificate, *, actor: Actor) -> Standing:
    """Compare what a certificate states with the register as the actor may read it."""
    said = read_json(bytes(certificate.statement))["credentialSubject"]
    rights = [(UUID(right["grant"]), right) for right in said["rights"]]
    versions = Grant.objects.visible_to(actor).filter(origin__in=[grant for grant, _ in rights])
    latest = {version.origin_id: version for version in versions.order_by("origin", "-recorded").distinct("origin")}
    own = hold_page(actor=actor, object_id=certificate.object_id)
    active = holds_on(certificate.object_id)[:HOLDS_MAX]
    prefetch_related_objects(active, "set_by", "object")
    revoked = certificate.revocations.filter(state=RevocationState.DONE).values_list("decided_at", flat=True).first()
    changes = [certificate.issued_at, *(version.recorded.upper or version.recorded.lower for version in latest.values())]
    changes += [hold.placed_at for hold in active]
    changes += filter(None, [revoked, own.aggregate(lifted=Max("lifted_at"))["lifted"]])
    return Standing(tuple(_right(grant, right, latest.get(grant)) for grant, right in rights), active, revoked, max(changes))


def face_of(certificate: Certificate, standing: Standing, *, actor: Actor) -> Face:
    """What the paper of a certificate shows.

    Raises:
        Entry.DoesNotExist: the log has no entry of its deposit.
    """
    document = read_json(bytes(certificate.statement))
    said, issuer = document["credentialSubject"], {name["@language"]: name["@value"] for name in document["issuer"]["name"]}
    registered, holder, deposit, note = said["object"], said["holder"], said["deposit"], said["note"]
    body = Entry.objects.visible_to(actor).values_list("body", flat=True).get(pk=certificate.deposit_event)
    return Face(
        number=certificate.number,
        holder=(holder["name_zh"], holder["name_en"]),
        uscc=holder.get("uscc") or "",
        object_name=registered["name"],
        object_kind=registered["kind"],
        identifier=registered["identifier"],
        summary=registered["summary"],
        rights=tuple(_face_right(right) for right in standing.rights),
        filing=str(certificate.filing_id),
        event=str(certificate.deposit_event),
        index=int(deposit["index"]),
        origin=str(deposit["log_key"]).partition("+")[0],
        leaf=leaf_hash(bytes(body)).hex(),
        sha256=certificate.sha256,
        note=(note["zh"], note["en"]),
        issuer=(issuer["zh"], issuer["en"]),
        issuer_id=document["issuer"]["id"],
        issued_at=certificate.issued_at,
        as_of=standing.as_of,
        page=page_address(certificate.number),
        holds=tuple(hold.kind for hold in standing.holds),
        revoked=standing.revoked_at is not None,
    )


def _right(grant: UUID, said: dict[str, Any], now: Grant | None) -> StandingRight:
    first, last = date.fromisoformat(said["valid_from"]), date.fromisoformat(said["last_day"])
    return StandingRight(grant, said["kind"], said["exclusive"], first, last, Scope.of(said["scope"]), _ended_on(now, first, last))


def _ended_on(latest: Grant | None, first: date, last: date) -> date | None:
    """The day from which the register no longer has the right, if that is before its term; its first day, if it never began."""
    if latest is None or latest.recorded.upper is not None:
        return first
    end: date = latest.valid.upper
    return end if end <= last else None


def _face_right(right: StandingRight) -> FaceRight:
    scope = right.scope
    allowed = {name for name in ALLOWANCES if getattr(scope, name)}
    return FaceRight(
        right.kind, right.exclusive, right.first, right.last, frozenset(allowed), scope.territory, scope.purposes, right.ended_on
    )
