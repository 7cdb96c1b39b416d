"""Long computations say how far they are and end when their listener raises; what they answer does not depend on who listens."""

import itertools
from typing import NamedTuple

import pytest

from pricing.engines import draws
from pricing.engines.catalogue import catalogue
from pricing.engines.model import Verb, counted

EXAMPLES = [
    pytest.param(model, example, id=f"{model.key}-{index}")
    for model in catalogue().values()
    for index, example in enumerate(model.examples)
]


class Stopped(Exception):
    """Raised by a listener."""


class Asked(NamedTuple):
    key: str
    verb: Verb
    params: dict
    inputs: dict
    steps: int
    seed: int | None = None


def numbers(label, count, below):
    return [int(each) for each in draws.integers(5, label, count, below)]


def points(label, count, **more):
    return [{"x": [x, at % 7], "y": "ab"[x > 4], **more} for at, x in enumerate(numbers(label, count, 10))]


PAIRS = list(itertools.pairwise(numbers("pairs", 41, 1_000)))
LOGISTIC = {"amount": "10.00", "points": points("points", 20, holder="h"), "tests": points("tests", 5)}
VOTERS = [{"holder": str(at), "weight": f"{weight}.{at:06}"} for at, weight in enumerate(numbers("weights", 24, 100_000), start=1)]
VOTE = {"form": "weighted_voting", "amount": "9", "quota": "700000", "holders": VOTERS}
LONG = [
    Asked("hypergraph", Verb.OPTIMISE, {}, {"bundles": [{"items": [one % 40, 99], "value": str(other)} for one, other in PAIRS]}, 32 + 7),
    Asked(
        "bundle",
        Verb.OPTIMISE,
        {},
        {"market": {"kind": "observed", "goods": [{"name": "a"}, {"name": "b"}], "buyers": [{"values": list(map(str, p))} for p in PAIRS]}},
        3 + 64,
    ),
    Asked(
        "menu",
        Verb.OPTIMISE,
        {},
        {
            "goods": {
                "kind": "versions",
                "versions": [{"name": "a"}, {"name": "b"}],
                "types": [{"values": ["1", "9"]}, {"values": ["9", "1"]}],
            }
        },
        2,
    ),
    Asked(
        "vcg",
        Verb.CLEAR,
        {"kind": "packages", "items": [{"item": "n"}, {"item": "s"}]},
        {"bids": [{"bidder": "a", "items": ["n"], "value": "5"}, {"bidder": "b", "items": ["s"], "value": "4"}]},
        2,
    ),
    Asked("share", Verb.SPLIT, {"rule": "shapley", "sampling": {"pairs": 5_000}}, VOTE, 3, seed=1),
    Asked("datum", Verb.SPLIT, {"method": "logistic_shapley", "rounds": 100}, LOGISTIC, 4, seed=1),
    Asked("datum", Verb.SPLIT, {"method": "logistic_beta_shapley", "rounds": 100}, LOGISTIC, 4, seed=1),
    Asked("datum", Verb.SPLIT, {"method": "logistic_banzhaf", "rounds": 1_000}, LOGISTIC, 4, seed=1),
]


def run(asked, **listening):
    params = {"currency": "CNY", **asked.params}
    return catalogue()[asked.key].run(asked.verb, params=params, inputs=asked.inputs, seed=asked.seed, **listening)


@pytest.mark.parametrize(("model", "example"), EXAMPLES)
def test_an_example_answers_the_same_bytes_whoever_listens(model, example):
    heard = []
    asked = {"params": example.params, "inputs": example.inputs, "seed": example.seed}
    listened = model.run(example.verb, **asked, progress=lambda done, total: heard.append((done, total)))
    assert listened.canonical() == model.run(example.verb, **asked).canonical()
    assert all(0 <= done <= total for done, total in heard)


@pytest.mark.parametrize("asked", LONG, ids=lambda asked: asked.params.get("method", asked.key))
def test_a_long_computation_tells_each_step_and_answers_the_same_bytes(asked):
    heard = []
    listened = run(asked, progress=lambda done, total: heard.append((done, total)))
    assert heard == [(done, asked.steps) for done in range(asked.steps + 1)]
    assert listened.canonical() == run(asked).canonical()


@pytest.mark.parametrize("asked", LONG, ids=lambda asked: asked.params.get("method", asked.key))
def test_a_long_computation_ends_where_its_listener_raises(asked):
    heard = []

    def stop(done, total):
        heard.append(done)
        if done == 1:
            raise Stopped

    with pytest.raises(Stopped):
        run(asked, progress=stop)
    assert heard == [0, 1]


def test_steps_are_counted_before_each_and_at_the_end():
    heard = []
    assert list(counted("ab", lambda done, total: heard.append((done, total)))) == ["a", "b"]
    assert heard == [(0, 2), (1, 2), (2, 2)]
