"""Proposes, agrees and carries out the division of a joint product's income."""

import hashlib
from typing import Any, Final
from uuid import UUID

import rfc8785

from pricing.computations.models import Computation
from pricing.computations.seeds import Seed, seed_after
from pricing.computations.services import compute, recompute
from pricing.engines.model import Verb
from pricing.money import Money, PricingError, currency
from pricing.plans.errors import PricingRefused
from pricing.plans.models import Plan
from pricing.plans.pricing import model_of
from pricing.splits.errors import AlreadyConsented, HolderUnknown, NotAHolder, PlanDividesNothing, SplitInOtherCurrency
from pricing.splits.models import Split, SplitConsent
from pricing.splits.selectors import holders_of, named_by, split_in_force
from pricing.splits.states import TRANSITIONS, State
from registry.base import clock
from registry.base.actor import SYSTEM, Actor, require
from registry.base.errors import BadInput, IllegalTransition, NotFound, StaleVersion
from registry.base.idempotency import once
from registry.base.transitions import move
from registry.log.services import record
from registry.parties.selectors import known_organisations
from registry.rights.models import RegisteredObject

REFERENCE_MINOR: Final = 1_000_000
"""What the stated example of a split divides: ten thousand units of a currency of two decimal places."""
AMOUNT: Final = "amount"


class SeedNotYet(Exception):
    """No checkpoint covers the agreement yet; the relay tries again."""


def split_propose(*, actor: Actor, object_id: UUID, plan_id: UUID, inputs: dict[str, Any], idempotency_key: str) -> Split:
    """Propose how the income of an object of one's own is divided; the proposer consents by proposing.

    The rule is tried here, and worked out for each deal that is requested under it, always while somebody waits. Models therefore refuse,
    now and not later, what would take them more than about two seconds; their work depends on these inputs and not on the amount.

    Writes one ``split.proposed`` event.

    Raises:
        NotFound: not an object or not a plan of the actor's.
        PlanDividesNothing, HolderUnknown: see there.
        PricingRefused: the model refuses an input; names the field.
        BadInput: an amount among the inputs, or another proposal for the object under way.
    """
    require(actor, "plan:write")
    if AMOUNT in inputs:
        raise BadInput("inputs.amount", "the amount is the income of each sale, not an input of the agreement")
    with once(actor, "split_propose", idempotency_key, object_id, plan_id, inputs) as call:
        if call.replayed:
            return call.result(Split)
        plan = _dividing_plan(actor, plan_id)
        registered = RegisteredObject.objects.select_for_update(of=("self",)).filter(pk=object_id, owner=actor.organisation).first()
        if registered is None:
            raise NotFound(field=("objectId",), noun="object of yours")
        if Split.objects.filter(object=object_id, state__in=[State.PROPOSED, State.AGREED]).exists():
            raise BadInput("objectId", "an object without another proposal under way")
        consenters = _holders(plan, inputs) | _holders_in_force(object_id) | {actor.acting_for}
        split = Split.objects.create(
            object=registered,
            owner_id=actor.acting_for,
            plan=plan,
            inputs=inputs,
            consenters=sorted(consenters),
            proposed_at=clock.now(),
        )
        record(
            "split.proposed",
            subject=("Split", split.pk),
            actor=actor,
            public={"split": split.pk, "object": object_id, "plan": plan.pk},
            sealed={"holders": sorted(str(holder) for holder in consenters), "inputs_sha256": _digest(split)},
        )
        _consent(actor, split)
        return call.done(split)


def split_consent(*, actor: Actor, split_id: UUID, expected_version: int, idempotency_key: str) -> Split:
    """Consent for one's organisation. The last consent makes the split AGREED.

    Writes one ``split.consented`` event, and ``split.agreed`` with the last.

    Raises:
        NotFound: not a split that the actor may see.
        NotAHolder, AlreadyConsented: see there.
        StaleVersion, IllegalTransition: it is not PROPOSED at that version.
    """
    require(actor, "plan:consent")
    Split.objects.find(actor, split_id, field="splitId")
    with once(actor, "split_consent", idempotency_key, split_id, expected_version) as call:
        if call.replayed:
            return call.result(Split)
        split = Split.objects.lock(split_id)
        if split.version != expected_version:
            raise StaleVersion(field=("expectedVersion",), noun="split", current=split.version, expected=expected_version)
        if split.state != State.PROPOSED:
            raise IllegalTransition(field=("splitId",), noun="split", source=split.state, target=str(State.AGREED))
        _consent(actor, split)
        return call.done(split)


