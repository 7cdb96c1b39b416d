"""Keeps the open list: public bodies publish entries and withdraw them; what the list once said stays readable."""

from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange, DateTimeTZRange

from listings.catalogue.errors import AlreadyOpen, AlreadyWithdrawn
from listings.catalogue.models import OpenListEntry
from listings.catalogue.states import OpenType
from listings.catalogue.titles import open_list_title
from listings.resources.checks import organisation_of
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, NotFound
from registry.base.idempotency import once
from registry.base.limits import NAME_MAX, TEXT_MAX
from registry.log.services import record
from registry.rights.models import RegisteredObject


def open_list_publish(
    *,
    actor: Actor,
    title: str,
    open_type: OpenType,
    conditions: str = "",
    object_id: UUID | None = None,
    valid_from: date,
    valid_until: date | None = None,
    idempotency_key: str,
) -> OpenListEntry:
    """Publish an entry of the open list, from a day to before another (or until withdrawn). A public body does, or the regulator.

    Writes one ``open_list.published`` event.

    Raises:
        Forbidden: the actor is no public body.
        BadInput: no title, conditions missing or not asked for, or an empty period.
        NotFound: no such object.
        AlreadyOpen: another entry of that object, or of that publisher under that title, overlaps.
    """
    require(actor, "openlist:write")
    title, conditions = open_list_title(title), conditions.strip()
    if not 0 < len(title) <= NAME_MAX:
        raise BadInput("title", f"1 to {NAME_MAX} characters")
    if (open_type is OpenType.CONDITIONAL) != bool(conditions) or len(conditions) > TEXT_MAX:
        raise BadInput("conditions", f"stated if the open type is CONDITIONAL, and only then; at most {TEXT_MAX} characters")
    if valid_until is not None and valid_until <= valid_from:
        raise BadInput("validUntil", "later than validFrom")
    inputs = (title, open_type, conditions, object_id, valid_from, valid_until)
    with once(actor, "open_list_publish", idempotency_key, *inputs) as call:
        if call.replayed:
            return call.result(OpenListEntry)
        registered = None if object_id is None else RegisteredObject.objects.find(actor, object_id, field="objectId")
        try:
            with transaction.atomic():
                entry = OpenListEntry.objects.create(
                    publisher_id=organisation_of(actor),
                    object=registered,
                    title=title,
                    open_type=open_type,
                    conditions=conditions,
                    valid=DateRange(valid_from, valid_until),
                    recorded=DateTimeTZRange(clock.now(), None),
                )
        except IntegrityError as error:
            raise AlreadyOpen(field=("validFrom",)) from error
        names = ("title", "open_type", "conditions")
        public = {"entry": entry.pk, "publisher": entry.publisher_id, "object": object_id, **{name: getattr(entry, name) for name in names}}
        public |= {"valid_from": valid_from, "valid_until": valid_until}
        record("open_list.published", subject=("OpenListEntry", entry.pk), actor=actor, public=public)
        return call.done(entry)


def open_list_withdraw(*, actor: Actor, entry_id: UUID, idempotency_key: str) -> OpenListEntry:
    """Withdraw an entry from now on; what the list said until now stays readable. Its publisher does, or the regulator.

    Writes one ``open_list.withdrawn`` event.

    Raises:
        Forbidden: the actor is no public body.
        NotFound: not an entry that the actor may withdraw.
        AlreadyWithdrawn: it was withdrawn before.
    """
    require(actor, "openlist:write")
    with once(actor, "open_list_withdraw", idempotency_key, entry_id) as call:
        if call.replayed:
            return call.result(OpenListEntry)
        entry = OpenListEntry.objects.select_for_update(of=("self",)).filter(pk=entry_id).first()
        if entry is None or not (entry.publisher_id == actor.organisation or actor.is_kind(PartyKind.REGULATOR)):
            raise NotFound(field=("entryId",), noun="open-list entry of yours")
        if not entry.recorded.upper_inf:
            raise AlreadyWithdrawn(field=("entryId",))
        now = clock.now()
        entry.recorded = DateTimeTZRange(entry.recorded.lower, now)
        entry.save(update_fields=["recorded"])
        public = {"entry": entry.pk, "publisher": entry.publisher_id, "object": entry.object_id, "withdrawn_at": now}
        record("open_list.withdrawn", subject=("OpenListEntry", entry.pk), actor=actor, public=public)
        return call.done(entry)
