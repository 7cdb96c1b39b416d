"""Makes plans: the owner alone picks the model and its parameters."""

from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from pricing.engines.adjustments import read_adjustments
from pricing.engines.catalogue import model_at
from pricing.engines.errors import InputError
from pricing.engines.income_share import INCOME_SHARE
from pricing.money import PricingError, currency
from pricing.plans.errors import PlanRevised, PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import PRICING
from registry.base import clock
from registry.base.actor import Actor, require
from registry.base.errors import BadInput, NotFound
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.log.services import record

NAME_CHARACTERS_MAX: Final = 80
"""The columns' width."""


def plan_create(
    *,
    actor: Actor,
    name_zh: str,
    name_en: str,
    model_key: str,
    params: dict[str, Any],
    adjustments: dict[str, Any] | None = None,
    revises_id: UUID | None = None,
    idempotency_key: str,
) -> Plan:
    """Make a plan of one's own organisation from a pricing model, its parameters, and what is put on top of its prices.

    A plan never changes. ``revises_id`` names the newest version of the plan that this is the next version of; offers and quotes by earlier
    versions stand. Writes one ``plan.created`` event.

    Raises:
        Forbidden: the actor's organisation lists nothing.
        BadInput: a name.
        PricingRefused: the model is unknown or refuses a parameter; names the field.
        NotFound, PlanRevised: the plan to revise is not the actor's, or has a newer version.
    """
    require(actor, "plan:write")
    _require_names(nameZh=name_zh, nameEn=name_en)
    try:
        model = model_at(model_key)
        checked = model.validated_params(params)
        on_top = read_adjustments(adjustments or {}, currency(str(checked["currency"])))
        if on_top and (not set(PRICING) & model.verbs or model is INCOME_SHARE):  # a share of income takes nothing to adjust
            raise InputError("NOT_FOR_THIS_PLAN", "adjustments")
    except PricingError as error:
        root = getattr(error, "field", "params").split(".")[0]
        raise PricingRefused(error, under=(root,)) from error
    with once(actor, "plan_create", idempotency_key, name_zh, name_en, model_key, params, adjustments or {}, revises_id) as call:
        if call.replayed:
            return call.result(Plan)
        key, series, number = uuid7(), None, 1
        if revises_id is not None:
            series, number = _next_version(actor, revises_id)
        plan = _stored(
            id=key,
            series=series or key,
            number=number,
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
                "series": plan.series,
                "number": plan.number,
                "model": model.key,
                "model_version": model.version,
            },
            sealed={"params": checked, "adjustments": on_top},
        )
        return call.done(plan)


def _require_names(**names: str) -> None:
    for field, name in names.items():
        if not name.strip() or len(name) > NAME_CHARACTERS_MAX:
            raise BadInput(field, "names in Chinese and English, 1 to 80 characters each")


def _stored(**columns: Any) -> Plan:
    try:
        with transaction.atomic():
            return Plan.objects.create(**columns)
    except IntegrityError as error:
        raise PlanRevised(field=("revisesId",), number=columns["number"]) from error


def _next_version(actor: Actor, revises_id: UUID) -> tuple[UUID, int]:
    """Return the series and number of the version after one's own newest. Of two revisions at once the database takes one."""
    former = Plan.objects.filter(pk=revises_id, owner=actor.organisation).first()
    if former is None:
        raise NotFound(field=("revisesId",), noun="plan of yours")
    newest = Plan.objects.filter(series=former.series).order_by("-number").first()
    if newest is None or newest.pk != former.pk:
        raise PlanRevised(field=("revisesId",), number=newest.number if newest else 1)
    return former.series, former.number + 1
