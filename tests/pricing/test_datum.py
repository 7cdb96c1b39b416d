"""The model divides an amount by the value of points: exact shares, stated floors, claims with witnesses, refusals at their field."""

import copy
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import datum as checkers
from pricing.engines.datum.model import DATUM, holder_weights
from pricing.engines.datum.plan import METHODS
from pricing.engines.errors import InputError, UnknownModelError
from pricing.engines.model import Verb
from pricing.engines.result import Standing

KNN = {"method": "knn_shapley", "currency": "CNY", "k": 1}
LOGISTIC = {"method": "logistic_shapley", "currency": "CNY", "rounds": 30}


def point(holder, *x, y="yes"):
    return {"holder": holder, "x": list(x), "y": y}


def check(*x, y="yes"):
    return {"x": list(x), "y": y}


POINTS = [point("ana", 1), point("bo", 2, y="no"), point("bo", 3), point("cy", -4)]
INPUTS = {"amount": "100.00", "points": POINTS, "tests": [check(0)]}


def split(params=None, inputs=None):
    return DATUM.run(Verb.SPLIT, params={**KNN, **(params or {})}, inputs={**INPUTS, **(inputs or {})})


def minors(quote):
    shares = {share["holder"]: int(share["minor"]) for share in quote.extras["shares"]}
    assert sum(shares.values()) + int(quote.extras["undistributed_minor"]) == quote.amount_minor
    return shares


def claims(quote):
    return {claim.property: claim for claim in quote.claims}


def test_one_neighbour_on_a_line_by_hand():
    """K = 1, matches 1 0 1 1 from the nearest: s4 = 1/4, s3 = 1/4, s2 = 1/4 - 1/2, s1 = s2 + 1; bo's sum is zero."""
    quote = split()
    assert [entry["value"] for entry in quote.extras["points"]] == ["0.75", "-0.25", "0.25", "0.25"]
    assert minors(quote) == {"ana": 7_500, "bo": 0, "cy": 2_500}
    assert quote.extras["gained"] == "1"


def test_flooring_each_point_leaves_a_holder_what_its_good_points_earn():
    assert minors(split({"negative": "point"})) == {"ana": 6_000, "bo": 2_000, "cy": 2_000}


def test_fewer_points_than_neighbours_still_sum_to_the_accuracy():
    """The peers give the farthest of four points 1/4 where six vote; it is 1/6, and the sum is the accuracy of one half."""
    quote = split({"k": 6})
    assert [entry["value"] for entry in quote.extras["points"]] == ["0.166666667", "0", "0.166666667", "0.166666667"]
    assert quote.extras["gained"] == "0.5"
    assert claims(quote)[checkers.POINTS_EFFICIENT].standing is Standing.CHECKED


@pytest.mark.parametrize(
    ("params", "values"),
    [
        ({"method": "knn_banzhaf"}, ["0.625", "-0.375", "0.125", "0.125"]),
        ({"method": "knn_leave_one_out"}, ["1", "0", "0", "0"]),
        ({"method": "knn_beta_shapley", "alpha": 1, "beta": 1}, ["0.75", "-0.25", "0.25", "0.25"]),
    ],
    ids=["banzhaf", "leave one out", "beta"],
)
def test_other_exact_values_by_hand(params, values):
    """Banzhaf, K = 1: steps 1, 1/2, 1/4, 1/8 from the nearest, so 1/8, 1/8, -3/8, 5/8."""
    assert [entry["value"] for entry in split(params).extras["points"]] == values


def test_the_threshold_rule_pays_only_within_the_radius():
    """Three inside, two right: H3 = 11/6, so right (11/6)/3 - (5/6)/6 - 1/6 = 11/36, wrong -(5/6)/6*2 - 1/6 = -4/9."""
    quote = DATUM.run(Verb.SPLIT, params={"method": "knn_threshold_shapley", "currency": "CNY", "radius": "3"}, inputs=INPUTS)
    assert [entry["value"] for entry in quote.extras["points"]] == ["0.305555556", "-0.444444444", "0.305555556", "0"]
    assert minors(quote) == {"ana": 10_000, "bo": 0, "cy": 0}


def test_nothing_of_value_leaves_the_amount_undivided():
    quote = split(inputs={"tests": [check(0, y="maybe")]})
    assert minors(quote) == {"ana": 0, "bo": 0, "cy": 0}
    assert quote.extras["undistributed_minor"] == "10000"
    assert [line.code for line in quote.lines] == ["SHARE", "SHARE", "SHARE", "UNDISTRIBUTED"]