def split_withdraw(*, actor: Actor, split_id: UUID, expected_version: int, idempotency_key: str) -> Split:
    """Take back a proposal that not everybody consented to. Writes one ``split.withdrawn`` event.

    Raises:
        NotFound: not a split of the actor's.
        StaleVersion, IllegalTransition: it is not PROPOSED at that version.
    """
    require(actor, "plan:write")
    with once(actor, "split_withdraw", idempotency_key, split_id, expected_version) as call:
        if call.replayed:
            return call.result(Split)
        split = Split.objects.select_for_update(of=("self",)).filter(pk=split_id, owner=actor.organisation).first()
        if split is None:
            raise NotFound(field=("splitId",), noun="split of yours")
        move(split, to=State.WITHDRAWN, expected_version=expected_version, transitions=TRANSITIONS)
        record("split.withdrawn", subject=("Split", split.pk), actor=actor, public={"split": split.pk})
        return call.done(split)


def split_begin(*, split_id: UUID) -> None:
    """Put an agreed split in force: draw its seed if it needs one, and state the division of the reference amount. Idempotent.

    Replaces the one in force. Writes one ``split.in_force`` event. Called by the relay.

    Raises:
        SeedNotYet: the rule is sampled and no checkpoint covers the agreement yet; nothing was changed.
    """
    split = Split.objects.select_for_update(of=("self",)).select_related("plan").get(pk=split_id)
    if split.state != State.AGREED:
        return
    seed = _drawn(split)
    stated = compute(plan=split.plan, verb=Verb.SPLIT, inputs=_asked(split, REFERENCE_MINOR), asked_by=split.owner_id, seed=seed)
    for former in Split.objects.select_for_update(of=("self",)).filter(object=split.object_id, state=State.IN_FORCE):
        move(former, to=State.REPLACED, expected_version=former.version, transitions=TRANSITIONS)
    move(
        split,
        to=State.IN_FORCE,
        expected_version=split.version,
        transitions=TRANSITIONS,
        seed=seed.value if seed else None,
        computation=stated,
        in_force_at=clock.now(),
    )
    public = {"split": split.pk, "computation": stated.pk, "seed_size": stated.seed_size}
    record("split.in_force", subject=("Split", split.pk), actor=SYSTEM, public=public, sealed={"inputs_digest": stated.inputs_digest})


def split_give_up(*, split_id: UUID) -> None:
    """End an agreed split that could not be put in force, for a reason inside. Called by the relay after its last try; idempotent.

    The one in force stays so, and the owner may propose again. Writes one ``split.failed`` event.
    """
    split = Split.objects.lock(split_id)
    if split.state == State.AGREED:
        move(split, to=State.FAILED, expected_version=split.version, transitions=TRANSITIONS)
        record("split.failed", subject=("Split", split.pk), actor=SYSTEM, public={"split": split.pk})


def split_carry_out(*, split: Split, amount: Money, under: str) -> Computation:
    """Divide an income by a split and keep the computation, for its owner, so that the division of a deal can be replayed.

    An amount that was divided before keeps its computation, replayed, so that whoever asks for many deals fills no table. ``under`` is
    the input of the caller's mutation that the amount comes from.

    Raises:
        SplitInOtherCurrency: the makers agreed on another currency than the income's.
        PricingRefused: the rule refuses the amount.
        AnswerAltered: the computation that was kept does not replay.
    """
    if amount.currency.code != split.plan.currency:
        raise SplitInOtherCurrency(field=(under,), agreed=split.plan.currency, currency=amount.currency.code)
    stated = split.computation
    seed = Seed(split.seed, stated.seed_size, bytes(stated.seed_root or b"")) if stated and split.seed is not None else None
    inputs = _asked(split, amount.minor)
    same = Computation.objects.filter(plan=split.plan, verb=Verb.SPLIT.value, asked_by=split.owner_id, seed=split.seed, inputs=inputs)
    kept = same.select_related("plan").first()
    if kept is None:
        return compute(plan=split.plan, verb=Verb.SPLIT, inputs=inputs, asked_by=split.owner_id, seed=seed, under=under)
    recompute(computation=kept)
    return kept


