"""Collects the facts of a listing or a deal from the registers. Nothing is assumed: what no register holds stays unknown."""

from typing import Final
from uuid import UUID

from marketplace.screening.facts_of_consent import assessment_facts, consent_facts, people_facts
from marketplace.screening.facts_of_deal import SECURE, buyer_facts, deal_facts
from marketplace.screening.facts_of_price import price_facts
from marketplace.screening.facts_of_product import product_facts
from marketplace.screening.facts_of_title import grant_facts, seller_facts, title_facts
from marketplace.screening.lineage import lineage_of
from marketplace.screening.subjects import DealSubject, ListingSubject
from registry.base import clock
from registry.parties.models import Organisation
from registry.rights.states import Right
from registry.rules.book import Stage
from registry.rules.calendar import china_date
from registry.rules.facts import Facts, FactValue

_AFTER_SIGNING: Final = frozenset({Stage.FUNDING, Stage.DELIVERY, Stage.SETTLEMENT})
_AFTER_DELIVERY: Final = frozenset({Stage.SETTLEMENT})
_PERFORMANCE: Final = frozenset({"delivery_proven", "accepted", "inspection_ends_on", "delivery_objection_open"})


def collect_listing_facts(subject: ListingSubject) -> Facts:
    """The facts of a listing today: the product, its title and its seller; nobody has asked to buy yet."""
    today = china_date(clock.now())
    lineage = lineage_of([subject.object_id], today)
    kinds = sorted({offer.kind for offer in subject.offers}) or [Right.USE]
    return {
        "judged_on": today,
        **product_facts(lineage, subject.seller_id),
        **title_facts(lineage),
        **_seller(subject.seller_id),
        **seller_facts(subject.seller_id, [(subject.object_id, kind) for kind in kinds], today),
        **people_facts(lineage),
        **consent_facts(lineage, buyer_id=None, purpose=None),
        "rights_granted": frozenset(offer.kind for offer in subject.offers) or None,
        "secure_environment": all(offer.delivery in SECURE for offer in subject.offers) if subject.offers else None,
    }


def collect_deal_facts(subject: DealSubject, stage: str) -> Facts:
    """The facts of a deal today, at a stage; signatures and performance are facts only once they can be."""
    today = china_date(clock.now())
    lineage = lineage_of({right.object_id for right in subject.rights}, today)
    since = max([today, *(right.valid_from for right in subject.rights)])
    collected: dict[str, FactValue | None] = {
        "judged_on": today,
        **product_facts(lineage, subject.seller_id),
        **title_facts(lineage),
        **_seller(subject.seller_id),
        **seller_facts(subject.seller_id, [(right.object_id, right.kind) for right in subject.rights], since),
        **grant_facts(subject.seller_id, subject.rights, today),
        **buyer_facts(subject),
        **deal_facts(subject),
        **price_facts(subject, lineage),
        **people_facts(lineage),
        **consent_facts(lineage, buyer_id=subject.buyer_id, purpose=subject.purpose),
        **assessment_facts(lineage, buyer_id=subject.buyer_id, purpose=subject.purpose),
    }
    return {name: value for name, value in collected.items() if _may_be_known(name, Stage(stage))}


def _may_be_known(name: str, stage: Stage) -> bool:
    """Whether a fact of performance can exist at a stage: an absent signature before signing says nothing."""
    if name == "signatures_valid":
        return stage in _AFTER_SIGNING
    return stage in _AFTER_DELIVERY if name in _PERFORMANCE else True


def _seller(seller_id: UUID) -> dict[str, FactValue | None]:
    return {"seller_verified": Organisation.objects.filter(pk=seller_id, verified_at__isnull=False).exists()}
