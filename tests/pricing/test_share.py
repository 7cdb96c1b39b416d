"""The revenue share divides to the minor unit, says what it leaves and to whom, makes only true claims, and refuses bad input."""

import json
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.engines.checkers import sharing as checkers
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Standing, exact_text
from pricing.engines.sharing import claims_rules, forms, games
from pricing.engines.sharing.forms import table_game
from pricing.engines.sharing.robust import halved, parts_of, penalised
from pricing.engines.sharing.share import SHARE
from pricing.engines.sharing.share_claims import mechanism
from pricing.engines.sharing.share_plan import RULES

GAME_RULES = [rule for rule in RULES if rule not in {"proportional", "talmud"}]


def holders(*keys, **numbers):
    return [{"holder": key, **{name: values[place] for name, values in numbers.items()}} for place, key in enumerate(keys)]


def plan(rule, **more):
    extra = {"alpha": "16", "beta": "1"} if rule == "beta" else {}
    return {"rule": rule, "currency": "CNY", **extra, **more}


def table(values, amount="1.00", **more):
    keys = "abcdefghijkl"[: len(values).bit_length() - 1]
    return {"form": "table", "amount": amount, "holders": holders(*keys), "values": [str(value) for value in values], **more}


def split(params, inputs, seed=None):
    quote = SHARE.run(Verb.SPLIT, params=params, inputs=inputs, seed=seed)
    shares = [int(row["minor"]) for row in quote.extras["shares"]]
    assert sum(shares) + int(quote.extras["undistributed_minor"]) == quote.amount_minor
    return quote


def shares(quote):
    return {row["holder"]: int(row["minor"]) for row in quote.extras["shares"]}


def claims(quote):
    return {claim.property: claim for claim in quote.claims}


GLOVE = table([0, 0, 0, 1, 0, 1, 0, 1], "60.00")
MAJORITY = table([0, 0, 0, 1, 0, 1, 1, 1], "60.00")
DUPLICATES = table([0, 12, 12, 12], "60.00")
UNANIMITY = table([0, 0, 0, 12], "60.00")


@pytest.mark.parametrize(
    ("rule", "inputs", "minor", "left"),
    [
        ("shapley", GLOVE, [4_000, 1_000, 1_000], 0),
        ("banzhaf_normalised", GLOVE, [3_600, 1_200, 1_200], 0),
        ("leave_one_out", GLOVE, [6_000, 0, 0], 0),
        ("least_core", GLOVE, [6_000, 0, 0], 0),
        ("nucleolus", GLOVE, [6_000, 0, 0], 0),
        ("least_core", MAJORITY, [2_000, 2_000, 2_000], 0),
        ("shapley", DUPLICATES, [3_000, 3_000], 0),
        ("leave_one_out", DUPLICATES, [0, 0], 6_000),
        ("banzhaf", UNANIMITY, [3_000, 3_000], 0),
        ("banzhaf", table([0, 0, 0, 0, 0, 0, 0, 1], "60.00"), [1_500, 1_500, 1_500], 1_500),
        ("beta", UNANIMITY, [353, 353], 5_294),
    ],
)
def test_a_rule_gives_its_shares_and_states_what_it_leaves(rule, inputs, minor, left):
    quote = split(plan(rule), inputs)
    assert (list(shares(quote).values()), quote.extras["undistributed_minor"]) == (minor, str(left))


def voting(quota, *weights):
    rows = holders(*(f"m{at:02}" for at in range(len(weights))), weight=[str(weight) for weight in weights])
    return {"form": "weighted_voting", "amount": "1.00", "quota": str(quota), "holders": rows}


EEC, SHAREHOLDERS, COUNCIL = voting(12, 4, 4, 4, 2, 2, 1), voting(51, 50, 49, 1), voting(39, *[7] * 5, *[1] * 10)


