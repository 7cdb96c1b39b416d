"""Facts about the buyer and the deal: who asks for what purpose, how it is delivered, whether it was accepted."""

from typing import Final

from listings.products.models import Offer
from marketplace.screening.facts_of_consent import alike
from marketplace.screening.models import Flag
from marketplace.screening.states import FlagState, Matter
from marketplace.screening.subjects import DealSubject
from registry.base.actor import PartyKind
from registry.filings.models import Filing
from registry.parties.models import Organisation
from registry.parties.selectors import affiliated
from registry.rights.models import RegisteredObject
from registry.rights.scope import WORLD
from registry.rules.calendar import china_date
from registry.rules.facts import FactValue

CHINA: Final = "CN"
SECURE: Final = frozenset({"SANDBOX", "PRIVACY_COMPUTING", "ON_SITE"})
"""Deliveries that keep the data in a controlled environment."""
_AUTHORITIES: Final = frozenset({PartyKind.PUBLIC_BODY, PartyKind.REGULATOR})
_SIDES: Final = 2


def buyer_facts(subject: DealSubject) -> dict[str, FactValue | None]:
    """Who buys, for what, and whether anything would leave the mainland."""
    buyer = Organisation.objects.get(pk=subject.buyer_id)
    abroad = buyer.country != CHINA
    return {
        "buyer_verified": buyer.verified_at is not None,
        "purpose_stated": bool(subject.purpose.strip()),
        "purpose_in_scope": _purpose_in_scope(subject, buyer),
        "purpose_redevelops": any(right.scope.derive for right in subject.rights),
        "buyer_affiliated_with_operator": affiliated(subject.buyer_id, subject.seller_id),
        "leaves_china": abroad or any(right.scope.export for right in subject.rights),
        "buyer_is_foreign_authority": abroad and not _AUTHORITIES.isdisjoint(buyer.kinds),
    }


def deal_facts(subject: DealSubject) -> dict[str, FactValue | None]:
    """What the contract and its performance say."""
    objection = Flag.objects.filter(subject_id=subject.deal_id, matter=Matter.DELIVERY, state=FlagState.ACTIVE)
    until = subject.inspection_until_at
    return {
        "secure_environment": subject.delivery in SECURE,
        "clauses_present": subject.clauses,
        "signatures_valid": subject.signatures == _SIDES,
        "delivery_proven": until is not None,
        "accepted": subject.accepted,
        "inspection_ends_on": china_date(until) if until is not None else None,
        "delivery_objection_open": objection.exists(),
    }


def _purpose_in_scope(subject: DealSubject, buyer: Organisation) -> bool | None:
    """Whether purpose and region are within the limits of the offer and of the filing.

    A limit in words, and a purpose that is not one of the offer's codes, are for people to read: unknown.
    """
    offer = Offer.objects.get(pk=subject.offer_id)
    territories = {right.scope.territory for right in subject.rights}
    if any(buyer.country != territory[:2] for territory in territories - {WORLD}):
        return False
    filings = RegisteredObject.objects.filter(pk__in=[right.object_id for right in subject.rights]).values("filing_id")
    limited = Filing.objects.filter(pk__in=filings)
    if limited.exclude(limits__buyers="", limits__environment="").exists():
        return None
    purposes = {*offer.purposes, *(purpose for right in subject.rights for purpose in right.scope.purposes)}
    return True if not purposes or any(alike(purpose, subject.purpose) for purpose in purposes) else None
