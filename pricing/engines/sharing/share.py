"""The revenue share: divides an amount among those who made a product together, by the rule in their contract, to the minor unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, cast

from pricing.engines.model import Answer, Call, Example, Model, Operation, Text, Verb
from pricing.engines.result import Line, exact_text, shown
from pricing.engines.shapes import Json, JsonObject
from pricing.engines.sharing.divide import Division, divide
from pricing.engines.sharing.sampling import CONFIDENCE
from pricing.engines.sharing.share_claims import claims_of
from pricing.engines.sharing.share_plan import INPUTS, PARAMS, check_params, read_holders, require_form
from pricing.engines.validate import read_amount
from pricing.money import Currency, currency, split_keyed

LEFT: Final = "~"
"""Key of what the rule leaves: not the key of any party, and after all of them, so that it yields in ties."""


def _split(call: Call) -> Answer:
    unit = currency(cast("str", call.params["currency"]))
    amount = read_amount(call.inputs["amount"], unit, "inputs.amount")
    require_form(cast("str", call.params["rule"]), call.inputs)
    holders = read_holders(call.inputs)
    division = divide(call, holders, unit)
    parts = dict(zip(holders, division.parts.parts, strict=True))
    parts[LEFT] = 1 - sum(parts.values(), Fraction(0))
    amount_minor = int(amount * unit.scale)
    lines = share_lines(amount_minor, parts, unit, cast("str | None", call.params.get("residual_to")))
    claims = claims_of(call.params, division, holders, amount_minor, parts)
    return Answer(unit, lines, tuple(claims), {**shares_told(lines), **_told(division, holders)})


def share_lines(amount_minor: int, parts: Mapping[str, Fraction], unit: Currency, residual_to: str | None) -> tuple[Line, ...]:
    """Return a line for each part of an amount, and one for what is left; ties in rounding go to the smaller key, what is left last.

    Args:
        amount_minor: what is divided.
        parts: by key; sum to one with what is left under ``~``.
        unit: of the amount.
        residual_to: who receives what is left, or None.
    """
    minor = split_keyed(amount_minor, parts)
    amount = Fraction(amount_minor, unit.scale)
    lines = [Line("SHARE", {"holder": holder}, part, amount, minor[holder]) for holder, part in parts.items() if holder != LEFT]
    if parts[LEFT]:
        code, words = ("UNDISTRIBUTED", {}) if residual_to is None else ("RESIDUAL", {"holder": residual_to})
        lines.append(Line(code, words, parts[LEFT], amount, minor[LEFT]))
    return tuple(lines)


def shares_told(lines: Sequence[Line]) -> dict[str, Json]:
    """Return the shares by holder, one that also takes the residual with both, and what stays undistributed."""
    shares: dict[str, int] = {}
    left = 0
    for line in lines:
        if line.code == "UNDISTRIBUTED":
            left += line.amount_minor
        else:
            shares[line.params["holder"]] = shares.get(line.params["holder"], 0) + line.amount_minor
    told = [{"holder": holder, "minor": str(minor)} for holder, minor in shares.items()]
    return {"shares": told, "undistributed_minor": str(left)}


def _told(division: Division, holders: Sequence[str]) -> JsonObject:
    """Return what else there is to say: the values of the rule, what was done to them, the proof of the core, the sampling error."""
    told: dict[str, Json] = {}
    scale = 1 if division.game is None else division.game.unit
    if division.values:
        told["values"] = [
            {"holder": holder, "value": exact_text(value / scale)} for holder, value in zip(holders, division.values, strict=True)
        ]
    if division.parts.raised:
        told["negative_to_zero"] = [holders[player] for player in division.parts.raised]
    if division.parts.scaled:
        told["scaled_down_to_amount"] = True
    if division.point is not None and len(holders) > 1:
        told["least_excess"] = exact_text(division.point.excess / scale)
        told["core_is_empty"] = division.point.excess > 0
    if division.sample is not None:
        widths = zip(holders, division.sample.half_widths, strict=True)
        told["sample"] = {
            "orders": division.sample.orders,
            "confidence": exact_text(CONFIDENCE),
            "half_widths": [{"holder": holder, "part": shown(width)} for holder, width in widths],
        }
    return told


_EEC: Final[JsonObject] = {
    "form": "weighted_voting",
    "amount": "60.00",
    "quota": "12",
    "holders": [
        {"holder": name, "weight": weight}
        for name, weight in (("DE", "4"), ("FR", "4"), ("IT", "4"), ("BE", "2"), ("NL", "2"), ("LU", "1"))
    ],
}
_CLAIMS: Final[JsonObject] = {
    "form": "claims",
    "amount": "200.00",
    "holders": [{"holder": f"wife_{name}", "claim": claim} for name, claim in (("1", "100.00"), ("2", "200.00"), ("3", "300.00"))],
}
_SENSORS: Final[JsonObject] = {
    "form": "table",
    "amount": "900.00",
    "holders": [{"holder": "camera_a"}, {"holder": "camera_b"}, {"holder": "radar"}],
    "values": ["0", "600", "600", "600", "300", "900", "900", "900"],
    "similarity": [{"one": "camera_a", "other": "camera_b", "similarity": "1"}],
}

SHARE: Final = Model(
    key="share",
    version=1,
    name=Text("Revenue share", "收益分配"),
    help=Text(
        "Divides an amount among those who made a product together: by what each adds to every group (Shapley, Banzhaf, Beta, leave "
        "one out), so that no group does better alone (least core, prenucleolus), or by weights or claims. Exact up to 12 holders of a "
        "full table, 64 of a described game (voting weights too fine to count are sampled, with the error stated), 900 weights or claims. "
        "Choose the robust rule where holders could enter copies of their data.",
        "将金额分配给共同完成产品的各方：按对各联盟的贡献（夏普利、班扎夫、Beta、留一法）、按联盟稳定（最小核心、预核仁），或按权重、债权。"
        "完整价值表最多 12 方，描述型博弈 64 方（投票权重过细时抽样并注明误差），权重或债权 900 方，其余均精确计算。"
        "若各方可能复制数据参与，请选抗复制规则。",
    ),
    params_schema=PARAMS,
    operations={Verb.SPLIT: Operation(INPUTS, _split, seeded=lambda params: "sampling" in params)},
    sentences={
        "SHARE": ("Share of {holder}", "{holder} 的份额"),
        "RESIDUAL": ("What the rule leaves, to {holder}", "规则余额，归 {holder}"),
        "UNDISTRIBUTED": ("Left undistributed by the rule", "规则未分配的余额"),
    },
    examples=(
        Example(
            title=Text("The council of the EEC in 1958, by Shapley value", "1958 年欧共体理事会，夏普利值"),
            verb=Verb.SPLIT,
            params={"rule": "shapley", "currency": "EUR"},
            inputs=_EEC,
            amount_minor=6_000,
        ),
        Example(
            title=Text("Three claims of 100, 200 and 300 on 200 (Mishnah)", "《密西拿》：100、200、300 三项债权分 200"),
            verb=Verb.SPLIT,
            params={"rule": "talmud", "currency": "CNY"},
            inputs=_CLAIMS,
            amount_minor=20_000,
        ),
        Example(
            title=Text("Two equal cameras and a radar, robust to copies", "两台相同摄像头与一台雷达，抗复制"),
            verb=Verb.SPLIT,
            params={"rule": "robust_shapley", "currency": "CNY", "residual_to": "platform"},
            inputs=_SENSORS,
            amount_minor=90_000,
        ),
    ),
    check_params=check_params,
)