def test_three_equal_points_share_ten_fen_by_largest_remainder_and_smaller_key():
    equal = split({"k": 3}, {"amount": "0.10", "points": [point(holder, 1) for holder in ("cy", "ana", "bo")]})
    assert minors(equal) == {"ana": 4, "bo": 3, "cy": 3}


def test_copying_a_point_raises_a_share_and_the_witness_says_which():
    """Two points of bo are worth 0 together; with the good one twice, 1/5 + 1/5 + (1/5 - 1/2)."""
    claim = claims(split())[checkers.POINT_REPLICATION_ROBUST]
    assert claim.standing is Standing.NOT_HELD
    copied, holder = int(claim.witness["copied_point"]), claim.witness["holder"]
    again = split(inputs={"points": [*POINTS, POINTS[copied]]})
    before, after = (Fraction(minors(quote)[holder], 10_000) for quote in (split(), again))
    assert (copied, holder, claim.witness["share_before"], claim.witness["share_after"]) == (2, "bo", "0.000000000", "0.100000000")
    assert (before, after) == (Fraction(0), Fraction(1, 10))


def test_the_witness_follows_the_plans_rule_for_negative_values():
    """With each bad point taken as zero, bo starts from a fifth: the share that the plan pays, not that of another plan."""
    plan = {"negative": "point"}
    witness = claims(split(plan))[checkers.POINT_REPLICATION_ROBUST].witness
    again = split(plan, {"points": [*POINTS, POINTS[int(witness["copied_point"])]]})
    for quote, stated in ((split(plan), "share_before"), (again, "share_after")):
        assert abs(Fraction(minors(quote)[witness["holder"]], 10_000) - Fraction(witness[stated])) < Fraction(1, 10_000)
    assert Fraction(witness["share_before"]) > 0


def test_a_share_that_copying_leaves_alone_is_no_gain_however_floats_round():
    floats = iter([{"a": Fraction(1, 1024), "b": Fraction(1)}, {"a": Fraction(1, 1024) + Fraction(1, 10**17), "b": Fraction(1)}])
    assert checkers.point_replication_robust(lambda _extra: next(floats), ["a", "b"], [0], Fraction(1, 10**9)) is None


def test_only_methods_that_draw_take_a_seed():
    for method in METHODS:
        params = {"method": method, "currency": "CNY", **({"radius": "1"} if method == "knn_threshold_shapley" else {})}
        needed = "rounds" in METHODS[method][1]
        with pytest.raises(UnknownModelError) as refused:
            DATUM.run(Verb.SPLIT, params=params, inputs=INPUTS, seed=None if needed else 1)
        assert refused.value.code == ("SEED_REQUIRED" if needed else "SEED_UNUSED")


def test_who_holds_everything_gains_nothing_by_copying():
    claim = claims(split(inputs={"points": [point("ana", 1), point("ana", 2)]}))[checkers.POINT_REPLICATION_ROBUST]
    assert (claim.standing, claim.witness) == (Standing.CHECKED, {"copies_tried": "2", "up_to_part": "0.000000001"})


def test_the_replication_checker_lets_a_rule_that_ignores_copies_pass():
    half = {"ana": Fraction(1, 2), "bo": Fraction(1, 2)}
    assert checkers.point_replication_robust(lambda _extra: half, ["ana", "bo"], [0, 1]) is None
    assert checkers.point_replication_robust(lambda extra: half if not extra else {"bo": Fraction(3, 5)}, ["ana", "bo"], [1]) == {
        "copied_point": 1,
        "holder": "bo",
        "share_before": "0.500000000",
        "share_after": "0.600000000",
    }


@pytest.mark.parametrize(
    ("weights", "shares", "rest", "caught"),
    [
        ({"a": 1, "b": 2}, {"a": 33, "b": 67}, 0, None),
        ({"a": 1, "b": 2}, {"a": 33, "b": 66}, 0, {"shares": 99, "undistributed": 0, "amount": 100}),
        ({"a": 1, "b": 2}, {"a": 35, "b": 65}, 0, {"holder": "a", "share": 35, "exact": "100/3"}),
        ({"a": 0, "b": 0}, {"a": 0, "b": 0}, 100, None),
        ({"a": 0, "b": 0}, {"a": 1, "b": 0}, 99, {"holder": "a", "share": 1, "exact": "0"}),
    ],
    ids=["right", "lost", "wrong", "nothing", "paid for nothing"],
)
def test_wrong_shares_are_caught(weights, shares, rest, caught):
    assert checkers.value_shares_exact(100, weights, shares, rest) == caught


