"""Asking: a quote, a request with a purpose, the check by all rules on all facts."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final
from uuid import UUID

from listings.products.models import Offer
from listings.products.states import OfferState
from listings.products.states import State as ListingState
from marketplace.deals.errors import MoneyUnderWay, NotASide, OfferNotOpen, OwnOffer, PricedByBids, QuoteNeeded
from marketplace.deals.joint import joint_terms
from marketplace.deals.models import Deal, DealRight
from marketplace.deals.states import TRANSITIONS, UNSIGNED, Consideration, State, UseClass
from marketplace.deals.subject import deal_subject
from marketplace.deals.terms import ContractFacts, RightGranted, contract_terms, terms_bytes, terms_hash
from marketplace.screening.services import screen_deal
from pricing.engines.model import Verb
from pricing.fees.chain import ShareTerm
from pricing.fees.models import PublishedSchedule
from pricing.fees.selectors import schedule_current
from pricing.fees.services import division_of
from pricing.fees.title import share_terms_of
from pricing.inputs.services import given_json
from pricing.money import Money
from pricing.plans.models import Plan
from pricing.plans.pricing import memory_of, model_of
from pricing.quotes.measuring import use_stated
from pricing.quotes.models import Quote
from pricing.quotes.selectors import awarded_to
from pricing.quotes.services import quote_make, quote_use
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, IllegalTransition, NotFound, StaleVersion
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.models import Organisation
from registry.rights.models import RegisteredObject
from registry.rules.calendar import china_date
from registry.rules_store.models import Verdict
from settlement.escrow.selectors import escrow_of
from settlement.escrow.states import State as EscrowState

PURPOSE_MAX: Final = 400
EARLIER_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """A deal after a check, and the verdict with its findings."""

    deal: Deal
    verdict: Verdict


def quote_create(
    *, actor: Actor, offer_id: UUID, usage: str | None, usage_file_id: UUID | None = None, plan_id: UUID | None = None, idempotency_key: str
) -> Quote:
    """Ask what one use of an offer costs; the answer binds for seven days.

    ``usage`` is the JSON object that the plan's model takes, as text or as a file of inputs sent before; ``plan_id`` picks one of the
    offer's plans, by default the first.

    Raises:
        OfferNotOpen, OwnOffer, PricedByBids, BadInput, PricingRefused: see there.
    """
    require(actor, "deal:buy")
    given = given_json(actor=actor, text=usage, file_id=usage_file_id, field="usage")
    with once(actor, "quote_create", idempotency_key, offer_id, given, plan_id) as call:
        if call.replayed:
            return call.result(Quote)
        offer = _open_offer(actor, offer_id)
        plan = _chosen_plan(offer, plan_id)
        if Verb.QUOTE not in model_of(plan).verbs:
            raise PricedByBids(field=("offerId" if plan_id is None else "planId",))
        earlier = _bought_by(actor, plan) if memory_of(plan) else []
        return call.done(quote_make(actor=actor, plan=plan, offer_id=offer.pk, usage=given, earlier=earlier))


def deal_request(
    *,
    actor: Actor,
    offer_id: UUID,
    quote_id: UUID | None,
    purpose: str,
    use_class: UseClass | None = None,
    institution_id: UUID,
    idempotency_key: str,
) -> Deal:
    """Ask for a deal on an offer, for a stated purpose, to be settled by an institution.

    For public data the buyer may state its class of use, here or in asking for the price; it is then a term of the contract. Writes the
    deal, the rights it would grant and one ``deal.requested`` event. The terms are fixed here.

    Raises:
        OfferNotOpen, OwnOffer: the offer cannot be taken by this buyer.
        QuoteNeeded, QuoteExpired, QuoteUsed: a priced offer needs a binding quote of the buyer's for it.
        SplitInOtherCurrency, PricingRefused: the makers' agreement does not divide this price.
        BadInput: no purpose, an institution that settles nothing or is a side.
    """
    require(actor, "deal:buy")
    if not 0 < len(purpose.strip()) <= PURPOSE_MAX:
        raise BadInput("purpose", f"state the purpose in 1 to {PURPOSE_MAX} characters")
    with once(actor, "deal_request", idempotency_key, offer_id, quote_id, purpose, use_class, institution_id) as call:
        if call.replayed:
            return call.result(Deal)
        offer, deal_id = _open_offer(actor, offer_id, quote_id), uuid7()
        _require_institution(institution_id)
        if institution_id in {actor.organisation, offer.listing.product_version.product.object.owner_id}:
            raise BadInput("institutionId", "an institution that is no side of the deal")
        quote, schedule = _quote_for(actor, offer, quote_id, deal_id), schedule_current()
        facts = _facts(actor, offer, quote, schedule, institution_id)
        stated = replace(facts, purpose=purpose.strip(), use_class=_use_class(use_class, quote))
        deal = _new_deal(deal_id, offer, quote, schedule, stated)
        record(
            "deal.requested",
            subject=("Deal", deal.pk),
            actor=actor,
            public={"deal": deal.pk, "offer": offer.pk, "terms_hash": deal.terms_hash},
            sealed={"seller": deal.seller_id, "buyer": deal.buyer_id, "amount": str(deal.amount_minor), "purpose": deal.purpose},
        )
        return call.done(deal)


def deal_check(*, actor: Actor, deal_id: UUID, expected_version: int, idempotency_key: str) -> Checked:
    """Put a deal before all rules before it is signed. PASS and ALLOW_IF make it CHECKED, REFER parks it with the regulator.

    A BLOCK leaves the deal as it was; the verdict, its findings and one event are stored all the same. A deal that is CHECKED
    may be checked again, since a verdict expires; its latest verdict is the one that counts at signing.

    Raises:
        NotFound: not a deal that the actor may see.
        NotASide: the actor is of neither side.
        StaleVersion, IllegalTransition: the deal moved first, or is past signing.
    """
    require(actor, "deal:buy")
    found = Deal.objects.find(actor, deal_id, field="dealId")
    if actor.organisation not in {found.seller_id, found.buyer_id}:
        raise NotASide(field=("dealId",), side="seller or buyer")
    with once(actor, "deal_check", idempotency_key, deal_id, expected_version) as call:
        deal = Deal.objects.lock(deal_id)
        if call.replayed:
            return Checked(deal, call.result(Verdict))
        if deal.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="deal", current=deal.version, expected=expected_version)
        if deal.state not in UNSIGNED:
            raise IllegalTransition(field=("dealId",), noun="deal", source=deal.state, target=str(State.CHECKED))
        verdict = screen_deal(actor=actor, subject=deal_subject(deal), stage="contract")
        if verdict.passes and deal.state != State.CHECKED:
            move(deal, to=State.CHECKED, expected_version=expected_version, transitions=TRANSITIONS)
        elif verdict.outcome == "REFER" and deal.state == State.REQUESTED:
            move(deal, to=State.REFERRED, expected_version=expected_version, transitions=TRANSITIONS)
        return Checked(deal, call.done(verdict))


def deal_cancel(*, actor: Actor, deal_id: UUID, reason: str, expected_version: int, idempotency_key: str) -> Deal:
    """End a deal before money moved. Either side may.

    Writes one ``deal.cancelled`` event.

    Raises:
        NotASide: the actor is of neither side.
        MoneyUnderWay: the gateway was asked for the money, or has it.
        StaleVersion, IllegalTransition: the deal moved first, or too far.
    """
    require(actor, "deal:buy")
    found = Deal.objects.find(actor, deal_id, field="dealId")
    if actor.organisation not in {found.seller_id, found.buyer_id}:
        raise NotASide(field=("dealId",), side="seller or buyer")
    if not 0 < len(reason.strip()) <= PURPOSE_MAX:
        raise BadInput("reason", f"1 to {PURPOSE_MAX} characters")
    with once(actor, "deal_cancel", idempotency_key, deal_id, reason, expected_version) as call:
        if call.replayed:
            return call.result(Deal)
        deal = Deal.objects.lock(deal_id)
        move(deal, to=State.CANCELLED, expected_version=expected_version, transitions=TRANSITIONS)
        escrow = escrow_of(deal_id)
        if escrow is not None and escrow.state != EscrowState.UNFUNDED:
            raise MoneyUnderWay(field=("dealId",), state=escrow.state)
        record("deal.cancelled", subject=("Deal", deal.pk), actor=actor, public={"deal": deal.pk}, sealed={"reason": reason.strip()})
        return call.done(deal)


def _open_offer(actor: Actor, offer_id: UUID, quote_id: UUID | None = None) -> Offer:
    """An offer that the actor may take now.

    What a round awarded stays open to its winner though the seller, who has seen the bids by then, takes the offer or the listing back;
    it does not when the regulator stopped the listing.
    """
    Offer.objects.find(actor, offer_id, field="offerId")
    related = ("plan", "listing__product_version__product__object", "listing__product_version__asset")
    offer = Offer.objects.select_related(*related).get(pk=offer_id)
    awarded = quote_id is not None and awarded_to(buyer_id=actor.organisation, offer_id=offer_id, quote_id=quote_id)
    kept_open = awarded and not offer.listing.ordered
    if offer.state != OfferState.OPEN and not kept_open:
        raise OfferNotOpen(field=("offerId",), state=offer.state)
    if offer.listing.state != ListingState.LISTED and not kept_open:
        raise OfferNotOpen(field=("offerId",), state=offer.listing.state)
    if offer.listing.product_version.product.object.owner_id == actor.organisation:
        raise OwnOffer(field=("offerId",))
    return offer


def _chosen_plan(offer: Offer, plan_id: UUID | None) -> Plan:
    for plan in offer.plans:
        if plan_id in {None, plan.pk}:
            return plan
    raise NotFound(field=("planId",), noun="plan of this offer")


def _bought_by(actor: Actor, plan: Plan) -> list[dict[str, Any]]:
    """The extras of the buyer's quotes by a plan, of deals that can no longer be refunded: the newest, each knowing what it built on."""
    done = Deal.objects.filter(buyer=actor.organisation, quote__plan=plan, state__in=(State.SETTLED, State.IN_FORCE))
    return list(done.order_by("-requested_at", "-pk").values_list("quote__answer__extras", flat=True)[:EARLIER_MAX])


