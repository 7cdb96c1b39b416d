"""What pages show of rows, gathered with a bounded number of queries."""

from dataclasses import dataclass, field
from functools import cache
from typing import Final

from listings.catalogue.selectors import listing_search
from listings.products.models import Listing, Offer
from listings.products.states import OfferState
from marketplace.console.lineage import object_path
from marketplace.console.reader import PUBLIC_READER
from pricing.engines.model import Model, Text
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from pricing.plans.selectors import model_list
from registry.parties.models import Organisation

OFFERS_MAX: Final = 20
"""Offers shown of one product."""
PPM_OF_A_PERCENT: Final = 10_000


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """One open offer."""

    plan: Plan
    model: Text
    delivery: str
    delivery_label: str
    term_months: int
    exclusive: bool


@dataclass(frozen=True, slots=True)
class ShownModel:
    """One pricing model, and what its worked example comes to."""

    key: str
    name: Text
    help: Text
    verbs: list[str]
    example: Text
    amount: str


@dataclass(frozen=True, slots=True)
class ShownProduct:
    """One listed product."""

    title_zh: str
    title_en: str
    description_zh: str
    description_en: str
    owner: Organisation
    identifier: str
    page: str
    rows: int | None
    offers: list[ShownOffer] = field(default_factory=list)


def listed_products(*, text: str, limit: int) -> list[ShownProduct]:
    """The newest listed products, those that match a text if there is one, with their open offers. Two queries.

    Raises:
        BadInput: the text is too long.
    """
    found = listing_search(actor=PUBLIC_READER, text=text)
    related = found.select_related("product_version__product__object__owner", "product_version__profile").order_by("-id")
    shown = {listing.pk: _product(listing) for listing in related[:limit]}
    offers = Offer.objects.visible_to(PUBLIC_READER).filter(listing__in=shown, state=OfferState.OPEN).select_related("plan").order_by("id")
    for offer in offers[: OFFERS_MAX * max(len(shown), 1)]:
        if len(shown[offer.listing_id].offers) < OFFERS_MAX:
            shown[offer.listing_id].offers.append(_offer(offer))
    return list(shown.values())


@cache
def shown_models() -> tuple[ShownModel, ...]:
    """Every pricing model, by key, with the amount that its first worked example comes to."""
    return tuple(_model(model) for model in model_list())


def percent(ppm: int) -> str:
    """Parts per million as a percentage, exactly: 12500 is 1.25."""
    whole, rest = divmod(ppm, PPM_OF_A_PERCENT)
    return f"{whole}.{rest:04d}".rstrip("0").rstrip(".")


def _model(model: Model) -> ShownModel:
    example = model.examples[0]
    answer = model.run(example.verb, params=example.params, inputs=example.inputs, seed=example.seed)
    return ShownModel(model.key, model.name, model.help, sorted(model.verbs), example.title, str(answer.money))


def _product(listing: Listing) -> ShownProduct:
    version = listing.product_version
    registered = version.product.object
    return ShownProduct(
        title_zh=version.title_zh,
        title_en=version.title_en,
        description_zh=version.description_zh,
        description_en=version.description_en,
        owner=registered.owner,
        identifier=registered.identifier,
        page=object_path(registered.identifier),
        rows=version.profile.rows if version.profile else None,
    )


def _offer(offer: Offer) -> ShownOffer:
    model = model_of(offer.plan)
    return ShownOffer(offer.plan, model.name, offer.delivery, offer.get_delivery_display(), offer.term_months, offer.exclusive)
