"""Asks advising models, by a job, and keeps what they said beside the plan it is about."""

from datetime import date
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from pricing.advice.errors import AppraiserMissing, PlanAdvisesNothing, TooMuchAdviceAsked
from pricing.advice.models import ADVISING, Advice
from pricing.advice.states import State
from pricing.computations.models import Computation
from pricing.computations.seeds import Seed
from pricing.computations.services import compute_apart
from pricing.engines.model import Progress, Verb
from pricing.engines.validate import SAFE_INTEGER
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, NotFound
from registry.base.idempotency import once
from registry.base.ids import uuid7
from registry.base.jobs import job_start, jobs_waiting
from registry.base.limits import NAME_MAX
from registry.log.services import record

JOB: Final = "advice"
WAITING_MAX: Final = 20


def advice_request(
    *,
    actor: Actor,
    about_id: UUID,
    plan_id: UUID,
    verb: str,
    inputs: dict[str, Any],
    seed: int | None,
    appraiser: str,
    valued_on: date | None,
    idempotency_key: str,
) -> Advice:
    """Ask a plan's model about another plan of one's own. A job computes the answer; it changes no price.

    Raises:
        NotFound: a plan that is not the actor's.
        PlanAdvisesNothing: the model has no such verb, or the verb makes prices.
        TooMuchAdviceAsked: ``WAITING_MAX`` of the organisation's wait already; one relay computes everybody's, the oldest first.
        AppraiserMissing: an appraisal without appraiser and date, or other advice with either.
        BadInput: a seed out of range, an appraiser's name that is too long, or another date than the one that the inputs are valued at.
    """
    require(actor, "plan:write")
    if verb not in {each.value for each in ADVISING}:
        raise PlanAdvisesNothing(field=("verb",), verb=verb[:16])
    for name, stated in (("appraiser", appraiser.strip()), ("valuedOn", valued_on)):
        if bool(stated) != (verb == Verb.APPRAISE.value):
            raise AppraiserMissing(field=(name,))
    if valued_on is not None and inputs.get("valuation_date", valued_on.isoformat()) != valued_on.isoformat():
        raise BadInput("valuedOn", "the valuation date of the inputs")
    if len(appraiser) > NAME_MAX:
        raise BadInput("appraiser", "1 to 200 characters")
    if seed is not None and not 0 <= seed <= SAFE_INTEGER:
        raise BadInput("seed", "0 to 9007199254740991")
    with once(actor, "advice_request", idempotency_key, about_id, plan_id, verb, inputs, seed, appraiser, valued_on) as call:
        if call.replayed:
            return call.result(Advice)
        about, plan = _own_plan(actor, about_id, "aboutId"), _own_plan(actor, plan_id, "planId")
        if Verb(verb) not in model_of(plan).verbs:
            raise PlanAdvisesNothing(field=("planId",), verb=verb)
        if jobs_waiting(actor=actor, kind=JOB) >= WAITING_MAX:
            raise TooMuchAdviceAsked(field=("planId",), limit=WAITING_MAX)
        key = uuid7()
        job = job_start(actor=actor, kind=JOB, params={"advice": str(key)})
        advice = Advice.objects.create(
            id=key,
            owner_id=actor.acting_for,
            about=about,
            plan=plan,
            verb=verb,
            inputs=inputs,
            seed=seed,
            appraiser=appraiser.strip(),
            valued_on=valued_on,
            job_id=job.pk,
            asked_at=clock.now(),
        )
        return call.done(advice)


def advice_compute(*, advice_id: UUID, progress: Progress) -> None:
    """Compute an advice that was asked for. Called by the job; idempotent. Writes one ``advice.given`` event.

    A refusal by the model is the advice's result, with code and field, and not a failure of the job.

    It computes outside any transaction: within one, nobody would see the progress that is reported, and whoever cancels would wait for the
    job's row until the end. Then it locks the advice and keeps the answer, unless somebody gave one meanwhile. What ``progress`` raises
    leaves the advice ASKED and nothing kept.
    """
    advice = Advice.objects.select_related("plan").get(pk=advice_id)
    if advice.state != State.ASKED:
        return
    seed = None if advice.seed is None else Seed(advice.seed)
    try:
        given = compute_apart(
            plan=advice.plan, verb=Verb(advice.verb), inputs=advice.inputs, asked_by=advice.owner_id, seed=seed, progress=progress
        )
    except PricingRefused as error:
        refusal = {"code": error.error.code, "field": list(error.field), "params": error.error.params}
        Advice.objects.filter(pk=advice_id, state=State.ASKED).update(state=State.REFUSED, refusal=refusal, answered_at=clock.now())
        return
    _keep(advice_id, given)


def _keep(advice_id: UUID, given: Computation) -> None:
    with transaction.atomic():
        advice = Advice.objects.lock(advice_id)
        if advice.state != State.ASKED:
            return
        given.save(force_insert=True)
        Advice.objects.filter(pk=advice.pk).update(state=State.GIVEN, computation=given, answered_at=clock.now())
        public = {"advice": advice.pk, "about": advice.about_id, "plan": advice.plan_id, "verb": advice.verb}
        record(
            "advice.given",
            subject=("Advice", advice.pk),
            actor=SYSTEM,
            public=public,
            sealed={"amount": f"{given.amount_minor} {given.currency}", "inputs_digest": given.inputs_digest},
        )


def _own_plan(actor: Actor, plan_id: UUID, field: str) -> Plan:
    plan = Plan.objects.filter(pk=plan_id, owner=actor.organisation).first()
    if plan is None:
        raise NotFound(field=(field,), noun="plan of yours")
    return plan
