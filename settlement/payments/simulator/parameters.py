"""Reads form parameters by the SDK's own typed dictionaries, so that the simulator cannot accept what the pinned SDK does not know."""

from __future__ import annotations

import re
import sys
import types
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import typing_extensions
from stripe import RequestOptions
from stripe._stripe_object import UntypedStripeObject

from settlement.payments.simulator.errors import ApiError

MAX_FIELDS: Final = 200
MAX_DEPTH: Final = 6
MAX_TEXT: Final = 5000
MAX_METADATA: Final = (50, 40, 500)
"""Keys, characters of a key, characters of a value: Stripe's own limits."""

_INTEGER: Final = re.compile(r"-?\d{1,18}")
_NAME: Final = re.compile(r"([A-Za-z0-9_]{1,64})((?:\[[A-Za-z0-9_\-]{0,64}\])*)")
_OPTIONS: Final = frozenset(RequestOptions.__annotations__)


def decode(text: str) -> dict[str, Any]:
    """Nested dictionaries of strings from `a[b][0]=c`; list items keep their position as a key.

    Raises:
        ApiError: too many fields, too deep, a name of another form, or one name twice.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), max_num_fields=MAX_FIELDS, errors="strict")
    except ValueError as error:
        message = "The parameters are not form-encoded, or there are too many of them"
        raise ApiError(message, code="parameter_invalid") from error
    root: dict[str, Any] = {}
    for name, value in pairs:
        _place(root, name, value)
    return root


def _place(root: dict[str, Any], name: str, value: str) -> None:
    match = _NAME.fullmatch(name)
    if match is None or len(value) > MAX_TEXT or "\x00" in value:
        message = "A parameter's name or value cannot be read"
        raise ApiError(message, code="parameter_invalid", param=name[:64])
    path = [match[1], *re.findall(r"\[([^\]]*)\]", match[2])]
    if len(path) > MAX_DEPTH:
        message = "A parameter is nested too deeply"
        raise ApiError(message, code="parameter_invalid", param=path[0])
    here = root
    for step in path[:-1]:
        here = here.setdefault(step or str(len(here)), {})
        if not isinstance(here, dict):
            break
    last = path[-1] if path[-1] or not isinstance(here, dict) else str(len(here))
    if not isinstance(here, dict) or last in here:
        message = "A parameter is given twice"
        raise ApiError(message, code="parameter_invalid", param=path[0])
    here[last] = value


def check(params: Mapping[str, Any], shape: type, simulated: frozenset[str]) -> dict[str, Any]:
    """The parameters with the types that `shape`, one of the SDK's typed dictionaries, gives them.

    Raises:
        ApiError: unknown to the SDK, missing, of another type, or known but not simulated.
    """
    typed = _dictionary(params, shape, "")
    for name in typed:
        if name not in simulated:
            message = f"The parameter is real but not simulated: {name}"
            raise ApiError(message, code="parameter_not_simulated", param=name)
    _metadata(typed.get("metadata"))
    return typed


@lru_cache(maxsize=512)
def fields(shape: type) -> dict[str, Any]:
    """The types of the fields that travel in the body. The SDK mixes its call options into the same dictionary; those travel as headers."""
    own = {name: kind for name, kind in shape.__annotations__.items() if name not in _OPTIONS}
    holder = types.SimpleNamespace(__annotations__=own)
    return get_type_hints(holder, globalns=vars(sys.modules[shape.__module__]))


def _dictionary(value: Mapping[str, Any], shape: type, path: str) -> dict[str, Any]:
    known = fields(shape)
    typed: dict[str, Any] = {}
    for name, given in value.items():
        where = f"{path}[{name}]" if path else name
        if name not in known:
            message = f"Received unknown parameter: {where}"
            raise ApiError(message, code="parameter_unknown", param=where)
        typed[name] = _coerce(given, known[name], where)
    required: frozenset[str] = getattr(shape, "__required_keys__", frozenset())
    for name in sorted(required - typed.keys() - _OPTIONS):
        where = f"{path}[{name}]" if path else name
        message = f"Missing required param: {where}."
        raise ApiError(message, code="parameter_missing", param=where)
    return typed


def _coerce(value: Any, kind: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        return _member(value, get_args(kind), where)
    if origin is list and isinstance(value, dict):
        return [_coerce(item, get_args(kind)[0], f"{where}[{index}]") for index, item in value.items()]
    if origin in {dict, UntypedStripeObject} and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if typing_extensions.is_typeddict(kind) and isinstance(value, dict):
        return _dictionary(value, kind, where)
    if isinstance(value, str):
        return _scalar(value, kind, where)
    return _bad(where)


def _member(value: Any, kinds: tuple[Any, ...], where: str) -> Any:
    """The first member of a union that fits. Text comes last because everything fits it."""
    refusal: ApiError | None = None
    for kind in sorted(kinds, key=lambda kind: kind is str):
        try:
            return _coerce(value, kind, where)
        except ApiError as error:
            # The refusal about a nested parameter says more than "of another type".
            refusal = error if refusal is None or error.code != "parameter_invalid_type" else refusal
    raise refusal if refusal is not None else LookupError(where)


def _scalar(value: str, kind: Any, where: str) -> Any:
    if kind is str:
        return value
    if kind is int and _INTEGER.fullmatch(value):
        return int(value)
    if kind is bool and value in {"true", "false"}:
        return value == "true"
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    return _bad(where)


def _bad(where: str) -> Any:
    message = f"Invalid value for {where}"
    raise ApiError(message, code="parameter_invalid_type", param=where)


def _metadata(metadata: Any) -> None:
    keys, key_length, value_length = MAX_METADATA
    given = metadata if isinstance(metadata, dict) else {}
    if len(given) > keys or any(len(name) > key_length or len(text) > value_length for name, text in given.items()):
        message = "Metadata is too large"
        raise ApiError(message, code="parameter_invalid", param="metadata")
