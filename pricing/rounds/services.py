"""Opens rounds, takes sealed bids, closes on time, and clears by the plan's own mechanism into binding quotes."""

import hashlib
import json
import os
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import rfc8785
from django.db import IntegrityError, transaction
from django.db.models import Sum

from pricing.computations.models import Computation
from pricing.computations.seeds import Seed, seed_after
from pricing.computations.services import compute
from pricing.engines.model import Verb
from pricing.money import PricingError
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from pricing.quotes.services import Award, quote_award
from pricing.rounds.book import ARRAY, WORD, assembled, capacity, check_published, check_rows, rows_of, sides_of
from pricing.rounds.errors import MayNotBid, NotCleared, RoundFull, RoundNotOpen, RoundUnderWay
from pricing.rounds.models import UNDECIDED, Bid, Round
from pricing.rounds.states import TRANSITIONS, Side, State
from registry.base import clock, work
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.sealed import seal, unseal
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.models import Organisation
from registry.parties.selectors import affiliated, affiliates, known_organisations

CLOSE_TOPIC: Final = "pricing.rounds.close"
CLEAR_TOPIC: Final = "pricing.rounds.clear"
BIDS_MAX: Final = 1_000
SHORTEST: Final = timedelta(minutes=1)
LONGEST: Final = timedelta(days=90)
_SALT_BYTES: Final = 16
_KIND: Final = "bid"


class SeedNotYet(Exception):
    """No checkpoint covers the closed round yet; the relay tries again."""


def round_start(*, actor: Actor, plan: Plan, offer_id: UUID, inputs: dict[str, Any], closes_at: datetime, surplus_to: UUID | None) -> Round:
    """Open a round on an offer that the caller has found to be the actor's own; called in the caller's transaction.

    Writes one ``round.opened`` event.

    Raises:
        NotCleared: the plan's model takes no bids.
        BadInput: a closing time outside a minute to ninety days from now, bids among the inputs, payees that are no organisations, or a
            two-sided round that does not say who gets the surplus.
        NotFound: the surplus would go to nobody.
        PricingRefused: the model refuses what the round publishes; names the field.
        RoundUnderWay: the offer is in a round that is not decided yet.
    """
    sides = sides_of(model_of(plan))
    if not sides:
        raise NotCleared(field=("offerId",))
    now = clock.now()
    if not now + SHORTEST <= closes_at <= now + LONGEST:
        raise BadInput("closesAt", "one minute to ninety days from now")
    if set(ARRAY.values()) & inputs.keys():
        raise BadInput("inputs", "bids are placed by their bidders, not given with the round")
    if (Side.SELL in sides) != (surplus_to is not None):
        raise BadInput("surplusToId", "stated for a two-sided round, and only there")
    if surplus_to is not None:
        Organisation.objects.find(actor, surplus_to, field="surplusToId")
        if affiliated(surplus_to, actor.acting_for):  # a seller that gains by a surplus would not ask truthfully
            raise BadInput("surplusToId", "an organisation that is independent of the seller")
    _check_published(plan, inputs)
    if Round.objects.filter(offer_id=offer_id, state__in=UNDECIDED).exists():
        raise RoundUnderWay(field=("offerId",))
    opened = Round(
        plan=plan,
        owner_id=actor.acting_for,
        offer_id=offer_id,
        inputs=inputs,
        surplus_to_id=surplus_to,
        opened_at=now,
        closes_at=closes_at,
    )
    try:
        with transaction.atomic():
            opened.save(force_insert=True)
    except IntegrityError as error:  # somebody was faster
        raise RoundUnderWay(field=("offerId",)) from error
    digest = hashlib.sha256(rfc8785.dumps(inputs)).hexdigest()
    public = {"round": opened.pk, "plan": plan.pk, "offer": offer_id, "closes_at": closes_at, "inputs_sha256": digest}
    record("round.opened", subject=("Round", opened.pk), actor=actor, public=public)
    work.enqueue(topic=CLOSE_TOPIC, key=str(opened.pk), payload={"round": str(opened.pk)}, due_at=closes_at)
    return opened


def bid_place(*, actor: Actor, round_id: UUID, content: dict[str, Any], idempotency_key: str) -> Bid:
    """Place a sealed bid to buy; see ``bid_put`` for what is refused. Writes one ``bid.placed`` event.

    Raises:
        NotFound: no such round.
    """
    require(actor, "deal:buy")
    Round.objects.find(actor, round_id, field="roundId")
    with once(actor, "bid_place", idempotency_key, round_id, content) as call:
        if call.replayed:
            return call.result(Bid)
        return call.done(bid_put(actor=actor, round_id=round_id, side=Side.BUY, offer_id=None, content=content))