@pytest.mark.parametrize(
    ("rule", "inputs", "values"),
    [
        ("shapley", EEC, [".2333"] * 3 + [".1500"] * 2 + [".0000"]),
        ("banzhaf_normalised", EEC, [".2381"] * 3 + [".1429"] * 2 + [".0000"]),
        ("shapley", COUNCIL, [".19627"] * 5 + [".001865"] * 10),
        ("banzhaf", COUNCIL, [".051758"] * 5 + [".005127"] * 10),
        ("banzhaf_normalised", COUNCIL, [".166929"] * 5 + [".016535"] * 10),
        ("shapley", SHAREHOLDERS, [".666667", ".166667", ".166667"]),
        ("banzhaf_normalised", SHAREHOLDERS, [".6", ".2", ".2"]),
    ],
    ids=["EEC", "EEC index", "UN", "UN Banzhaf", "UN index", "51 of 100", "51 of 100 index"],
)
def test_published_votes_are_valued_to_the_published_digits_through_the_model(rule, inputs, values):
    told = split(plan(rule), inputs).extras["values"]
    for row, value in zip(told, values, strict=True):
        assert round(Fraction(row["value"]), len(value) - 1) == Fraction(value)


def test_what_a_rule_leaves_goes_to_whom_the_contract_names_as_a_line_of_its_own():
    inputs = table([0, 0, 0, 0, 0, 0, 0, 1], "60.00")
    fund = split(plan("banzhaf", residual_to="fund"), inputs)
    assert (shares(fund), fund.extras["undistributed_minor"]) == ({"a": 1_500, "b": 1_500, "c": 1_500, "fund": 1_500}, "0")
    assert [(line.code, line.amount_minor) for line in fund.lines[2:]] == [("SHARE", 1_500), ("RESIDUAL", 1_500)]
    own = split(plan("banzhaf", residual_to="b"), inputs)
    assert shares(own) == {"a": 1_500, "b": 3_000, "c": 1_500}
    assert len(own.lines) == 4


def test_values_above_the_amount_are_scaled_down_and_it_is_said():
    quote = split(plan("banzhaf"), MAJORITY)
    assert [row["value"] for row in quote.extras["values"]] == ["0.5", "0.5", "0.5"]
    assert (shares(quote), quote.extras["scaled_down_to_amount"]) == ({"a": 2_000, "b": 2_000, "c": 2_000}, True)


def test_nobody_pays_in_for_a_negative_value_and_it_is_said():
    quote = split(plan("shapley"), table([0, 10, -4, 6], "60.00"))
    assert [row["value"] for row in quote.extras["values"]] == ["10", "-4"]
    assert (shares(quote), quote.extras["negative_to_zero"]) == ({"a": 6_000, "b": 0}, ["b"])
    assert quote.extras["scaled_down_to_amount"] is True
    assert claims(quote)["dummy_player"].standing is Standing.NOT_HELD


def test_the_nucleolus_is_named_as_the_one_that_promises_nobody_what_it_is_worth_alone():
    """Together b and c could do so well that a, worth 2 alone, is left nothing; a nucleolus with floors would leave a its 2."""
    quote = split(plan("nucleolus"), table([0, 2, 0, 2, 0, 2, 10, 3], "300.00"))
    assert [row["value"] for row in quote.extras["values"]] == ["-2.5", "2.75", "2.75"]
    assert (shares(quote), quote.extras["core_is_empty"]) == ({"a": 0, "b": 15_000, "c": 15_000}, True)
    titles = {branch["properties"]["rule"]["const"]: branch["title"] for branch in SHARE.describe()["params_schema"]["oneOf"]}
    assert titles["nucleolus"].startswith("Prenucleolus")


def test_the_airport_costs_are_shared_in_the_core_of_costs():
    runway = {"form": "airport", "amount": "3.00", "holders": holders("a", "b", "c", need=["1", "2", "3"])}
    quote = split(plan("shapley"), runway)
    assert [row["value"] for row in quote.extras["values"]] == ["1/3", "5/6", "11/6"]
    assert shares(quote) == {"a": 34, "b": 83, "c": 183}
    assert claims(quote)["in_core"].standing is Standing.CHECKED
    assert "replication_robust" not in claims(quote)
    nucleolus = split(plan("nucleolus"), runway)
    assert [row["value"] for row in nucleolus.extras["values"]] == ["0.5", "0.75", "1.75"]
    assert claims(nucleolus)["least_excess"].standing is Standing.CHECKED