def _require_institution(institution_id: UUID) -> None:
    institution = Organisation.objects.filter(pk=institution_id).first()
    if institution is None or PartyKind.INSTITUTION not in institution.kinds:
        raise BadInput("institutionId", "a trading-service institution of this market")


def _quote_for(actor: Actor, offer: Offer, quote_id: UUID | None, deal_id: UUID) -> Quote | None:
    if _consideration(offer, None) is Consideration.INCOME_SHARE:
        if quote_id is not None:
            raise BadInput("quoteId", "a licence for a share of income has no quote")
        return None
    quote = Quote.objects.visible_to(actor).filter(pk=quote_id, buyer=actor.organisation, offer_id=offer.pk).first() if quote_id else None
    if quote is None:
        raise QuoteNeeded(field=("quoteId",))
    return quote_use(quote_id=quote.pk, deal_id=deal_id)


def _consideration(offer: Offer, quote: Quote | None) -> Consideration:
    if offer.plan.model_key == "income_share":
        return Consideration.INCOME_SHARE
    return Consideration.FREE if quote is not None and quote.amount_minor == 0 else Consideration.FIXED


def _new_deal(deal_id: UUID, offer: Offer, quote: Quote | None, schedule: PublishedSchedule, facts: ContractFacts) -> Deal:
    terms, now = contract_terms(facts), clock.now()
    deal = Deal.objects.create(
        id=deal_id,
        seller_id=facts.seller,
        buyer_id=facts.buyer,
        institution_id=facts.institution,
        offer=offer,
        quote=quote,
        fee_schedule=schedule,
        consideration=_consideration(offer, quote),
        income_share_ppm=facts.consideration.get("income_share_ppm", 0),
        amount_minor=quote.amount_minor if quote else 0,
        currency=facts.currency,
        purpose=facts.purpose,
        terms=terms,
        terms_bytes=terms_bytes(terms),
        terms_hash=terms_hash(terms),
        requested_at=now,
    )
    DealRight.objects.bulk_create(
        DealRight(
            deal=deal,
            object_id=right.object,
            kind=right.kind,
            valid=(right.valid_from, right.valid_until),
            exclusive=right.exclusive,
            scope=right.scope,
        )
        for right in facts.rights
    )
    return deal