def bid_put(*, actor: Actor, round_id: UUID, side: Side, offer_id: UUID | None, content: Any) -> Bid:
    """Place a sealed bid, or replace one's earlier one; called in the caller's transaction.

    Tries the bid alone, which may take its time, then locks the round. The event carries a commitment, SHA-256 over a salt of 16 bytes
    and the canonical content, which is opened when the round is cleared.

    Raises:
        RoundNotOpen: before the opening or after the close.
        MayNotBid: one who buys and one who sells in the round would be the same or affiliated, or the round would pay the bidder.
        BadInput: a side that this round does not take.
        PricingRefused: the model refuses the bid; names the field.
        RoundFull: ``BIDS_MAX`` bids stand, or as many rows as the mechanism takes.
    """
    _check_bid(actor, Round.objects.select_related("plan").get(pk=round_id), side, content)
    held = Round.objects.lock(round_id)
    now = clock.now()
    if held.state != State.OPEN or now >= held.closes_at:
        raise RoundNotOpen(field=("roundId",), state=held.state, closes_at=held.closes_at.isoformat())
    standing = held.bids.filter(replaced_at=None)
    _require_independent(actor, held, side)
    standing.filter(bidder=actor.acting_for, side=side).update(replaced_at=now)
    _require_room(held, side, content)
    key, salt = uuid7(), os.urandom(_SALT_BYTES)
    body = rfc8785.dumps(content)
    bid = Bid.objects.create(
        id=key,
        round=held,
        bidder_id=actor.acting_for,
        person=actor.acting_person,
        side=side,
        offer_id=offer_id,
        rows=len(rows_of(content)),
        sealed=seal(kind=_KIND, subject=key, value=salt + body),
        commitment=hashlib.sha256(salt + body).hexdigest(),
        placed_at=now,
    )
    public, sealed = {"bid": bid.pk, "commitment": bid.commitment}, {"round": held.pk, "side": side}
    record("bid.placed", subject=("Bid", bid.pk), actor=actor, public=public, sealed=sealed)
    return bid


def content_of(*, bid: Bid) -> Any:
    """What a bid says, which must be what it committed to.

    Raises:
        Erased: its key was destroyed.
        ValueError: the stored bytes are not the committed ones.
    """
    opened = unseal(kind=_KIND, subject=bid.pk, sealed=bytes(bid.sealed))
    if hashlib.sha256(opened).hexdigest() != bid.commitment:
        message = f"bid {bid.pk} is not what it committed to"
        raise ValueError(message)
    return json.loads(opened[_SALT_BYTES:])


def round_close(*, round_id: UUID) -> None:
    """Close a round whose time has come. Called by the timer; idempotent. Writes one ``round.closed`` event over all commitments."""
    held = Round.objects.lock(round_id)
    if held.state != State.OPEN:
        return
    commitments = [bid.commitment for bid in _standing(held)]
    event = record("round.closed", subject=("Round", held.pk), actor=SYSTEM, public={"round": held.pk, "commitments": commitments})
    move(held, to=State.CLOSED, expected_version=held.version, transitions=TRANSITIONS, closed_event=event)


def round_give_up(*, round_id: UUID) -> None:
    """End a round that could not be closed or cleared, for a reason inside: it is VOID. Called by the relay after its last try; idempotent.

    Its bids bind nobody and stay sealed; the seller may put the offer up again. Writes one ``round.voided`` event.
    """
    held = Round.objects.lock(round_id)
    if held.state in UNDECIDED:
        _void(held, "FAILED")


def round_clear(*, round_id: UUID) -> None:
    """Clear a closed round: run the plan's mechanism on every standing bid and give each winner a binding quote. Idempotent.

    That is the end of the round. A winner that lets its quote expire buys nothing, nobody moves up in its place, and the round stays
    CLEARED; the seller may open another one on the same offer.

    Writes one ``round.cleared`` event, or ``round.voided`` where there is nothing to clear or the mechanism refuses the bids.

    Raises:
        SeedNotYet: the mechanism draws at random and no checkpoint covers the close yet; nothing was changed.
    """
    held = Round.objects.select_for_update(of=("self",)).select_related("plan").get(pk=round_id)
    if held.state != State.CLOSED:
        return
    bids = _standing(held)
    if not bids:
        _void(held, "NO_BIDS")
        return
    seed = _seed(held)
    inputs = assembled(model_of(held.plan), held.inputs, [(Side(bid.side), bid.bidder_id, content_of(bid=bid)) for bid in bids])
    try:
        cleared = compute(plan=held.plan, verb=Verb.CLEAR, inputs=inputs, asked_by=held.owner_id, seed=seed)
    except PricingRefused as error:
        _void(held, error.error.code)
        return
    now = clock.now()
    move(held, to=State.CLEARED, expected_version=held.version, transitions=TRANSITIONS, computation=cleared, decided_at=now)
    awards = _awards(held, cleared, bids)
    for award in awards:
        quote_award(award=award, computation=cleared)
    record(
        "round.cleared",
        subject=("Round", held.pk),
        actor=SYSTEM,
        public={"round": held.pk, "computation": cleared.pk, "seed_size": cleared.seed_size},
        sealed={"awards": cleared.answer["extras"]["awards"], "inputs_digest": cleared.inputs_digest},
    )