@pytest.mark.parametrize(
    ("amount", "minor", "left"),
    [
        ("100.00", [3334, 3333, 3333], 0),
        ("200.00", [5000, 7500, 7500], 0),
        ("300.00", [5000, 10_000, 15_000], 0),
        ("700.00", [10_000, 20_000, 30_000], 10_000),
    ],
)
def test_the_talmud_divides_claims_and_leaves_what_nobody_claims(amount, minor, left):
    given_claims = holders("a", "b", "c", claim=["100.00", "200.00", "300.00"])
    quote = split(plan("talmud"), {"form": "claims", "amount": amount, "holders": given_claims})
    assert (list(shares(quote).values()), quote.extras["undistributed_minor"]) == (minor, str(left))
    assert claims(quote)["in_core"].standing is Standing.PROVEN
    exact = [line.quantity * Fraction(amount) for line in quote.lines[:3]]
    game = claims_rules.bankruptcy_game([100, 200, 300], min(600, int(Fraction(amount))))
    assert checkers.in_core(game, exact) is None


def test_a_split_in_proportion_takes_weights_or_claims():
    weights = {"form": "weights", "amount": "100.00", "holders": holders("c", "b", "a", weight=["1", "1", "1"])}
    assert shares(split(plan("proportional"), weights)) == {"c": 3_333, "b": 3_333, "a": 3_334}
    owed = {"form": "claims", "amount": "100.00", "holders": holders("a", "b", claim=["30.00", "90.00"])}
    assert shares(split(plan("proportional"), owed)) == {"a": 2_500, "b": 7_500}
    many = {"form": "weights", "amount": "1.00", "holders": holders(*(f"h{n:03}" for n in range(900)), weight=["1"] * 900)}
    assert sum(shares(split(plan("proportional"), many)).values()) == 100


def test_records_that_several_hold_are_shared_equally_among_their_holders():
    items = [{"value": "60", "holders": ["a", "b", "c"]}, {"value": "30", "holders": ["a", "b"]}, {"value": "10", "holders": ["c"]}]
    quote = split(plan("shapley"), {"form": "coverage", "amount": "100.00", "holders": holders("a", "b", "c"), "items": items})
    assert shares(quote) == {"a": 3_500, "b": 3_500, "c": 3_000}


def test_pairs_that_add_or_take_are_shared_half_and_half():
    pairs = [{"one": "a", "other": "b", "value": "-10"}, {"one": "c", "other": "b", "value": "20"}]
    inputs = {"form": "pairwise", "amount": "100.00", "holders": holders("a", "b", "c", value=["30", "30", "30"]), "pairs": pairs}
    assert shares(split(plan("shapley"), inputs)) == {"a": 2_500, "b": 3_500, "c": 4_000}


def test_only_the_robust_rule_claims_that_copies_gain_nothing_and_the_others_show_who_would_gain():
    same = [{"one": "a", "other": "b", "similarity": "1"}]
    robust = split(plan("robust_shapley", residual_to="fund"), {**DUPLICATES, "similarity": same})
    assert shares(robust) == {"a": 1_500, "b": 1_500, "fund": 3_000}
    assert claims(robust)["replication_robust"].standing is Standing.CHECKED
    plain = claims(split(plan("shapley"), DUPLICATES))["replication_robust"]
    assert (plain.standing, plain.witness) == (Standing.NOT_HELD, {"player": "a", "copies": "2", "before": "0.5", "after": "0.75"})
    index = claims(split(plan("banzhaf_normalised"), DUPLICATES))["replication_robust"]
    assert (index.standing, index.witness["after"]) == (Standing.NOT_HELD, "0.75")


def test_the_raw_banzhaf_value_of_copies_never_exceeds_the_original_unless_it_is_scaled():
    assert "replication_robust" not in claims(split(plan("banzhaf"), table([0, 4, 4, 4, 0, 4, 4, 8], "60.00")))
    scaled = claims(split(plan("banzhaf"), table([0, 0, 0, 2, 1, 1, 1, 2], "60.00")))["replication_robust"]
    assert (scaled.standing, scaled.witness) == (Standing.NOT_HELD, {"player": "c", "copies": "1", "before": "1/3", "after": "0.375"})


