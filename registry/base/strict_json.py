"""Reads JSON as strangers send it: finite numbers only, and no deeper than anybody needs."""

import json
import math
from collections.abc import Iterable
from typing import Any, Final, NoReturn

from registry.base.limits import JSON_DEPTH_MAX


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text.

    Interpreters differ in how deep they read before they give up, so the depth has a limit of its own.

    Raises:
        ValueError: not JSON, a number that is not finite, or more than ``JSON_DEPTH_MAX`` levels.
    """
    try:
        value = json.loads(text, parse_constant=_no_number, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("too deep") from error
    _limit_depth(value)
    return value


def _limit_depth(value: Any) -> None:
    level = [value] if isinstance(value, _NESTING) else []
    for _ in range(JSON_DEPTH_MAX):
        level = [inner for outer in level for inner in _members(outer) if isinstance(inner, _NESTING)]
        if not level:
            return
    raise ValueError("too deep")


_NESTING: Final = (dict, list)


def _members(outer: dict[str, Any] | list[Any]) -> Iterable[Any]:
    return outer.values() if isinstance(outer, dict) else outer


def _no_number(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(digits)
    return number
