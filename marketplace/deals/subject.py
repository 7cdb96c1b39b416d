"""A deal as screening sees it: frozen facts that only the deal knows."""

from marketplace.deals.models import Deal
from marketplace.deals.states import Consideration, State
from marketplace.screening.subjects import DealSubject, RightAsked
from registry.rights.scope import Scope
from registry.rules.vocabulary import CODES

_ACCEPTED = {State.ACCEPTED, State.SETTLED}


def deal_subject(deal: Deal) -> DealSubject:
    """The deal's own facts; screening collects all others from the registers."""
    rights = deal.rights.order_by("object_id", "kind")
    return DealSubject(
        deal_id=deal.pk,
        terms_version=deal.terms_version,
        seller_id=deal.seller_id,
        buyer_id=deal.buyer_id,
        institution_id=deal.institution_id,
        offer_id=deal.offer_id,
        rights=tuple(
            RightAsked(right.object_id, right.kind, right.valid.lower, right.valid.upper, Scope.of(right.scope)) for right in rights
        ),
        purpose=deal.purpose,
        use_class=deal.terms["use_class"],
        quote_id=deal.quote_id,
        amount_minor=None if deal.consideration == Consideration.INCOME_SHARE else deal.amount_minor,
        currency=deal.currency,
        delivery=deal.terms["delivery"]["mode"],
        clauses=frozenset(deal.terms["clauses"]) & CODES["clauses_present"].keys(),
        signatures=deal.signatures.count(),
        accepted=deal.state in _ACCEPTED,
        inspection_until_at=deal.inspection_until_at,
    )
