"""The posted price: published closed forms, samples against brute force, yes and no, and the travel-mode choices of Greene."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.optimize import brentq, minimize_scalar
from sklearn.isotonic import IsotonicRegression
from statsmodels.datasets import modechoice
from statsmodels.discrete.discrete_model import Logit

from pricing.engines.checkers import posted as checkers
from pricing.engines.draws import uniforms
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.posted import choice, families, sample
from pricing.engines.posted.ironing import iron
from pricing.engines.posted.posted import POSTED
from pricing.money import CNY

UNIFORM = {"kind": "distribution", "family": {"name": "uniform", "lowest": 0, "highest": 1000}}
VALUES = st.lists(st.integers(0, 30), min_size=1, max_size=12)


def optimise(evidence, buyers=100, **params):
    return POSTED.run(Verb.OPTIMISE, params={"currency": "CNY", **params}, inputs={"evidence": evidence, "buyers": buyers})


def standing(quote):
    return {claim.property: claim.standing.value for claim in quote.claims}


MYERSON = [
    ("uniform", {"lowest": 0, "highest": 1}, 0.5, 0.25),
    ("exponential", {"mean": 1}, 1.0, 0.367879),
    ("lognormal", {"log_mean": 0, "log_sd": 1}, 1.353415, 0.515767),
    ("weibull", {"shape": 2, "scale": 1}, 0.707107, 0.428882),
    ("normal", {"mean": 1, "sd": 0.25}, 0.773247, 0.632361),
    ("beta", {"a": 2, "b": 2, "highest": 1}, 0.421535, 0.259974),
]
MYERSON_IDS = [name for name, *_ in MYERSON]


@pytest.mark.parametrize(("family", "numbers", "price", "revenue"), MYERSON, ids=MYERSON_IDS)
def test_the_best_price_and_revenue_of_a_distribution_are_the_known_ones(family, numbers, price, revenue):
    demand = families.demand(family, numbers)
    best = families.best_price(demand)
    assert best == pytest.approx(price, abs=5e-7)
    assert best * demand.above(best) == pytest.approx(revenue, abs=5e-7)
    assert families.ironed_demand(demand)[1].intervals == ()


def test_a_lognormal_market_sells_to_38_in_a_hundred():
    demand = families.demand("lognormal", {"log_mean": 0, "log_sd": 1})
    assert demand.above(families.best_price(demand)) == pytest.approx(0.3811, abs=5e-5)


@pytest.mark.parametrize(("family", "numbers", "price", "revenue"), MYERSON, ids=MYERSON_IDS)
def test_the_model_puts_the_same_price_on_the_minor_unit(family, numbers, price, revenue):
    thousands = {name: value * 1000 for name, value in numbers.items() if name in {"lowest", "highest", "mean", "sd", "scale"}}
    logs = {"log_mean": math.log(1000)} if family == "lognormal" else {}
    quote = optimise({"kind": "distribution", "family": {"name": family, **numbers, **thousands, **logs}}, buyers=10**6)
    assert float(quote.extras["price"]) == pytest.approx(1000 * price, abs=0.01)
    assert quote.amount_minor == pytest.approx(revenue * 10**11, rel=2e-6)
    assert standing(quote) == dict.fromkeys(("best_price", "ironed_monotone", "ironed_integral"), "checked") | {"lines_sum": "checked"}


@pytest.mark.parametrize(
    ("family", "numbers", "price", "off"),
    [("lognormal", {"log_mean": 0, "log_sd": 1}, 1.39, 0.02), ("weibull", {"shape": 2, "scale": 1}, 0.706, 0.002)],
)
def test_the_best_price_of_a_million_draws_earns_what_the_distribution_promises(family, numbers, price, off):
    demand = families.demand(family, numbers)
    drawn = np.round(demand.price_at(1 - uniforms(7, family, 10**6)) * 10**6).astype(np.int64)
    best = sample.best_of_values(drawn)
    optimal = families.best_price(demand)
    assert best.price / 10**6 == pytest.approx(price, abs=off)
    assert best.gain / 10**12 == pytest.approx(optimal * demand.above(optimal), rel=2e-3)


@pytest.mark.parametrize("scale", [1.0, 12345.678, 9.87654e6, 3.14159265e8])
def test_a_price_does_not_hang_on_the_last_bits_that_processors_differ_in(monkeypatch, scale):
    evidence = {"kind": "distribution", "family": {"name": "weibull", "shape": 2, "scale": scale}}
    before = optimise(evidence).canonical()
    exact = families.demand("weibull", {"shape": 2, "scale": scale})
    for seed in range(1, 6):

        def shaken(function, seed=seed):
            return lambda price: function(price) * (1 + ((np.asarray(price) * 100).astype(np.int64) * seed % 3 - 1) * 2.0**-52)

        other = replace(exact, above=shaken(exact.above), density=shaken(exact.density))
        monkeypatch.setattr(families, "demand", lambda *_, other=other: other)
        assert optimise(evidence).canonical() == before


@pytest.mark.parametrize("cost", [0.0, 0.3, 2.0])
@pytest.mark.parametrize(("family", "numbers"), [(name, numbers) for name, numbers, *_ in MYERSON], ids=MYERSON_IDS)
def test_the_virtual_value_of_the_best_price_is_the_cost(family, numbers, cost):
    demand = families.demand(family, numbers)
    price = families.best_price(demand, cost)
    if demand.above(cost) == 0:
        assert price == cost
    else:
        assert price - demand.above(price) / demand.density(price) == pytest.approx(cost, abs=1e-9)


def test_where_everybody_values_it_highly_the_best_price_is_the_lowest_value():
    assert families.best_price(families.demand("uniform", {"lowest": 8, "highest": 9})) == 8


@pytest.mark.parametrize(
    ("family", "cost"),
    [({"name": "weibull", "shape": 50, "scale": 1e-6}, "0"), ({"name": "weibull", "shape": 50, "scale": 0.3}, "1000000000")],
)
def test_a_demand_that_ends_far_below_the_least_price_is_refused(family, cost):
    with pytest.raises(InputError) as refused:
        optimise({"kind": "distribution", "family": family}, currency="JPY", cost=cost)
    assert (refused.value.code, refused.value.field) == ("NO_GAIN", "inputs.evidence")


@pytest.mark.parametrize("means", [5, 30, 40, 300])
def test_a_cost_that_hardly_anybody_would_pay_is_still_priced_a_mean_above_it(means):
    demand = families.demand("exponential", {"mean": 1000.0})
    assert families.best_price(demand, means * 1000.0) == pytest.approx((means + 1) * 1000, rel=1e-12)
    quote = optimise({"kind": "distribution", "family": {"name": "exponential", "mean": 1000}}, cost=str(means * 1000))
    assert (quote.extras["price"], standing(quote)["best_price"]) == (f"{(means + 1) * 1000}.00", "checked")


def test_an_irregular_demand_is_ironed_over_the_stretch_that_its_formula_gives():
    demand = families.demand("weibull", {"shape": 0.5, "scale": 1})
    prices, ironed = families.ironed_demand(demand)
    # R(q) = q ln(q)^2; the tangent from (1, 0) touches it where R(q) + R'(q) (1 - q) = 0
    touch = brentq(lambda q: q * math.log(q) ** 2 + (math.log(q) ** 2 + 2 * math.log(q)) * (1 - q), 0.05, 0.3)
    assert len(ironed.intervals) == 1
    (first, end) = ironed.intervals[0]
    assert end == families.GRID + 1
    assert prices[first - 1] == pytest.approx(math.log(touch) ** 2, rel=5e-3)
    assert families.best_price(demand) == pytest.approx(4, abs=1e-9)
    assert ironed.ironed[-1] == pytest.approx(math.log(touch) ** 2 + 2 * math.log(touch), rel=1e-5)


def test_an_irregular_distribution_says_what_it_ironed_and_that_it_was_checked():
    quote = optimise({"kind": "distribution", "family": {"name": "weibull", "shape": 0.5, "scale": 100}}, buyers=10**6)
    assert quote.extras["price"] == "400.00"
    assert [(float(row["from"]), float(row["to"])) for row in quote.extras["ironed"]] == [(0.0, pytest.approx(253.5, abs=1))]
    assert standing(quote)["ironed_monotone"] == standing(quote)["ironed_integral"] == "checked"


def gain_of(values, cost):
    return lambda price: (price - cost) * sum(value >= price for value in values)


@given(VALUES, st.integers(0, 10))
def test_the_best_price_of_a_sample_beats_every_price_there_is(values, cost):
    best = sample.best_of_values(np.array(values), cost)
    gain = gain_of(values, cost)
    assert checkers.best_price(gain, range(31), best.price) is None or best.gain < 0
    assert checkers.best_price(gain, values, best.price) is None
    assert best.gain == gain(best.price)
    assert best.sold == sum(value >= best.price for value in values)
    assert best.price == min(value for value in values if gain(value) == best.gain)


@given(VALUES)
def test_ironing_a_sample_is_monotone_keeps_the_revenue_and_is_the_least_concave_curve(values):
    falling = sorted(values, reverse=True)
    points = [Fraction(index) for index in range(len(falling) + 1)]
    revenues = [Fraction(0), *(Fraction((index + 1) * value) for index, value in enumerate(falling))]
    ironed = iron(points, revenues)
    assert checkers.ironed_monotone(ironed.ironed[::-1]) is None
    assert checkers.ironed_integral(ironed.raw, ironed.ironed, ironed.intervals) is None
    # the least concave curve at k is the best mixture of two quantities
    heights = [sum(ironed.ironed[:index], Fraction(0)) for index in range(len(points))]
    for at in range(len(points)):
        mixtures = [
            revenues[low] if low == high else (revenues[low] * (high - at) + revenues[high] * (at - low)) / (high - low)
            for low in range(at + 1)
            for high in range(at, len(points))
        ]
        assert heights[at] == max(mixtures)


def test_a_sample_with_two_groups_is_ironed_between_them_and_the_quote_is_exact():
    quote = optimise({"kind": "observed", "values": ["90", "90", "30", "30", "30", "30"]}, buyers=600, cost="10.50")
    assert [(line.code, line.amount_minor) for line in quote.lines] == [("SALES", 1_800_000), ("COPIES", -210_000)]
    assert quote.extras["price"] == "90.00"
    assert quote.extras["ironed"] == [
        {"from": "30.00", "to": "30.00", "buyers": 4, "virtual_value_minor": "0"},
    ]
    assert quote.extras["curve"] == [
        {"price": "30.00", "sold": 6, "gain_minor": "11700"},
        {"price": "90.00", "sold": 2, "gain_minor": "15900"},
    ]


def test_wrong_prices_and_wrong_ironing_are_caught():
    assert checkers.best_price(gain_of([10, 6, 6], 0), [10, 6], 10) == {"price": 10, "gain": "10", "better": 6, "better_gain": "18"}
    assert checkers.ironed_monotone([1, 3, 2]) == {"index": 1, "value": "3", "next": "2"}
    assert checkers.ironed_integral([1, 5, 3], [1, 3, 3], [(1, 3)]) == {"first": 1, "end": 3, "raw": "8", "ironed": "6"}
    assert checkers.ironed_integral([1, 5, 3], [2, 4, 4], [(1, 3)]) == {"first": 0, "end": 1, "raw": "1", "ironed": "2"}
    assert checkers.ironed_integral([1, 5, 3], [1, 4, 4], [(1, 3)]) is None


def test_the_interval_of_the_best_price_holds_the_true_one_as_often_as_it_says():
    within, narrow = 0, []
    for seed in range(60):
        drawn = np.floor(uniforms(seed, "interval", 400) * 10_000).astype(np.int64)
        low, high = sample.likely_best_prices(drawn)
        within += low <= 5_000 <= high
        narrow.append(high - low)
    assert within >= 57
    assert np.median(narrow) < 7_000


def test_an_answer_that_contradicts_its_neighbour_is_pooled_with_it():
    offers = [sample.Offer(100, 8, 2), sample.Offer(200, 3, 7), sample.Offer(300, 5, 5), sample.Offer(300, 0, 0)]
    survival = sample.turnbull(offers)
    assert survival.prices == (100, 200, 300)
    assert survival.shares == (Fraction(4, 5), Fraction(2, 5), Fraction(2, 5))
    assert sample.best_offer(survival) == 2
    assert sample.least_mean(survival) == 40 + 120
    quote = optimise(
        {
            "kind": "answers",
            "offers": [{"price": "1", "yes": 8, "no": 2}, {"price": "2", "yes": 3, "no": 7}, {"price": "3", "yes": 5, "no": 5}],
        }
    )
    assert (quote.amount_minor, quote.extras["price"], quote.extras["least_mean_minor"]) == (12_000, "3.00", "160")


def test_answers_at_one_price_are_added_up_before_prices_are_pooled():
    offers = [sample.Offer(100, 5, 5), sample.Offer(200, 6, 4), sample.Offer(200, 0, 10)]
    survival = sample.turnbull(offers)
    assert survival == sample.Survival((100, 200), (Fraction(1, 2), Fraction(3, 10)), (5, 6), (10, 20))
    assert sample.turnbull(offers[::-1]) == survival


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(any), min_size=1, max_size=8))
def test_pooled_shares_are_the_isotonic_regression(counts):
    offers = [sample.Offer(100 * (index + 1), yes, no) for index, (yes, no) in enumerate(counts)]
    shares = [yes / (yes + no) for yes, no in counts]
    oracle = IsotonicRegression(increasing=False).fit_transform(range(len(counts)), shares, sample_weight=[yes + no for yes, no in counts])
    assert np.allclose([float(share) for share in sample.turnbull(offers).shares], oracle)


def test_the_wilson_interval_of_a_share():
    assert sample.share_interval(0.4, 30) == pytest.approx((0.2459, 0.5768), abs=5e-5)
    assert sample.share_interval(0.0, 10) == pytest.approx((0.0, 0.2775), abs=5e-5)


@pytest.mark.parametrize(("prices", "asked"), [(1, 50), (10, 200), (30, 20), (30, 100)])
def test_the_interval_of_the_share_at_the_best_price_holds_it_though_the_price_was_picked_for_its_answers(prices, asked):
    shares = [0.9 / (1 + step / 10) for step in range(prices)]  # at all prices the same is earned
    within = 0
    for seed in range(200):
        drawn = uniforms(seed, f"answers {prices} {asked}", prices * asked).reshape(asked, prices)
        said = (np.array(shares) > drawn).sum(axis=0).tolist()
        offers = [sample.Offer(100 + 10 * step, yes, asked - yes) for step, yes in enumerate(said)]
        survival = sample.turnbull(offers)
        best = sample.best_offer(survival)
        low, high = sample.share_between(survival, best)
        assert low <= survival.shares[best] <= high
        within += low <= shares[best] <= high
    assert within >= 0.92 * 200


OFFERS = [(10, 95, 5), (20, 80, 20), (30, 55, 45), (40, 30, 70), (50, 12, 88)]


def test_logistic_answers_agree_with_an_independent_estimate():
    quote = optimise(
        {"kind": "answers", "method": "logit", "offers": [{"price": str(p), "yes": y, "no": n} for p, y, n in OFFERS]}, cost="5"
    )
    design = np.array([[1.0, price] for price, yes, no in OFFERS for _ in range(yes + no)])
    said = np.array([answer for _, yes, no in OFFERS for answer in [1] * yes + [0] * no])
    oracle = Logit(said, design).fit(disp=False)
    constant, slope = oracle.params
    assert float(quote.extras["median"]["value"]) == pytest.approx(-constant / slope, rel=1e-6)
    assert float(quote.extras["log_likelihood"]) == pytest.approx(oracle.llf, rel=1e-8)
    best = minimize_scalar(
        lambda price: -(price - 5) / (1 + math.exp(-constant - slope * price)), bounds=(5, 60), method="bounded", options={"xatol": 1e-9}
    )
    assert float(quote.extras["price"]) == pytest.approx(best.x, abs=0.006)
    assert quote.amount_minor == pytest.approx(-best.fun * 100 * 100, abs=1)


@pytest.fixture(scope="module")
def travel():
    """Return Greene's travel modes: gc, ttme, hinc for air, and constants of air, train and bus; 210 travellers, four modes."""
    data = modechoice.load_pandas().data
    mode = data["mode"]
    columns = [data["gc"], data["ttme"], data["hinc"] * (mode == 1), mode == 1, mode == 2, mode == 3]
    options = np.stack(columns, axis=1).astype(float).reshape(210, 4, 6)
    return options, data["choice"].to_numpy().reshape(210, 4).argmax(axis=1)


