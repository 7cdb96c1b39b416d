"""Makes quotes and takes them: the price always comes from the plan, never from the client."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from pricing.computations.models import Computation
from pricing.computations.services import recompute
from pricing.engines.model import Verb
from pricing.engines.result import Quote as Answer
from pricing.money import PricingError
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import answer_of, with_memory
from pricing.quotes.award import awarded
from pricing.quotes.errors import QuoteAltered, QuoteExpired, QuoteUsed
from pricing.quotes.models import Quote
from registry.base import clock
from registry.base.actor import SYSTEM, Actor
from registry.log.services import record

BINDING: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Award:
    """What a round gave one buyer: from whom, on which offer, and how much of what it pays the seller does not receive."""

    buyer: UUID
    seller: UUID
    offer: UUID
    surplus_minor: int = 0
    surplus_to: UUID | None = None


def quote_make(*, actor: Actor, plan: Plan, offer_id: UUID, usage: dict[str, Any], earlier: Sequence[dict[str, Any]] = ()) -> Quote:
    """Apply a plan to one use, for the actor's organisation; binding for ``BINDING``.

    ``earlier`` are the extras of the quotes that the organisation bought by the plan before, where its model has a memory (see there).
    Called in the caller's transaction. Writes one ``quote.made`` event.

    Raises:
        PricingRefused: the model refuses an input; names the field.
    """
    try:
        inputs = with_memory(plan, usage, earlier)
        answer = answer_of(plan, Verb.QUOTE, inputs=inputs)
    except PricingError as error:
        raise PricingRefused(error, under=("usage",)) from error
    now = clock.now()
    quote = Quote.objects.create(
        plan=plan,
        offer_id=offer_id,
        buyer_id=actor.acting_for,
        seller_id=plan.owner_id,
        verb=answer.verb,
        inputs=inputs,
        inputs_digest=answer.inputs_digest,
        amount_minor=answer.amount_minor,
        currency=answer.currency.code,
        answer=answer.to_json(),
        created_at=now,
        expires_at=now + BINDING,
    )
    return _told(actor, quote)


def quote_award(*, award: Award, computation: Computation) -> Quote:
    """Give a winner of a round its binding quote. Called in the transaction that clears the round. Writes one ``quote.made`` event."""
    answer, now = awarded(Answer.from_json(computation.answer), str(award.buyer), computation=computation.pk), clock.now()
    quote = Quote.objects.create(
        plan=computation.plan,
        offer_id=award.offer,
        buyer_id=award.buyer,
        seller_id=award.seller,
        verb=computation.verb,
        inputs={},
        inputs_digest=answer.inputs_digest,
        amount_minor=answer.amount_minor,
        currency=computation.currency,
        answer=answer.to_json(),
        created_at=now,
        expires_at=now + BINDING,
        computation=computation,
        surplus_minor=award.surplus_minor,
        surplus_to_id=award.surplus_to if award.surplus_minor else None,
    )
    return _told(SYSTEM, quote)


def quote_use(*, quote_id: UUID, deal_id: UUID) -> Quote:
    """Bind a quote to a deal, after replaying it: the stored inputs must give the stored answer, to the byte.

    Locks the quote. Called in the caller's transaction.

    Raises:
        QuoteExpired, QuoteUsed, QuoteAltered: it does not bind (any more).
    """
    quote = Quote.objects.select_for_update(of=("self",)).select_related("plan", "computation__plan").get(pk=quote_id)
    if quote.used_by is not None:
        raise QuoteUsed(field=("quoteId",))
    if quote.expires_at <= clock.now():
        raise QuoteExpired(field=("quoteId",), expired_at=quote.expires_at.isoformat())
    verify(quote=quote)
    quote.used_by = deal_id
    quote.save(update_fields=["used_by"])
    return quote


def verify(*, quote: Quote) -> Answer:
    """Replay a stored quote and return the answer.

    Raises:
        QuoteAltered, AnswerAltered: it does not replay to the same bytes.
    """
    if quote.computation is None:
        answer = answer_of(quote.plan, Verb(quote.verb), inputs=quote.inputs)
    else:
        answer = awarded(recompute(computation=quote.computation), str(quote.buyer_id), computation=quote.computation.pk)
    stored = (quote.answer, quote.amount_minor, quote.currency, quote.inputs_digest)
    if (answer.to_json(), answer.amount_minor, answer.currency.code, answer.inputs_digest) != stored:
        raise QuoteAltered(field=("quoteId",))
    return answer


def _told(actor: Actor, quote: Quote) -> Quote:
    record(
        "quote.made",
        subject=("Quote", quote.pk),
        actor=actor,
        public={"quote": quote.pk, "plan": quote.plan_id, "expires_at": quote.expires_at},
        sealed={
            "amount": f"{quote.amount_minor} {quote.currency}",
            "buyer": str(quote.buyer_id),
            "inputs_digest": quote.inputs_digest,
        },
    )
    return quote
