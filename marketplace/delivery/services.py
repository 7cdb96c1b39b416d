"""The only writer of delivery: entitlements open, stop and end; one buyer action is one meter event."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from listings.resources.models import Asset
from marketplace.delivery.checks import cause_of, ends_on, require_usable
from marketplace.delivery.errors import LinkInvalid, NoFile, NotHolder
from marketplace.delivery.links import Link, new_link, read_link
from marketplace.delivery.models import Entitlement, MeterEvent, MeterKey
from marketplace.delivery.states import TRANSITIONS, Cause, MeterKind, Mode, State
from registry.base import clock, work
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, IdempotencyMismatch
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.limits import IDEMPOTENCY_KEY_MAX
from registry.base.transitions import move
from registry.log.services import record
from registry.rules.calendar import CHINA, china_date

REASSESS_TOPIC: Final = "delivery.reassess"
COUNT_MAX: Final = 2**63 - 1


class Metered(NamedTuple):
    """The meter event of an action, and whether this call made it."""

    event: MeterEvent
    first: bool


@dataclass(frozen=True, slots=True)
class Handover:
    """A file about to be handed over: the link that was followed, what allows it, and the file."""

    link: Link
    entitlement: Entitlement
    asset: Asset


def entitlement_open(
    *, deal_id: UUID, holder_id: UUID, object_id: UUID, grant_id: UUID, asset_id: UUID | None, mode: str, valid: DateRange, suspended: bool
) -> Entitlement:
    """Let the buyer of a deal use an object by a registered right, in the caller's transaction.

    ``suspended`` opens it stopped by screening; ``entitlements_screened`` resumes it. Sets a timer for its end.
    Writes one ``entitlement.opened`` event, and one ``entitlement.suspended`` if so.
    """
    with transaction.atomic():
        row = Entitlement.objects.create(
            deal_id=deal_id,
            holder_id=holder_id,
            object_id=object_id,
            grant_id=grant_id,
            asset_id=asset_id,
            mode=mode,
            valid=valid,
            opened_at=clock.now(),
        )
        opened = {"entitlement": row.pk, "deal": deal_id, "object": object_id, "grant": grant_id}
        record("entitlement.opened", subject=("Entitlement", row.pk), actor=SYSTEM, public=opened)
        if suspended:
            _suspend(row, Cause.SCREENING)
        _set_timer(row)
    return row


def entitlements_screened(*, deal_id: UUID, passes: bool) -> None:
    """Take screening's word on a deal: stop its entitlements, or resume those that screening had stopped.

    Locks them in primary-key order. Writes one event for each that changes.
    """
    with transaction.atomic():
        for row in Entitlement.objects.select_for_update(of=("self",)).filter(deal_id=deal_id).exclude(state=State.ENDED).order_by("id"):
            if not passes and row.suspended_for != Cause.SCREENING:
                _suspend(row, Cause.SCREENING)
            elif passes and row.suspended_for == Cause.SCREENING:
                _resume(row, cause_of(row))


def entitlement_reassess(*, entitlement_id: UUID) -> Entitlement:
    """Bring an entitlement's state in line with the registers: end it, suspend it, or resume it. Idempotent.

    Writes one event if the state changes. What screening stopped stays stopped.
    """
    with transaction.atomic():
        row = Entitlement.objects.lock(entitlement_id)
        if row.state == State.ENDED:
            return row
        end = ends_on(row)
        if end is None or end <= china_date(clock.now()):
            _move(row, State.ENDED)
            record("entitlement.ended", subject=("Entitlement", row.pk), actor=SYSTEM, public={"entitlement": row.pk, "deal": row.deal_id})
            return row
        cause = cause_of(row)
        if cause is None and row.suspended_for in {Cause.HOLD, Cause.CONSENT}:
            _resume(row, None)
        elif cause is not None and row.suspended_for not in {cause, Cause.SCREENING}:
            _suspend(row, cause)
        _set_timer(row)
    return row


def delivery_link(*, actor: Actor, entitlement_id: UUID, idempotency_key: str) -> Link:
    """A link to the file of an entitlement, for one action of the holder: however often it is followed or asked for, it is one use.

    Nothing is metered before the whole file was handed over. The same key gives a fresh link to the same action.

    Raises:
        NotFound: not an entitlement that the actor may see.
        NotHolder: it belongs to another organisation.
        NoFile: it delivers none.
        Undeliverable: what stops it now; see ``checks.require_usable``.
    """
    require(actor, "deal:buy")
    with once(actor, "delivery_link", idempotency_key, entitlement_id) as call:
        row = Entitlement.objects.find(actor, entitlement_id, field="entitlementId")
        if row.holder_id != actor.organisation:
            raise NotHolder(field=("entitlementId",))
        _file_of(row)
        require_usable(row)
        if not call.replayed:
            call.done(row)
        return new_link(entitlement=row.pk, action_key=str(call.row.pk), person=actor.person)


def delivery_start(*, token: str) -> Handover:
    """Follow a link: everything that was checked when it was made is checked again.

    Raises:
        LinkInvalid, LinkExpired: see ``links.read_link``; invalid, too, where its entitlement is not of this database.
        NoFile: it delivers none.
        Undeliverable: what stops it now; see ``checks.require_usable``.
    """
    link = read_link(token)
    row = Entitlement.objects.filter(pk=link.entitlement).first()
    if row is None:
        raise LinkInvalid
    asset_id = _file_of(row)
    require_usable(row)
    return Handover(link, row, Asset.objects.get(pk=asset_id))


def delivery_complete(*, handover: Handover) -> Metered:
    """Take note that the last byte was handed over: one meter event and one ``delivery.completed`` event for each action."""
    row, asset = handover.entitlement, handover.asset
    with transaction.atomic():
        metered = meter(entitlement_id=row.pk, action_key=handover.link.action_key, kind=MeterKind.FILE, units=1, size=asset.size)
        if metered.first:
            record(
                "delivery.completed",
                subject=("Entitlement", row.pk),
                actor=Actor(person=handover.link.person, organisation=row.holder_id),
                public={"deal": row.deal_id, "entitlement": row.pk, "sha256": asset.sha256},
            )
    return metered


def meter(*, entitlement_id: UUID, action_key: str, kind: MeterKind, units: int, size: int = 0) -> Metered:
    """Count one use of so many units and bytes. The same action key counts once, whoever repeats it, however often, even at once.

    It records what was done and refuses nothing for the entitlement's state: the caller checked that before.

    Raises:
        BadInput: a key of the wrong length, no units, or more than a bigint holds.
        IdempotencyMismatch: the action was counted before as another use.
    """
    if not 0 < len(action_key) <= IDEMPOTENCY_KEY_MAX:
        raise BadInput("actionKey", f"1 to {IDEMPOTENCY_KEY_MAX} characters")
    if not (1 <= units <= COUNT_MAX and 0 <= size <= COUNT_MAX):
        raise BadInput("units", f"1 to {COUNT_MAX}")
    at = clock.now()
    with transaction.atomic():
        key, first = MeterKey.objects.get_or_create(entitlement_id=entitlement_id, action_key=action_key, defaults={"event_id": uuid7(at)})
        if not first:
            event = MeterEvent.objects.get(pk=key.event_id)
            if (event.kind, event.units) != (kind, units):
                raise IdempotencyMismatch
            return Metered(event, first=False)
        deal_id = Entitlement.objects.values_list("deal_id", flat=True).get(pk=entitlement_id)
        event = MeterEvent(
            id=key.event_id,
            entitlement_id=entitlement_id,
            deal_id=deal_id,
            action_key=action_key,
            kind=kind,
            units=units,
            bytes=size,
            at=at,
        )
        event.save(force_insert=True)
    return Metered(event, first=True)


def _file_of(row: Entitlement) -> UUID:
    if row.mode != Mode.FILE or row.asset_id is None:
        raise NoFile(field=("entitlementId",), mode=row.mode)
    asset_id: UUID = row.asset_id
    return asset_id


def _suspend(row: Entitlement, cause: Cause) -> None:
    _move(row, State.SUSPENDED, cause)
    public = {"entitlement": row.pk, "deal": row.deal_id, "cause": cause}
    record("entitlement.suspended", subject=("Entitlement", row.pk), actor=SYSTEM, public=public)


def _resume(row: Entitlement, other: Cause | None) -> None:
    """Resume, unless another cause remains."""
    if other is not None:
        _suspend(row, other)
        return
    _move(row, State.OPEN)
    record("entitlement.resumed", subject=("Entitlement", row.pk), actor=SYSTEM, public={"entitlement": row.pk, "deal": row.deal_id})


def _move(row: Entitlement, to: State, cause: Cause | None = None) -> None:
    move(row, to=to, expected_version=row.version, transitions=TRANSITIONS, suspended_for=cause or "")


def _set_timer(row: Entitlement) -> None:
    """Look again on the first day on which it can no longer be used; a right that was cut short brings that day forward."""
    end = ends_on(row)
    if end is not None:
        due = datetime.combine(end, time(), CHINA)
        work.enqueue(topic=REASSESS_TOPIC, key=f"{row.pk}:{end}", payload={"entitlement": str(row.pk)}, due_at=due)
