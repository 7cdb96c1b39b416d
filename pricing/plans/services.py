"""Makes plans: the owner alone picks the model and its parameters."""

import hashlib
from typing import Any

import rfc8785

from pricing.engines.adjustments import read_adjustments
from pricing.engines.catalogue import model_at
from pricing.engines.errors import InputError
from pricing.money import PricingError, currency
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import PRICING
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.log.services import record


def plan_create(
    *,
    actor: Actor,
    name_zh: str,
    name_en: str,
    model_key: str,
    params: dict[str, Any],
    adjustments: dict[str, Any] | None = None,
    idempotency_key: str,
) -> Plan:
    """Make a plan of one's own organisation from a pricing model, its parameters, and what is put on top of its prices.

    Writes one ``plan.created`` event.

    Raises:
        Forbidden: the actor's organisation lists nothing.
        BadInput: a name.
        PricingRefused: the model is unknown or refuses a parameter; names the field.
    """
    require(actor, "plan:write")
    if not (name_zh.strip() and name_en.strip() and len(name_zh) <= 80 and len(name_en) <= 80):  # noqa: PLR2004 the column's width
        raise BadInput("nameZh", "names in Chinese and English, 1 to 80 characters each")
    try:
        model = model_at(model_key)
        checked = model.validated_params(params)
        on_top = read_adjustments(adjustments or {}, currency(str(checked["currency"])))
        if on_top and not set(PRICING) & model.verbs:
            raise InputError("NOT_FOR_THIS_PLAN", "adjustments")
    except PricingError as error:
        root = getattr(error, "field", "params").split(".")[0]
        raise PricingRefused(error, under=(root,)) from error
    with once(actor, "plan_create", idempotency_key, name_zh, name_en, model_key, params, adjustments or {}) as call:
        if call.replayed:
            return call.result(Plan)
        plan = Plan.objects.create(
            owner_id=actor.acting_for,
            name_zh=name_zh,
            name_en=name_en,
            model_key=model.key,
            model_version=model.version,
            params=checked,
            adjustments=on_top,
            currency=str(checked["currency"]),
            created_at=clock.now(),
        )
        record(
            "plan.created",
            subject=("Plan", plan.pk),
            actor=actor,
            public={
                "plan": plan.pk,
                "owner": plan.owner_id,
                "model": model.key,
                "model_version": model.version,
                "params_sha256": hashlib.sha256(rfc8785.dumps(checked)).hexdigest(),
            },
            sealed={"params": checked, "adjustments": on_top},
        )
        return call.done(plan)
