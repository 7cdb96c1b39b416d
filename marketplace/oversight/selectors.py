"""Reads complaints, orders and refused access, and counts what happened in the market."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from listings.products.models import Listing
from marketplace.deals.models import Deal
from marketplace.deals.states import State as DealState
from marketplace.oversight.models import Complaint, Order
from marketplace.oversight.states import Subject
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.models import RefusedAccess
from registry.base.visibility import Record
from registry.rights.models import RegisteredObject
from registry.rules_store.models import Finding, Outcome


@dataclass(frozen=True, slots=True)
class Counted:
    """How many there are of one code."""

    code: str
    count: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What was settled in one currency, in minor units."""

    currency: str
    amount_minor: int
    deals: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """The market in figures, as the tables say now."""

    listings: tuple[Counted, ...]
    deals: tuple[Counted, ...]
    blocked: tuple[Counted, ...]
    """Verdicts that a rule made a BLOCK, by rule; one verdict may count under several rules."""
    complaints: tuple[Counted, ...]
    settled: tuple[Settled, ...]


_SUBJECTS: Final[dict[str, type[Record]]] = {Subject.DEAL: Deal, Subject.LISTING: Listing, Subject.OBJECT: RegisteredObject}


def complained_of(actor: Actor, subject_type: str, subject_id: UUID) -> Record:
    """What a complaint is about, if the actor may see it.

    Raises:
        BadInput: nothing of that type can be complained of.
        NotFound: there is none, or the actor may not see it.
    """
    if subject_type not in _SUBJECTS:
        raise BadInput("subjectId", "the id of a deal, a listing or a registered object")
    found: Record = _SUBJECTS[subject_type].objects.find(actor, subject_id, field="subjectId")
    return found


def complaint_page(*, actor: Actor, state: str | None = None) -> QuerySet[Complaint]:
    """Complaints that the actor may see, in one state if asked."""
    rows = Complaint.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def order_page(*, actor: Actor, state: str | None = None) -> QuerySet[Order]:
    """Orders that the actor may see, in one state if asked."""
    rows = Order.objects.visible_to(actor)
    return rows if state is None else rows.filter(state=state)


def refused_access_page(*, actor: Actor, code: str | None = None) -> QuerySet[RefusedAccess]:
    """Refused attempts that the actor may see: a regulator all, others those of their own organisation."""
    rows = RefusedAccess.objects.visible_to(actor)
    return rows if code is None else rows.filter(code=code)


def listings_of(object_id: UUID) -> QuerySet[Listing]:
    """The listings of an object's product."""
    return Listing.objects.filter(product_version__product__object=object_id)


def statistics(*, actor: Actor) -> Statistics:
    """The market's figures, for a regulator; one grouped query a figure over the tables themselves.

    Raises:
        Forbidden: no regulator.
    """
    require(actor, "oversight:order")
    blocked = Finding.objects.filter(outcome=Outcome.BLOCK)
    settled = Deal.objects.filter(state=DealState.SETTLED).values("currency").annotate(sum=Sum("amount_minor"), count=Count("id"))
    return Statistics(
        listings=_counted(Listing.objects.all(), "state"),
        deals=_counted(Deal.objects.all(), "state"),
        blocked=_counted(blocked, "rule_id"),
        complaints=_counted(Complaint.objects.all(), "state"),
        settled=tuple(Settled(row["currency"], int(row["sum"]), row["count"]) for row in settled.order_by("currency")),
    )


def _counted(rows: QuerySet[Any], column: str) -> tuple[Counted, ...]:
    grouped = rows.values_list(column).annotate(count=Count("id")).order_by(column)
    return tuple(Counted(code, count) for code, count in grouped)