def test_beyond_a_table_the_gain_of_one_copy_comes_from_the_counts():
    items = [{"value": "60", "holders": [f"h{n}" for n in range(13)]}]
    inputs = {"form": "coverage", "amount": "13.00", "holders": holders(*(f"h{n}" for n in range(13))), "items": items}
    claim = claims(split(plan("shapley"), inputs))["replication_robust"]
    assert (claim.standing, claim.witness) == (Standing.NOT_HELD, {"player": "h0", "copies": "1", "before": "1/13", "after": "1/7"})


def test_beyond_a_table_nothing_is_said_of_copies_that_would_push_others_below_zero():
    """After a copy of h0 its pair with h1 takes 20/3 and not 5 from h1, who falls below zero, so that all parts are scaled down."""
    keys = [f"h{n:02}" for n in range(13)]
    alone = holders(*keys, value=["10", "6", *["1"] * 11])
    inputs = {"form": "pairwise", "amount": "17.00", "holders": alone, "pairs": [{"one": "h00", "other": "h01", "value": "-10"}]}
    assert "replication_robust" not in claims(split(plan("shapley"), inputs))


def alike(count, pairs):
    matrix = [[Fraction(one == other) for other in range(count)] for one in range(count)]
    for (one, other), value in pairs.items():
        matrix[one][other] = matrix[other][one] = value
    return matrix


@settings(max_examples=40)
@given(
    st.integers(1, 4).flatmap(lambda n: st.lists(st.integers(0, 30), min_size=1 << n, max_size=1 << n)),
    st.dictionaries(st.sampled_from([(0, 1), (0, 2), (1, 2)]), st.fractions(0, 1, max_denominator=20)),
)
def test_copies_gain_nothing_under_the_robust_rule_where_nobody_takes_from_a_group(worth, pairs):
    monotone = [max(worth[sub] for sub in range(len(worth)) if sub & mask == sub) for mask in range(len(worth))]
    monotone[-1] += 1
    count = len(worth).bit_length() - 1
    matrix = alike(count, {pair: value for pair, value in pairs.items() if max(pair) < count})
    assert checkers.replication_robust(mechanism(plan("robust_shapley")), monotone, matrix, copies=3) is None


def test_copying_raises_plain_shapley_by_up_to_a_sixth_and_robust_by_nothing_over_two_hundred_markets():
    draw = random.Random(20)
    plain, robust = mechanism(plan("shapley")), mechanism(plan("robust_shapley"))
    gains = []
    for _ in range(200):
        items = [(draw.randrange(1, 100), [seller for seller in range(4) if draw.random() < 0.5] or [0]) for _ in range(3)]
        worth = list(forms.coverage(4, items).table)
        none = alike(4, {})
        gained = checkers.replication_robust(plain, worth, none)
        gains.append(Fraction(gained["after"]) - Fraction(gained["before"]) if gained else Fraction(0))
        assert checkers.replication_robust(robust, worth, none) is None
    assert Fraction(1, 10) < max(gains) <= Fraction(1, 6)
    duplicates = checkers.replication_robust(plain, [0, 12, 12, 12], alike(2, {}))
    assert Fraction(duplicates["after"]) - Fraction(duplicates["before"]) == Fraction(1, 6)


def test_a_penalty_that_is_too_weak_is_caught():
    def weak(worth, matrix):
        values = games.semivalues(table_game(worth).marginals, games.shapley_weights(len(matrix)))
        return [value * Fraction(4, 5) ** (sum(row) - 1) for value, row in zip(values, matrix, strict=True)]

    assert checkers.replication_robust(weak, [0, 12, 12, 12], alike(2, {})) == {"player": 0, "copies": 1, "before": "6", "after": "32/5"}


def test_halving_is_exact_for_whole_numbers_and_to_thirty_digits_between():
    assert [halved(Fraction(times)) for times in (0, 1, 5)] == [1, Fraction(1, 2), Fraction(1, 32)]
    assert exact_text(halved(Fraction(1, 2))) == "0.707106781186547524400844362105"
    assert halved(Fraction(5, 2)) == halved(Fraction(1, 2)) / 4
    assert penalised([Fraction(8), Fraction(8)], alike(2, {(0, 1): Fraction(1)})) == [4, 4]


