"""Keeps the register of price ceilings: public bodies set, replace and close them; what the register once said stays readable."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from listings.catalogue.errors import AlreadyClosed, CeilingOverlaps, NotUnderAuthorisation
from listings.catalogue.models import PriceCeiling
from listings.resources.checks import organisation_of, require_digest
from pricing.money import CURRENCIES
from pricing.quotes.measuring import UnitOfSale
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, NotFound
from registry.base.idempotency import once
from registry.base.limits import NAME_MAX
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rights.models import RegisteredObject
from registry.rights.selectors import sources_of

AUTHORISED: Final = "AUTHORISED_PUBLIC"
_KEPT: Final = ("set_by_id", "object_id", "unit", "ceiling_minor", "currency", "trial", "document", "document_sha256")


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a public body sets: at most ``minor`` minor units of a currency for one unit, by a document, from a day to before another."""

    unit: UnitOfSale
    minor: int
    currency: str
    trial: bool
    document: str
    document_sha256: str
    valid_from: date
    valid_until: date | None


def price_ceiling_set(
    *, actor: Actor, object_id: UUID, ceiling: Ceiling, replaces_id: UUID | None = None, idempotency_key: str
) -> PriceCeiling:
    """Set the ceiling of an object in one unit and currency. A public body does, or the regulator.

    With ``replaces_id`` it takes the place of an earlier one from its first day on: that record is closed, and its days before are
    recorded anew. Writes one ``price_ceiling.set`` event.

    Raises:
        Forbidden: the actor is no public body.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        BadInput: a negative ceiling, an unknown currency, no document, an empty period, or a replaced ceiling of another kind.
        NotFound: no such object, or not a ceiling that the actor may replace.
        NotUnderAuthorisation: the object is neither public data under authorised operation nor made from such.
        AlreadyClosed: the ceiling to replace was closed before.
        CeilingOverlaps: another one is in force in part of the period.
    """
    require(actor, "openlist:write")
    stated = _acceptable(ceiling)
    with once(actor, "price_ceiling_set", idempotency_key, object_id, stated, replaces_id) as call:
        if call.replayed:
            return call.result(PriceCeiling)
        registered = RegisteredObject.objects.find(actor, object_id, field="objectId")
        if AUTHORISED not in {each.source_kind for each in (registered, *sources_of([registered.pk]))}:
            raise NotUnderAuthorisation(field=("objectId",))
        require_unaffiliated(actor, registered.owner_id)
        old = None if replaces_id is None else _open(actor, replaces_id, "replacesId")
        if old is not None and (old.object_id, old.unit, old.currency) != (object_id, stated.unit, stated.currency):
            raise BadInput("replacesId", "a ceiling of the same object, unit and currency")
        try:
            with transaction.atomic():
                kept = None if old is None else _replace(old, stated.valid_from)
                row = PriceCeiling.objects.create(
                    set_by_id=organisation_of(actor),
                    object=registered,
                    unit=stated.unit,
                    ceiling_minor=stated.minor,
                    currency=stated.currency,
                    trial=stated.trial,
                    document=stated.document,
                    document_sha256=stated.document_sha256,
                    replaces=old,
                    valid=DateRange(stated.valid_from, stated.valid_until),
                    recorded=DateTimeTZRange(clock.now() if old is None else old.recorded.upper, None),
                )
        except IntegrityError as error:
            raise CeilingOverlaps(field=("validFrom",)) from error
        _tell_set(actor, row, kept)
        return call.done(row)


def price_ceiling_close(*, actor: Actor, ceiling_id: UUID, idempotency_key: str) -> PriceCeiling:
    """Close a ceiling from now on, so that none is set; what the register said stays readable. Who set it does, or the regulator.

    Writes one ``price_ceiling.closed`` event.

    Raises:
        Forbidden: the actor is no public body.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        NotFound: not a ceiling that the actor may close.
        AlreadyClosed: it was closed or replaced before.
    """
    require(actor, "openlist:write")
    with once(actor, "price_ceiling_close", idempotency_key, ceiling_id) as call:
        if call.replayed:
            return call.result(PriceCeiling)
        row = _open(actor, ceiling_id, "ceilingId")
        require_unaffiliated(actor, row.object.owner_id)
        _close(row)
        public = {"ceiling": row.pk, "closed_by": organisation_of(actor), "object": row.object_id, "closed_at": row.recorded.upper}
        record("price_ceiling.closed", subject=("PriceCeiling", row.pk), actor=actor, public=public)
        return call.done(row)


def _acceptable(ceiling: Ceiling) -> Ceiling:
    """The ceiling as it is stored, its texts trimmed."""
    document = ceiling.document.strip()
    if ceiling.minor < 0:
        raise BadInput("ceilingMinor", "not negative")
    if ceiling.currency not in CURRENCIES:
        raise BadInput("currency", "the ISO 4217 code of a currency of this market")
    if not 0 < len(document) <= NAME_MAX:
        raise BadInput("document", f"1 to {NAME_MAX} characters")
    if ceiling.valid_until is not None and ceiling.valid_until <= ceiling.valid_from:
        raise BadInput("validUntil", "later than validFrom")
    return Ceiling(
        unit=ceiling.unit,
        minor=ceiling.minor,
        currency=ceiling.currency,
        trial=ceiling.trial,
        document=document,
        document_sha256=require_digest("documentSha256", ceiling.document_sha256),
        valid_from=ceiling.valid_from,
        valid_until=ceiling.valid_until,
    )


def _open(actor: Actor, ceiling_id: UUID, field: str) -> PriceCeiling:
    """A ceiling that the actor may replace or close, locked."""
    row = PriceCeiling.objects.select_for_update(of=("self",)).select_related("object").filter(pk=ceiling_id).first()
    if row is None or not (row.set_by_id == actor.organisation or actor.is_kind(PartyKind.REGULATOR)):
        raise NotFound(field=(field,), noun="price ceiling of yours")
    if not row.recorded.upper_inf:
        raise AlreadyClosed(field=(field,))
    return row


def _close(row: PriceCeiling) -> None:
    row.recorded = DateTimeTZRange(row.recorded.lower, clock.now())
    row.save(update_fields=["recorded"])


def _replace(old: PriceCeiling, valid_from: date) -> PriceCeiling | None:
    """Close a record, and record anew what it says of the days before; None if it says nothing of them."""
    _close(old)
    first, last = old.valid.lower, old.valid.upper
    if first >= valid_from:
        return None
    return PriceCeiling.objects.create(
        **{name: getattr(old, name) for name in _KEPT},
        replaces=old,
        valid=DateRange(first, valid_from if last is None else min(last, valid_from)),
        recorded=DateTimeTZRange(old.recorded.upper, None),
    )


def _tell_set(actor: Actor, row: PriceCeiling, kept: PriceCeiling | None) -> None:
    names = ("unit", "currency", "trial", "document", "document_sha256")
    public = {"ceiling": row.pk, "set_by": row.set_by_id, "object": row.object_id, **{name: getattr(row, name) for name in names}}
    public |= {"ceiling_minor": str(row.ceiling_minor), "valid_from": row.valid.lower, "valid_until": row.valid.upper}
    public |= {"replaces": row.replaces_id, "kept": kept.pk if kept else None}
    record("price_ceiling.set", subject=("PriceCeiling", row.pk), actor=actor, public=public)
