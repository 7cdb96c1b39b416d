"""Makes plans: the owner alone picks the model and its parameters."""

import hashlib
import json
from typing import Any, Final

import rfc8785

from pricing.engines.catalogue import model_at
from pricing.money import PricingError
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput
from registry.base.idempotency import once
from registry.log.services import record

PARAMS_BYTES_MAX: Final = 8_192


def parse_json_object(*, text: str, field: str) -> dict[str, Any]:
    """A JSON object given as text.

    Raises:
        BadInput: too long, not JSON, not an object, or with numbers that are no integers.
    """
    if len(text.encode()) > PARAMS_BYTES_MAX:
        raise BadInput(field, f"at most {PARAMS_BYTES_MAX} bytes of JSON")
    try:
        value = json.loads(text, parse_float=_refuse_number, parse_constant=_refuse_number)
    except (ValueError, RecursionError) as error:
        raise BadInput(field, "a JSON object whose numbers are integers; decimals are given as text") from error
    if not isinstance(value, dict):
        raise BadInput(field, "a JSON object")
    return value


def plan_create(*, actor: Actor, name_zh: str, name_en: str, model_key: str, params: str, idempotency_key: str) -> Plan:
    """Make a plan of one's own organisation from a pricing model and its parameters (JSON text).

    Writes one ``plan.created`` event.

    Raises:
        Forbidden: the actor's organisation lists nothing.
        BadInput: a name or the JSON.
        PricingRefused: the model is unknown or refuses a parameter; names the field.
    """
    require(actor, "plan:write")
    given = parse_json_object(text=params, field="params")
    if not (name_zh.strip() and name_en.strip() and len(name_zh) <= 80 and len(name_en) <= 80):  # noqa: PLR2004 the column's width
        raise BadInput("nameZh", "names in Chinese and English, 1 to 80 characters each")
    try:
        model = model_at(model_key)
        checked = model.validated_params(given)
    except PricingError as error:
        raise PricingRefused(error, under=("params",)) from error
    with once(actor, "plan_create", idempotency_key, name_zh, name_en, model_key, given) as call:
        if call.replayed:
            return call.result(Plan)
        plan = Plan.objects.create(
            owner_id=actor.acting_for,
            name_zh=name_zh,
            name_en=name_en,
            model_key=model.key,
            model_version=model.version,
            params=checked,
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
            sealed={"params": checked},
        )
        return call.done(plan)


def _refuse_number(text: str) -> None:
    raise ValueError(text)
