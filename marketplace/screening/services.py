"""Screens listings and deals, lists what passes, and lets two regulators decide what the rules leave to people."""

from dataclasses import dataclass
from uuid import UUID

from listings.products.errors import OrderedSuspension
from listings.products.listing_services import listing_list, listing_refer
from listings.products.models import Listing
from listings.products.states import TRANSITIONS as LISTING_TRANSITIONS
from listings.products.states import OfferState
from listings.products.states import State as ListingState
from marketplace.screening.collecting import collect_deal_facts, collect_listing_facts
from marketplace.screening.errors import OverrideForbidden, ReferralOvertaken
from marketplace.screening.flags import acting, reason_text
from marketplace.screening.judging import Judged, judge, keep, open_to_people
from marketplace.screening.models import Facts, Referral
from marketplace.screening.states import REFERRAL_TRANSITIONS, UNDECIDED, ReferralState
from marketplace.screening.subjects import DEAL, LISTING, DealSubject, ListingSubject, OfferAsked
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import FourEyes, IllegalTransition, NotFound, StaleVersion
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.selectors import require_unaffiliated
from registry.rules.book import Outcome, Stage
from registry.rules.engine import Screening, screen
from registry.rules_store.models import Verdict
from registry.rules_store.selectors import rules_of, verdict_latest


@dataclass(frozen=True, slots=True)
class Published:
    """A listing after it was put before the rules, and the verdict with its findings."""

    listing: Listing
    verdict: Verdict


def screen_deal(*, actor: Actor, subject: DealSubject, stage: str) -> Verdict:
    """Screen a deal at a stage, in the caller's transaction. Only the verdict decides; the deal itself is the caller's to move.

    Writes the facts, one ``verdict.given`` event, and on REFER a referral with its ``referral.opened`` event.
    """
    concerning = frozenset({subject.seller_id, subject.buyer_id, subject.institution_id})
    judged = Judged(DEAL, subject.deal_id, subject.terms_version, stage, concerning)
    return judge(actor=actor, judged=judged, facts=collect_deal_facts(subject, stage))


def screen_listing(*, actor: Actor, subject: ListingSubject) -> Verdict:
    """Screen a listing, in the caller's transaction. Writes as ``screen_deal`` does."""
    judged = Judged(LISTING, subject.listing_id, subject.content_version, Stage.LISTING.value, frozenset({subject.seller_id}))
    return judge(actor=actor, judged=judged, facts=collect_listing_facts(subject))


def listing_publish(*, actor: Actor, listing_id: UUID, expected_version: int, idempotency_key: str) -> Published:
    """Put a listing before all rules: PASS and ALLOW_IF list it, REFER parks it with the regulator.

    A BLOCK leaves the listing as it was; the verdict, its findings and one event are stored all the same.

    Its owner does; what a regulator stopped, a regulator.

    Raises:
        NotFound: not a listing of the actor's.
        OrderedSuspension: the regulator stopped it, and the actor is none.
        StaleVersion: the listing moved first.
        IllegalTransition: it is listed already, or taken down.
    """
    _require_publisher(actor, Listing.objects.find(actor, listing_id, field="listingId"))
    with once(actor, "listing_publish", idempotency_key, listing_id, expected_version) as call:
        listing = Listing.objects.lock(listing_id)
        if call.replayed:
            return Published(listing, call.result(Verdict))
        _require_publishable(listing, expected_version)
        verdict = screen_listing(actor=actor, subject=listing_subject(listing=listing))
        if verdict.passes:
            listing = listing_list(actor=actor, listing_id=listing.pk, verdict_id=verdict.pk, expected_version=expected_version)
        elif verdict.outcome == Outcome.REFER.name and listing.state != ListingState.REFERRED:
            listing = listing_refer(actor=actor, listing_id=listing.pk, verdict_id=verdict.pk, expected_version=expected_version)
        return Published(listing, call.done(verdict))


def referral_decide(*, actor: Actor, referral_id: UUID, allow: bool, reason: str, expected_version: int, idempotency_key: str) -> Referral:
    """Decide a referral, as two regulators: the first person proposes, another who says the same decides.

    Who says otherwise starts over: theirs is the new proposal. An allowed referral gets a superseding verdict on the same facts, so that
    the subject can go on. Writes one ``referral.proposed`` or ``referral.decided`` event, and ``verdict.given`` for a new verdict.

    Raises:
        Forbidden: no regulator.
        Affiliated: the subject concerns the actor's own organisation or its affiliate.
        FourEyes: the same person proposed it.
        OverrideForbidden: a rule among them may be decided by nobody.
        ReferralOvertaken: the subject was screened again meanwhile.
        StaleVersion, IllegalTransition: it was decided meanwhile.
    """
    require(actor, "screening:decide")
    _, person = acting(actor)
    text = reason_text(reason)
    with once(actor, "referral_decide", idempotency_key, referral_id, allow, text, expected_version) as call:
        if call.replayed:
            return call.result(Referral)
        Referral.objects.find(actor, referral_id, field="referralId")
        referral = Referral.objects.lock(referral_id)
        _require_decidable(actor, referral, expected_version)
        screening = _screening_of(referral.verdict)
        if allow and not set(referral.rules) <= open_to_people(screening):
            raise OverrideForbidden(field=("allow",), rules=", ".join(sorted(set(referral.rules) - open_to_people(screening))))
        if referral.state == ReferralState.PROPOSED and referral.allow == allow:
            return call.done(_decide(actor, referral, person, text, screening))
        return call.done(_propose(actor, referral, person, text, allow=allow))


