"""What stops a delivery, read from the registers at the moment of use; the relay only tidies up afterwards."""

from collections.abc import Iterable
from datetime import date

from django.db import connection
from django.db.models import Exists, OuterRef

from listings.resources.checks import WITHOUT_PEOPLE
from listings.resources.models import ConsentBasis
from marketplace.delivery.errors import (
    ConsentWithdrawn,
    EntitlementEnded,
    EntitlementNotBegun,
    EntitlementSuspended,
    ObjectHeld,
    RightEnded,
    Undeliverable,
)
from marketplace.delivery.models import Entitlement
from marketplace.delivery.states import Cause, State
from registry.base import clock
from registry.rights.models import Grant, RegisteredObject
from registry.rights.selectors import holds_on, known, standing
from registry.rules.calendar import china_date


def require_usable(entitlement: Entitlement) -> None:
    """Refuse an entitlement that may not be used now.

    Raises:
        EntitlementEnded, EntitlementNotBegun: today, China time, is outside its term.
        EntitlementSuspended: it waits for its cause to go away.
        RightEnded: the register no longer records the right behind it.
        ObjectHeld: a hold stands on the object, or one on title stands on a source.
        ConsentWithdrawn: the people in the data no longer agree to this buyer.
    """
    today = china_date(clock.now())
    for refusal in _refusals(entitlement, today):
        raise refusal


def cause_of(entitlement: Entitlement) -> Cause | None:
    """Why the registers, as they are now, suspend an entitlement; None if they do not."""
    if holds_on(entitlement.object_id):
        return Cause.HOLD
    return Cause.CONSENT if _consent_withdrawn(entitlement) else None


def ends_on(entitlement: Entitlement) -> date | None:
    """The first day on which the entitlement can no longer be used: of its term or of the right behind it; None if that is ended."""
    origin = Grant.objects.filter(pk=entitlement.grant_id).values("origin")
    right = known(None).filter(origin__in=origin).first()
    end: date | None = min(entitlement.valid.upper, right.valid.upper) if right else None
    return end


def _refusals(entitlement: Entitlement, today: date) -> Iterable[Undeliverable]:
    """Lazily, what says most first: the registers, and only then the state that the relay derives from them."""
    field = ("entitlementId",)
    if today >= entitlement.valid.upper:
        yield EntitlementEnded(field=field, until=entitlement.valid.upper.isoformat())
    if today < entitlement.valid.lower:
        yield EntitlementNotBegun(field=field, start=entitlement.valid.lower.isoformat())
    if standing(entitlement.grant_id, today) is None:
        yield RightEnded(field=field)
    if holds := holds_on(entitlement.object_id):
        kinds = ", ".join(sorted({hold.kind for hold in holds}))
        yield ObjectHeld(field=field, kinds=kinds, since=holds[0].placed_at.isoformat())
    if _consent_withdrawn(entitlement):
        yield ConsentWithdrawn(field=field)
    if entitlement.state == State.SUSPENDED:
        yield EntitlementSuspended(field=field, cause=entitlement.suspended_for)
    if entitlement.state == State.ENDED:
        yield EntitlementEnded(field=field, until=entitlement.valid.upper.isoformat())


def _consent_withdrawn(entitlement: Entitlement) -> bool:
    """Whether, for the object or a source with personal information, a consent that names the buyer was withdrawn and not given anew."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT egret_made_of(%s)", [entitlement.object_id])
        sources = [row[0] for row in cursor.fetchall()]
    personal = RegisteredObject.objects.filter(pk__in=[entitlement.object_id, *sources]).exclude(pi_kind__in=WITHOUT_PEOPLE)
    named = ConsentBasis.objects.filter(object__in=personal, buyer=entitlement.holder_id)
    anew = ConsentBasis.objects.filter(object=OuterRef("object"), buyer=OuterRef("buyer"), purpose=OuterRef("purpose"), withdrawn_at=None)
    return named.filter(~Exists(anew), withdrawn_at__isnull=False).exists()
