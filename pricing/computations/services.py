"""Asks pricing models and keeps what they answered."""

from typing import Any
from uuid import UUID

from pricing.computations.errors import AnswerAltered
from pricing.computations.models import Computation
from pricing.computations.seeds import Seed
from pricing.engines.model import Progress, Verb, silent
from pricing.engines.result import Quote as Answer
from pricing.money import PricingError
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import answer_of
from registry.base import clock


def compute(
    *, plan: Plan, verb: Verb, inputs: dict[str, Any], asked_by: UUID, seed: Seed | None = None, under: str = "inputs"
) -> Computation:
    """Put a question to a plan's model and keep it with its answer, in the caller's transaction: for what takes a moment.

    Raises:
        PricingRefused: the model refuses an input; names the field below ``under``.
    """
    computed = compute_apart(plan=plan, verb=verb, inputs=inputs, asked_by=asked_by, seed=seed, under=under)
    computed.save(force_insert=True)
    return computed


def compute_apart(
    *,
    plan: Plan,
    verb: Verb,
    inputs: dict[str, Any],
    asked_by: UUID,
    seed: Seed | None = None,
    under: str = "inputs",
    progress: Progress = silent,
) -> Computation:
    """Put a question to a plan's model, and return it with its answer, for the caller to save in a transaction that may then be short.

    Raises:
        PricingRefused: the model refuses an input; names the field below ``under``.
        Whatever ``progress`` raises.
    """
    try:
        answer = answer_of(plan, verb, inputs=inputs, seed=None if seed is None else seed.value, progress=progress)
    except PricingError as error:
        raise PricingRefused(error, under=(under,)) from error
    return Computation(
        plan=plan,
        asked_by_id=asked_by,
        verb=verb.value,
        inputs=inputs,
        seed=seed.value if seed else None,
        seed_size=seed.size if seed else None,
        seed_root=seed.root if seed else None,
        inputs_digest=answer.inputs_digest,
        amount_minor=answer.amount_minor,
        currency=answer.currency.code,
        answer=answer.to_json(),
        computed_at=clock.now(),
    )


def recompute(*, computation: Computation) -> Answer:
    """Put a stored question again and return the answer, which must be the stored one to the byte.

    Raises:
        AnswerAltered: it is not.
    """
    answer = answer_of(computation.plan, Verb(computation.verb), inputs=computation.inputs, seed=computation.seed)
    stored = (computation.answer, computation.amount_minor, computation.currency, computation.inputs_digest)
    if (answer.to_json(), answer.amount_minor, answer.currency.code, answer.inputs_digest) != stored:
        raise AnswerAltered
    return answer