def split_parts(*, split: Split, computation: Computation) -> dict[str, int]:
    """What each holder gets by a computation of a split, in minor units; together its amount. What the rule leaves goes to the owner."""
    extras, owner = computation.answer["extras"], str(split.owner_id)
    parts = {share["holder"]: int(share["minor"]) for share in extras["shares"]}
    return {**parts, owner: parts.get(owner, 0) + int(extras["undistributed_minor"])}


def _dividing_plan(actor: Actor, plan_id: UUID) -> Plan:
    plan = Plan.objects.filter(pk=plan_id, owner=actor.organisation).first()
    if plan is None:
        raise NotFound(field=("planId",), noun="plan of yours")
    if Verb.SPLIT not in model_of(plan).verbs:
        raise PlanDividesNothing(field=("planId",))
    return plan


def _asked(split: Split, amount_minor: int) -> dict[str, Any]:
    return {**split.inputs, AMOUNT: Money(amount_minor, currency(split.plan.currency)).format()}


def _holders(plan: Plan, inputs: dict[str, Any]) -> set[UUID]:
    """Return who would share, by trying the rule on the reference amount (with seed 0 where it draws)."""
    operation = model_of(plan).operations[Verb.SPLIT]
    asked = {**inputs, AMOUNT: Money(REFERENCE_MINOR, currency(plan.currency)).format()}
    try:
        answer = (
            model_of(plan).run(Verb.SPLIT, params=plan.params, inputs=asked, seed=0 if operation.draws(plan.params) else None).to_json()
        )
    except PricingError as error:
        raise PricingRefused(error, under=("inputs",)) from error
    named = named_by(plan, answer)
    for holder in sorted(named):
        if not known_organisations([holder]):
            raise HolderUnknown(field=("inputs",), holder=holder)
    return {UUID(holder) for holder in named}


def _holders_in_force(object_id: UUID) -> set[UUID]:
    """Return who has a share now; who gave one up before consented then and has no further say."""
    held = split_in_force(object_id)
    return set() if held is None else {UUID(holder) for holder in holders_of(held)}


def _consent(actor: Actor, split: Split) -> None:
    if actor.acting_for not in split.consenters:
        raise NotAHolder(field=("splitId",))
    if split.consents.filter(holder=actor.acting_for).exists():
        raise AlreadyConsented(field=("splitId",))
    SplitConsent.objects.create(split=split, holder_id=actor.acting_for, person=actor.acting_person, given_at=clock.now())
    if actor.acting_for != split.owner_id:
        sealed = {"holder": str(actor.acting_for)}
        record("split.consented", subject=("Split", split.pk), actor=actor, public={"split": split.pk}, sealed=sealed)
    if split.consents.count() == len(split.consenters):
        sealed = {"inputs_sha256": _digest(split)}
        event = record("split.agreed", subject=("Split", split.pk), actor=SYSTEM, public={"split": split.pk}, sealed=sealed)
        move(split, to=State.AGREED, expected_version=split.version, transitions=TRANSITIONS, agreed_event=event)


def _drawn(split: Split) -> Seed | None:
    if not model_of(split.plan).operations[Verb.SPLIT].draws(split.plan.params):
        return None
    seed = seed_after(split.agreed_event, purpose=split.pk) if split.agreed_event else None
    if seed is None:
        raise SeedNotYet
    return seed


def _digest(split: Split) -> str:
    return hashlib.sha256(rfc8785.dumps(split.inputs)).hexdigest()
