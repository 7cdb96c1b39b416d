"""Whatever is put in the place of any value of a worked example: an answer, or a typed refusal that names a field, and nothing else."""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import pytest

from pricing.engines.catalogue import catalogue
from pricing.engines.errors import InputError
from pricing.money import PricingError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pricing.engines.model import Example, Model

EXAMPLES = [
    pytest.param(model, example, id=f"{model.key}-{index}")
    for model in catalogue().values()
    for index, example in enumerate(model.examples)
]
PUT_IN: tuple[Any, ...] = (
    *(math.nan, math.inf, -math.inf, -1, 0, 10**30, -1.5, True, None),
    *("", "NaN", "-1", "1e9", "Infinity", "9" * 40, "0.0000000000001", "\x00", "\ud800", "x" * 5_000, "XXX"),
    *([], {}, [[]], {"unknown": 1}),
)
PLACES_MAX = 60


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value, of a long list only the first and the last member."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list | tuple) and value:
        for at in sorted({0, len(value) - 1}):
            yield from places(value[at], (*path, at))


def changed(whole: Any, path: tuple[Any, ...], value: Any) -> Any:
    whole = copy.deepcopy(whole)
    inner = whole
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return whole


def refusal(model: Model, example: Example, given: Any) -> PricingError | None:
    """What the model refuses; any other exception fails the test."""
    try:
        model.run(example.verb, params=given["params"], inputs=given["inputs"], seed=example.seed)
    except PricingError as refused:
        return refused
    return None


def ask(model: Model, example: Example, given: Any) -> None:
    refused = refusal(model, example, given)
    if isinstance(refused, InputError):
        assert refused.field.split(".")[0] in {"params", "inputs"}
        assert refused.text("en")
        assert refused.text("zh")
    elif refused is not None:
        assert refused.code in {"SEED_REQUIRED", "SEED_UNUSED"}  # other parameters may draw where these did not


def plain(example: Example) -> Any:
    return {"params": thawed(example.params), "inputs": thawed(example.inputs)}


def thawed(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [thawed(item) for item in value]
    return {name: thawed(item) for name, item in value.items()} if hasattr(value, "items") else value


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_nonsense_in_any_place_is_answered_or_refused_at_a_field(model, example):
    whole = plain(example)
    found = [path for path in places(whole) if len(path) > 1][:PLACES_MAX]
    assert found or whole == {"params": whole["params"], "inputs": {}}
    for path in found:
        for value in PUT_IN:
            ask(model, example, changed(whole, path, value))


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_a_missing_value_is_answered_or_refused_at_a_field(model, example):
    whole = plain(example)
    for path in places(whole):
        less = copy.deepcopy(whole)
        parent = value_at(less, path[:-1])
        if len(path) > 1 and isinstance(parent, dict):
            del parent[path[-1]]
            ask(model, example, less)


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_a_name_that_the_model_does_not_know_is_refused(model, example):
    whole = plain(example)
    for path in [(), *places(whole)]:
        more = copy.deepcopy(whole)
        inner = value_at(more, path)
        if path and isinstance(inner, dict):
            inner["no such field"] = 1
            refused = refusal(model, example, more)
            assert (refused.code, refused.field) == ("UNKNOWN_FIELD", ".".join(map(str, (*path, "no such field"))))


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_a_list_without_end_is_refused_by_its_length_before_its_members_are_read(model, example):
    whole = plain(example)
    lists = [path for path in places(whole) if len(path) > 1 and isinstance(value_at(whole, path), list) and value_at(whole, path)]
    for path in lists:
        long = Endless(value_at(whole, path)[0])
        with pytest.raises(InputError) as refused:
            model.run(example.verb, seed=example.seed, **changed(whole, path, long))
        assert refused.value.code in {"TOO_MANY", "WRONG_LENGTH", "WRONG_TYPE"}
        assert long.read == 0


def value_at(whole: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        whole = whole[step]
    return whole


class Endless(list[Any]):
    """A list that says it has 10^9 rows, and counts how many of them are looked at."""

    def __init__(self, row: Any) -> None:
        super().__init__([row])
        self.read = 0

    def __len__(self) -> int:
        return 10**9

    def __iter__(self) -> Iterator[Any]:
        self.read += 1
        return super().__iter__()

    def __deepcopy__(self, _memo: Any) -> Endless:
        return self
