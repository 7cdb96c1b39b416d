"""What plans would charge for stated uses, side by side; with what the seller would keep, where the plan is the asker's own."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import Any, Final, TypeAlias
from uuid import UUID

from pricing.engines.model import Verb
from pricing.engines.result import Quote as Answer
from pricing.fees.chain import ShareTerm
from pricing.fees.selectors import schedule_current
from pricing.fees.services import division_of
from pricing.fees.title import share_terms_of
from pricing.money import Money, PricingError
from pricing.plans.chart import Series, chart
from pricing.plans.errors import ComparisonTooLong, PlanUndisclosed, PricesNoUse
from pricing.plans.models import Plan
from pricing.plans.pricing import PRICING, answer_of, model_of
from pricing.plans.selectors import params_shown
from registry.base import clock
from registry.base.actor import Actor, PartyKind, require
from registry.base.errors import BadInput, NotFound
from registry.parties.models import Organisation
from registry.rights.models import RegisteredObject
from registry.rules.calendar import china_date

PLANS_MAX: Final = 5
USAGES_MAX: Final = 50
SECONDS: Final = 2
"""How long one comparison may compute: requests wait for it, and some models take a second for one use."""

Net: TypeAlias = Callable[[Money], Money]
"""From an amount to what its seller keeps of it."""


@dataclass(frozen=True, slots=True)
class Point:
    """One use under one plan: its price and net income, or what the model refused about it."""

    usage: Mapping[str, Any]
    amount: Money | None = None
    net: Money | None = None
    refused: PricingError | None = None


@dataclass(frozen=True, slots=True)
class Outlook:
    """One plan over all the uses."""

    plan: Plan
    points: tuple[Point, ...]

    @property
    def worst(self) -> Money | None:
        """The most that any of the uses costs."""
        return max((point.amount for point in self.points if point.amount is not None), key=lambda money: money.minor, default=None)


def plan_compare(
    *, actor: Actor, plan_ids: Sequence[UUID], usages: Sequence[dict[str, Any]], institution_id: UUID | None, object_id: UUID | None
) -> tuple[Outlook, ...]:
    """Price every use under every plan. Nothing is stored and nothing binds.

    ``institution_id`` asks for the net income of one's own plans too: all that the owner receives of the amount, after all fees and after
    the shares that the licences behind ``object_id`` take, if one is named. Makers of a joint product have not divided it yet.

    Raises:
        BadInput: no plan or use, more than ``PLANS_MAX`` or ``USAGES_MAX``, plans of several currencies, no such institution.
        NotFound: no such plan, or not an object of the actor's.
        PricesNoUse: a plan whose model only clears, divides or advises.
        PlanUndisclosed: another's plan with parameters that it keeps to itself: a few prices of a bargain tell its floor.
        ComparisonTooLong: the uses take more than ``SECONDS`` together.
        NoSchedule, TitleBroken: see there.
    """
    require(actor, "plan:use")
    if not 0 < len(plan_ids) <= PLANS_MAX:
        raise BadInput("planIds", "1 to 5 plans")
    if not 0 < len(usages) <= USAGES_MAX:
        raise BadInput("usages", "1 to 50 uses")
    plans = [Plan.objects.find(actor, plan_id, field="planIds") for plan_id in plan_ids]
    if len({plan.currency for plan in plans}) > 1:
        raise BadInput("planIds", "plans of one currency")
    for plan in plans:
        if not set(PRICING) & model_of(plan).verbs:
            raise PricesNoUse(field=("planIds",), name=plan.name_en)
        if params_shown(actor=actor, plan=plan) != plan.params:
            raise PlanUndisclosed(field=("planIds",), name=plan.name_en)
    net, until = _net(actor, institution_id, object_id), time.monotonic() + SECONDS
    return tuple(Outlook(plan, tuple(_point(actor, plan, usage, net, until) for usage in usages)) for plan in plans)


def comparison_chart(outlooks: Sequence[Outlook], *, chinese: bool) -> str | None:
    """The picture of a comparison: over the quantity where every priced use states one, else over the number of the use.

    None without a price.
    """
    by_quantity = all("quantity" in point.usage for outlook in outlooks for point in outlook.points if point.amount is not None)
    series = [
        Series(outlook.plan.name_zh if chinese else outlook.plan.name_en, tuple(sorted(_points(outlook, by_quantity=by_quantity))))
        for outlook in outlooks
        if outlook.worst is not None
    ]
    if not series:
        return None
    across = ("用量", "Quantity") if by_quantity else ("用量序号", "Number of the use")
    title, column = ("各方案价格比较", "What each plan charges"), 0 if chinese else 1
    return chart(series, title=title[column], across=across[column], up=outlooks[0].plan.currency)


def _net(actor: Actor, institution_id: UUID | None, object_id: UUID | None) -> Net | None:
    """How an amount of the actor's own is divided by the schedule in force now; None where nobody asked for the net."""
    if institution_id is not None and not Organisation.objects.filter(pk=institution_id, kinds__contains=[PartyKind.INSTITUTION]).exists():
        raise BadInput("institutionId", "a trading-service institution of this market")
    terms: tuple[ShareTerm, ...] = ()
    if object_id is not None:
        if not RegisteredObject.objects.filter(pk=object_id, owner=actor.organisation).exists():
            raise NotFound(field=("objectId",), noun="object of yours")
        terms = share_terms_of(object_id, on=china_date(clock.now()))
    if institution_id is None:
        return None
    divided = partial(division_of, seller_id=actor.acting_for, institution_id=institution_id, terms=terms, schedule=schedule_current())
    owner = str(actor.acting_for)  # who may also receive a share higher up the chain
    return lambda amount: Money(divided(amount=amount).paid_to(owner), amount.currency)


def _point(actor: Actor, plan: Plan, usage: dict[str, Any], net: Net | None, until: float) -> Point:
    if time.monotonic() > until:
        raise ComparisonTooLong(field=("usages",), seconds=SECONDS)
    try:
        amount = _priced(plan, usage).money
    except PricingError as error:
        return Point(usage, refused=error)
    return Point(usage, amount, net(amount) if net and plan.owner_id == actor.organisation else None)


def _priced(plan: Plan, usage: dict[str, Any]) -> Answer:
    return answer_of(plan, Verb.QUOTE if Verb.QUOTE in model_of(plan).verbs else Verb.RATE, inputs=usage)


def _points(outlook: Outlook, *, by_quantity: bool) -> list[tuple[Fraction, Fraction]]:
    """Return where the priced uses stand; what a model priced is decimal text, since its schema says so."""
    return [
        (
            Fraction(point.usage["quantity"]) if by_quantity else Fraction(index + 1),
            Fraction(point.amount.minor, point.amount.currency.scale),
        )
        for index, point in enumerate(outlook.points)
        if point.amount is not None
    ]
