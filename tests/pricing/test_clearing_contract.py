"""Every model that clears says who won, who is paid and what is left in the one form that settlement reads, whatever it is given."""

import dataclasses
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pricing.engines.catalogue import catalogue, model_at
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Quote

CLEARING = [
    pytest.param(model, example, id=f"{model.key}-{index}")
    for model in catalogue().values()
    for index, example in enumerate(model.examples)
    if example.verb is Verb.CLEAR
]
MINOR = re.compile(r"0|[1-9][0-9]*")


def texts(value):
    """Every text in a JSON value."""
    if isinstance(value, str):
        return {value}
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(texts, inner))


def complaints(quote, known):
    """What of the contract in ``Answer`` an answer breaks, the worst first."""
    told = json.loads(quote.canonical())["extras"]
    for rows, who in (("awards", "bidder"), ("receipts", "seller")):
        if not isinstance(told.get(rows), list):
            yield f"no list of {rows}"
        if not all(isinstance(row.get("minor"), str) and MINOR.fullmatch(row["minor"]) for row in told[rows]):
            yield f"{rows} are not whole minor units as text"
        if not all(row.get(who) in known for row in told[rows]):
            yield f"{rows} name a stranger"
        if len({row[who] for row in told[rows]}) < len(told[rows]):
            yield f"{rows} name a {who} twice"
    paid, received = (sum(int(row["minor"]) for row in told[rows]) for rows in ("awards", "receipts"))
    if paid != quote.amount_minor:
        yield "the awards do not sum to the amount"
    if told["receipts"] and paid - received != int(told.get("surplus_minor", "0")):
        yield "the receipts and the surplus do not sum to the amount"


def broken(quote, example):
    """The first complaint about an answer to an example, or None."""
    return next(complaints(quote, texts(json.loads(json.dumps([example.params, example.inputs])))), None)


def run(model, example, inputs, seed=None):
    return model.run(Verb.CLEAR, params=example.params, inputs=inputs, seed=example.seed if seed is None else seed)


def test_every_model_that_clears_has_an_example_here():
    assert {parameter.values[0].key for parameter in CLEARING} == {key for key, model in catalogue().items() if Verb.CLEAR in model.verbs}


@pytest.mark.parametrize(("model", "example"), CLEARING)
def test_its_examples_keep_the_contract(model, example):
    assert broken(run(model, example, example.inputs), example) is None


@pytest.mark.parametrize(("model", "example"), CLEARING)
@given(data=st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_fewer_or_reordered_rows_and_other_seeds_keep_it_too(model, example, data):
    inputs = {
        name: data.draw(st.permutations(value).flatmap(lambda rows: st.integers(0, len(rows)).map(lambda keep: list(rows)[:keep])))
        if isinstance(value, list | tuple)
        else value
        for name, value in example.inputs.items()
    }
    seed = None if example.seed is None else data.draw(st.integers(0, 2**53 - 1))
    try:
        quote = run(model, example, inputs, seed)
    except InputError:
        return
    assert broken(quote, example) is None
    assert Quote.from_json(json.loads(quote.canonical())) == quote


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"awards": None}, "no list of awards"),
        ({"receipts": {}}, "no list of receipts"),
        ({"awards": [{"bidder": "ash", "minor": 1800}]}, "awards are not whole minor units as text"),
        ({"awards": [{"bidder": "ash", "minor": "-1"}, {"bidder": "birch", "minor": "1801"}]}, "awards are not whole minor units as text"),
        ({"awards": [{"bidder": "eve", "minor": "1800"}]}, "awards name a stranger"),
        ({"awards": [{"bidder": "ash", "minor": "900"}] * 2}, "awards name a bidder twice"),
        ({"awards": [{"bidder": "ash", "minor": "1799"}]}, "the awards do not sum to the amount"),
        ({"receipts": [{"seller": "oak", "minor": "1700"}]}, "the receipts and the surplus do not sum to the amount"),
    ],
)
def test_each_way_to_break_it_is_caught(changed, says):
    model = model_at("exchange")
    example = model.examples[0]
    quote = run(model, example, example.inputs)
    assert broken(dataclasses.replace(quote, extras={**quote.extras, **changed}), example) == says
