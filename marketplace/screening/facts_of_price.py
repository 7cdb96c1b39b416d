"""Facts about the price of public data: for what class of use, and how much for one unit against the ceiling that a public body set."""

from listings.catalogue.selectors import ceilings_on
from marketplace.screening.lineage import Lineage
from marketplace.screening.subjects import DealSubject
from pricing.quotes.measuring import UnitOfSale, unit_price_minor, use_stated
from pricing.quotes.models import Quote
from registry.rules.facts import FactValue


def price_facts(subject: DealSubject, lineage: Lineage) -> dict[str, FactValue | None]:
    """The use, the price and the ceiling in force for the object sold; of several units of sale, those in which it goes furthest.

    A product made from public data has a ceiling of its own or none: its source's is for another product. Where no ceiling is in a unit
    and currency that the quote is measured in, the price is that of the whole deal and the ceiling to hold it to is unknown. So it is of
    several objects for one price.
    """
    quote = None if subject.quote_id is None else Quote.objects.select_related("plan").get(pk=subject.quote_id)
    sold = {each.pk for each in lineage.objects}
    ceilings = list(ceilings_on(sold, lineage.on))
    pairs = [
        (price, each.ceiling_minor)
        for each in ceilings
        if len(sold) == 1 and each.currency == subject.currency and (price := _price_minor(subject, quote, each.unit)) is not None
    ]
    price_minor, ceiling_minor = max(pairs, key=lambda pair: pair[0] - pair[1], default=(subject.amount_minor, None))
    return {
        "use_class": _use_class(subject, quote),
        "price_minor": price_minor,
        "ceiling_set": {each.object_id for each in ceilings} == sold,
        "ceiling_minor": ceiling_minor,
    }


def _price_minor(subject: DealSubject, quote: Quote | None, unit: str) -> int | None:
    """What one unit costs; of a deal without a quote only the whole is known, if that."""
    if unit == UnitOfSale.DEAL:
        return subject.amount_minor
    return None if quote is None else unit_price_minor(quote, UnitOfSale(unit))


def _use_class(subject: DealSubject, quote: Quote | None) -> str | None:
    """The class stated in the contract or in asking for the price; unknown where nobody stated one, or the two differ."""
    stated = {subject.use_class, use_stated(quote) if quote else None} - {None}
    return stated.pop() if len(stated) == 1 else None
