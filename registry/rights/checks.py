"""Who may write to the register and what makes sense as input, and what a refusal of the database means to a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Final, NoReturn
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, Forbidden, NotFound
from registry.base.limits import TEXT_MAX
from registry.parties.models import Organisation
from registry.parties.selectors import require_unaffiliated
from registry.rights.errors import AlreadyRegistered, Held, NotCovered, RightTaken
from registry.rights.models import SHARE_WHOLE_PPM, Grant
from registry.rights.selectors import holds_on

COVERAGE: Final = frozenset({"grant_covered", "title_covered"})


def require_registrar(actor: Actor) -> None:
    """Refuse whoever is neither the platform's own relay nor a registrar.

    Raises:
        Unauthenticated, Forbidden: as said.
    """
    if actor is not SYSTEM:
        require(actor, "filing:examine")


def require_registrant(actor: Actor, parent: Grant | None, holder_id: UUID) -> None:
    """Refuse who may not have a right registered: a first right is for registrars, a licence for its parties and those who settle.

    Raises:
        Unauthenticated, Forbidden: as said.
    """
    if parent is None:
        require_registrar(actor)
    elif not actor.authenticated or actor.organisation not in {parent.holder_id, holder_id}:
        require(actor, "deal:settle")


def require_hold_authority(actor: Actor, *, supervising: bool) -> None:
    """Refuse who may not place or lift a hold: registrars may, but what only a regulator may (``supervising``).

    Raises:
        Unauthenticated, Forbidden: as said.
    """
    if supervising or not actor.may("filing:examine"):
        require(actor, "oversight:order")


def require_outsider(actor: Actor, grant: Grant) -> None:
    """Refuse an actor who is, or is affiliated with, a party of the right.

    Raises:
        Affiliated: as said.
    """
    for organisation in {grant.holder_id, grant.licensor_id or grant.holder_id}:
        require_unaffiliated(actor, organisation)


def require_organisation(organisation_id: UUID, field: str) -> None:
    """Refuse an organisation that does not exist, before a deferred foreign key would.

    Raises:
        NotFound: as said.
    """
    if not Organisation.objects.filter(pk=organisation_id).exists():
        raise NotFound(field=(field,), noun="organisation")


def person_of(actor: Actor) -> UUID:
    """The person who acts; four eyes need one.

    Raises:
        Forbidden: the platform itself acts.
    """
    if actor.person is None:
        raise Forbidden(scope="filing:examine")
    return actor.person


def organisation_of(actor: Actor) -> UUID:
    """The organisation that acts; the register says who set what.

    Raises:
        Forbidden: the platform itself acts.
    """
    if actor.organisation is None:
        raise Forbidden(scope="oversight:order")
    return actor.organisation


def text(value: str, field: str = "reason") -> str:
    """A reason as it is stored.

    Raises:
        BadInput: it is blank or too long.
    """
    if not 0 < len(value.strip()) <= TEXT_MAX:
        raise BadInput(field, f"1 to {TEXT_MAX} characters")
    return value.strip()


def version_of(grant_id: UUID, field: str) -> Grant:
    """A version of a right by its id.

    Raises:
        NotFound: there is none.
    """
    grant = Grant.objects.filter(pk=grant_id).first()
    if grant is None:
        raise NotFound(field=(field,), noun="grant")
    return grant


def check_terms(*, term: tuple[date, date], income_share_ppm: int, licensed: bool, deal_id: UUID | None, filing_id: UUID | None) -> None:
    """Refuse input that no register could hold.

    Raises:
        BadInput: an empty term, a share beyond the whole or of a first right, a licence without deal, a first right without filing.
    """
    if term[0] >= term[1]:
        raise BadInput("validUntil", "later than validFrom")
    if not 0 <= income_share_ppm <= SHARE_WHOLE_PPM:
        raise BadInput("incomeSharePpm", f"0 to {SHARE_WHOLE_PPM}")
    if licensed and (deal_id is None or filing_id is not None):
        raise BadInput("dealId", "a licence rests on a deal, not on a filing")
    if not licensed and (filing_id is None or deal_id is not None or income_share_ppm):
        raise BadInput("filingId", "a right without a parent rests on a filing, and owes no share")


@contextmanager
def explained(grant: Grant | None = None) -> Iterator[None]:
    """Run statements in a savepoint, and turn the database's refusal into the error that says what to do.

    Raises:
        RightTaken, NotCovered, Held, AlreadyRegistered: by the constraint that refused.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        _explain(error, grant)


def _explain(error: IntegrityError, grant: Grant | None) -> NoReturn:
    diagnosis = getattr(error.__cause__, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    if constraint in COVERAGE:
        field = "parentId" if grant is not None and grant.parent_id else "madeFrom"
        raise NotCovered(reason_code=str(getattr(diagnosis, "message_detail", "")), field=(field,)) from error
    if constraint in {"object_once_per_filing", "object_identifier_once", "grant_once_per_basis", "registry_rights_registeredobject_pkey"}:
        raise AlreadyRegistered from error
    if grant is not None and constraint == "grant_not_held":
        holds = holds_on(grant.object_id)
        kinds = ", ".join(sorted({hold.kind for hold in holds}))
        raise Held(field=("objectId",), kinds=kinds, since=holds[0].placed_at.isoformat()) from error
    if grant is not None and constraint == "grant_lanes_apart":
        in_the_way = Grant.objects.filter(
            object=grant.object_id, kind=grant.kind, lane__overlap=grant.lane, valid__overlap=grant.valid, recorded__overlap=grant.recorded
        )
        taken = in_the_way.order_by(F("valid__endswith").desc()).values_list("valid", flat=True)[0]
        raise RightTaken(
            field=("validFrom",), kind=grant.kind, taken_from=taken.lower.isoformat(), taken_until=taken.upper.isoformat()
        ) from error
    raise error
