"""Learning prices show the regret that theory gives, replay from their state and seed, and never see who a buyer is."""

import json
import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.bilateral import bandits
from pricing.engines.bilateral.learn import LEARN, State, chances, read_plan
from pricing.engines.checkers import bilateral
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.model import Verb
from pricing.engines.posted.posted import POSTED
from pricing.engines.validate import properties_of

PLAN = {"currency": "CNY", "horizon": 1000, "high": "100.00"}
EXP3 = {**PLAN, "policy": "exp3"}
WEIGHTS = {**PLAN, "policy": "weights"}
RUNS = 20


def propose(params, seed=1, **inputs):
    return LEARN.run(Verb.PROPOSE, params=params, inputs=inputs, seed=seed)


def observe(params, **inputs):
    return LEARN.run(Verb.OBSERVE, params=params, inputs=inputs)


@pytest.mark.parametrize(("horizon", "size"), [(2, 2), (1_000, 4), (10_000, 6), (100_000, 10), (1_000_000, 17)])
def test_the_grid_is_kleinberg_and_leightons(horizon, size):
    assert bandits.grid_size(horizon) == size


def ucb1_regret(horizon, seed):
    """Return the mean regret of 20 runs against buyers whose values are uniform on [0, 1], best price 1/2, as in the published shape."""
    size = bandits.grid_size(horizon)
    gains = np.arange(1, size + 1) / size
    values = np.random.default_rng(seed).random((horizon, RUNS))
    offers, sales = (np.zeros((RUNS, size), dtype=np.int64) for _ in range(2))
    runs = np.arange(RUNS)
    for made in range(horizon):
        choice = bandits.ucb1_choice(gains, offers, sales, made)
        offers[runs, choice] += 1
        sales[runs, choice] += values[made] >= gains[choice]
    return horizon / 4 - float((offers * gains * (1 - gains)).sum()) / RUNS


@pytest.mark.parametrize(
    ("horizon", "published", "shape"),
    [
        (1_000, 52.6, 0.63),
        (10_000, 229.8, 0.76),
        pytest.param(100_000, 844.5, 0.79, marks=pytest.mark.skipif("EGRET_LONG_TESTS" not in os.environ, reason="set EGRET_LONG_TESTS")),
        pytest.param(
            1_000_000, 3296.9, 0.89, marks=pytest.mark.skipif("EGRET_LONG_TESTS" not in os.environ, reason="set EGRET_LONG_TESTS")
        ),
    ],
)
def test_the_regret_has_the_published_size_and_shape(horizon, published, shape):
    regret, scale = ucb1_regret(horizon, seed=7), math.sqrt(horizon * math.log(horizon))
    assert regret == pytest.approx(published, rel=0.12)
    assert round(published / scale, 2) == shape
    assert regret / scale == pytest.approx(shape, abs=0.1)


def test_ucb1_offers_each_price_once_and_then_the_greatest_bound_lower_index_first():
    gains = np.array([0.25, 0.5, 0.75, 1.0])
    assert bandits.ucb1_choice(gains, np.array([3, 0, 1, 0]), np.array([3, 0, 0, 0]), 4) == 1
    offers, sales = np.array([5, 5, 5, 5]), np.array([5, 4, 2, 1])
    bounds = [gain * (sold / 5 + math.sqrt(2 * math.log(20) / 5)) for gain, sold in zip(gains, sales, strict=True)]
    assert bandits.ucb1_choice(gains, offers, sales, 20) == bounds.index(max(bounds)) == 3
    assert bandits.ucb1_choice(np.array([1.0, 1.0]), np.array([2, 2]), np.array([1, 1]), 4) == 0


def test_the_model_is_its_policy_round_by_round():
    values = np.random.default_rng(3).random(60) * 10_000
    state, offers, sales = None, [0] * 4, [0] * 4
    for made, value in enumerate(values):
        proposal = propose(PLAN, **({"state": state} if state else {}))
        expected = int(bandits.ucb1_choice(np.array([0.25, 0.5, 0.75, 1]), np.array(offers), np.array(sales), made))
        assert proposal.amount_minor == 2_500 * (expected + 1)
        sold = int(value >= proposal.amount_minor)
        offers[expected] += 1
        sales[expected] += sold
        seen = observe(PLAN, offers=1, price=proposal.extras["price"], sales=sold, **({"state": state} if state else {}))
        state = json.loads(seen.canonical())["extras"]["state"]
        assert (seen.amount_minor, state) == (0, {"offers": offers, "sales": sales})