def test_parts_never_exceed_the_whole():
    assert parts_of([Fraction(3), Fraction(-1)], Fraction(2)).parts == [1, 0]
    assert parts_of([Fraction(1, 2)], Fraction(2)).parts == [Fraction(1, 4)]


@settings(max_examples=60)
@given(
    st.sampled_from(GAME_RULES),
    st.integers(1, 4).flatmap(lambda n: st.lists(st.integers(-9, 30), min_size=1 << n, max_size=1 << n)),
    st.integers(0, 10**6),
)
def test_every_rule_divides_exactly_whatever_the_game_and_its_claims_are_its_checkers_answers(rule, values, amount):
    values[-1] = values[0] + 31
    quote = split(plan(rule), table(values, f"{amount // 100}.{amount % 100:02}"))
    assert quote.amount_minor == amount
    parts = [line.quantity for line in quote.lines if line.code == "SHARE"]
    assert sum(parts) <= 1
    assert min(parts) >= 0
    received = [part * 31 for part in parts]
    said = claims(quote)
    for name, witness in (
        ("efficient_division", checkers.efficient(received, Fraction(31))),
        ("symmetric", checkers.symmetric(values, received)),
        ("null_player", checkers.null_player(values, received)),
        ("dummy_player", checkers.dummy_player(values, received)),
    ):
        assert said[name].standing is (Standing.NOT_HELD if witness else Standing.CHECKED)
        assert ("of" in said[name].witness) == (witness is None)
    assert said["cents_exact"].standing is Standing.CHECKED


