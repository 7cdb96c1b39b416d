"""Reads of products, listings and offers, and what a seller would keep of a sale."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from listings.products.models import Listing, Offer, Product, ProductVersion
from listings.products.states import OfferState
from listings.resources.checks import own_object
from pricing.engines.model import Verb
from pricing.fees.arithmetic import Division
from pricing.fees.services import division_of
from pricing.fees.title import share_terms_of
from pricing.inputs.services import given_json
from pricing.money import Money, PricingError
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import answer_of
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, NotFound
from registry.parties.models import Organisation
from registry.rules.calendar import china_date


@dataclass(frozen=True, slots=True)
class Preview:
    """What one sale would bring: the price, and how it would be divided."""

    amount: Money
    division: Division
    seller_id: UUID

    @property
    def net_income(self) -> Money:
        """The amount less fees, before shares and taxes."""
        return Money(self.division.net_minor, self.amount.currency)

    @property
    def kept(self) -> Money:
        """What the seller keeps in the end."""
        return Money(self.division.paid_to(str(self.seller_id)), self.amount.currency)


def product_page(*, actor: Actor, owner_id: UUID | None = None) -> QuerySet[Product]:
    """Products, of one owner if asked."""
    rows = Product.objects.visible_to(actor)
    return rows if owner_id is None else rows.filter(object__owner=owner_id)


def product_version_page(*, actor: Actor, product_id: UUID | None = None) -> QuerySet[ProductVersion]:
    """Product versions, of one product if asked."""
    rows = ProductVersion.objects.visible_to(actor)
    return rows if product_id is None else rows.filter(product=product_id)


def listing_page(*, actor: Actor, product_id: UUID | None = None, state: str | None = None) -> QuerySet[Listing]:
    """Listings, of one product or in one state if asked."""
    rows = Listing.objects.visible_to(actor)
    rows = rows if product_id is None else rows.filter(product_version__product=product_id)
    return rows if state is None else rows.filter(state=state)


def open_offers(listing_id: UUID) -> QuerySet[Offer]:
    """The offers of a listing that were not withdrawn, oldest first; screening judges these."""
    return Offer.objects.filter(listing=listing_id, state=OfferState.OPEN).order_by("id")


def offer_preview(*, actor: Actor, plan_id: UUID, object_id: UUID, institution_id: UUID, usage: str) -> Preview:
    """What a sale of an object of one's own by a plan of one's own would bring today, for one use, settled by one institution.

    The division is the very function that settlement carries out, on the fees and licences of today.

    Raises:
        NotFound: not a plan or an object of the actor's.
        BadInput: the usage is no JSON object, or no such institution.
        PricingRefused: the model refuses an input, or prices no use.
        NoSchedule: no fees are in force.
        TitleBroken: a licence that the object is made under is not in force.
    """
    require(actor, "plan:write")
    given = given_json(actor=actor, text=usage, file_id=None, field="usage")
    registered = own_object(actor, object_id)
    plan = Plan.objects.filter(pk=plan_id, owner=actor.organisation).first()
    if plan is None:
        raise NotFound(field=("planId",), noun="plan of yours")
    if not Organisation.objects.filter(pk=institution_id, kinds__contains=[PartyKind.INSTITUTION]).exists():
        raise BadInput("institutionId", "a trading-service institution of this market")
    amount = _price(plan, given)
    terms = share_terms_of(object_id, on=china_date(clock.now()))
    division = division_of(amount=amount, seller_id=registered.owner_id, institution_id=institution_id, terms=terms)
    return Preview(amount, division, registered.owner_id)


def _price(plan: Plan, usage: dict[str, Any]) -> Money:
    try:
        answer = answer_of(plan, Verb.QUOTE, inputs=usage)
    except PricingError as error:
        raise PricingRefused(error, under=("usage",)) from error
    return Money(answer.amount_minor, answer.currency)