def test_the_regret_estimate_is_what_the_best_looking_price_would_have_brought():
    extras = propose(PLAN, state={"offers": [10, 20, 10, 0], "sales": [8, 12, 2, 0]}).extras
    revenue = 8 * 2_500 + 12 * 5_000 + 2 * 7_500
    assert extras["regret_estimate_minor"] == str(40 * 3_000 - revenue)
    assert float(extras["regret_over_sqrt_t_log_t"]) == pytest.approx((120_000 - revenue) / 10_000 / math.sqrt(40 * math.log(40)), rel=1e-8)


def test_exp3_mixes_exploration_into_exponential_weights():
    exploration = bandits.exp3_exploration(4, 1000)
    assert exploration == pytest.approx(math.sqrt(4 * math.log(4) / ((math.e - 1) * 1000)))
    estimates = np.array([0.0, 3.0, 1.0, 0.5])
    weights = np.exp(exploration * estimates / 4)
    expected = (1 - exploration) * weights / weights.sum() + exploration / 4
    assert np.allclose(bandits.exp3_chances(estimates, exploration), expected, rtol=1e-14, atol=0)
    assert bandits.exp3_exploration(64, 10) == 1.0


def test_exp3_counts_a_gain_over_the_chance_it_had():
    first = observe(EXP3, offers=10, price="50.00", sales=6).extras["state"]
    assert first == {"offers": [0, 10, 0, 0], "sales": [0, 6, 0, 0], "estimates": ["0", "12", "0", "0"]}
    plan = read_plan(LEARN.validated_params(EXP3))
    likely = chances(plan, State((0, 10, 0, 0), (0, 6, 0, 0), ("0", "12", "0", "0")))
    second = observe(EXP3, offers=2, price="50.00", sales=1, state=first).extras["state"]
    assert float(second["estimates"][1]) == pytest.approx(12 + 0.5 / likely[1], rel=1e-8)


def test_exp3_stays_within_its_bound_when_demand_turns_round():
    horizon, gains = 2_000, np.array([0.25, 0.5, 0.75, 1.0])
    exploration = bandits.exp3_exploration(4, horizon)
    draw = np.random.default_rng(11)
    estimates, earned, best = np.zeros((RUNS, 4)), np.zeros(RUNS), np.zeros((RUNS, 4))
    runs = np.arange(RUNS)
    for turn in range(horizon):
        value = draw.random(RUNS) * (0.6 if turn < horizon // 2 else 1.0)
        possible = gains * (value[:, None] >= gains)
        likely = bandits.exp3_chances(estimates, exploration)
        choice = bandits.drawn(likely, draw.random(RUNS))
        earned += possible[runs, choice]
        best += possible
        estimates[runs, choice] += possible[runs, choice] / likely[runs, choice]
    assert float((best.max(axis=1) - earned).mean()) < 2.63 * math.sqrt(horizon * 4 * math.log(4))


@settings(max_examples=50)
@given(st.lists(st.lists(st.integers(0, 8), min_size=3, max_size=3), min_size=1, max_size=40))
def test_multiplicative_weights_keep_their_bound_on_every_sequence(rounds):
    table = np.array(rounds) / 8
    rate, total, earned = bandits.hedge_rate(3, len(table)), np.zeros(3), 0.0
    for gained in table:
        earned += float(bandits.hedge_chances(total, rate) @ gained)
        total += gained
    assert total.max() - earned <= math.sqrt(len(table) * math.log(3) / 2) + 1e-9


@pytest.mark.parametrize(("uniform", "index"), [(0.0, 1), (0.24, 1), (0.25, 2), (0.999, 2), (1.0, 3)])
def test_a_draw_picks_by_the_chances(uniform, index):
    assert bandits.drawn(np.array([0.0, 0.25, 0.75, 0.0]), np.float64(uniform)) == index


def test_weights_are_told_the_demand_at_every_price():
    seen = observe(WEIGHTS, offers=100, willing=[90, 70, 30, 5])
    assert seen.extras == {"state": {"offers": [100] * 4, "sales": [90, 70, 30, 5]}}
    proposal = propose(WEIGHTS, state=seen.extras["state"])
    scores = np.exp(math.sqrt(8 * math.log(4) / 1000) * np.array([22.5, 35, 22.5, 5]))
    assert [float(text) for text in proposal.extras["chances"]] == pytest.approx(list(scores / scores.sum()), rel=1e-8)


def test_draws_come_from_the_seed_and_the_offers_made():
    posted = [propose(EXP3, seed=seed).amount_minor for seed in range(40)]
    assert posted == [propose(EXP3, seed=seed).amount_minor for seed in range(40)]
    assert set(posted) == {2_500, 5_000, 7_500, 10_000}
    with pytest.raises(UnknownModelError) as refused:
        LEARN.run(Verb.PROPOSE, params=PLAN, inputs={})
    assert refused.value.code == "SEED_REQUIRED"


@settings(max_examples=40)
@given(
    st.sampled_from([PLAN, EXP3, {**EXP3, "high": "90071992547409.93", "prices": 64, "horizon": 10**8}]),
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(0, 40)), max_size=12),
)
def test_the_state_that_it_returns_it_takes_back_and_answers_alike(params, seen):
    prices, given_ = propose(params).extras["prices"], {}
    for place, offers, sales in seen:
        answers = [observe(params, offers=offers, price=prices[place], sales=min(sales, offers), **given_).canonical() for _ in range(2)]
        assert answers[0] == answers[1]
        given_ = {"state": json.loads(answers[0])["extras"]["state"]}
    assert propose(params, **given_).canonical() == propose(params, **given_).canonical()


