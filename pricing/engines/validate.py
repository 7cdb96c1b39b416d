"""A small strict validator for the part of JSON Schema that our models use, because a refusal must name its field and cost microseconds.

Keywords: type, properties, required, additionalProperties (false), enum, const, minimum, maximum, maxLength, pattern,
format (decimal, date), items, minItems, maxItems, oneOf with discriminator, default.
``check_schema`` refuses a schema that uses anything else, so no keyword is ever ignored.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Final, cast

from pricing.engines.errors import InputError, at_field
from pricing.engines.shapes import Json, JsonObject, Schema
from pricing.money import Currency, Money, MoneyError

SAFE_INTEGER: Final = 2**53 - 1
_SHOWN: Final = 12
_ANNOTATIONS: Final = frozenset(
    {"title", "x-title-zh", "description", "x-description-zh", "default", "x-digits", "x-decimals", "x-signed", "x-private"}
)
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "object": frozenset({"properties", "required", "additionalProperties", "oneOf", "discriminator"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"enum", "const", "maxLength", "pattern", "format"}),
    "integer": frozenset({"enum", "const", "minimum", "maximum"}),
    "number": frozenset({"minimum", "maximum"}),
    "boolean": frozenset({"const"}),
}
_FORMATS: Final = frozenset({"decimal", "date"})
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_BAD_TEXT: Final = re.compile("[\0\ud800-\udfff]")
_NOT_FINITE: Final = re.compile(r"[+-]?(s?nan[0-9]*|inf(inity)?)", re.IGNORECASE)


def validate(schema: Schema, value: Json, field: str) -> Json:
    """Return the value with defaults filled in, or refuse it.

    Args:
        schema: a schema that ``check_schema`` accepts.
        value: decoded JSON, from anybody.
        field: path of the value, put in front of the names in an error.

    Raises:
        InputError: the first violation found, naming its field.
    """
    return _BY_TYPE[cast("str", schema["type"])](schema, value, field)


def check_schema(schema: Schema, where: str) -> None:
    """Refuse, when a model is defined, a schema that uses a keyword this validator would not honour or that leaves a size unlimited.

    Raises:
        ValueError: a mistake of the model's author, never of a user.
    """
    kind = schema.get("type")
    if not isinstance(kind, str) or kind not in _KEYWORDS:
        message = f"{where}: unsupported type {kind!r}"
        raise ValueError(message)
    unknown = set(schema) - _KEYWORDS[kind] - _ANNOTATIONS - {"type"}
    unlimited = kind in _LIMITS and not (_LIMITS[kind] & set(schema))
    if unknown or unlimited or schema.get("additionalProperties", False) is not False or schema.get("format", "date") not in _FORMATS:
        message = f"{where}: unsupported or unlimited schema {sorted(unknown)}"
        raise ValueError(message)
    for name, inner in properties_of(schema).items():
        check_schema(inner, f"{where}.{name}")
    for branch in cast("list[Schema]", schema.get("oneOf", [])):
        check_schema(branch, where)
    if kind == "array":
        check_schema(cast("Schema", schema["items"]), f"{where}.0")


_LIMITS: Final[Mapping[str, frozenset[str]]] = {
    "array": frozenset({"maxItems"}),
    "string": frozenset({"enum", "const", "maxLength"}),
    "integer": frozenset({"enum", "const", "maximum"}),
}


def properties_of(schema: Schema) -> Mapping[str, Schema]:
    """Return the properties an object schema declares."""
    return cast("Mapping[str, Schema]", schema.get("properties", {}))


def takes_floats(schema: Schema) -> bool:
    """Return whether a value that the schema accepts can hold a float."""
    inner = [*properties_of(schema).values(), *cast("list[Schema]", schema.get("oneOf", []))]
    if schema["type"] == "array":
        inner.append(cast("Schema", schema["items"]))
    return schema["type"] == "number" or any(map(takes_floats, inner))


def exact(value: Json) -> Fraction:
    """Return validated decimal text as an exact number."""
    return Fraction(cast("str", value))


def read_amount(value: Json, unit: Currency, field: str) -> Fraction:
    """Return an amount in major units, refusing more decimal places than its currency has.

    Raises:
        InputError: NOT_A_NUMBER, NOT_FINITE, NEGATIVE, OVER_PRECISE, OVERFLOW, at ``field``.
    """
    try:
        return Fraction(Money.parse(value, unit).minor, unit.scale)
    except MoneyError as error:
        raise at_field(error, field) from error


def _object(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, Mapping):
        raise InputError("WRONG_TYPE", field, expected="object")
    if "oneOf" in schema:
        return _object(_branch(schema, value, field), value, field)
    known = properties_of(schema)
    for name in value:
        if name not in known:
            raise InputError("UNKNOWN_FIELD", f"{field}.{str(name)[:64]}")
    for name in cast("list[str]", schema.get("required", [])):
        if name not in value:
            raise InputError("REQUIRED", f"{field}.{name}")
    filled: dict[str, Json] = {}
    for name, inner in known.items():
        if name in value:
            filled[name] = validate(inner, value[name], f"{field}.{name}")
        elif "default" in inner:
            filled[name] = inner["default"]
    return filled


def _branch(schema: Schema, value: JsonObject, field: str) -> Schema:
    word = cast("Mapping[str, str]", schema["discriminator"])["propertyName"]
    branches = {cast("str", properties_of(branch)[word]["const"]): branch for branch in cast("list[Schema]", schema["oneOf"])}
    if word not in value:
        raise InputError("REQUIRED", f"{field}.{word}")
    chosen = value[word]
    if not isinstance(chosen, str) or chosen not in branches:
        raise InputError("NOT_ALLOWED", f"{field}.{word}", allowed=", ".join(branches))
    return branches[chosen]


def _array(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, list | tuple):
        raise InputError("WRONG_TYPE", field, expected="array")
    least, most = cast("int", schema.get("minItems", 0)), cast("int", schema["maxItems"])
    if len(value) < least:
        raise InputError("TOO_FEW", field, limit=least)
    if len(value) > most:
        raise InputError("TOO_MANY", field, limit=most)
    items = cast("Schema", schema["items"])
    return [validate(items, item, f"{field}.{index}") for index, item in enumerate(value)]


def _string(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, str):
        raise InputError("WRONG_TYPE", field, expected="decimal text" if schema.get("format") == "decimal" else "string")
    _allowed(schema, value, field)
    if schema.get("format") == "decimal":
        _decimal(schema, value, field)
        return value
    if len(value) > cast("int", schema.get("maxLength", len(value))):
        raise InputError("TOO_LONG", field, limit=cast("int", schema["maxLength"]))
    if _BAD_TEXT.search(value):
        raise InputError("BAD_TEXT", field)
    if "pattern" in schema and _compiled(cast("str", schema["pattern"])).fullmatch(value) is None:
        raise InputError("BAD_FORMAT", field)
    if "format" in schema:
        _day(value, field)
    return value


def _decimal(schema: Schema, value: str, field: str) -> None:
    """Say which limit of a decimal was broken; anything longer than any number we take is not read at all."""
    if _NOT_FINITE.fullmatch(value[:_SHOWN]):
        raise InputError("NOT_FINITE", field)
    digits, decimals = cast("int", schema["x-digits"]), cast("int", schema["x-decimals"])
    if _NUMBER.fullmatch(value[:1024]) is None:
        raise InputError("NOT_A_NUMBER", field)
    if value.startswith("-") and not schema["x-signed"]:
        raise InputError("NEGATIVE", field)
    whole, _, fraction = value.removeprefix("-").partition(".")
    if len(fraction) > decimals:
        raise InputError("OVER_PRECISE", field, limit=decimals)
    if len(whole) > digits:
        raise InputError("TOO_LARGE", field, limit="9" * digits)


def _day(value: str, field: str) -> None:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise InputError("BAD_FORMAT", field) from None


def _integer(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, int) or isinstance(value, bool):
        code = "NOT_FINITE" if isinstance(value, float) and not math.isfinite(value) else "WRONG_TYPE"
        raise InputError(code, field, expected="integer")
    _allowed(schema, value, field)
    _bounds(schema, value, field)
    return value


def _number(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise InputError("WRONG_TYPE", field, expected="number")
    if isinstance(value, float) and not math.isfinite(value):
        raise InputError("NOT_FINITE", field)
    _bounds(schema, value, field)
    return value


def _bounds(schema: Schema, value: float, field: str) -> None:
    low, high = cast("float", schema.get("minimum", -SAFE_INTEGER)), cast("float", schema.get("maximum", SAFE_INTEGER))
    if value < low:
        raise InputError("TOO_SMALL", field, limit=str(low))
    if value > high:
        raise InputError("TOO_LARGE", field, limit=str(high))


def _boolean(schema: Schema, value: Json, field: str) -> Json:
    if not isinstance(value, bool):
        raise InputError("WRONG_TYPE", field, expected="boolean")
    _allowed(schema, value, field)
    return value


def _allowed(schema: Schema, value: str | int, field: str) -> None:
    if "const" not in schema and "enum" not in schema:
        return
    allowed = cast("list[Json]", [schema["const"]] if "const" in schema else schema["enum"])
    if value not in allowed:
        raise InputError("NOT_ALLOWED", field, allowed=", ".join(str(word) for word in allowed))


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


_BY_TYPE: Final[Mapping[str, Callable[[Schema, Json, str], Json]]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
