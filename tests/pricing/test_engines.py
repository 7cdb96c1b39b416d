"""Every model answers its own examples, replays to the byte, honours its schema, and says its lines and claims in two languages."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines import properties, texts
from pricing.engines.catalogue import _index, catalogue, model_at, replay
from pricing.engines.checkers import charges
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.model import Answer, Model, Operation, Text, Verb
from pricing.engines.result import Entry, Line, Quote, canonical, exact_text, inputs_digest, rounded
from pricing.engines.shapes import amount, array, boolean, integer, record
from pricing.engines.validate import check_schema, takes_floats, validate
from pricing.money import CNY, MoneyError

MODELS = list(catalogue().values())
EXAMPLES = [pytest.param(model, example, id=f"{model.key}-{index}") for model in MODELS for index, example in enumerate(model.examples)]


def test_the_catalogue_holds_the_models_this_market_starts_with():
    assert {key: (model.version, {str(verb) for verb in model.verbs}) for key, model in catalogue().items()} == {
        "fixed": (1, {"quote"}),
        "metered": (1, {"quote", "rate"}),
        "income_share": (1, {"quote", "rate"}),
        "cost": (1, {"appraise"}),
        "income": (1, {"appraise"}),
        "market": (1, {"appraise"}),
        "quality": (1, {"appraise"}),
        "bargain": (1, {"quote"}),
        "learn": (1, {"observe", "propose"}),
        "two_part": (1, {"quote", "optimise"}),
        "menu": (1, {"optimise"}),
        "bundle": (1, {"optimise"}),
        "posted": (1, {"optimise"}),
        "ceiling": (1, {"quote"}),
        "auction": (1, {"clear"}),
        "vcg": (1, {"clear"}),
        "digital": (1, {"clear"}),
        "exchange": (1, {"clear"}),
        "share": (1, {"split"}),
        "ml_market": (1, {"clear"}),
        "query": (1, {"quote"}),
        "hypergraph": (1, {"optimise"}),
        "model_noise": (1, {"optimise", "quote"}),
        "privacy": (1, {"quote", "split"}),
        "datum": (1, {"split"}),
    }


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_the_worked_example_comes_out_as_stated(model, example):
    quote = model.run(example.verb, params=example.params, inputs=example.inputs, seed=example.seed)
    assert quote.amount_minor == example.amount_minor == sum(line.amount_minor for line in quote.lines)


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_a_stored_quote_is_replayed_to_the_byte(model, example):
    quote = model.run(example.verb, params=example.params, inputs=example.inputs, seed=example.seed)
    stored = json.loads(quote.canonical())
    read = Quote.from_json(stored)
    again = replay(key=read.model, version=read.version, verb=read.verb, params=example.params, inputs=example.inputs, seed=read.seed)
    assert read == quote == again
    assert again.canonical() == quote.canonical()


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_every_line_and_claim_can_be_said_in_both_languages(model, example):
    quote = model.run(example.verb, params=example.params, inputs=example.inputs, seed=example.seed)
    for language in ("en", "zh"):
        assert all(texts.line_text(model, line, language) for line in quote.lines)
        assert all(texts.claim_text(claim, language) for claim in quote.claims)
    assert all(claim.property in properties.CHECKERS for claim in quote.claims)


def test_every_property_is_one_of_the_38_and_is_said_in_both_languages():
    for name, each in properties.PROPERTIES.items():
        assert each.name == name
        assert 1 <= each.number <= 38
        assert all(each.sentence)


def test_every_one_of_the_38_statements_has_a_checker():
    assert {each.number for each in properties.PROPERTIES.values()} == set(range(1, 39))


def test_two_properties_of_one_name_are_refused():
    one = properties.PROPERTIES["lines_sum"]
    with pytest.raises(ValueError, match="two properties lines_sum"):
        properties._index([one, one])


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_a_form_can_be_drawn_from_the_description(model):
    told = json.loads(canonical(model.describe()))
    assert told["key"] == model.key
    assert told["name"]["zh"]
    assert told["examples"]


def test_the_digest_is_over_what_was_given_so_anybody_can_recompute_it():
    quote = model_at("fixed").run(Verb.QUOTE, params={"kind": "one_off", "currency": "CNY", "price": "1"}, inputs={})
    params = {"currency": "CNY", "price": "1", "kind": "one_off"}
    told = {"model": "fixed", "version": 1, "verb": "quote", "params": params, "inputs": {}, "seed": None}
    assert quote.inputs_digest == inputs_digest(**told)
    written = (
        b'{"inputs":{},"model":"fixed","params":{"currency":"CNY","kind":"one_off","price":"1"},"seed":null,"verb":"quote","version":1}'
    )
    assert quote.inputs_digest == hashlib.sha256(written).hexdigest()
    assert inputs_digest(**{**told, "seed": 1}) != quote.inputs_digest


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ({"key": "magic"}, "MODEL_UNKNOWN"),
        ({"version": 9}, "VERSION_UNKNOWN"),
        ({"verb": "clear"}, "VERB_UNKNOWN"),
        ({"verb": "nonsense"}, "VERB_UNKNOWN"),
        ({"seed": 1}, "SEED_UNUSED"),
    ],
)
def test_an_unknown_model_version_verb_or_an_unused_seed_is_refused(call, code):
    params = {"kind": "one_off", "currency": "CNY", "price": "1"}
    with pytest.raises(UnknownModelError) as refused:
        replay(**{"key": "fixed", "version": 1, "verb": "quote", "params": params, "inputs": {}, **call})
    assert refused.value.code == code
    assert refused.value.text("zh")


def drawing_model(run):
    return Model(
        key="drawing",
        version=1,
        name=Text("Drawing", "抽样"),
        help=Text("A model of the tests.", "测试用模型。"),
        params_schema=record(("Params", "参数"), {}),
        operations={Verb.CLEAR: Operation(record(("Inputs", "输入"), {}), run, seeded=True)},
        sentences={"PRICE": ("Price", "价格")},
        examples=(),
    )


def one_line(amount_minor, unit_price="1"):
    return Answer(CNY, (Line("PRICE", {}, Fraction(1), Fraction(unit_price), amount_minor),))


def test_a_model_that_draws_is_given_its_seed_and_keeps_it():
    model = drawing_model(lambda call: one_line(100) if call.seed == 7 else one_line(0, "0"))
    assert model.run(Verb.CLEAR, params={}, inputs={}, seed=7).seed == 7
    for seed, code in ((None, "SEED_REQUIRED"), (-1, "SEED_OUT_OF_RANGE"), (2**53, "SEED_OUT_OF_RANGE")):
        with pytest.raises(UnknownModelError) as refused:
            model.run(Verb.CLEAR, params={}, inputs={}, seed=seed)
        assert refused.value.code == code


def test_a_model_whose_lines_are_not_their_own_arithmetic_is_caught():
    with pytest.raises(ValueError, match="not its quantity times its unit price"):
        drawing_model(lambda _: one_line(102)).run(Verb.CLEAR, params={}, inputs={}, seed=0)


def test_a_quote_that_does_not_sum_or_is_negative_cannot_be_made():
    quote = model_at("fixed").run(Verb.QUOTE, params={"kind": "one_off", "currency": "CNY", "price": "1"}, inputs={})
    with pytest.raises(ValueError, match="do not explain"):
        dataclasses.replace(quote, amount_minor=99)
    with pytest.raises(MoneyError):
        dataclasses.replace(quote, amount_minor=-100)


def test_two_models_of_one_key_and_version_are_refused():
    with pytest.raises(ValueError, match="two pricing models"):
        _index([MODELS[0], MODELS[0]])


@given(st.lists(st.fractions(-100, 100), min_size=1, max_size=8))
def test_rows_sum_to_the_total_rounded_once_and_stay_within_one_unit(parts):
    lines = rounded([Entry("PRICE", {}, Fraction(1), part / 100) for part in parts], CNY)
    assert sum(line.amount_minor for line in lines) == round(sum(parts))
    assert all(abs(line.amount_minor - part) < 1 for line, part in zip(lines, parts, strict=True))


@pytest.mark.parametrize(
    ("value", "text"),
    [("0", "0"), ("12", "12"), ("1/2", "0.5"), ("-1/8", "-0.125"), ("1/3", "1/3"), ("-7/6", "-7/6"), ("1/40", "0.025"), ("100/1", "100")],
)
def test_exact_numbers_are_written_exactly(value, text):
    assert exact_text(Fraction(value)) == text
    assert Fraction(text) == Fraction(value)


SUBSCRIPTION = {"kind": "subscription", "currency": "CNY", "price": "310.00", "period": "month"}
MONTH = {"start": "2026-01-01", "end": "2026-02-01"}


@pytest.mark.parametrize(
    ("more", "inputs", "amount_minor", "codes"),
    [
        ({}, {"start": "2026-01-01", "end": "2026-02-01"}, 31_000, ["PERIODS"]),
        ({}, {"start": "2026-01-01", "end": "2026-01-11"}, 10_000, ["PERIOD_DAYS"]),
        ({}, {"start": "2026-01-31", "end": "2026-02-28"}, 31_000, ["PERIODS"]),
        ({}, {"start": "2026-01-31", "end": "2026-03-31"}, 62_000, ["PERIODS"]),
        ({}, {"start": "2028-02-01", "end": "2028-02-02"}, 1_069, ["PERIOD_DAYS"]),
        ({}, {"start": "2026-01-01", "end": "2026-02-08"}, 38_750, ["PERIODS", "PERIOD_DAYS"]),
        ({}, {"start": "2026-01-01", "end": "2026-02-08", "copies": 3}, 116_250, ["PERIODS", "PERIOD_DAYS"]),
        ({"proration": "none"}, {"start": "2026-01-01", "end": "2026-02-02"}, 62_000, ["PERIODS", "PERIOD_STARTED"]),
        ({"period": "year"}, {"start": "2028-02-29", "end": "2029-02-28"}, 31_000, ["PERIODS"]),
        ({"period": "day", "every": 7}, {"start": "2026-01-01", "end": "2026-01-18"}, 75_286, ["PERIODS", "PERIOD_DAYS"]),
        (
            {"proration": "second"},
            {"start": "2026-01-01T00:00:00+08:00", "end": "2026-01-01T12:00:00+08:00"},
            500,
            ["PERIOD_SECONDS"],
        ),
    ],
)
def test_subscriptions_by_period_and_part(more, inputs, amount_minor, codes):
    quote = model_at("fixed").run(Verb.QUOTE, params={**SUBSCRIPTION, **more}, inputs=inputs)
    assert (quote.amount_minor, [line.code for line in quote.lines]) == (amount_minor, codes)


@given(st.dates(date(2020, 1, 1), date(2030, 1, 1)), st.integers(1, 800), st.sampled_from(["day", "month", "year"]), st.integers(1, 5))
def test_a_later_end_never_costs_less(start, days, period, every):
    params = {**SUBSCRIPTION, "period": period, "every": every}
    one, other = (
        model_at("fixed").run(Verb.QUOTE, params=params, inputs={"start": str(start), "end": str(start + timedelta(days=length))})
        for length in (days, days + 1)
    )
    assert one.amount_minor <= other.amount_minor


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({}, {"start": "2026-01-01"}, "REQUIRED", "inputs.end"),
        ({}, {"start": "2026-01-01", "end": "2026-01-01"}, "ENDS_BEFORE_START", "inputs.end"),
        ({}, {"start": "2026-02-30", "end": "2026-03-01"}, "BAD_FORMAT", "inputs.start"),
        ({}, {"start": "tomorrow", "end": "2026-03-01"}, "BAD_FORMAT", "inputs.start"),
        ({}, {"start": "2026-01-01T00:00:00Z", "end": "2026-03-01"}, "BAD_FORMAT", "inputs.start"),
        ({}, {"start": "1999-12-31", "end": "2026-03-01"}, "TOO_SMALL", "inputs.start"),
        ({}, {"start": "2026-01-01", "end": "9999-12-31"}, "TOO_LARGE", "inputs.end"),
        ({}, {"start": "2026-01-01", "end": "2127-01-01"}, "TOO_LARGE", "inputs.end"),
        ({"proration": "second"}, {"start": "2026-01-01", "end": "2026-03-01"}, "BAD_FORMAT", "inputs.start"),
        (
            {"proration": "second"},
            {"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00+08:00"},
            "OFFSETS_DIFFER",
            "inputs.end",
        ),
        ({"price": "-1"}, MONTH, "NEGATIVE", "params.price"),
        ({"price": "1.001"}, MONTH, "OVER_PRECISE", "params.price"),
        ({"price": "9999999999999999.99"}, {"start": "2026-01-01", "end": "2100-01-01", "copies": 10**6}, "OVERFLOW", "inputs"),
        ({"currency": "JPY"}, {"start": "2026-01-01", "end": "2026-03-01"}, "OVER_PRECISE", "params.price"),
        ({}, {**MONTH, "copies": 0}, "TOO_SMALL", "inputs.copies"),
        ({}, {**MONTH, "copies": 1_000_001}, "TOO_LARGE", "inputs.copies"),
        ({"every": 1.0}, MONTH, "WRONG_TYPE", "params.every"),
    ],
)
def test_bad_input_of_a_subscription_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        model_at("fixed").run(Verb.QUOTE, params={**SUBSCRIPTION, **params}, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_one_off_price_takes_no_dates():
    with pytest.raises(InputError) as refused:
        model_at("fixed").run(Verb.QUOTE, params={"kind": "one_off", "currency": "CNY", "price": "1"}, inputs={"start": "2026-01-01"})
    assert (refused.value.code, refused.value.field) == ("NOT_FOR_THIS_PLAN", "inputs.start")


@given(st.integers(0, 10**12), st.integers(1, 10**6))
def test_an_income_share_is_never_above_the_income(income, ppm):
    quote = model_at("income_share").run(
        Verb.RATE, params={"currency": "CNY", "share_ppm": ppm}, inputs={"net_income": f"{income // 100}.{income % 100:02d}"}
    )
    assert quote.amount_minor == income * ppm // 10**6
    assert charges.share_within_income(quote.amount_minor, income) is None


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({"share_ppm": 0}, {"net_income": "1"}, "TOO_SMALL", "params.share_ppm"),
        ({"share_ppm": 1_000_001}, {"net_income": "1"}, "TOO_LARGE", "params.share_ppm"),
        ({"share_ppm": float("nan")}, {"net_income": "1"}, "NOT_FINITE", "params.share_ppm"),
        ({}, {"net_income": "-1"}, "NEGATIVE", "inputs.net_income"),
        ({"currency": "KWD"}, {"net_income": "9999999999999999.999"}, "OVERFLOW", "inputs.net_income"),
        ({}, {}, "REQUIRED", "inputs.net_income"),
    ],
)
def test_bad_input_of_an_income_share_is_refused_at_its_field(params, inputs, code, field):
    given_params = {"currency": "CNY", "share_ppm": 1, **params}
    with pytest.raises(InputError) as refused:
        model_at("income_share").run(Verb.RATE, params=given_params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)


SHAPE = record(
    ("Shape", "形状"),
    {
        "flag": boolean(("Flag", "标志"), default=True),
        "count": integer(("Count", "数量"), least=1, most=3),
        "all": array(("All", "全部"), amount(("One", "一")), least=0, most=2),
    },
    required=["count"],
)


def test_defaults_are_filled_in_and_nothing_else_changes():
    assert validate(SHAPE, {"count": 2}, "inputs") == {"flag": True, "count": 2}


@pytest.mark.parametrize(
    ("value", "code", "field"),
    [
        ([], "WRONG_TYPE", "inputs"),
        ({}, "REQUIRED", "inputs.count"),
        ({"count": "1"}, "WRONG_TYPE", "inputs.count"),
        ({"count": 1, "flag": 1}, "WRONG_TYPE", "inputs.flag"),
        ({"count": 1, "all": "12"}, "WRONG_TYPE", "inputs.all"),
        ({"count": 1, "all": ["1", ""]}, "NOT_A_NUMBER", "inputs.all.1"),
        ({"count": float("inf")}, "NOT_FINITE", "inputs.count"),
        ({"count": 1, 5: 1}, "UNKNOWN_FIELD", "inputs.5"),
    ],
)
def test_a_violation_names_its_field(value, code, field):
    with pytest.raises(InputError) as refused:
        validate(SHAPE, value, "inputs")
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize(
    ("value", "code"), [(float("nan"), "NOT_FINITE"), (10**400, "TOO_LARGE"), (-(2**60), "TOO_SMALL"), (True, "WRONG_TYPE")]
)
def test_a_plain_number_is_finite_and_bounded(value, code):
    with pytest.raises(InputError) as refused:
        validate({"type": "number"}, value, "inputs.x")
    assert refused.value.code == code


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "null"},
        {"type": "string"},
        {"type": "array", "items": {"type": "boolean"}},
        {"type": "integer", "minimum": 0},
        {"type": "object", "patternProperties": {}},
        {"type": "object", "additionalProperties": True},
        {"type": "object", "properties": {"a": {"type": "string"}}},
        {"type": "string", "maxLength": 3, "format": "email"},
    ],
)
def test_a_schema_that_would_not_be_honoured_or_limits_nothing_is_refused(schema):
    with pytest.raises(ValueError, match=r"unsupported"):
        check_schema(schema, "params")


def test_refusing_bad_input_takes_microseconds():
    metered, params = model_at("metered"), model_at("metered").examples[0].params
    times = []
    for _ in range(200):
        before = perf_counter()
        with pytest.raises(InputError):
            metered.run(Verb.RATE, params=params, inputs={"quantity": "9" * 1_000_000})
        times.append(perf_counter() - before)
    assert sorted(times)[100] < 0.002


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.key)
def test_a_plan_holds_no_float_for_it_goes_into_the_log(model):
    assert not takes_floats(model.params_schema)


def test_the_catalogue_is_imported_without_a_solver_or_a_compiler():
    heavy = {"numba", "scipy.linalg", "scipy.optimize", "scipy.sparse", "scipy.special"}
    code = f"import sys, pricing.engines.catalogue; print(sorted(set(sys.modules) & {heavy}))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=Path(__file__).parents[2], text=True)
    assert ran.stdout == "[]\n"
