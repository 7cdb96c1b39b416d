"""Makes products and their versions, and listings with their offers. The only writer of what is offered."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db.models import Max

from listings.products.checks import own_listing
from listings.products.errors import (
    AssetNotOfProduct,
    ContentFixed,
    DeliveryMismatch,
    ListingExists,
    PlanSellsNothing,
    ProductExists,
    SampleNotOfAsset,
    TooManyOffers,
)
from listings.products.models import TERM_MONTHS_MAX, Listing, Offer, OfferPlan, Product, ProductVersion
from listings.products.states import OFFER_TRANSITIONS, Delivery, OfferState, State
from listings.resources.checks import own_object
from listings.resources.models import Asset, Profile, Sample
from listings.resources.states import AssetState
from pricing.plans.models import Plan
from pricing.plans.pricing import SELLING, model_of
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, NotFound, StaleVersion
from registry.base.idempotency import once
from registry.base.limits import NAME_MAX, TEXT_MAX
from registry.base.transitions import move
from registry.log.services import record
from registry.rights.scope import Scope
from registry.rights.states import Right

OFFERS_MAX: Final = 20
PLANS_MAX: Final = 5


def product_create(*, actor: Actor, object_id: UUID, idempotency_key: str) -> Product:
    """Make a product of a registered object of one's own.

    Writes one ``product.created`` event.

    Raises:
        Forbidden: the actor's organisation lists nothing.
        NotFound: not an object of the actor's.
        ProductExists: it is a product already.
    """
    require(actor, "listing:write")
    with once(actor, "product_create", idempotency_key, object_id) as call:
        if call.replayed:
            return call.result(Product)
        registered = own_object(actor, object_id)
        product, created = Product.objects.get_or_create(id=registered.pk, defaults={"object": registered, "created_at": clock.now()})
        if not created:
            raise ProductExists(field=("objectId",))
        public = {"product": product.pk, "object": registered.pk, "owner": registered.owner_id}
        record("product.created", subject=("Product", product.pk), actor=actor, public=public)
        return call.done(product)


def product_version_add(
    *,
    actor: Actor,
    product_id: UUID,
    title_zh: str,
    title_en: str,
    description_zh: str = "",
    description_en: str = "",
    asset_id: UUID | None = None,
    sample_id: UUID | None = None,
    idempotency_key: str,
) -> ProductVersion:
    """Add the next version of a product: what exactly would be delivered, and how it is described. Its asset's profile comes along.

    Locks the product. Writes one ``product.versioned`` event.

    Raises:
        NotFound: not a product of the actor's.
        BadInput: a title or description.
        AssetNotOfProduct: the asset is not READY, or not of the product's object.
        SampleNotOfAsset: the sample is of another asset.
    """
    require(actor, "listing:write")
    texts = {
        "title_zh": _text("titleZh", title_zh, 1, NAME_MAX),
        "title_en": _text("titleEn", title_en, 1, NAME_MAX),
        "description_zh": _text("descriptionZh", description_zh, 0, TEXT_MAX),
        "description_en": _text("descriptionEn", description_en, 0, TEXT_MAX),
    }
    with once(actor, "product_version_add", idempotency_key, product_id, texts, asset_id, sample_id) as call:
        if call.replayed:
            return call.result(ProductVersion)
        product = _own_product(actor, product_id)
        asset = _asset_of(product, asset_id)
        sample = _sample_of(asset, sample_id)
        version = ProductVersion.objects.create(
            product=product,
            number=(product.versions.aggregate(last=Max("number"))["last"] or 0) + 1,
            **texts,
            asset=asset,
            profile=Profile.objects.filter(asset=asset).first() if asset else None,
            sample=sample,
            created_at=clock.now(),
        )
        public = {"product": product.pk, "product_version": version.pk, "number": version.number}
        public |= {"asset": asset.pk if asset else None, "sha256": asset.sha256 if asset else None}
        record("product.versioned", subject=("Product", product.pk), actor=actor, public=public)
        return call.done(version)


def listing_draft(*, actor: Actor, product_version_id: UUID, idempotency_key: str) -> Listing:
    """Begin a listing of a version of one's own product.

    Locks the product. Writes one ``listing.drafted`` event.

    Raises:
        NotFound: not a version of the actor's.
        ListingExists: the version has a listing that was not taken down.
    """
    require(actor, "listing:write")
    with once(actor, "listing_draft", idempotency_key, product_version_id) as call:
        if call.replayed:
            return call.result(Listing)
        version = ProductVersion.objects.filter(pk=product_version_id, product__object__owner=actor.organisation).first()
        if version is None:
            raise NotFound(field=("productVersionId",), noun="product version")
        Product.objects.lock(version.product_id)
        alive = Listing.objects.filter(product_version=version).exclude(state=State.DELISTED).first()
        if alive is not None:
            raise ListingExists(field=("productVersionId",), state=alive.state)
        listing = Listing.objects.create(product_version=version, drafted_at=clock.now())
        public = {"listing": listing.pk, "product": version.product_id, "product_version": version.pk}
        record("listing.drafted", subject=("Listing", listing.pk), actor=actor, public=public)
        return call.done(listing)


def offer_add(
    *,
    actor: Actor,
    listing_id: UUID,
    plan_id: UUID,
    further_plan_ids: Sequence[UUID] = (),
    right: Right = Right.USE,
    term_months: int,
    exclusive: bool,
    scope: Scope,
    delivery: Delivery,
    expected_version: int,
    idempotency_key: str,
) -> Offer:
    """Offer a USE right in a listing's product by plans of one's own, while the listing is a draft or suspended.

    The buyer picks one of the plans when asking for a quote; a share of income stands alone.

    Locks the listing and raises its version and content version: a verdict given before is no longer on its content.
    Writes one ``offer.added`` event.

    Raises:
        NotFound: not a listing, or not a plan, of the actor's.
        BadInput: a right other than USE, a term outside 1 to ``TERM_MONTHS_MAX`` months, or further plans that are too many, the same
            or of another currency.
        PlanSellsNothing: a plan whose model makes no price, or a share of income beside others.
        StaleVersion: the listing changed first.
        ContentFixed, TooManyOffers, DeliveryMismatch: see there.
    """
    require(actor, "listing:write")
    if right is not Right.USE:
        raise BadInput("right", "USE")
    if not 1 <= term_months <= TERM_MONTHS_MAX:
        raise BadInput("termMonths", f"1 to {TERM_MONTHS_MAX}")
    inputs = (listing_id, plan_id, list(further_plan_ids), right, term_months, exclusive, scope, delivery, expected_version)
    with once(actor, "offer_add", idempotency_key, *inputs) as call:
        if call.replayed:
            return call.result(Offer)
        listing = own_listing(actor, listing_id)
        _require_open_content(listing, expected_version)
        plan, *further = _own_plans(actor, plan_id, further_plan_ids)
        if (delivery is Delivery.GRANT) != (listing.product_version.asset_id is None):
            raise DeliveryMismatch(field=("delivery",), delivery=delivery.value)
        listing.version, listing.content_version = listing.version + 1, listing.content_version + 1
        listing.save(update_fields=["version", "content_version"])
        offer = Offer.objects.create(
            listing=listing,
            plan=plan,
            right=right,
            term_months=term_months,
            exclusive=exclusive,
            scope=scope.stored(),
            delivery=delivery,
            added_at=clock.now(),
        )
        OfferPlan.objects.bulk_create(OfferPlan(offer=offer, plan=each) for each in further)
        names = ("right", "term_months", "exclusive", "scope", "delivery")
        public = {"offer": offer.pk, "listing": listing.pk, "plan": plan.pk, "content_version": listing.content_version}
        public["further_plans"] = [each.pk for each in further]
        stated = {name: getattr(offer, name) for name in names}
        record("offer.added", subject=("Listing", listing.pk), actor=actor, public=public | stated)
        return call.done(offer)


def offer_withdraw(*, actor: Actor, offer_id: UUID, expected_version: int, idempotency_key: str) -> Offer:
    """Take an offer back; deals made on it stand. A listing may only offer less than was screened, so its content version stays.

    Writes one ``offer.withdrawn`` event.

    Raises:
        NotFound: not an offer of the actor's.
        StaleVersion, IllegalTransition: it was withdrawn before.
    """
    require(actor, "listing:write")
    with once(actor, "offer_withdraw", idempotency_key, offer_id, expected_version) as call:
        if call.replayed:
            return call.result(Offer)
        owned = Offer.objects.filter(listing__product_version__product__object__owner=actor.organisation)
        offer = owned.filter(pk=offer_id).select_for_update(of=("self",)).first()
        if offer is None:
            raise NotFound(field=("offerId",), noun="offer of yours")
        move(offer, to=OfferState.WITHDRAWN, expected_version=expected_version, transitions=OFFER_TRANSITIONS)
        public = {"offer": offer.pk, "listing": offer.listing_id}
        record("offer.withdrawn", subject=("Listing", offer.listing_id), actor=actor, public=public)
        return call.done(offer)


def _require_open_content(listing: Listing, expected_version: int) -> None:
    if listing.version != expected_version:
        raise StaleVersion(field=("expectedVersion",), noun="listing", current=listing.version, expected=expected_version)
    if listing.state not in {State.DRAFT, State.SUSPENDED}:
        raise ContentFixed(field=("listingId",), state=listing.state)
    if listing.offers.filter(state=OfferState.OPEN).count() >= OFFERS_MAX:
        raise TooManyOffers(field=("listingId",), limit=OFFERS_MAX)


def _own_plans(actor: Actor, plan_id: UUID, further_ids: Sequence[UUID]) -> list[Plan]:
    """Return the plans of an offer, the first one first, each fit to price it."""
    if len({plan_id, *further_ids}) != 1 + len(further_ids) or len(further_ids) >= PLANS_MAX:
        raise BadInput("furtherPlanIds", "at most four further plans, each once")
    plans = []
    for field, key in (("planId", plan_id), *(("furtherPlanIds", each) for each in further_ids)):
        plan = Plan.objects.filter(pk=key, owner=actor.organisation).first()
        if plan is None:
            raise NotFound(field=(field,), noun="plan of yours")
        if not SELLING & model_of(plan).verbs or (further_ids and plan.model_key == "income_share"):
            raise PlanSellsNothing(field=(field,), name=plan.name_en)
        plans.append(plan)
    if len({plan.currency for plan in plans}) > 1:
        raise BadInput("furtherPlanIds", "plans of one currency")
    return plans


def _own_product(actor: Actor, product_id: UUID) -> Product:
    product = Product.objects.select_for_update(of=("self",)).filter(pk=product_id, object__owner=actor.organisation).first()
    if product is None:
        raise NotFound(field=("productId",), noun="product of yours")
    return product


def _asset_of(product: Product, asset_id: UUID | None) -> Asset | None:
    if asset_id is None:
        return None
    asset = Asset.objects.filter(pk=asset_id, object=product.pk, state=AssetState.READY).first()
    if asset is None:
        raise AssetNotOfProduct(field=("assetId",))
    return asset


def _sample_of(asset: Asset | None, sample_id: UUID | None) -> Sample | None:
    if sample_id is None:
        return None
    sample = Sample.objects.filter(pk=sample_id, asset=asset).first() if asset else None
    if sample is None:
        raise SampleNotOfAsset(field=("sampleId",))
    return sample


def _text(field: str, value: str, least: int, most: int) -> str:
    text = value.strip()
    if not least <= len(text) <= most:
        raise BadInput(field, f"{least} to {most} characters")
    return text