@settings(max_examples=20)
@given(st.permutations(list("abcd")), st.lists(st.integers(1, 9), min_size=4, max_size=4))
def test_the_order_in_which_holders_are_written_changes_nobodys_share(order, weights):
    votes = dict(zip("abcd", map(str, weights), strict=True))

    def divided(keys):
        rows = holders(*keys, weight=[votes[each] for each in keys])
        inputs = {"form": "weighted_voting", "amount": "1.00", "quota": str(sum(weights) // 2 + 1), "holders": rows}
        return shares(split(plan("shapley"), inputs))

    assert divided(order) == divided("abcd")


FINE = {
    "form": "weighted_voting",
    "amount": "1000.00",
    "quota": "3.5",
    "holders": holders(*(f"h{n:02}" for n in range(20)), weight=[f"0.{300_000 + 7_919 * n}" for n in range(20)]),
}


def test_weights_too_fine_to_count_are_sampled_if_the_plan_says_so_with_a_half_width():
    with pytest.raises(InputError) as refused:
        split(plan("shapley"), FINE)
    assert (refused.value.code, refused.value.field) == ("NEEDS_SAMPLING", "params.sampling")
    quote = split(plan("shapley", sampling={"pairs": 2_000}), FINE, seed=5)
    sample = quote.extras["sample"]
    assert (sample["orders"], sample["confidence"], len(sample["half_widths"])) == (4_000, "0.95", 20)
    assert sum(shares(quote).values()) == 100_000
    assert claims(quote)["within_half_width"].standing is Standing.PROVEN
    assert split(plan("shapley", sampling={"pairs": 2_000}), FINE, seed=5) == quote
    assert split(plan("shapley", sampling={"pairs": 2_000}), FINE, seed=6).extras["shares"] != quote.extras["shares"]


def test_a_sample_is_close_to_the_count_where_both_can_be_had():
    votes = holders(*(f"h{n:02}" for n in range(15)), weight=["7"] * 5 + ["1"] * 10)
    inputs = {"form": "weighted_voting", "amount": "1.00", "quota": "39", "holders": votes}
    counted = [Fraction(row["value"]) for row in split(plan("shapley"), inputs).extras["values"]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "MOST_CELLS", 0)
        quote = split(plan("shapley", sampling={"pairs": 5_000}), inputs, seed=1)
    widths = [Fraction(row["part"]) for row in quote.extras["sample"]["half_widths"]]
    assert max(widths) < Fraction(1, 50)
    for value, row, width in zip(counted, quote.extras["values"], widths, strict=True):
        assert abs(Fraction(row["value"]) - value) <= width


WEIGHTS = {"form": "weights", "amount": "1.00", "holders": holders("a", "b", weight=["1", "2"])}
VOTES = {"form": "weighted_voting", "amount": "1.00", "quota": "2", "holders": holders("a", "b", weight=["1", "2"])}
PAIRS = {"form": "pairwise", "amount": "1.00", "holders": holders("a", "b", value=["1", "2"]), "pairs": []}
ITEMS = {"form": "coverage", "amount": "1.00", "holders": holders("a", "b"), "items": [{"value": "1", "holders": ["a"]}]}
PAIR = {"one": "a", "other": "b"}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        (plan("magic"), GLOVE, "NOT_ALLOWED", "params.rule"),
        (plan("shapley", currency="XXQ"), GLOVE, "NOT_ALLOWED", "params.currency"),
        (plan("shapley", alpha="1"), GLOVE, "UNKNOWN_FIELD", "params.alpha"),
        ({"rule": "beta", "currency": "CNY", "alpha": "1"}, GLOVE, "REQUIRED", "params.beta"),
        (plan("beta", alpha="0"), GLOVE, "TOO_SMALL", "params.alpha"),
        (plan("beta", alpha="NaN"), GLOVE, "NOT_FINITE", "params.alpha"),
        (plan("shapley", residual_to="a b"), GLOVE, "BAD_FORMAT", "params.residual_to"),
        (plan("shapley", sampling={"seed": 1}), GLOVE, "UNKNOWN_FIELD", "params.sampling.seed"),
        (plan("shapley", sampling={"pairs": 20_001}), GLOVE, "TOO_LARGE", "params.sampling.pairs"),
        (plan("shapley"), {**GLOVE, "amount": "-1"}, "NEGATIVE", "inputs.amount"),
        (plan("shapley"), {**GLOVE, "amount": "Infinity"}, "NOT_FINITE", "inputs.amount"),
        (plan("shapley"), {**GLOVE, "amount": "0.001"}, "OVER_PRECISE", "inputs.amount"),
        (plan("shapley", currency="KWD"), {**GLOVE, "amount": "9999999999999999.999"}, "OVERFLOW", "inputs.amount"),
        (plan("shapley"), {**GLOVE, "amount": 1}, "WRONG_TYPE", "inputs.amount"),
        (plan("shapley"), {**GLOVE, "holders": []}, "TOO_FEW", "inputs.holders"),
        (plan("shapley"), {**GLOVE, "holders": holders("a", "b", "a")}, "DUPLICATE", "inputs.holders.2.holder"),
        (plan("shapley"), {**GLOVE, "holders": holders("a", "b", "~")}, "BAD_FORMAT", "inputs.holders.2.holder"),
        (plan("shapley"), {**GLOVE, "holders": holders("a", "b")}, "TABLE_SIZE", "inputs.values"),
        (plan("shapley"), {**GLOVE, "holders": holders(*"abcdefghijklm")}, "TOO_MANY", "inputs.holders"),
        (plan("shapley"), {**GLOVE, "values": ["0"] * 4_097}, "TOO_MANY", "inputs.values"),
        (plan("shapley"), {**GLOVE, "values": [*["0"] * 7, "nan"]}, "NOT_FINITE", "inputs.values.7"),
        (plan("shapley"), {**GLOVE, "values": [*["0"] * 7, "9" * 17]}, "TOO_LARGE", "inputs.values.7"),
        (plan("shapley"), {**GLOVE, "values": [*["0"] * 7, "0.0000001"]}, "OVER_PRECISE", "inputs.values.7"),
        (plan("shapley"), {**GLOVE, "values": ["1", *["9"] * 6, "1"]}, "WORTHLESS", "inputs.values"),
        (plan("shapley"), {**GLOVE, "extra": 1}, "UNKNOWN_FIELD", "inputs.extra"),
        (plan("shapley"), {**GLOVE, "similarity": []}, "NOT_FOR_THIS_PLAN", "inputs.similarity"),
        (plan("shapley"), WEIGHTS, "NOT_ALLOWED", "inputs.form"),
        (plan("talmud"), WEIGHTS, "NOT_ALLOWED", "inputs.form"),
        (plan("proportional"), GLOVE, "NOT_ALLOWED", "inputs.form"),
        (plan("robust_shapley"), {"form": "airport", "amount": "1", "holders": holders("a", need=["1"])}, "NOT_ALLOWED", "inputs.form"),
        (plan("proportional"), {**WEIGHTS, "holders": holders("a", weight=["0"])}, "WORTHLESS", "inputs.holders"),
        (plan("proportional"), {**WEIGHTS, "holders": holders("a", weight=["-1"])}, "NEGATIVE", "inputs.holders.0.weight"),
        (plan("proportional"), {**WEIGHTS, "holders": holders("a", weight=["1"]) * 901}, "TOO_MANY", "inputs.holders"),
        (
            plan("talmud"),
            {"form": "claims", "amount": "1", "holders": holders("a", claim=["0.001"])},
            "OVER_PRECISE",
            "inputs.holders.0.claim",
        ),
        (plan("shapley"), {**VOTES, "quota": "0"}, "TOO_SMALL", "inputs.quota"),
        (plan("shapley"), {**VOTES, "quota": "4"}, "WORTHLESS", "inputs.holders"),
        (plan("nucleolus"), {**VOTES, "holders": holders(*"abcdefghijklm", weight=["1"] * 13)}, "TOO_MANY", "inputs.holders"),
        (plan("shapley"), {**PAIRS, "pairs": [{"one": "a", "other": "z", "value": "1"}]}, "UNKNOWN_HOLDER", "inputs.pairs.0.other"),
        (plan("shapley"), {**PAIRS, "pairs": [{"one": "a", "other": "a", "value": "1"}]}, "DUPLICATE", "inputs.pairs.0.other"),
        (
            plan("shapley"),
            {**PAIRS, "pairs": [{**PAIR, "value": "1"}, {"one": "b", "other": "a", "value": "1"}]},
            "DUPLICATE",
            "inputs.pairs.1.other",
        ),
        (plan("shapley"), {**ITEMS, "items": [{"value": "1", "holders": ["a", "a"]}]}, "DUPLICATE", "inputs.items.0.holders.1"),
        (plan("shapley"), {**ITEMS, "items": [{"value": "1", "holders": ["z"]}]}, "UNKNOWN_HOLDER", "inputs.items.0.holders.0"),
        (plan("shapley"), {**ITEMS, "items": [{"value": "0", "holders": ["a"]}]}, "WORTHLESS", "inputs.holders"),
        (plan("robust_shapley"), {**GLOVE, "similarity": [{**PAIR, "similarity": "1.1"}]}, "TOO_LARGE", "inputs.similarity.0.similarity"),
        (plan("robust_shapley"), {**GLOVE, "similarity": [{**PAIR, "similarity": "-1"}]}, "NEGATIVE", "inputs.similarity.0.similarity"),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        SHARE.run(Verb.SPLIT, params=params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")


def test_nothing_to_divide_gives_everybody_nothing():
    for rule in GAME_RULES:
        assert split(plan(rule), {**GLOVE, "amount": "0"}).amount_minor == 0
    nothing = {"form": "claims", "amount": "5.00", "holders": holders("a", claim=["0"])}
    assert split(plan("talmud"), nothing).extras["undistributed_minor"] == "500"


def test_the_largest_table_is_divided_by_every_rule_and_repeats_to_the_byte():
    draw = random.Random(12)
    values = ["0", *(f"{draw.randrange(10**15)}.{draw.randrange(10**6):06}" for _ in range(4_094)), "9999999999999999.999999"]
    inputs = {**table(values, "92233720368547758.07"[:16]), "amount": "9999999999999999.99"}
    for rule in ("shapley", "least_core", "robust_shapley"):
        quote = split(plan(rule), inputs)
        assert quote.amount_minor == 999_999_999_999_999_999
        assert json.loads(quote.canonical()) == json.loads(split(plan(rule), inputs).canonical())