def _check_published(plan: Plan, inputs: dict[str, Any]) -> None:
    """Refuse what the model would refuse later, and payees whom nobody could pay: each is the UUID of an organisation, as we write it."""
    try:
        check_published(model_of(plan), plan.params, inputs)
    except PricingError as error:
        raise PricingRefused(error, under=("inputs",)) from error
    if not known_organisations([row["seller"] for row in inputs.get("sellers", [])]):
        raise BadInput("inputs.sellers", "each seller by the UUID of its organisation")
    residual = plan.params.get("residual_to")
    if residual is not None and not known_organisations([residual]):
        raise BadInput("offerId", "a plan whose residual goes to an organisation of this market, by its UUID")


def _check_bid(actor: Actor, held: Round, side: Side, content: Any) -> None:
    model = model_of(held.plan)
    if side not in sides_of(model):
        raise BadInput("roundId", "a round that takes bids on this side")
    try:
        check_rows(model, held.plan.params, held.inputs, (side, actor.acting_for, content))
    except PricingError as error:
        raise PricingRefused(error, under=(WORD[side],)) from error


def _require_room(held: Round, side: Side, content: Any) -> None:
    standing = held.bids.filter(replaced_at=None)
    if standing.count() >= BIDS_MAX:
        raise RoundFull(field=("roundId",), limit=BIDS_MAX)
    most = capacity(model_of(held.plan), held.plan.params, side)
    if (standing.filter(side=side).aggregate(rows=Sum("rows", default=0))["rows"] + len(rows_of(content))) > most:
        raise RoundFull(field=("roundId",), limit=most)


def _require_independent(actor: Actor, held: Round, side: Side) -> None:
    """Refuse whoever would trade with itself or with an affiliate, or is paid by the round. Called under the round's lock.

    Who gets back a part of what is paid bids on what is left of it, and the mechanism's truthfulness no longer holds. A seller is paid of
    course, but not by the surplus.
    """
    others = {*held.bids.filter(replaced_at=None).exclude(side=side).values_list("bidder", flat=True), held.surplus_to_id}
    if side is Side.BUY:
        paid = [*(row["seller"] for row in held.inputs.get("sellers", [])), held.plan.params.get("residual_to")]
        others |= {held.owner_id, *(UUID(each) for each in paid if each is not None)}
    if others & affiliates(actor.acting_for):
        raise MayNotBid(field=("roundId",))


def _standing(held: Round) -> list[Bid]:
    """Return the standing bids in the order in which they were placed, which decides ties."""
    return list(held.bids.filter(replaced_at=None).order_by("placed_at", "id"))


def _seed(held: Round) -> Seed | None:
    if not model_of(held.plan).operations[Verb.CLEAR].draws(held.plan.params):
        return None
    seed = seed_after(held.closed_event, purpose=held.pk) if held.closed_event else None
    if seed is None:
        raise SeedNotYet
    return seed


def _void(held: Round, reason: str) -> None:
    move(held, to=State.VOID, expected_version=held.version, transitions=TRANSITIONS, void_reason=reason, decided_at=clock.now())
    record("round.voided", subject=("Round", held.pk), actor=SYSTEM, public={"round": held.pk, "reason": reason})


def _awards(held: Round, cleared: Computation, bids: list[Bid]) -> list[Award]:
    """Return one award a buyer and offer. In a two-sided round the n-th award is met by the n-th receipt."""
    extras = cleared.answer["extras"]
    asks = {str(bid.bidder_id): bid for bid in bids if bid.side == Side.SELL}
    if not asks:
        winners = dict.fromkeys(award["bidder"] for award in extras["awards"])
        return [Award(UUID(bidder), held.owner_id, held.offer_id) for bidder in winners]
    met = zip(extras["awards"], extras["receipts"], strict=True)
    return [
        Award(
            UUID(award["bidder"]),
            UUID(receipt["seller"]),
            asks[receipt["seller"]].offer_id or held.offer_id,
            surplus_minor=int(award["minor"]) - int(receipt["minor"]),
            surplus_to=held.surplus_to_id,
        )
        for award, receipt in met
    ]
