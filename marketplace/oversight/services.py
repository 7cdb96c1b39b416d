"""Takes in complaints and answers them; issues and lifts orders, which take effect below at once as holds and suspensions."""

from typing import Final
from uuid import UUID

from listings.products.errors import NotCleared, NothingOffered
from listings.products.listing_services import listing_resume, listing_suspend
from listings.products.models import REASON_MAX
from listings.products.states import State as ListingState
from marketplace.deals.models import Deal
from marketplace.deals.states import State as DealState
from marketplace.oversight.errors import AlreadyOrdered, NotYoursToAnswer
from marketplace.oversight.models import Complaint, Order
from marketplace.oversight.selectors import complained_of, listings_of
from marketplace.oversight.states import COMPLAINT_TRANSITIONS, ORDER_TRANSITIONS, ComplaintState, OrderKind, OrderState
from marketplace.screening.flags import acting, objection_raise, objection_settle, reason_text
from marketplace.screening.models import Flag
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import FourEyes, StaleVersion
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rights.models import RegisteredObject
from registry.rights.services import hold_lift, hold_place
from registry.rights.states import HoldKind
from registry.rules.calendar import add_calendar_days, china_date

ANSWER_DAYS: Final = 15
"""Calendar days in which a complaint is answered: platform policy."""
_OBJECTIONABLE: Final = frozenset({DealState.DELIVERED, DealState.ACCEPTED})


def complaint_file(*, actor: Actor, subject_type: str, subject_id: UUID, text: str, idempotency_key: str) -> Complaint:
    """Complain of a deal, a listing or an object that the actor may see.

    A buyer's complaint of its delivered deal is an objection to the delivery: nothing is settled until it is answered.
    Writes one ``complaint.filed`` event, and ``flag.raised`` for an objection.

    Raises:
        NotFound: no such subject, or the actor may not see it.
        BadInput: no text.
    """
    require(actor, "filing:object")
    organisation, person = acting(actor)
    stated = reason_text(text)
    with once(actor, "complaint_file", idempotency_key, subject_type, subject_id, stated) as call:
        if call.replayed:
            return call.result(Complaint)
        subject, now = complained_of(actor, subject_type, subject_id), clock.now()
        complaint = Complaint.objects.create(
            subject_type=subject_type,
            subject_id=subject_id,
            complainant_id=organisation,
            complainant_person=person,
            institution_id=subject.institution_id if isinstance(subject, Deal) else None,
            text=stated,
            objection=_objection(actor, subject, stated),
            received_at=now,
            answer_due_at=add_calendar_days(china_date(now), ANSWER_DAYS, assume_weekends=True).ends_at,
        )
        record(
            "complaint.filed",
            subject=(subject_type, subject_id),
            actor=actor,
            public={
                "complaint": complaint.pk,
                "subject_type": subject_type,
                "subject": subject_id,
                "answer_due_at": complaint.answer_due_at,
            },
            sealed={"complainant": organisation, "text": stated},
        )
        return call.done(complaint)


def complaint_answer(*, actor: Actor, complaint_id: UUID, answer: str, expected_version: int, idempotency_key: str) -> Complaint:
    """Answer a complaint, as a regulator or as the institution that settles the deal. An objection to a delivery ends with the answer.

    Writes one ``complaint.answered`` event, and ``flag.lifted`` for an objection.

    Raises:
        NotFound: the actor may not see it.
        NotYoursToAnswer: neither regulator nor the deal's institution.
        Affiliated: the complainant is the actor's own organisation or its affiliate.
        StaleVersion, IllegalTransition: it was answered meanwhile.
    """
    organisation, person = acting(actor)
    stated = reason_text(answer)
    with once(actor, "complaint_answer", idempotency_key, complaint_id, stated, expected_version) as call:
        if call.replayed:
            return call.result(Complaint)
        complaint = Complaint.objects.find(actor, complaint_id, field="complaintId")
        if not actor.may("oversight:order") and not (actor.may("deal:settle") and complaint.institution_id == organisation):
            raise NotYoursToAnswer(field=("complaintId",))
        require_unaffiliated(actor, complaint.complainant_id)
        answered = {"answer": stated, "answered_by_id": organisation, "answered_by_person": person, "answered_at": clock.now()}
        move(complaint, to=ComplaintState.ANSWERED, expected_version=expected_version, transitions=COMPLAINT_TRANSITIONS, **answered)
        if complaint.objection_id is not None:
            objection_settle(actor=actor, flag_id=complaint.objection_id, reason=stated)
        subject = (complaint.subject_type, complaint.subject_id)
        opened = {"complaint": complaint.pk, "subject_type": subject[0], "subject": subject[1]}
        record("complaint.answered", subject=subject, actor=actor, public=opened, sealed={"answer": stated})
        return call.done(complaint)


