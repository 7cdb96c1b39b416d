"""The answer of every pricing model: an amount, the lines that add up to it, and claims about it that somebody else can check."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final, cast

import rfc8785

from pricing.engines.shapes import Json, JsonObject
from pricing.money import Currency, Money, currency, require_minor

MAX_LINES: Final = 1_000


class Standing(StrEnum):
    """How firmly a claim stands: proven for every input of the plan, checked on the stated instance only, or shown false."""

    PROVEN = "proven"
    CHECKED = "checked"
    NOT_HELD = "not_held"


@dataclass(frozen=True, slots=True)
class Claim:
    """One property of a plan or of this quote, by the name of its checker in ``properties``.

    ``witness`` is the counterexample where the property is not held, and otherwise the range or reason of the check.
    """

    property: str
    standing: Standing
    witness: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> JsonObject:
        """Return the claim as JSON."""
        return {"property": self.property, "standing": self.standing.value, "witness": dict(self.witness)}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the explanation, which is also the arithmetic.

    Attributes:
        code: names the sentence in the model's ``sentences``.
        params: what the sentence needs.
        quantity: exact; a part of a period is a fraction.
        unit_price: exact, in major units.
        amount_minor: what this row adds to the amount; a discount or a sum billed before is negative. Within one minor unit of quantity
            times unit price: the quote is rounded once, and its rows share that rounding by largest remainder.
    """

    code: str
    params: Mapping[str, str]
    quantity: Fraction
    unit_price: Fraction
    amount_minor: int

    def to_json(self) -> JsonObject:
        """Return the line as JSON, exact numbers as text."""
        return {
            "code": self.code,
            "params": dict(self.params),
            "quantity": exact_text(self.quantity),
            "unit_price": exact_text(self.unit_price),
            "amount_minor": str(self.amount_minor),
        }