@settings(max_examples=40)
@given(
    rows=st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 3), st.sampled_from(["yes", "no"])), min_size=1, max_size=8),
    tests=st.lists(st.tuples(st.integers(-3, 3), st.sampled_from(["yes", "no"])), min_size=1, max_size=3),
    method=st.sampled_from(["knn_shapley", "knn_soft_shapley", "knn_banzhaf", "knn_leave_one_out", "knn_beta_shapley"]),
    k=st.integers(1, 9),
    minor=st.integers(0, 10_000),
)
def test_every_fen_is_accounted_for_and_shapley_sums_to_the_gain(rows, tests, method, k, minor):
    inputs = {
        "amount": f"{minor // 100}.{minor % 100:02d}",
        "points": [point(holder, x / 2, y=y) for holder, x, y in rows],
        "tests": [check(x, y=y) for x, y in tests],
    }
    quote = split({"method": method, "k": k}, inputs)
    assert sum(minors(quote).values()) in {0, minor}
    held = claims(quote)
    assert held[checkers.VALUE_SHARES_EXACT].standing is Standing.CHECKED
    if method in {"knn_shapley", "knn_soft_shapley"}:
        assert held[checkers.POINTS_EFFICIENT].standing is Standing.CHECKED


@pytest.mark.parametrize("method", ["logistic_shapley", "logistic_beta_shapley", "logistic_banzhaf"])
def test_sampled_methods_state_their_uncertainty_and_repeat_from_the_seed(method):
    points = [point("ana", x, y="yes") for x in (1, 2, 2.5)] + [point("bo", x, y="no") for x in (-1, -2, 0.5)]
    inputs = {"points": points, "tests": [check(1.5), check(-1.5, y="no"), check(0.75)]}
    params = {**LOGISTIC, "method": method}
    one, again, other = (DATUM.run(Verb.SPLIT, params=params, inputs={**INPUTS, **inputs}, seed=seed) for seed in (4, 4, 5))
    assert one.canonical() == again.canonical()
    assert one.extras["points"] != other.extras["points"]
    claim = claims(one)[checkers.POINT_INTERVALS]
    assert (claim.standing, claim.witness["confidence"], claim.witness["rounds"]) == (Standing.PROVEN, "0.95", "30")
    assert all(set(entry) == {"holder", "value", "half_width", "standard_error"} for entry in one.extras["points"])
    assert all(set(entry) == {"holder", "minor", "value", "standard_error"} for entry in one.extras["shares"])
    assert sum(minors(one).values()) == 10_000


def test_a_sampled_shapley_split_by_hand():
    """Only both points together score, so whoever comes second gains all: one half each, and the two sum to one in any round."""
    inputs = {**INPUTS, "points": [point("ana", 1), point("bo", -1, y="no")], "tests": [check(2), check(-2, y="no")]}
    quote = DATUM.run(Verb.SPLIT, params={**LOGISTIC, "rounds": 400}, inputs=inputs, seed=1)
    values = [Fraction(entry["value"]) for entry in quote.extras["points"]]
    assert sum(values) == 1
    assert abs(values[0] - Fraction(1, 2)) < Fraction(1, 10)


def test_logistic_leave_one_out_by_hand():
    inputs = {**INPUTS, "points": [point("ana", 1), point("bo", -1, y="no")], "tests": [check(2), check(-2, y="no")]}
    quote = DATUM.run(Verb.SPLIT, params={"method": "logistic_leave_one_out", "currency": "CNY"}, inputs=inputs)
    assert [entry["value"] for entry in quote.extras["points"]] == ["1", "1"]
    assert minors(quote) == {"ana": 5_000, "bo": 5_000}
    assert claims(quote)[checkers.POINTS_EFFICIENT].witness == {"values_sum_to": "2", "gained": "1"}


def test_weights_too_long_for_money_keep_their_order_of_size():
    weights = holder_weights([2**5000, 2**4999, -1, 5], ["a", "b", "c", "d"], each_point=False)
    assert weights == {"a": 2**4095, "b": 2**4094, "c": 0, "d": 0}


def at(path, value):
    """Return the inputs with one value replaced."""
    inputs = copy.deepcopy(INPUTS)
    target = inputs
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return inputs