def order_issue(*, actor: Actor, object_id: UUID, reason: str, idempotency_key: str) -> Order:
    """Halt all trade in a registered object from now on: a hold of kind ORDER is placed on it and its live listings are suspended.

    Writes one ``order.issued`` event, besides those of the hold and of each listing.

    Raises:
        Forbidden: no regulator.
        Affiliated: the object's owner is the actor's own organisation or its affiliate.
        AlreadyOrdered: such an order is in force.
        NotFound: no such object.
    """
    require(actor, "oversight:order")
    organisation, person = acting(actor)
    stated = reason_text(reason)
    with once(actor, "order_issue", idempotency_key, object_id, stated) as call:
        if call.replayed:
            return call.result(Order)
        RegisteredObject.objects.find(actor, object_id, field="objectId")
        key = uuid7()
        hold = hold_place(actor=actor, object_id=object_id, kind=HoldKind.ORDER, reason=stated, idempotency_key=f"order:{key}")
        if Order.objects.filter(object=object_id, kind=OrderKind.HALT, state=OrderState.IN_FORCE).exists():
            raise AlreadyOrdered(field=("objectId",))
        order = Order.objects.create(
            id=key,
            object_id=object_id,
            kind=OrderKind.HALT,
            reason=stated,
            hold=hold,
            regulator_id=organisation,
            issued_by=person,
            effective_at=clock.now(),
        )
        suspended = _suspend_listings(actor, key, object_id, stated)
        opened = {"order": key, "object": object_id, "kind": order.kind, "hold": hold.pk, "listings": suspended}
        record("order.issued", subject=("RegisteredObject", object_id), actor=actor, public=opened, sealed={"reason": stated})
        return call.done(order)


def order_lift(*, actor: Actor, order_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Order:
    """Lift an order, as another regulator than the one who issued it.

    Its hold ends. A listing that it stopped goes on if its verdict still passes; otherwise a regulator has it screened again.

    Writes one ``order.lifted`` event, besides that of the hold.

    Raises:
        Forbidden: no regulator.
        FourEyes: the same person issued it.
        StaleVersion, IllegalTransition: it was lifted meanwhile.
    """
    require(actor, "oversight:order")
    _, person = acting(actor)
    stated = reason_text(reason)
    with once(actor, "order_lift", idempotency_key, order_id, stated, expected_version) as call:
        if call.replayed:
            return call.result(Order)
        order = Order.objects.find(actor, order_id, field="orderId")
        if order.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="order", current=order.version, expected=expected_version)
        if order.issued_by == person:
            raise FourEyes(field=("orderId",))
        lifted = {"lifted_by": person, "lifted_at": clock.now(), "lift_reason": stated}
        move(order, to=OrderState.LIFTED, expected_version=expected_version, transitions=ORDER_TRANSITIONS, **lifted)
        hold = order.hold
        hold_lift(actor=actor, hold_id=hold.pk, reason=stated, expected_version=hold.version, idempotency_key=f"order:{order.pk}")
        resumed = _resume_listings(actor, order)
        opened = {"order": order.pk, "object": order.object_id, "kind": order.kind, "hold": hold.pk, "listings": resumed}
        record("order.lifted", subject=("RegisteredObject", order.object_id), actor=actor, public=opened, sealed={"reason": stated})
        return call.done(order)


def _objection(actor: Actor, subject: object, text: str) -> Flag | None:
    if isinstance(subject, Deal) and subject.buyer_id == actor.organisation and subject.state in _OBJECTIONABLE:
        return objection_raise(actor=actor, deal_id=subject.pk, reason=text)
    return None


def _suspend_listings(actor: Actor, order_id: UUID, object_id: UUID, reason: str) -> list[UUID]:
    """Stop every live listing of the object; returns which."""
    suspended = list(listings_of(object_id).filter(state=ListingState.LISTED).order_by("id"))
    for listing in suspended:
        listing_suspend(
            actor=actor,
            listing_id=listing.pk,
            reason=reason[:REASON_MAX],
            expected_version=listing.version,
            idempotency_key=f"order:{order_id}:{listing.pk}",
        )
    return [listing.pk for listing in suspended]


def _resume_listings(actor: Actor, order: Order) -> list[UUID]:
    """Put back the listings that the order stopped and that still pass the rules; returns which. The others must be screened again."""
    resumed = []
    for listing in listings_of(order.object_id).filter(state=ListingState.SUSPENDED, ordered=True).order_by("id"):
        try:
            key = f"order:{order.pk}:{listing.pk}"
            listing_resume(actor=actor, listing_id=listing.pk, expected_version=listing.version, idempotency_key=key)
        except (NotCleared, NothingOffered):
            continue
        resumed.append(listing.pk)
    return resumed