@dataclass(frozen=True, slots=True)
class Quote:
    """What a pricing model answers. Serialisable; equal inputs, model, version and seed give an equal quote.

    Attributes:
        extras: what this model says beyond the amount, as JSON.
        inputs_digest: SHA-256, in hex, of what ``inputs_digest`` describes.

    Raises:
        ValueError: the lines do not sum to the amount; a mistake of the model, never of a user.
        MoneyError: AMOUNT_OVERFLOW, AMOUNT_NEGATIVE.
    """

    amount_minor: int
    currency: Currency
    lines: tuple[Line, ...]
    claims: tuple[Claim, ...]
    extras: JsonObject
    model: str
    version: int
    verb: str
    seed: int | None
    inputs_digest: str

    def __post_init__(self) -> None:
        """Hold every model to the sum of its own lines."""
        require_minor(self.amount_minor)
        if sum([line.amount_minor for line in self.lines]) != self.amount_minor or len(self.lines) > MAX_LINES:
            message = f"{self.model}: the lines do not explain the amount"
            raise ValueError(message)

    @property
    def money(self) -> Money:
        """The amount with its currency."""
        return Money(self.amount_minor, self.currency)

    def to_json(self) -> JsonObject:
        """Return the quote as JSON; minor units are text, since JSON numbers are not exact beyond 2^53."""
        return {
            "amount_minor": str(self.amount_minor),
            "currency": self.currency.code,
            "lines": [line.to_json() for line in self.lines],
            "claims": [claim.to_json() for claim in self.claims],
            "extras": self.extras,
            "model": self.model,
            "version": self.version,
            "verb": self.verb,
            "seed": self.seed,
            "inputs_digest": self.inputs_digest,
        }

    def canonical(self) -> bytes:
        """Return the quote's RFC 8785 bytes, the ones to hash and to sign."""
        return canonical(self.to_json())

    @classmethod
    def from_json(cls, stored: JsonObject) -> Quote:
        """Return the quote that ``to_json`` wrote."""
        lines = cast("Sequence[Mapping[str, str]]", stored["lines"])
        claims = cast("Sequence[Mapping[str, str]]", stored["claims"])
        return cls(
            amount_minor=int(cast("str", stored["amount_minor"])),
            currency=currency(cast("str", stored["currency"])),
            lines=tuple(
                Line(
                    line["code"],
                    cast("Mapping[str, str]", line["params"]),
                    Fraction(line["quantity"]),
                    Fraction(line["unit_price"]),
                    int(line["amount_minor"]),
                )
                for line in lines
            ),
            claims=tuple(
                Claim(claim["property"], Standing(claim["standing"]), cast("Mapping[str, str]", claim["witness"])) for claim in claims
            ),
            extras=cast("JsonObject", stored["extras"]),
            model=cast("str", stored["model"]),
            version=cast("int", stored["version"]),
            verb=cast("str", stored["verb"]),
            seed=cast("int | None", stored["seed"]),
            inputs_digest=cast("str", stored["inputs_digest"]),
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """A line before rounding; its exact amount is quantity times unit price."""

    code: str
    params: Mapping[str, str]
    quantity: Fraction
    unit_price: Fraction


def exact_total(entries: Sequence[Entry]) -> Fraction:
    """Return the exact sum of the entries, in major units."""
    parts, common = _over_common(entries)
    return Fraction(sum(parts), common)


def rounded(entries: Sequence[Entry], unit: Currency) -> tuple[Line, ...]:
    """Round a bill once, half to even on its total, and give its rows whole minor units that sum to that total.

    Rows are floored and the units left over go to the largest fractions, ties to the earlier row; so each row is within one unit of exact.
    """
    parts, common = _over_common(entries)
    scale = unit.scale
    minors = [part * scale // common for part in parts]
    whole, rest = divmod(sum(parts) * scale, common)
    left = whole + (2 * rest > common or (2 * rest == common and whole % 2 == 1)) - sum(minors)
    if left:
        for index in sorted(range(len(parts)), key=lambda index: (-(parts[index] * scale % common), index))[:left]:
            minors[index] += 1
    return tuple(
        [Line(entry.code, entry.params, entry.quantity, entry.unit_price, minor) for entry, minor in zip(entries, minors, strict=True)]
    )


def _over_common(entries: Sequence[Entry]) -> tuple[list[int], int]:
    """Return the exact amounts of entries, in major units, as numerators over one common denominator.

    Whole numbers over one denominator are ten times as fast as as many reduced fractions, and a bill is the most frequent thing we make.
    """
    ratios = [(*entry.quantity.as_integer_ratio(), *entry.unit_price.as_integer_ratio()) for entry in entries]
    common = math.lcm(*[of * price_of for _, of, _, price_of in ratios])
    return [units * price * (common // (of * price_of)) for units, of, price, price_of in ratios], common


def exact_text(value: Fraction) -> str:
    """Return an exact number as decimal text if it ends, and otherwise as ``numerator/denominator``."""
    twos, fives, rest = 0, 0, value.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    places = max(twos, fives)
    if rest != 1 or not places:
        return str(value)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"


SHOWN_DIGITS: Final = 9


def shown(value: float) -> str:
    """Return a float as plain decimal text of nine significant digits: how ``extras`` state what no money is computed from.

    Rounding hides the last bits, in which one processor's arithmetic may differ from another's. It cannot hide them where they are all
    there is: what may be zero but for them is first rounded to a fixed place.

    Raises:
        ValueError: not finite; a mistake of the model.
    """
    if not math.isfinite(value):
        message = f"{value} cannot be shown"
        raise ValueError(message)
    text = format(Decimal(f"{value + 0.0:.{SHOWN_DIGITS}g}"), "f")  # no sign on a zero
    return text.rstrip("0").rstrip(".") if "." in text else text


def canonical(value: Json) -> bytes:
    """Return the RFC 8785 bytes of JSON."""
    return rfc8785.dumps(cast("dict[str, object]", value))  # type: ignore[arg-type]  # its stub names only concrete containers


def inputs_digest(*, model: str, version: int, verb: str, params: JsonObject, inputs: JsonObject, seed: int | None) -> str:
    """Return the SHA-256, in hex, of the RFC 8785 bytes of these six members exactly as they were given, before defaults are filled in.

    Anybody who holds the stored plan and inputs can recompute it without the model.
    """
    told: JsonObject = {"model": model, "version": version, "verb": verb, "params": params, "inputs": inputs, "seed": seed}
    return hashlib.sha256(canonical(told)).hexdigest()


def written_plan(model: str, params: JsonObject) -> bytes:
    """Return the part of the digested bytes that every use of a plan shares: the members ``model`` and ``params``, as RFC 8785 has them."""
    return b'"model":%b,"params":%b' % (canonical(model), canonical(params))


def written_digest(plan: bytes, *, version: int, verb: str, inputs: bytes, seed: int | None) -> str:
    """Return ``inputs_digest`` from RFC 8785 bytes of a plan and of inputs, so that a plan is written once and not for every use.

    RFC 8785 sorts the six members by name, and so they stand here. A verb is a plain word, which JSON writes as it is.
    """
    number = b"null" if seed is None else b"%d" % seed
    told = b'{"inputs":%b,%b,"seed":%b,"verb":"%b","version":%d}' % (inputs, plan, number, verb.encode(), version)
    return hashlib.sha256(told).hexdigest()


def canonical_without_floats(value: Json) -> bytes:
    """Return ``canonical`` of JSON that holds no float, no integer beyond 2^53 and no name beyond ASCII, in a third of the time.

    Python's own encoder then writes what RFC 8785 asks for: they differ in how floats are written and how names beyond ASCII are sorted.
    """
    return _ENCODER.encode(value).encode()


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