MANY = [point(f"h{number}", 1) for number in range(1_000)]


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({}, at(["points", 1, "x"], [1, 2]), "FEATURES_DIFFER", "inputs.points.1.x"),
        ({}, at(["tests", 0, "x"], [1, 2]), "FEATURES_DIFFER", "inputs.tests.0.x"),
        ({}, at(["tests", 0, "x"], []), "TOO_FEW", "inputs.tests.0.x"),
        ({}, at(["points", 2, "x"], [0.000001]), "OVER_PRECISE", "inputs.points.2.x.0"),
        ({}, at(["points", 2, "x"], [1000.5]), "TOO_LARGE", "inputs.points.2.x.0"),
        ({}, at(["points", 2, "x"], [float("nan")]), "NOT_FINITE", "inputs.points.2.x.0"),
        ({}, at(["points", 2, "x"], [float("-inf")]), "NOT_FINITE", "inputs.points.2.x.0"),
        ({}, at(["points", 2, "x"], ["1"]), "WRONG_TYPE", "inputs.points.2.x.0"),
        ({}, at(["points", 2, "x"], [0] * 65), "TOO_MANY", "inputs.points.2.x"),
        ({}, at(["points", 2, "holder"], "a b"), "BAD_FORMAT", "inputs.points.2.holder"),
        ({}, at(["points"], []), "TOO_FEW", "inputs.points"),
        ({}, at(["points"], [*MANY, *MANY, POINTS[0]]), "TOO_MANY", "inputs.points"),
        ({}, at(["points"], MANY), "HOLDERS_TOO_MANY", "inputs.points"),
        ({}, at(["tests"], [check(1)] * 501), "TOO_MANY", "inputs.tests"),
        ({}, at(["amount"], "-1"), "NEGATIVE", "inputs.amount"),
        ({}, at(["amount"], "1.001"), "OVER_PRECISE", "inputs.amount"),
        ({}, at(["more"], 1), "UNKNOWN_FIELD", "inputs.more"),
        ({"k": 0}, INPUTS, "TOO_SMALL", "params.k"),
        ({"alpha": 2}, INPUTS, "UNKNOWN_FIELD", "params.alpha"),
        ({"method": "magic"}, INPUTS, "NOT_ALLOWED", "params.method"),
        ({"currency": "XXX"}, INPUTS, "NOT_ALLOWED", "params.currency"),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        DATUM.run(Verb.SPLIT, params={**KNN, **params}, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        ({}, at(["tests", 0, "y"], "maybe"), "TWO_CLASSES_ONLY", "inputs.points"),
        ({}, at(["points"], [point("a", 1)] * 301), "TOO_MANY", "inputs.points"),
        ({"rounds": 2_000}, at(["points"], [point("a", 1)] * 11), "TOO_MUCH_WORK", "inputs.points"),
        ({}, at(["points", 2, "x"], [-100.5]), "TOO_LARGE", "inputs.points.2.x.0"),
        ({}, at(["tests", 0, "x"], [100.00001]), "TOO_LARGE", "inputs.tests.0.x.0"),
        ({"rounds": 1}, INPUTS, "TOO_SMALL", "params.rounds"),
        ({"penalty": "0.000"}, INPUTS, "TOO_SMALL", "params.penalty"),
        ({"penalty": 1.0}, INPUTS, "WRONG_TYPE", "params.penalty"),
        ({"confidence": "1"}, INPUTS, "NOT_ALLOWED", "params.confidence"),
    ],
)
def test_what_logistic_methods_cannot_do_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        DATUM.run(Verb.SPLIT, params={**LOGISTIC, **params}, inputs=inputs, seed=0)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_regressions_that_do_not_settle_are_refused_and_nothing_is_divided_by_them():
    """Few points, features of a hundred beside one of one, hardly any penalty: each fit then starts far away from where it ends."""
    draw = random.Random(7)
    sizes = (100, 100, 1, 100)
    points = [point("ab"[at % 2], *(draw.uniform(-size, size) for size in sizes), y="yn"[draw.randrange(2)]) for at in range(6)]
    points = [{**each, "x": [round(x, 3) for x in each["x"]]} for each in points]
    inputs = {**INPUTS, "points": points, "tests": [check(*points[0]["x"], y="y")]}
    with pytest.raises(InputError) as refused:
        DATUM.run(Verb.SPLIT, params={**LOGISTIC, "penalty": "999"}, inputs=inputs, seed=0)
    assert (refused.value.code, refused.value.field) == ("FITS_UNSETTLED", "inputs.points")
    assert refused.value.text("zh")
    smaller = [{**each, "x": [round(x / 100, 5) for x in each["x"]]} for each in points]
    assert DATUM.run(Verb.SPLIT, params=LOGISTIC, inputs={**inputs, "points": smaller, "tests": [check(*smaller[0]["x"], y="y")]}, seed=0)


def test_a_radius_is_required_and_exact():
    for params, code, field in (
        ({}, "REQUIRED", "params.radius"),
        ({"radius": "0.000001"}, "OVER_PRECISE", "params.radius"),
        ({"radius": "-1"}, "NEGATIVE", "params.radius"),
    ):
        with pytest.raises(InputError) as refused:
            DATUM.run(Verb.SPLIT, params={"method": "knn_threshold_shapley", "currency": "CNY", **params}, inputs=INPUTS)
        assert (refused.value.code, refused.value.field) == (code, field)
