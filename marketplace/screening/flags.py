"""Raises and lifts flags: a regulator's on an object, a buyer's objection on its own deal (which oversight takes in)."""

from uuid import UUID

from django.db import transaction

from marketplace.screening.errors import FlagNotHere
from marketplace.screening.models import Flag
from marketplace.screening.states import FLAG_TRANSITIONS, Degree, FlagState, Matter
from marketplace.screening.subjects import DEAL
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, Forbidden, FourEyes, StaleVersion
from registry.base.idempotency import once
from registry.base.limits import TEXT_MAX
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rights.models import RegisteredObject

OBJECT = "RegisteredObject"


def flag_raise(*, actor: Actor, object_id: UUID, matter: str, degree: str, reason: str, idempotency_key: str) -> Flag:
    """Flag a registered object, as a regulator: every screening of it, and of what is made from it, heeds the flag at once.

    Writes one ``flag.raised`` event.

    Raises:
        Forbidden: no regulator.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        FlagNotHere: the matter is no matter of objects.
        BadInput: no reason.
    """
    require(actor, "screening:decide")
    if matter == Matter.DELIVERY:
        raise FlagNotHere(field=("matter",), matter=matter)
    text = reason_text(reason)
    with once(actor, "flag_raise", idempotency_key, object_id, matter, degree, text) as call:
        if call.replayed:
            return call.result(Flag)
        require_unaffiliated(actor, RegisteredObject.objects.find(actor, object_id, field="objectId").owner_id)
        return call.done(_raise(actor, (OBJECT, object_id), Matter(matter), Degree(degree), text))


def flag_lift(*, actor: Actor, flag_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Flag:
    """Lift a flag on an object, as another regulator than the one who raised it. Writes one ``flag.lifted`` event.

    Raises:
        Forbidden: no regulator.
        FourEyes: the same person raised it.
        FlagNotHere: an objection to a delivery ends with its complaint.
        StaleVersion, IllegalTransition: it was lifted meanwhile.
    """
    require(actor, "screening:decide")
    text = reason_text(reason)
    with once(actor, "flag_lift", idempotency_key, flag_id, text, expected_version) as call:
        if call.replayed:
            return call.result(Flag)
        flag = Flag.objects.find(actor, flag_id, field="flagId")
        if flag.matter == Matter.DELIVERY:
            raise FlagNotHere(field=("flagId",), matter=flag.matter)
        require_unaffiliated(actor, RegisteredObject.objects.get(pk=flag.subject_id).owner_id)
        if flag.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="flag", current=flag.version, expected=expected_version)
        return call.done(_lift(actor, flag, text))


def objection_raise(*, actor: Actor, deal_id: UUID, reason: str) -> Flag:
    """Note, in the caller's transaction, that a buyer objects to a delivery; settlement waits. Writes one ``flag.raised`` event.

    The caller has made sure that the actor is the deal's buyer.
    """
    with transaction.atomic():
        return _raise(actor, (DEAL, deal_id), Matter.DELIVERY, Degree.SUSPECTED, reason_text(reason))


def objection_settle(*, actor: Actor, flag_id: UUID, reason: str) -> Flag:
    """Note, in the caller's transaction, that an objection to a delivery was answered. Writes one ``flag.lifted`` event.

    The caller has made sure that the actor may answer.

    Raises:
        FourEyes: the person who objected.
        IllegalTransition: it was lifted meanwhile.
    """
    with transaction.atomic():
        return _lift(actor, Flag.objects.lock(flag_id), reason_text(reason))


def reason_text(reason: str) -> str:
    """A reason as it is stored.

    Raises:
        BadInput: it is blank or too long.
    """
    if not 0 < len(reason.strip()) <= TEXT_MAX:
        raise BadInput("reason", f"1 to {TEXT_MAX} characters")
    return reason.strip()


def acting(actor: Actor) -> tuple[UUID, UUID]:
    """The organisation and the person who act; four eyes need both.

    Raises:
        Forbidden: the platform itself acts.
    """
    if actor.organisation is None or actor.person is None:
        raise Forbidden(scope="screening:decide")
    return actor.organisation, actor.person


def _raise(actor: Actor, subject: tuple[str, UUID], matter: Matter, degree: Degree, reason: str) -> Flag:
    organisation, person = acting(actor)
    flag = Flag.objects.create(
        subject_type=subject[0],
        subject_id=subject[1],
        matter=matter,
        degree=degree,
        reason=reason,
        raised_by_id=organisation,
        raised_by_person=person,
        raised_at=clock.now(),
    )
    opened = {"flag": flag.pk, "subject_type": subject[0], "subject": subject[1]}
    sealed = {"matter": matter, "degree": degree, "reason": reason}
    record("flag.raised", subject=subject, actor=actor, public=opened, sealed=sealed)
    return flag


def _lift(actor: Actor, flag: Flag, reason: str) -> Flag:
    organisation, person = acting(actor)
    if flag.raised_by_person == person:
        raise FourEyes(field=("flagId",))
    lifted = {"lifted_by_id": organisation, "lifted_by_person": person, "lifted_at": clock.now(), "lift_reason": reason}
    move(flag, to=FlagState.LIFTED, expected_version=flag.version, transitions=FLAG_TRANSITIONS, **lifted)
    subject = (flag.subject_type, flag.subject_id)
    opened = {"flag": flag.pk, "subject_type": subject[0], "subject": subject[1]}
    record("flag.lifted", subject=subject, actor=actor, public=opened, sealed={"matter": flag.matter, "reason": reason})
    return flag