def test_prices_are_rounded_to_the_minor_unit_and_rise():
    assert read_plan(LEARN.validated_params({**PLAN, "low": "0.10", "high": "0.20", "prices": 3})).prices == (13, 17, 20)
    assert read_plan(LEARN.validated_params({**PLAN, "currency": "JPY", "high": "5"})).prices == (1, 2, 4, 5)


@given(st.lists(st.booleans(), min_size=1, max_size=12))
def test_who_bought_changes_nothing(bought):
    def state_after(answers):
        return observe(PLAN, offers=len(answers), price="50.00", sales=sum(answers)).extras["state"]

    assert bilateral.anonymous(state_after, bought) is None


def test_a_price_that_looks_at_the_first_buyer_is_caught():
    assert bilateral.anonymous(lambda answers: answers[0], [True, False]) == {"places": 1}
    assert bilateral.anonymous(lambda answers: answers[:2] == [True, True], [True, True]) is None
    assert bilateral.anonymous(sum, [True, False, True]) is None


def names_in(schema):
    below = [*properties_of(schema).values(), *schema.get("oneOf", ()), *([schema["items"]] if "items" in schema else ())]
    return set(properties_of(schema)).union(*map(names_in, below))


def test_no_input_has_a_place_for_a_buyer():
    asked = set().union(*(names_in(operation.inputs_schema) for operation in LEARN.operations.values()))
    assert asked == {"state", "offers", "sales", "estimates", "price", "willing"}


@given(st.permutations(["30.00", "12.00", "12.50", "90.00", "45.00", "30.00"]))
def test_a_posted_price_too_follows_from_what_would_be_paid_and_not_from_who_would_pay_it(values):
    def answer(given_):
        evidence = {"kind": "observed", "values": list(given_)}
        return POSTED.run(Verb.OPTIMISE, params={"currency": "CNY"}, inputs={"evidence": evidence, "buyers": 100}).canonical()

    said = json.loads(answer(values))
    assert said["extras"] == json.loads(answer(sorted(values)))["extras"]
    assert not {"buyer", "bidder", "party", "person", "history", "profile", "segment"} & names_in(
        POSTED.operations[Verb.OPTIMISE].inputs_schema
    )


FRESH = {"offers": [0] * 4, "sales": [0] * 4}


