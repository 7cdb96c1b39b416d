"""Search over what is listed, how open public data is on a day, and what it may cost."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from listings.catalogue.models import OpenListEntry, PriceCeiling
from listings.catalogue.states import NOT_LISTED, OpenType
from listings.catalogue.titles import open_list_title
from listings.products.models import Listing, Offer
from listings.products.states import OfferState, State
from registry.base.actor import Actor
from registry.base.errors import BadInput
from registry.filings.models import Filing

SEARCH_MAX: Final = 100
WORDS_MAX: Final = 8
_TEXTS: Final = (
    "product_version__title_zh",
    "product_version__title_en",
    "product_version__description_zh",
    "product_version__description_en",
    "product_version__product__object__name",
    "product_version__product__object__summary",
)


def listing_search(*, actor: Actor, text: str | None = None, industry: str | None = None, delivery: str | None = None) -> QuerySet[Listing]:
    """What is on the market now and has an open offer.

    With every word of ``text`` in its names or descriptions; of one industry, as its filing says; with one way of delivery.

    Raises:
        BadInput: more than ``SEARCH_MAX`` characters or ``WORDS_MAX`` words.
    """
    offers = Offer.objects.filter(listing=OuterRef("pk"), state=OfferState.OPEN)
    if delivery is not None:
        offers = offers.filter(delivery=delivery)
    rows = Listing.objects.visible_to(actor).filter(Exists(offers), state=State.LISTED)
    for word in _words(text or ""):
        rows = rows.filter(_anywhere(word))
    if industry is not None:
        filed = Filing.objects.filter(pk=OuterRef("product_version__product__object__filing_id"), industry=industry)
        rows = rows.filter(Exists(filed))
    return rows


def open_entries(object_id: UUID, on: date, known_at: datetime | None = None) -> QuerySet[OpenListEntry]:
    """The entries for an object in force on a day, as the list said at an instant (default: as it says now)."""
    return _known(known_at).filter(object=object_id, valid__contains=on)


def open_list_status(*, on: date, object_id: UUID | None = None, title: str | None = None, known_at: datetime | None = None) -> str:
    """How open an object, or what goes by a title, is on a day: the least open of the entries in force, or ``NOT_LISTED``.

    Raises:
        ValueError: neither or both are given.
    """
    if (object_id is None) == (title is None):
        message = "an object or a title"
        raise ValueError(message)
    wanted = Q(object=object_id) if title is None else Q(title=open_list_title(title))
    found = set(_known(known_at).filter(wanted, valid__contains=on).values_list("open_type", flat=True))
    return max(found, key=OpenType.values.index, default=NOT_LISTED)


def open_list_page(
    *, actor: Actor, object_id: UUID | None = None, on: date | None = None, known_at: datetime | None = None
) -> QuerySet[OpenListEntry]:
    """The open list as it stands or stood at ``known_at``; of one object, and in force on one day, if asked."""
    rows = _known(known_at) & OpenListEntry.objects.visible_to(actor)
    rows = rows if object_id is None else rows.filter(object=object_id)
    return rows if on is None else rows.filter(valid__contains=on)


def ceilings_on(object_ids: Collection[UUID], on: date) -> QuerySet[PriceCeiling]:
    """The price ceilings of objects in force on a day, as the register says now: of each object, at most one a unit and currency."""
    return PriceCeiling.objects.filter(_said(None), object__in=object_ids, valid__contains=on).order_by("id")


def price_ceiling_page(
    *, actor: Actor, object_id: UUID | None = None, on: date | None = None, known_at: datetime | None = None
) -> QuerySet[PriceCeiling]:
    """The price ceilings as the register says now, or said at ``known_at``; of one object, and in force on one day, if asked."""
    rows = PriceCeiling.objects.visible_to(actor).filter(_said(known_at))
    rows = rows if object_id is None else rows.filter(object=object_id)
    return rows if on is None else rows.filter(valid__contains=on)


def _known(known_at: datetime | None) -> QuerySet[OpenListEntry]:
    return OpenListEntry.objects.filter(_said(known_at))


def _said(known_at: datetime | None) -> Q:
    """What a register said at an instant (default: what it says now)."""
    return Q(recorded__upper_inf=True) if known_at is None else Q(recorded__contains=known_at)


def _words(text: str) -> list[str]:
    words = text.split()
    if len(text) > SEARCH_MAX or len(words) > WORDS_MAX:
        raise BadInput("text", f"at most {SEARCH_MAX} characters in {WORDS_MAX} words")
    return words


def _anywhere(word: str) -> Q:
    """Django escapes what LIKE would take for a pattern."""
    found = Q()
    for field in _TEXTS:
        found |= Q(**{f"{field}__icontains": word})
    return found
