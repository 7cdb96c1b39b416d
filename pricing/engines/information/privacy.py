"""Private data: what a noisy answer about people costs, and how that price or a budget is paid out to the people themselves."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import information
from pricing.engines.errors import InputError
from pricing.engines.information.private_data import SQUARED_NORMS, answer_price, fair_query, root_up, squared_loss
from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Claim, Line, Standing, exact_text, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.validate import exact, read_amount
from pricing.money import Currency, currency

MAX_WEIGHTS: Final = 5_000


def _check(params: JsonObject) -> None:
    """Refuse a range of zero: it would say that nobody's privacy is ever touched."""
    _positive(params["range"], "params.range")


def _quote(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    weights = [exact(each) for each in cast("Sequence[Json]", call.inputs["weights"])]
    variance = _positive(call.inputs["variance"], "inputs.variance")
    claims = (Claim(information.NOISE_MONOTONE, Standing.PROVEN), Claim(information.COMBINATIONS_SUBADDITIVE, Standing.PROVEN))
    return Answer(unit, (_price_line(call.params, unit, weights, variance),), claims)


def _price_line(params: JsonObject, unit: Currency, weights: Sequence[Fraction], variance: Fraction) -> Line:
    """Return the price as one row, rounded up: that keeps it subadditive, so answers cannot be had cheaper in parts by rounding."""
    rate, norm = exact(params["rate"]), cast("str", params["norm"])
    price = answer_price(rate, norm, weights, variance)
    words = {"squared_norm": exact_text(SQUARED_NORMS[norm](weights)), "variance": exact_text(variance)}
    return Line("NOISY_ANSWER", words, price / rate if rate else Fraction(0), rate, math.ceil(price * unit.scale))


def _split(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    owners = cast("Sequence[JsonObject]", call.inputs["owners"])
    _distinct(owners)
    costs = [exact(owner["cost"]) * unit.scale for owner in owners]
    if call.inputs["rule"] == "fair_query":
        return _fair_query(unit, owners, costs, int(read_amount(call.inputs["budget"], unit, "inputs.budget") * unit.scale))
    return _micropayments(call, unit, owners, costs)


def _fair_query(unit: Currency, owners: Sequence[JsonObject], costs: Sequence[Fraction], budget: int) -> Answer:
    bought = fair_query(costs, budget)
    chosen = set(bought.owners)
    payments = [bought.payment if index in chosen else 0 for index in range(len(owners))]
    words = {"owners": str(len(chosen)), "loss": exact_text(bought.loss)}
    paid = Line("OWNERS_PAID", words, Fraction(len(chosen)), Fraction(bought.payment, unit.scale), sum(payments))
    claims = (*_promised(Standing.PROVEN), Claim(information.OFFERS_MONOTONE, Standing.PROVEN))
    extras: JsonObject = {"privacy_loss": exact_text(bought.loss), "owners_chosen": len(chosen)}
    return _divided(unit, owners, payments, total=budget, paid=paid, claims=claims, extras=extras)


def _micropayments(call: Call, unit: Currency, owners: Sequence[JsonObject], costs: Sequence[Fraction]) -> Answer:
    """Pay each person their cost of the privacy this answer takes, rounded up, out of the answer's price."""
    variance = _positive(call.inputs["variance"], "inputs.variance")
    bound = exact(call.params["range"])
    weights = [exact(owner["weight"]) for owner in owners]
    price = _price_line(call.params, unit, weights, variance).amount_minor
    losses = [squared_loss(weight, variance, bound) for weight in weights]
    squares = [cost * cost * loss for cost, loss in zip(costs, losses, strict=True)]
    payments = [root_up(square) for square in squares]
    if information.within_budget(payments, price) is not None:
        raise InputError("COMPENSATION_EXCEEDS_PRICE", "inputs.variance", needed=sum(payments), price=price)
    paid = Line("PRIVACY_PAID", {"owners": str(len(owners))}, Fraction(1), Fraction(sum(payments), unit.scale), sum(payments))
    extras: JsonObject = {"largest_privacy_loss": shown(math.sqrt(max(losses)))}
    return _divided(unit, owners, payments, total=price, paid=paid, claims=_promised(Standing.CHECKED), extras=extras)


def _promised(budget_held: Standing) -> tuple[Claim, ...]:
    return Claim(information.WITHIN_BUDGET, budget_held), Claim(information.OWNERS_COMPENSATED, Standing.PROVEN)


def _divided(
    unit: Currency,
    owners: Sequence[JsonObject],
    payments: Sequence[int],
    *,
    total: int,
    paid: Line,
    claims: tuple[Claim, ...],
    extras: JsonObject,
) -> Answer:
    left = total - sum(payments)
    lines = (paid, Line("UNDISTRIBUTED", {}, Fraction(1), Fraction(left, unit.scale), left))
    shares = [{"holder": owner["holder"], "minor": str(payment)} for owner, payment in zip(owners, payments, strict=True)]
    return Answer(unit, lines, claims, {"shares": shares, "undistributed_minor": str(left), **extras})


def _distinct(owners: Sequence[JsonObject]) -> None:
    seen: set[str] = set()
    for index, owner in enumerate(owners):
        holder = cast("str", owner["holder"])
        if holder in seen:
            raise InputError("DUPLICATE", f"inputs.owners.{index}.holder")
        seen.add(holder)


def _positive(value: Json, field: str) -> Fraction:
    number = exact(value)
    if number <= 0:
        raise InputError("NOT_POSITIVE", field)
    return number


_WEIGHT: Final = shapes.quantity(("Weight of one person's value", "某人数值的权重"), signed=True)
_VARIANCE: Final = shapes.quantity(("Variance of the noise", "噪声方差"))
_HOLDER: Final = shapes.text(("Data owner", "数据主体"), pattern=r"^[A-Za-z0-9_.:-]+$", longest=64)
_COST: Final = shapes.price(("Cost of one unit of privacy loss", "单位隐私损失的成本"))


def _owners(more: dict[str, shapes.Schema]) -> shapes.Schema:
    row = shapes.record(("Owner", "数据主体"), {"holder": _HOLDER, "cost": _COST, **more}, required=["holder", "cost", *more])
    return shapes.array(("Owners", "数据主体"), row, least=1, most=MAX_WEIGHTS)


def _rule(word: str, title: tuple[str, str], more: dict[str, shapes.Schema]) -> shapes.Schema:
    return shapes.record(title, {"rule": shapes.constant(word, title), **more}, required=["rule", *more])


PRIVACY: Final = Model(
    key="privacy",
    version=1,
    name=Text("Private data", "隐私数据定价"),
    help=Text(
        "Prices a noisy weighted sum over people by rate times norm squared over variance, so that no combination of noisier answers "
        "is cheaper, and pays the people: each their stated cost of the privacy lost, or, by FairQuery, one price within a budget to as "
        "many as it buys. Costs are taken as stated; FairQuery makes the truth best up to one minor unit, without collusion.",
        "对个人数据的加权求和按 费率×范数²÷方差 定价，组合多个含噪答案不会更便宜；并向数据主体付费：或按各自申报的隐私成本补偿，"
        "或按 FairQuery 在预算内以统一价格购买尽可能多的人。"
        "成本以申报为准；无串通时，FairQuery 下如实申报最优（误差不超过一个最小货币单位）。",
    ),
    params_schema=shapes.record(
        ("Private data", "隐私数据定价"),
        {
            "currency": shapes.CURRENCY,
            "rate": shapes.price(("Price at norm 1 and variance 1", "范数为 1、方差为 1 时的价格")),
            "norm": shapes.choice(("Norm of the weights", "权重的范数"), list(SQUARED_NORMS), default="euclidean"),
            "range": {**shapes.quantity(("Range of one person's value", "单个数值的取值范围")), "default": "1"},
        },
        required=["currency", "rate"],
    ),
    operations={
        Verb.QUOTE: Operation(
            shapes.record(
                ("Noisy answer", "含噪答案"),
                {"weights": shapes.array(("Weights", "权重"), _WEIGHT, least=1, most=MAX_WEIGHTS), "variance": _VARIANCE},
                required=["weights", "variance"],
            ),
            _quote,
        ),
        Verb.SPLIT: Operation(
            shapes.one_of(
                ("Payments to owners", "向数据主体付费"),
                "rule",
                [
                    _rule(
                        "fair_query",
                        ("FairQuery: one price within a budget", "FairQuery：预算内统一价格"),
                        {"budget": shapes.amount(("Budget", "预算")), "owners": _owners({})},
                    ),
                    _rule(
                        "micropayments",
                        ("Micro-payments out of the price of an answer", "从答案价格中逐一补偿"),
                        {"variance": _VARIANCE, "owners": _owners({"weight": _WEIGHT})},
                    ),
                ],
            ),
            _split,
        ),
    },
    sentences={
        "NOISY_ANSWER": (
            "Answer of squared norm {squared_norm} with variance {variance}",
            "范数平方 {squared_norm}、方差 {variance} 的含噪答案",
        ),
        "OWNERS_PAID": ("{owners} owners, each for a privacy loss of {loss}", "{owners} 位数据主体，各承担隐私损失 {loss}"),
        "PRIVACY_PAID": ("{owners} owners, each for the privacy this answer takes", "{owners} 位数据主体，按本次答案的隐私损失补偿"),
        "UNDISTRIBUTED": ("Not paid out", "未分配"),
    },
    examples=(
        Example(
            title=Text("Average of four people, variance 0.5", "四人平均值，方差 0.5"),
            verb=Verb.QUOTE,
            params={"currency": "CNY", "rate": "10"},
            inputs={"weights": ["0.25", "0.25", "0.25", "0.25"], "variance": "0.5"},
            amount_minor=500,
        ),
        Example(
            title=Text("FairQuery: costs 1 to 10 and a budget of 5 buy five at 1.00", "FairQuery：成本 1 至 10、预算 5，以 1.00 购买五人"),
            verb=Verb.SPLIT,
            params={"currency": "CNY", "rate": "10"},
            inputs={
                "rule": "fair_query",
                "budget": "5.00",
                "owners": [{"holder": f"owner-{cost}", "cost": str(cost)} for cost in range(1, 11)],
            },
            amount_minor=500,
        ),
    ),
    check_params=_check,
)