def _facts(actor: Actor, offer: Offer, quote: Quote | None, schedule: PublishedSchedule, institution_id: UUID) -> ContractFacts:
    version, registered = offer.listing.product_version, offer.listing.product_version.product.object
    today = china_date(clock.now())
    terms = share_terms_of(registered.pk, on=today)
    right = RightGranted(registered.pk, offer.right, offer.exclusive, today, months_later(today, offer.term_months), offer.scope)
    return ContractFacts(
        seller=registered.owner_id,
        buyer=actor.acting_for,
        institution=institution_id,
        offer=offer.pk,
        product={"object": registered.pk, "identifier": registered.identifier, "name": registered.name, "version": version.number},
        rights=(right,),
        consideration=_stated_consideration(offer, quote),
        currency=(quote or offer).plan.currency,
        amount=str(quote.amount_minor) if quote else None,
        delivery={"mode": offer.delivery, "sha256": version.asset.sha256 if version.asset else None},
        shares=tuple(_share(term) for term in terms),
        surplus=_surplus(quote),
        joint=_joint(registered, quote, terms, schedule, institution_id) if quote else None,
        fees={"schedule": schedule.number, "platform_ppm": schedule.platform_ppm, "institution_ppm": schedule.institution_ppm},
    )


def _stated_consideration(offer: Offer, quote: Quote | None) -> dict[str, Any]:
    if quote is None:
        return {"kind": "INCOME_SHARE", "plan": offer.plan.pk, "income_share_ppm": offer.plan.params["share_ppm"]}
    kind = _consideration(offer, quote).value
    won = quote.answer["lines"][0]["params"] if quote.computation_id else {}  # which of several items, or how good a model
    return {"kind": kind, "plan": quote.plan_id, "quote": quote.pk, "inputs_digest": quote.inputs_digest, **won}


