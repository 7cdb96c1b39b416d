"""Builds the JSON Schemas of the models: the few shapes every form repeats, with titles in both languages and a limit on everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias, cast

from pricing.money import CURRENCIES

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]
Schema: TypeAlias = Mapping[str, Json]

QUANTITY_DIGITS: Final = 15
QUANTITY_DECIMALS: Final = 6
PRICE_DIGITS: Final = 12
PRICE_DECIMALS: Final = 12


def decimal(title: tuple[str, str], *, digits: int, decimals: int, signed: bool = False) -> Schema:
    """Return the schema of an exact decimal given as text, with at most so many digits before and after the point.

    The pattern says all of it to any JSON Schema validator; ``format`` and the ``x-`` words let ours say which limit was broken.
    """
    sign = "-?" if signed else ""
    fraction = rf"(\.[0-9]{{1,{decimals}}})?" if decimals else ""
    return {
        "type": "string",
        "format": "decimal",
        "pattern": rf"^{sign}[0-9]{{1,{digits}}}{fraction}$",
        "maxLength": digits + decimals + 2,
        "x-digits": digits,
        "x-decimals": decimals,
        "x-signed": signed,
        **_titled(title),
    }


def price(title: tuple[str, str]) -> Schema:
    """Return the schema of a unit price in major units, which may be finer than the minor unit."""
    return decimal(title, digits=PRICE_DIGITS, decimals=PRICE_DECIMALS)


def amount(title: tuple[str, str]) -> Schema:
    """Return the schema of an amount in major units; its currency's decimal places are checked when it is read."""
    return decimal(title, digits=16, decimals=3)


def quantity(title: tuple[str, str], *, signed: bool = False) -> Schema:
    """Return the schema of a measured quantity."""
    return decimal(title, digits=QUANTITY_DIGITS, decimals=QUANTITY_DECIMALS, signed=signed)


def integer(title: tuple[str, str], *, least: int, most: int, default: int | None = None) -> Schema:
    """Return the schema of an integer within limits."""
    bounds: dict[str, Json] = {"type": "integer", "minimum": least, "maximum": most, **_titled(title)}
    return bounds if default is None else {**bounds, "default": default}


def number(title: tuple[str, str], *, least: float, most: float, default: float | None = None) -> Schema:
    """Return the schema of a finite number within limits, for statistics; an amount of money is never one."""
    bounds: dict[str, Json] = {"type": "number", "minimum": least, "maximum": most, **_titled(title)}
    return bounds if default is None else {**bounds, "default": default}


def boolean(title: tuple[str, str], *, default: bool) -> Schema:
    """Return the schema of a yes or no, with its default."""
    return {"type": "boolean", "default": default, **_titled(title)}


def choice(title: tuple[str, str], allowed: Sequence[str], *, default: str | None = None) -> Schema:
    """Return the schema of one word out of a list."""
    words: dict[str, Json] = {"type": "string", "enum": list(allowed), **_titled(title)}
    return words if default is None else {**words, "default": default}


def text(title: tuple[str, str], *, pattern: str, longest: int, kind: str | None = None) -> Schema:
    """Return the schema of a text that must match a pattern."""
    words: dict[str, Json] = {"type": "string", "pattern": pattern, "maxLength": longest, **_titled(title)}
    return words if kind is None else {**words, "format": kind}


def array(title: tuple[str, str], items: Schema, *, least: int, most: int) -> Schema:
    """Return the schema of a list within limits."""
    return {"type": "array", "items": items, "minItems": least, "maxItems": most, **_titled(title)}


def record(title: tuple[str, str], properties: Mapping[str, Schema], *, required: Sequence[str] = ()) -> Schema:
    """Return the schema of an object that accepts these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(required), "additionalProperties": False, **_titled(title)}


def one_of(title: tuple[str, str], word: str, branches: Sequence[Schema]) -> Schema:
    """Return the schema of one of several objects, told apart by the constant each has under ``word``."""
    return {"type": "object", "oneOf": list(branches), "discriminator": {"propertyName": word}, **_titled(title)}


def constant(value: str, title: tuple[str, str]) -> Schema:
    """Return the schema of a fixed word, the one by which ``one_of`` tells its branches apart."""
    return {"type": "string", "const": value, **_titled(title)}


def private(schema: Schema) -> Schema:
    """Return the schema of a value that its owner keeps to itself, such as a reserve: only the owner and the regulator read it."""
    return {**schema, "x-private": True}


def without_private(schema: Schema, value: Json) -> Json:
    """Return validated parameters without the values that are private, in lists too."""
    if isinstance(value, list):
        return [without_private(cast("Schema", schema["items"]), inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    if "oneOf" in schema:
        word = cast("Mapping[str, str]", schema["discriminator"])["propertyName"]
        branches = {
            cast("Mapping[str, Schema]", branch["properties"])[word]["const"]: branch for branch in cast("list[Schema]", schema["oneOf"])
        }
        schema = branches[value[word]]
    known = cast("Mapping[str, Schema]", schema["properties"])
    return {name: without_private(known[name], inner) for name, inner in value.items() if not known[name].get("x-private")}


def _titled(title: tuple[str, str]) -> dict[str, Json]:
    return {"title": title[0], "x-title-zh": title[1]}


CURRENCY: Final[Schema] = choice(("Currency", "货币"), sorted(CURRENCIES))
