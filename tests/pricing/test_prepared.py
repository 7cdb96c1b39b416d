"""A plan prepared once answers, to the byte, what the model asked afresh answers, and its shortcuts are the plain arithmetic."""

import hashlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines import shapes
from pricing.engines.catalogue import catalogue, model_at
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.model import Verb
from pricing.engines.result import (
    Entry,
    Line,
    canonical,
    canonical_without_floats,
    exact_total,
    inputs_digest,
    rounded,
    written_digest,
    written_plan,
)
from pricing.engines.validate import takes_floats
from pricing.money import CNY, CURRENCIES
from pricing.plans import pricing
from pricing.plans.models import Plan

EXAMPLES = [
    pytest.param(model, example, id=f"{model.key}-{index}")
    for model in catalogue().values()
    for index, example in enumerate(model.examples)
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
OBJECT = st.dictionaries(TEXT, JSON, max_size=4)
EXACT = st.fractions(-1000, 1000, max_denominator=10**6)


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_a_prepared_plan_answers_every_example_to_the_byte_and_any_number_of_times(model, example):
    asked = model.run(example.verb, params=example.params, inputs=example.inputs, seed=example.seed)
    prepared = model.prepared(example.params)
    answers = [prepared.run(example.verb, inputs=example.inputs, seed=example.seed) for _ in range(2)]
    assert answers == [asked, asked]
    assert [answer.canonical() for answer in answers] == [asked.canonical()] * 2
    told = {"model": model.key, "version": model.version, "verb": example.verb.value}
    assert asked.inputs_digest == inputs_digest(**told, params=example.params, inputs=example.inputs, seed=example.seed)


@given(OBJECT, OBJECT, st.none() | st.integers(0, 2**53 - 1), TEXT, st.sampled_from(list(Verb)), st.integers(1, 10**6))
def test_the_digest_put_together_from_pieces_is_the_digest_of_the_whole(params, inputs, seed, model, verb, version):
    told = {"model": model, "version": version, "verb": verb.value, "params": params, "inputs": inputs, "seed": seed}
    pieced = written_digest(written_plan(model, params), version=version, verb=verb.value, inputs=canonical(inputs), seed=seed)
    assert pieced == inputs_digest(**told) == hashlib.sha256(canonical(told)).hexdigest()


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_json_without_floats_is_written_the_same_the_short_way(value):
    assert canonical_without_floats(value) == canonical(value)


def test_only_inputs_that_can_hold_no_float_are_written_the_short_way():
    numbers = shapes.array(("Numbers", "数值"), shapes.number(("Number", "数值"), least=0, most=1), least=0, most=3)
    plain = shapes.record(("Plain", "无"), {"name": shapes.constant("a", ("A", "甲")), "price": shapes.amount(("Price", "价格"))})
    nested = shapes.one_of(
        ("Nested", "嵌套"), "name", [plain, shapes.record(("Some", "有"), {"name": shapes.constant("b", ("B", "乙")), "x": numbers})]
    )
    assert [takes_floats(schema) for schema in (numbers, plain, nested)] == [True, False, True]
    writers = {key: {str(verb): each.write for verb, each in model.operations.items()} for key, model in catalogue().items()}
    assert writers["metered"]["rate"] is canonical_without_floats
    assert writers["posted"]["optimise"] is canonical


def test_changing_the_parameters_after_a_plan_was_prepared_changes_nothing():
    params = {"kind": "one_off", "currency": "CNY", "price": "1.00"}
    prepared = model_at("fixed").prepared(params)
    before = prepared.run(Verb.QUOTE, inputs={})
    params["price"] = "2.00"
    assert prepared.run(Verb.QUOTE, inputs={}) == before
    assert before.amount_minor == 100


def test_a_prepared_plan_refuses_what_the_model_refuses():
    prepared = model_at("metered").prepared(model_at("metered").examples[0].params)
    with pytest.raises(UnknownModelError, match="cannot clear"):
        prepared.run(Verb.CLEAR, inputs={})
    with pytest.raises(UnknownModelError, match="takes no seed"):
        prepared.run(Verb.RATE, inputs={"quantity": "1"}, seed=1)
    with pytest.raises(InputError, match=r"inputs\.quantity"):
        prepared.run(Verb.RATE, inputs={})
    with pytest.raises(InputError, match=r"params\.tiers"):
        model_at("metered").prepared({"mode": "graduated", "currency": "CNY", "tiers": []})


def plainly_rounded(entries, unit):
    """Round with reduced fractions throughout: the definition, against which the whole-number arithmetic is held."""
    exact = [entry.quantity * entry.unit_price * unit.scale for entry in entries]
    floors = [value.numerator // value.denominator for value in exact]
    order = sorted(range(len(exact)), key=lambda index: (floors[index] - exact[index], index))
    raised = set(order[: round(sum(exact, Fraction(0))) - sum(floors)])
    return tuple(
        Line(entry.code, entry.params, entry.quantity, entry.unit_price, floors[index] + (index in raised))
        for index, entry in enumerate(entries)
    )


@given(st.lists(st.tuples(EXACT, EXACT), max_size=9), st.sampled_from(["CNY", "JPY", "KWD"]))
def test_rounding_over_a_common_denominator_is_rounding_of_fractions(parts, code):
    entries = [Entry("PRICE", {}, quantity, price) for quantity, price in parts]
    assert rounded(entries, CURRENCIES[code]) == plainly_rounded(entries, CURRENCIES[code])
    assert exact_total(entries) == sum((quantity * price for quantity, price in parts), Fraction(0))


@pytest.mark.parametrize(("halves", "minor"), [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (-5, -2), (7, 4)])
def test_a_total_on_the_half_goes_to_the_even_unit(halves, minor):
    assert rounded([Entry("PRICE", {}, Fraction(halves), Fraction(1, 200))], CNY)[0].amount_minor == minor


def test_few_plans_with_long_parameters_are_kept_read(monkeypatch):
    monkeypatch.setattr(pricing, "LONG", 60)
    before = pricing._prepared.cache_info().currsize
    for cents in range(10, 30):
        params = {"kind": "one_off", "currency": "CNY", "price": f"1{'0' * 9}.{cents}"}
        plan = Plan(model_key="fixed", model_version=1, params=params, adjustments={})
        assert pricing.answer_of(plan, Verb.QUOTE, inputs={}).amount_minor == 10**11 + cents
    assert pricing._prepared_long.cache_info().currsize == pricing.LONG_MAX
    assert pricing._prepared.cache_info().currsize == before