@pytest.mark.parametrize(
    ("params", "verb", "inputs", "code", "field"),
    [
        ({**PLAN, "horizon": 1}, "propose", {}, "TOO_SMALL", "params.horizon"),
        ({**PLAN, "horizon": float("inf")}, "propose", {}, "NOT_FINITE", "params.horizon"),
        ({**PLAN, "policy": "magic"}, "propose", {}, "NOT_ALLOWED", "params.policy"),
        ({**PLAN, "low": "100.00"}, "propose", {}, "LIMITS_CROSSED", "params.high"),
        ({**PLAN, "high": "0.03"}, "propose", {}, "PRICES_TOO_CLOSE", "params.high"),
        ({**PLAN, "high": "NaN"}, "propose", {}, "NOT_FINITE", "params.high"),
        ({**PLAN, "high": "-1"}, "propose", {}, "NEGATIVE", "params.high"),
        ({**PLAN, "high": "1.001"}, "propose", {}, "OVER_PRECISE", "params.high"),
        ({**PLAN, "prices": 65}, "propose", {}, "TOO_LARGE", "params.prices"),
        (PLAN, "propose", {"state": {"offers": [1, 2], "sales": [0, 0]}}, "WRONG_LENGTH", "inputs.state.offers"),
        (PLAN, "propose", {"state": {**FRESH, "sales": [0, 1, 0, 0]}}, "TOO_LARGE", "inputs.state.sales.1"),
        (PLAN, "propose", {"state": {**FRESH, "estimates": ["0"] * 4}}, "NOT_FOR_THIS_PLAN", "inputs.state.estimates"),
        (PLAN, "propose", {"state": {**FRESH, "offers": [1001, 0, 0, 0]}}, "HORIZON_REACHED", "inputs.state.offers"),
        (PLAN, "propose", {"state": {**FRESH, "offers": [-1, 0, 0, 0]}}, "TOO_SMALL", "inputs.state.offers.0"),
        (PLAN, "propose", {"state": FRESH, "buyer": "x"}, "UNKNOWN_FIELD", "inputs.buyer"),
        (EXP3, "propose", {"state": FRESH}, "REQUIRED", "inputs.state.estimates"),
        (EXP3, "propose", {"state": {**FRESH, "estimates": ["-1"] * 4}}, "NEGATIVE", "inputs.state.estimates.0"),
        (WEIGHTS, "propose", {"state": {**FRESH, "offers": [1, 0, 0, 0]}}, "OFFERS_DIFFER", "inputs.state.offers"),
        (PLAN, "observe", {"offers": 1, "price": "50.00"}, "REQUIRED", "inputs.sales"),
        (PLAN, "observe", {"offers": 1, "price": "51.00", "sales": 1}, "NOT_ALLOWED", "inputs.price"),
        (PLAN, "observe", {"offers": 1, "price": "50.00", "sales": 2}, "TOO_LARGE", "inputs.sales"),
        (PLAN, "observe", {"offers": 1001, "price": "50.00", "sales": 2}, "HORIZON_REACHED", "inputs.offers"),
        (PLAN, "observe", {"offers": 0, "price": "50.00", "sales": 0}, "TOO_SMALL", "inputs.offers"),
        (PLAN, "observe", {"offers": 1, "willing": [1] * 4}, "REQUIRED", "inputs.price"),
        (PLAN, "observe", {"offers": 1, "price": "50.00", "sales": 1, "willing": [1] * 4}, "NOT_FOR_THIS_PLAN", "inputs.willing"),
        (WEIGHTS, "observe", {"offers": 1}, "REQUIRED", "inputs.willing"),
        (WEIGHTS, "observe", {"offers": 5, "willing": [3, 2, 1]}, "WRONG_LENGTH", "inputs.willing"),
        (WEIGHTS, "observe", {"offers": 5, "willing": [6, 2, 1, 0]}, "TOO_LARGE", "inputs.willing.0"),
        (WEIGHTS, "observe", {"offers": 5, "willing": [3, 4, 1, 0]}, "TOO_LARGE", "inputs.willing.1"),
        (WEIGHTS, "observe", {"offers": 5, "willing": [3, 2, 1, 0], "sales": 1}, "NOT_FOR_THIS_PLAN", "inputs.sales"),
    ],
)
def test_bad_input_of_a_learning_price_is_refused_at_its_field(params, verb, inputs, code, field):
    with pytest.raises(InputError) as refused:
        LEARN.run(Verb(verb), params=params, inputs=inputs, seed=1 if verb == "propose" else None)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")