def listing_subject(*, listing: Listing) -> ListingSubject:
    """The listing's own facts; screening collects all others from the registers."""
    version = listing.product_version
    offers = listing.offers.filter(state=OfferState.OPEN).order_by("id")
    return ListingSubject(
        listing_id=listing.pk,
        content_version=listing.content_version,
        seller_id=version.product.object.owner_id,
        object_id=version.product.object_id,
        product_version=version.number,
        offers=tuple(OfferAsked(offer.right, offer.delivery) for offer in offers),
    )


def _require_publisher(actor: Actor, listing: Listing) -> None:
    if listing.ordered and actor.is_kind(PartyKind.REGULATOR):
        require(actor, "oversight:order")
        return
    require(actor, "listing:write")
    if listing.product_version.product.object.owner_id != actor.organisation:
        raise NotFound(field=("listingId",), noun="listing of yours")
    if listing.ordered:
        raise OrderedSuspension(field=("listingId",))


def _require_publishable(listing: Listing, expected_version: int) -> None:
    if listing.version != expected_version:
        raise StaleVersion(field=("expectedVersion",), noun="listing", current=listing.version, expected=expected_version)
    if ListingState.LISTED not in LISTING_TRANSITIONS[ListingState(listing.state)]:
        raise IllegalTransition(field=("listingId",), noun="listing", source=listing.state, target=str(ListingState.LISTED))


def _require_decidable(actor: Actor, referral: Referral, expected_version: int) -> None:
    for organisation in referral.organisations:
        require_unaffiliated(actor, organisation)
    if referral.version != expected_version:
        raise StaleVersion(field=("expectedVersion",), noun="referral", current=referral.version, expected=expected_version)
    if referral.state not in UNDECIDED:
        raise IllegalTransition(field=("referralId",), noun="referral", source=referral.state, target=str(ReferralState.ALLOWED))
    latest = verdict_latest(subject_id=referral.subject_id, subject_version=referral.subject_version, stage=referral.stage)
    if latest is None or latest.pk != referral.verdict_id:
        raise ReferralOvertaken(field=("referralId",))


def _screening_of(verdict: Verdict) -> Screening:
    """The screening behind a verdict, repeated on the stored facts by the rulebook of then; the engine is a function, so it is the same."""
    return screen(rules_of(verdict.rulebook), Stage(verdict.stage), Facts.objects.get(pk=verdict.facts_id).as_facts())


def _propose(actor: Actor, referral: Referral, person: UUID, reason: str, *, allow: bool) -> Referral:
    first = {"allow": allow, "first_decider": person, "first_reason": reason, "proposed_at": clock.now()}
    move(referral, to=ReferralState.PROPOSED, expected_version=referral.version, transitions=REFERRAL_TRANSITIONS, **first)
    subject = (referral.subject_type, referral.subject_id)
    record("referral.proposed", subject=subject, actor=actor, public={"referral": referral.pk}, sealed={"allow": allow, "reason": reason})
    return referral


def _decide(actor: Actor, referral: Referral, person: UUID, reason: str, screening: Screening) -> Referral:
    if referral.first_decider == person:
        raise FourEyes(field=("referralId",))
    superseding = _supersede(actor, referral, screening) if referral.allow else None
    second = {"second_decider": person, "second_reason": reason, "decided_at": clock.now(), "outcome": superseding}
    to = ReferralState.ALLOWED if referral.allow else ReferralState.REFUSED
    move(referral, to=to, expected_version=referral.version, transitions=REFERRAL_TRANSITIONS, **second)
    record(
        "referral.decided",
        subject=(referral.subject_type, referral.subject_id),
        actor=actor,
        public={"referral": referral.pk},
        sealed={"allow": referral.allow, "verdict": superseding.pk if superseding else None, "reason": reason},
    )
    return referral


def _supersede(actor: Actor, referral: Referral, screening: Screening) -> Verdict:
    judged = Judged(referral.subject_type, referral.subject_id, referral.subject_version, referral.stage, frozenset(referral.organisations))
    allowed = frozenset({*referral.rules, *referral.verdict.allowed_rules})
    return keep(actor=actor, judged=judged, screening=screening, facts_id=referral.verdict.facts_id, allowed=allowed)
