"""The one way from a plan and a use to a price: the model's answer with the plan's own adjustments."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from pricing.engines.adjustments import adjusted
from pricing.engines.catalogue import model_at
from pricing.engines.errors import InputError
from pricing.engines.model import Memory, Model, Prepared, Progress, Verb, silent
from pricing.engines.result import Quote as Answer
from pricing.plans.models import Plan

PREPARED_MAX: Final = 64
LONG: Final = 256 * 1024
LONG_MAX: Final = 4
PRICING: Final = (Verb.QUOTE, Verb.RATE)
"""Verbs that a plan's adjustments apply to: the others divide, clear or advise."""


SELLING: Final = frozenset({*PRICING, Verb.CLEAR})
"""Verbs that make a price that a buyer can take: of a use, or by a round of bids."""


def model_of(plan: Plan) -> Model:
    """The model that a plan picked, at the version that it picked."""
    return model_at(plan.model_key, plan.model_version)


def memory_of(plan: Plan) -> Memory | None:
    """What makes inputs of a binding quote by the plan of what its buyer bought by it before; None where that does not matter."""
    operation = model_of(plan).operations.get(Verb.QUOTE)
    return None if operation is None else operation.remember


def with_memory(plan: Plan, usage: dict[str, Any], earlier: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A use, with what the plan's model remembers of the buyer's earlier quotes, by their extras; the buyer may not state that.

    Raises:
        InputError: FROM_RECORD, naming what was stated.
    """
    memory = memory_of(plan)
    ours = memory(earlier) if memory else {}
    for name in ours:
        if name in usage:
            raise InputError("FROM_RECORD", f"inputs.{name}")
    return {**usage, **{name: value for name, value in ours.items() if value}}


def answer_of(plan: Plan, verb: Verb, *, inputs: dict[str, Any], seed: int | None = None, progress: Progress = silent) -> Answer:
    """Put a question to a plan's model. What ``progress`` raises ends it.

    Raises:
        PricingError: the model refuses it; see there.
    """
    params = json.dumps(plan.params, sort_keys=True)
    keep = _prepared if len(params) <= LONG else _prepared_long
    answer = keep(plan.model_key, plan.model_version, params).run(verb, inputs=inputs, seed=seed, progress=progress)
    return adjusted(answer, plan.adjustments) if verb in PRICING else answer


@lru_cache(maxsize=PREPARED_MAX)
def _prepared(key: str, version: int, params: str) -> Prepared:
    """A model with parameters read once. Kept by what the parameters say and not by the plan's id, so that an altered row is noticed."""
    return model_at(key, version).prepared(json.loads(params))


@lru_cache(maxsize=LONG_MAX)
def _prepared_long(key: str, version: int, params: str) -> Prepared:
    """The same for long parameters, such as whole tables: a few of them, since each is kept with several times its length."""
    return model_at(key, version).prepared(json.loads(params))
