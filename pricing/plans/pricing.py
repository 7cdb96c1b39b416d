"""The one way from a plan and a use to a price: the model's answer with the plan's own adjustments."""

from typing import Any

from pricing.engines.adjustments import adjusted
from pricing.engines.catalogue import model_at
from pricing.engines.model import Model, Progress, Verb, silent
from pricing.engines.result import Quote as Answer
from pricing.plans.models import Plan

PRICING = (Verb.QUOTE, Verb.RATE)
"""Verbs that a plan's adjustments apply to: the others divide, clear or advise."""


def model_of(plan: Plan) -> Model:
    """The model that a plan picked, at the version that it picked."""
    return model_at(plan.model_key, plan.model_version)


def answer_of(plan: Plan, verb: Verb, *, inputs: dict[str, Any], seed: int | None = None, progress: Progress = silent) -> Answer:
    """Put a question to a plan's model. What ``progress`` raises ends it.

    Raises:
        PricingError: the model refuses it; see there.
    """
    answer = model_of(plan).run(verb, params=plan.params, inputs=inputs, seed=seed, progress=progress)
    return adjusted(answer, plan.adjustments) if verb in PRICING else answer