def test_the_travel_mode_choices_give_the_published_coefficients(travel):
    estimate = choice.conditional_logit(*travel)
    assert np.round(estimate.coefficients, 5).tolist() == [-0.01550, -0.09612, 0.01329, 5.20744, 3.86904, 3.16319]
    assert estimate.log_likelihood == pytest.approx(-199.1284, abs=5e-5)
    assert choice.worth(estimate, 1, 0)[0] == pytest.approx(-6.201, abs=5e-4)


def test_the_model_prices_an_offer_among_the_travel_modes(travel):
    options, chosen = travel
    names = ["gc", "ttme", "hinc_air", "air", "train", "bus"]
    situations = [{"chosen": int(each), "options": rows.tolist()} for each, rows in zip(chosen, options, strict=True)]
    evidence = {
        "kind": "choices",
        "attributes": names,
        "price": "gc",
        "situations": situations,
        "offer": [30, 0, 0, 1, 0],
        "against": options[0, [0, 2, 3]].tolist(),
    }
    quote = optimise(evidence, cost="20")
    told = {row["attribute"]: row for row in quote.extras["coefficients"]}
    assert quote.extras["log_likelihood"] == "-199.128369"
    assert told["ttme"]["worth"][:6] == "-6.200"
    assert told["gc"]["standard_error"][:6] == "0.0044"
    estimate = choice.conditional_logit(options, chosen)
    rest = np.log(np.exp(options[0, [0, 2, 3]] @ estimate.coefficients).sum())
    appeal = np.array([30, 0, 0, 1, 0]) @ estimate.coefficients[1:] - rest
    best = minimize_scalar(
        lambda p: -(p - 20) / (1 + math.exp(-appeal - estimate.coefficients[0] * p)),
        bounds=(20, 500),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert float(quote.extras["price"]) == pytest.approx(best.x, abs=0.006)
    assert quote.amount_minor == pytest.approx(-best.fun * 100 * 100, rel=1e-6)
    assert standing(quote)["best_price"] == "checked"


def test_situations_may_offer_different_numbers_of_options(travel):
    options, chosen = travel
    fewer = options.copy()
    away = (chosen + 1) % 4
    fewer[np.arange(210), away] = np.nan
    padded = np.concatenate([fewer, np.full((210, 2, 6), np.nan)], axis=1)
    one, other = choice.conditional_logit(fewer, chosen), choice.conditional_logit(padded, chosen)
    assert np.allclose(one.coefficients, other.coefficients, rtol=1e-9)
    assert one.log_likelihood > choice.conditional_logit(options, chosen).log_likelihood


def test_where_an_attribute_is_counted_from_changes_nothing(travel):
    options, chosen = travel
    moved = options.copy()
    moved[:, :, 0] += 1e6
    one, other = choice.conditional_logit(options, chosen), choice.conditional_logit(moved, chosen)
    assert np.allclose(one.coefficients, other.coefficients, rtol=1e-6)
    assert other.log_likelihood == pytest.approx(one.log_likelihood, rel=1e-9)


def test_the_best_price_of_a_logit_solves_its_condition():
    for appeal, sensitivity, cost in ((2.0, 0.5, 1.0), (-3.0, 2.0, 0.0), (700.0, 1.0, 0.0)):
        price, share = choice.best_logit_price(appeal, sensitivity, cost)
        assert share == pytest.approx(1 / (1 + math.exp(sensitivity * price - appeal)), rel=1e-9)
        assert price - cost == pytest.approx(1 / (sensitivity * (1 - share)), rel=1e-9)


def choices(**more):
    pair = [
        {"chosen": 0, "options": [[1, 2], [2, 1]]},
        {"chosen": 1, "options": [[1, 1], [3, 2]]},
        {"chosen": 0, "options": [[1, 1], [2, 2]]},
    ]
    return {
        "kind": "choices",
        "attributes": ["price", "rows"],
        "price": "price",
        "situations": pair,
        "offer": [1],
        "against": [[0, 0]],
        **more,
    }


@pytest.mark.parametrize(
    ("evidence", "code", "field"),
    [
        ({"kind": "observed", "values": []}, "TOO_FEW", "values"),
        ({"kind": "observed", "values": ["1"] * 20_001}, "TOO_MANY", "values"),
        ({"kind": "observed", "values": ["1", "NaN"]}, "NOT_FINITE", "values.1"),
        ({"kind": "observed", "values": ["-1"]}, "NEGATIVE", "values.0"),
        ({"kind": "observed", "values": ["1.001"]}, "OVER_PRECISE", "values.0"),
        ({"kind": "observed", "values": ["1" * 11]}, "TOO_LARGE", "values.0"),
        ({"kind": "observed", "values": ["0"]}, "NO_GAIN", ""),
        ({"kind": "answers", "offers": [{"price": "1", "yes": 0, "no": 0}]}, "TOO_FEW", "offers.0.yes"),
        ({"kind": "answers", "offers": [{"price": "1", "yes": 0, "no": 3}]}, "NO_GAIN", ""),
        ({"kind": "answers", "offers": [{"price": "1", "yes": -1, "no": 3}]}, "TOO_SMALL", "offers.0.yes"),
        ({"kind": "answers", "method": "logit", "offers": [{"price": "1", "yes": 2, "no": 3}]}, "NO_ESTIMATE", ""),
        (
            {"kind": "answers", "method": "logit", "offers": [{"price": "1", "yes": 5, "no": 0}, {"price": "2", "yes": 0, "no": 5}]},
            "NO_ESTIMATE",
            "",
        ),
        (
            {"kind": "answers", "method": "logit", "offers": [{"price": "1", "yes": 2, "no": 3}, {"price": "2", "yes": 3, "no": 2}]},
            "DEMAND_NOT_FALLING",
            "",
        ),
        ({**UNIFORM, "family": {"name": "uniform", "lowest": 5, "highest": 5}}, "LIMITS_CROSSED", "family.highest"),
        ({**UNIFORM, "family": {"name": "normal", "mean": float("nan"), "sd": 1}}, "NOT_FINITE", "family.mean"),
        ({**UNIFORM, "family": {"name": "normal", "mean": 1, "sd": 0}}, "TOO_SMALL", "family.sd"),
        ({**UNIFORM, "family": {"name": "weibull", "shape": float("inf"), "scale": 1}}, "NOT_FINITE", "family.shape"),
        ({**UNIFORM, "family": {"name": "cauchy"}}, "NOT_ALLOWED", "family.name"),
        ({**UNIFORM, "family": {"name": "exponential", "mean": 0.00001}}, "NO_GAIN", ""),
        (choices(attributes=["price", "price"]), "DUPLICATE", "attributes.1"),
        (choices(price="cost"), "NOT_ALLOWED", "price"),
        (choices(offer=[]), "WRONG_LENGTH", "offer"),
        (choices(against=[[1]]), "WRONG_LENGTH", "against.0"),
        (choices(situations=[{"chosen": 2, "options": [[1, 2], [2, 1]]}]), "TOO_LARGE", "situations.0.chosen"),
        (choices(situations=[{"chosen": 0, "options": [[1, 2], [2]]}]), "WRONG_LENGTH", "situations.0.options.1"),
        (choices(situations=[{"chosen": 0, "options": [[1, 2], [1, 2]]}]), "NO_ESTIMATE", ""),
        (choices(situations=[{"chosen": 0, "options": [[1, at], [2 - at % 2, 0]]} for at in range(1, 9)]), "NO_ESTIMATE", ""),
        ({"kind": "magic"}, "NOT_ALLOWED", "kind"),
        ({**UNIFORM, "shape": 1}, "UNKNOWN_FIELD", "shape"),
    ],
)
def test_bad_evidence_is_refused_at_its_field(evidence, code, field):
    with pytest.raises(InputError) as refused:
        optimise(evidence)
    assert (refused.value.code, refused.value.field) == (code, f"inputs.evidence.{field}".rstrip("."))
    assert refused.value.text("zh")


@pytest.mark.parametrize(
    ("params", "buyers", "code", "field"),
    [
        ({"cost": "600", "currency": "CNY"}, 0, "TOO_SMALL", "inputs.buyers"),
        ({"cost": "1000"}, 1, "NO_GAIN", "inputs.evidence"),
        ({"cost": "1.001"}, 1, "OVER_PRECISE", "params.cost"),
        ({"currency": "EGR"}, 1, "NOT_ALLOWED", "params.currency"),
    ],
)
def test_a_bad_market_is_refused_at_its_field(params, buyers, code, field):
    with pytest.raises(InputError) as refused:
        optimise(UNIFORM, buyers=buyers, **params)
    assert (refused.value.code, refused.value.field) == (code, field)


@pytest.mark.parametrize("values", [["1"], ["5"], ["0", "4.99"], ["5"] * 50], ids=["one below", "at the cost", "two below", "many at it"])
def test_values_that_no_copy_is_worth_making_for_are_refused(values):
    with pytest.raises(InputError) as refused:
        optimise({"kind": "observed", "values": values}, cost="5")
    assert (refused.value.code, refused.value.field) == ("NO_GAIN", "inputs.evidence")


def test_an_amount_beyond_a_bigint_is_refused():
    with pytest.raises(InputError) as refused:
        optimise({"kind": "observed", "values": ["9999999999"] * 2}, buyers=10**9)
    assert (refused.value.code, refused.value.field) == ("OVERFLOW", "inputs")
    assert CNY.scale == 100


ORACLES = {
    "uniform": ({"lowest": 2.0, "highest": 7.0}, stats.uniform(2, 5)),
    "exponential": ({"mean": 3.0}, stats.expon(scale=3)),
    "lognormal": ({"log_mean": 0.5, "log_sd": 1.5}, stats.lognorm(1.5, scale=math.exp(0.5))),
    "weibull": ({"shape": 0.7, "scale": 2.0}, stats.weibull_min(0.7, scale=2)),
    "normal": ({"mean": 4.0, "sd": 2.0}, stats.norm(4, 2)),
    "beta": ({"a": 0.5, "b": 3.0, "highest": 9.0}, stats.beta(0.5, 3, scale=9)),
}


@pytest.mark.parametrize("family", list(families.FAMILIES))
def test_each_demand_is_the_textbook_distribution(family):
    numbers, oracle = ORACLES[family]
    demand, prices, sold = families.demand(family, numbers), np.linspace(0.05, 12, 60), np.linspace(0.01, 0.99, 50)
    assert np.allclose(demand.above(prices), oracle.sf(prices), rtol=1e-12, atol=1e-14)
    assert np.allclose(demand.density(prices), oracle.pdf(prices), rtol=1e-10, atol=1e-14)
    assert np.allclose(demand.price_at(sold), oracle.isf(sold), rtol=1e-10)
    assert 0.0 <= float(demand.above(0.0)) <= 1.0


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.tuples(st.just("weibull"), st.fixed_dictionaries({"shape": st.floats(0.2, 50), "scale": st.floats(0.01, 1e6)})),
        st.tuples(st.just("lognormal"), st.fixed_dictionaries({"log_mean": st.floats(-5, 10), "log_sd": st.floats(0.01, 4)})),
        st.tuples(st.just("normal"), st.fixed_dictionaries({"mean": st.floats(0, 1e6), "sd": st.floats(0.01, 1e5)})),
        st.tuples(
            st.just("beta"), st.fixed_dictionaries({"a": st.floats(0.1, 1000), "b": st.floats(0.1, 1000), "highest": st.floats(1, 1e6)})
        ),
    ),
    st.floats(0, 100),
)
def test_no_price_of_a_fine_table_earns_more_than_the_best_one(drawn, cost):
    demand = families.demand(*drawn)
    best = families.best_price(demand, cost)
    prices = np.maximum(demand.price_at(np.linspace(1e-6, 1, 5_001)), cost)
    most = float(((prices - cost) * demand.above(prices)).max())
    assert best >= cost
    assert (best - cost) * demand.above(best) >= most * (1 - 1e-9) - 1e-12
