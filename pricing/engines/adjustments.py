"""What a seller may put on top of any price: an allowance that is free, a discount, a least and a most. One order, one rounding rule."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges, information, posted
from pricing.engines.errors import InputError
from pricing.engines.result import Claim, Line, Quote, Standing, canonical, exact_text
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import read_amount, validate
from pricing.money import PPM, Currency, share_ppm

SCHEMA: Final[Schema] = shapes.record(
    ("Adjustments", "价格调整"),
    {
        "free_amount": shapes.amount(("Part of each amount that is free", "每笔免费额度")),
        "discount_ppm": shapes.integer(("Discount in parts per million", "折扣（百万分之）"), least=0, most=PPM),
        "minimum": shapes.amount(("Least amount", "最低收费")),
        "maximum": shapes.amount(("Most amount", "最高收费")),
    },
)

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "FREE_ALLOWANCE": ("Free allowance of {free}", "免费额度 {free}"),
    "DISCOUNT": ("Discount of {ppm} parts per million", "折扣，百万分之 {ppm}"),
    "LEAST_AMOUNT": ("Up to the least amount of {limit}", "补足最低收费 {limit}"),
    "MOST_AMOUNT": ("Down to the most amount of {limit}", "按最高收费 {limit} 封顶"),
}
"""Labels of the lines that adjustments add."""


def read_adjustments(value: Json, unit: Currency) -> JsonObject:
    """Return a plan's adjustments, or refuse them when the plan is made.

    Raises:
        InputError: a field under ``adjustments``; LIMITS_CROSSED if the most is below the least.
    """
    given = cast("JsonObject", validate(SCHEMA, value, "adjustments"))
    for name in ("free_amount", "minimum", "maximum"):
        if name in given:
            read_amount(given[name], unit, f"adjustments.{name}")
    if "minimum" in given and "maximum" in given and Fraction(cast("str", given["maximum"])) < Fraction(cast("str", given["minimum"])):
        raise InputError("LIMITS_CROSSED", "adjustments.maximum")
    return given


def adjusted(quote: Quote, adjustments: JsonObject) -> Quote:
    """Return a quote with a plan's adjustments carried out: free allowance, then discount, then least and most.

    The discount is rounded down to the minor unit, so no buyer is promised more than is given. Of what the model claims, only that stays
    which still holds of the adjusted price (see ``_kept``). The digest then covers the adjustments too: SHA-256 over the RFC 8785 bytes of
    ``{"adjustments", "inputs_digest"}``.
    """
    if not adjustments:
        return quote
    unit, amount, lines = quote.currency, quote.amount_minor, list(quote.lines)
    for code, params, change in _steps(amount, unit, adjustments):
        quantity, price = Fraction(change, unit.scale), Fraction(1)
        if code == "DISCOUNT":
            quantity, price = Fraction(amount, unit.scale), -Fraction(cast("int", adjustments["discount_ppm"]), PPM)
        lines.append(Line(code, params, quantity, price, change))
        amount += change
    told: JsonObject = {"adjustments": adjustments, "inputs_digest": quote.inputs_digest}
    return replace(
        quote,
        amount_minor=amount,
        lines=tuple(lines),
        claims=tuple(kept for claim in quote.claims if (kept := _kept(claim, unit, adjustments)) is not None),
        inputs_digest=hashlib.sha256(canonical(told)).hexdigest(),
    )


_FALL_NEVER: Final = frozenset(
    {charges.MONOTONE, information.NOISE_MONOTONE, information.BUNDLE_MONOTONE, information.INFORMATION_MONOTONE}
)
_SPLIT_NEVER: Final = frozenset(
    {
        *(charges.SUBADDITIVE, information.NOISE_SUBADDITIVE),
        *(information.BUNDLE_SUBADDITIVE, information.COMBINATIONS_SUBADDITIVE),
    }
)
_OF_THE_CAPS: Final = frozenset({posted.CAPS_WITHIN_REVENUE, posted.CLAW_BACK_CONSERVES})
_AT_MOST: Final = frozenset({posted.PRICE_WITHIN_CAP, posted.PUBLIC_USE_FREE})


def _kept(claim: Claim, unit: Currency, adjustments: JsonObject) -> Claim | None:
    """Return what becomes of a claim about the price before adjustments; None where nothing can be said of the price after them.

    Every step is a function of the amount that never falls, so what never fell does not fall now. Without a free allowance each is also
    subadditive, so what could not be had cheaper in parts still cannot; the allowance is used twice by buying twice. A least amount lifts a
    price above its cap, and a free one above zero. A counterexample in charges stays one if it is one between the adjusted charges. All
    else is about exact prices, or about what the two sides gain by them, which the adjustments change.
    """
    if claim.standing is Standing.NOT_HELD:
        return _still_false(claim, unit, adjustments)
    stays = (
        claim.property in {*_FALL_NEVER, *_OF_THE_CAPS, charges.LINES_SUM}
        or (claim.property in _SPLIT_NEVER and "free_amount" not in adjustments)
        or (claim.property in _AT_MOST and "minimum" not in adjustments)
    )
    return claim if stays else None


def _still_false(claim: Claim, unit: Currency, adjustments: JsonObject) -> Claim | None:
    """Return a counterexample with its charges adjusted, if it is still one."""
    minor = {
        name: amount + sum(change for _, _, change in _steps(amount, unit, adjustments))
        for name, text in claim.witness.items()
        if name.endswith(_CHARGE)
        for amount in [round(Fraction(text) * unit.scale)]
    }
    greater, others = _FALSE_WHEN.get(claim.property, ("", ()))
    if greater not in minor or minor[greater] <= sum(minor[name] for name in others):
        return None
    adjusted_charges = {name: exact_text(Fraction(amount, unit.scale)) for name, amount in minor.items()}
    return replace(claim, witness={**claim.witness, **adjusted_charges})


_CHARGE: Final = "_charge"
_FALSE_WHEN: Final = {
    charges.MONOTONE: ("less_charge", ("more_charge",)),
    charges.SUBADDITIVE: ("together_charge", ("one_charge", "other_charge")),
}
"""Of a counterexample in charges: which one is greater than which others together."""


def _steps(amount: int, unit: Currency, adjustments: JsonObject) -> list[tuple[str, dict[str, str], int]]:
    steps: list[tuple[str, dict[str, str], int]] = []
    if "free_amount" in adjustments and (free := min(amount, _minor(adjustments["free_amount"], unit))):
        steps.append(("FREE_ALLOWANCE", {"free": cast("str", adjustments["free_amount"])}, -free))
        amount -= free
    ppm = cast("int", adjustments.get("discount_ppm", 0))
    if ppm and (off := share_ppm(amount, ppm)):
        steps.append(("DISCOUNT", {"ppm": str(ppm)}, -off))
        amount -= off
    if "minimum" in adjustments and amount < (least := _minor(adjustments["minimum"], unit)):
        steps.append(("LEAST_AMOUNT", {"limit": cast("str", adjustments["minimum"])}, least - amount))
        amount = least
    if "maximum" in adjustments and amount > (most := _minor(adjustments["maximum"], unit)):
        steps.append(("MOST_AMOUNT", {"limit": cast("str", adjustments["maximum"])}, most - amount))
    return steps


def _minor(value: Json, unit: Currency) -> int:
    return int(Fraction(cast("str", value)) * unit.scale)
