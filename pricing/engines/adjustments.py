"""What a seller may put on top of any price: an allowance that is free, a discount, a least and a most. One order, one rounding rule."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from fractions import Fraction
from typing import Final, cast

from pricing.engines import shapes
from pricing.engines.checkers import charges, information
from pricing.engines.errors import InputError
from pricing.engines.result import Claim, Line, Quote, Standing, canonical
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.engines.validate import read_amount, validate
from pricing.money import PPM, Currency, share_ppm

SCHEMA: Final[Schema] = shapes.record(
    ("Adjustments", "价格调整"),
    {
        "free_amount": shapes.amount(("Part of each amount that is free", "每笔免费额度")),
        "discount_ppm": shapes.integer(("Discount in parts per million", "减价幅度（百万分之）"), least=0, most=PPM),
        "minimum": shapes.amount(("Least amount", "最低收费")),
        "maximum": shapes.amount(("Most amount", "最高收费")),
    },
)

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "FREE_ALLOWANCE": ("Free allowance of {free}", "免费额度 {free}"),
    "DISCOUNT": ("Discount of {ppm} parts per million", "减价百万分之 {ppm}"),
    "LEAST_AMOUNT": ("Up to the least amount of {limit}", "补足最低收费 {limit}"),
    "MOST_AMOUNT": ("Down to the most amount of {limit}", "按最高收费 {limit} 封顶"),
}
"""Labels of the lines that adjustments add."""

_RISING: Final = frozenset(
    {charges.LINES_SUM, charges.MONOTONE, information.NOISE_MONOTONE, information.BUNDLE_MONOTONE, information.INFORMATION_MONOTONE}
)
_NOT_SPLIT: Final = frozenset(
    {charges.SUBADDITIVE, information.NOISE_SUBADDITIVE, information.BUNDLE_SUBADDITIVE, information.COMBINATIONS_SUBADDITIVE}
)


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

    The discount is rounded down to the minor unit, so no buyer is promised more than is given. Of the model's claims those stay that these
    steps cannot make false, see ``_claims``. The digest then covers the adjustments too: SHA-256 over the RFC 8785 bytes of
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
        claims=_claims(quote.claims, adjustments),
        inputs_digest=hashlib.sha256(canonical(told)).hexdigest(),
    )


def _claims(claims: tuple[Claim, ...], adjustments: JsonObject) -> tuple[Claim, ...]:
    """Return the claims that hold of the adjusted price too; what was shown false stays, as said of the price before.

    Each step never falls as the price rises, so a price that never falls as more is bought stays one. Discount, least and most never make
    a whole dearer than its parts; a free allowance does, for it can be used twice by buying twice. Anything else (a cap, a share within
    an income, a charge met exactly) a step may break.
    """
    kept = _RISING if "free_amount" in adjustments else _RISING | _NOT_SPLIT
    return tuple(
        replace(claim, witness={**claim.witness, "of": "the price before adjustments"}) if claim.standing is Standing.NOT_HELD else claim
        for claim in claims
        if claim.standing is Standing.NOT_HELD or claim.property in kept
    )


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