def _use_class(stated: UseClass | None, quote: Quote | None) -> str | None:
    """The class of use that both sides sign: as stated in the request, else as it was stated in asking for the price."""
    return stated.value if stated is not None else use_stated(quote) if quote is not None else None


def _surplus(quote: Quote | None) -> dict[str, Any] | None:
    """What the buyer pays beyond what the seller receives, where a two-sided round priced the deal."""
    return {"to": quote.surplus_to_id, "minor": str(quote.surplus_minor)} if quote and quote.surplus_minor else None


def _joint(
    sold: RegisteredObject, quote: Quote, terms: tuple[ShareTerm, ...], schedule: PublishedSchedule, institution_id: UUID
) -> dict[str, Any] | None:
    """How what the seller keeps is divided among the makers; a licence for a share of income, which has no quote, divides nothing."""
    surplus = (str(quote.surplus_to_id), quote.surplus_minor) if quote.surplus_minor else None
    amount = Money.of(quote.amount_minor, quote.currency)
    plain = division_of(
        amount=amount, seller_id=sold.owner_id, institution_id=institution_id, terms=terms, schedule=schedule, surplus=surplus
    )
    kept = Money.of(plain.kept_minor, quote.currency)
    return joint_terms(object_id=sold.pk, quote=quote, kept=kept)


def _share(term: ShareTerm) -> dict[str, Any]:
    return {"holder": term.holder, "ppm": term.ppm, "upon": term.upon, "licence": term.licence, "source": term.source}


def months_later(day: date, months: int) -> date:
    """The day that many months later, the last of its month where that month is shorter (Civil Code 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError
