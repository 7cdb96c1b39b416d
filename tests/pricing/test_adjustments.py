"""A free allowance, a discount, a least and a most on top of any price, and trial days of a subscription."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines import texts
from pricing.engines.adjustments import adjusted, read_adjustments
from pricing.engines.catalogue import model_at
from pricing.engines.checkers import charges, information, posted
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Quote, Standing, canonical
from pricing.money import CNY, CURRENCIES, Money
from registry.base.actor import PartyKind
from tests.listings import shop
from tests.support.graphql import Client
from tests.support.parties import admit

METERED = {"mode": "graduated", "currency": "CNY", "unit": "call", "tiers": [{"up_to": "10", "unit_price": "2"}, {"unit_price": "1.5"}]}


def quoted(quantity, **on_top):
    quote = model_at("metered").run(Verb.QUOTE, params=METERED, inputs={"quantity": str(quantity)})
    return adjusted(quote, read_adjustments(on_top, CNY))


@pytest.mark.parametrize(
    ("quantity", "on_top", "amount_minor", "codes"),
    [
        (10, {}, 2_000, []),
        (10, {"discount_ppm": 333_333}, 1_334, ["DISCOUNT"]),
        (10, {"discount_ppm": 1_000_000}, 0, ["DISCOUNT"]),
        (10, {"free_amount": "5.55"}, 1_445, ["FREE_ALLOWANCE"]),
        (2, {"free_amount": "5.55"}, 0, ["FREE_ALLOWANCE"]),
        (0, {"free_amount": "5.55", "discount_ppm": 500_000}, 0, []),
        (
            10,
            {"free_amount": "4", "discount_ppm": 500_000, "minimum": "9", "maximum": "30"},
            900,
            ["FREE_ALLOWANCE", "DISCOUNT", "LEAST_AMOUNT"],
        ),
        (40, {"minimum": "9", "maximum": "30"}, 3_000, ["MOST_AMOUNT"]),
        (0, {"minimum": "9"}, 900, ["LEAST_AMOUNT"]),
    ],
)
def test_adjustments_come_in_one_order_each_with_its_line(quantity, on_top, amount_minor, codes):
    quote, plain = quoted(quantity, **on_top), quoted(quantity)
    assert (quote.amount_minor, [line.code for line in quote.lines[len(plain.lines) :]]) == (amount_minor, codes)
    assert charges.lines_sum(quote) is None
    for language in ("en", "zh"):
        assert all(texts.line_text(model_at("metered"), line, language) for line in quote.lines)


def test_the_digest_covers_the_adjustments_so_that_anybody_can_recompute_it():
    plain, quote = quoted(10), quoted(10, discount_ppm=1)
    told = {"adjustments": {"discount_ppm": 1}, "inputs_digest": plain.inputs_digest}
    assert quote.inputs_digest == hashlib.sha256(canonical(told)).hexdigest() != plain.inputs_digest
    assert Quote.from_json(json.loads(quote.canonical())) == quote


def test_with_a_free_allowance_nothing_is_claimed_of_splitting_because_it_pays():
    assert {claim.property for claim in quoted(10, free_amount="5").claims} == {"monotone", "lines_sum"}
    assert {claim.property for claim in quoted(10, discount_ppm=5).claims} == {"monotone", "subadditive", "lines_sum"}
    assert quoted(10, free_amount="5").amount_minor > 2 * quoted(5, free_amount="5").amount_minor


@given(
    st.integers(0, 60),
    st.integers(0, 1_000_000),
    st.integers(0, 3_000),
    st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)).map(sorted),
)
def test_using_more_never_costs_less_and_the_limits_hold(quantity, ppm, free, limits):
    least, most = (f"{limit // 100}.{limit % 100:02}" for limit in limits)
    on_top = {"discount_ppm": ppm, "free_amount": f"{free // 100}.{free % 100:02}", "minimum": least, "maximum": most}
    one, other = quoted(quantity, **on_top), quoted(quantity + 1, **on_top)
    assert limits[0] <= one.amount_minor <= other.amount_minor <= limits[1]


@pytest.mark.parametrize(
    ("on_top", "code", "field"),
    [
        ({"minimum": "9", "maximum": "8.99"}, "LIMITS_CROSSED", "adjustments.maximum"),
        ({"discount_ppm": 1_000_001}, "TOO_LARGE", "adjustments.discount_ppm"),
        ({"discount_ppm": -1}, "TOO_SMALL", "adjustments.discount_ppm"),
        ({"free_amount": "-1"}, "NEGATIVE", "adjustments.free_amount"),
        ({"minimum": "1.001"}, "OVER_PRECISE", "adjustments.minimum"),
        ({"minimum": 3}, "WRONG_TYPE", "adjustments.minimum"),
        ({"gift": "1"}, "UNKNOWN_FIELD", "adjustments.gift"),
        ([], "WRONG_TYPE", "adjustments"),
    ],
)
def test_what_cannot_be_put_on_top_is_refused_at_its_field(on_top, code, field):
    with pytest.raises(InputError) as refused:
        read_adjustments(on_top, CNY)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_currency_without_minor_units_takes_no_decimals():
    with pytest.raises(InputError, match=r"adjustments\.minimum"):
        read_adjustments({"minimum": "1.5"}, CURRENCIES["JPY"])


SUBSCRIPTION = {"kind": "subscription", "currency": "CNY", "price": "300.00", "period": "month", "trial_days": 14}


@pytest.mark.parametrize(
    ("end", "amount_minor"),
    [("2026-04-02", 0), ("2026-04-15", 0), ("2026-04-16", 1_000), ("2026-05-01", 16_000), ("2026-06-01", 46_000)],
)
def test_the_trial_days_of_a_subscription_are_free(end, amount_minor):
    quote = model_at("fixed").run(Verb.QUOTE, params=SUBSCRIPTION, inputs={"start": "2026-04-01", "end": end})
    assert (quote.amount_minor, quote.lines[-1].code) == (amount_minor, "TRIAL")


def test_a_trial_is_refused_where_a_started_period_is_charged_whole():
    with pytest.raises(InputError) as refused:
        model_at("fixed").validated_params({**SUBSCRIPTION, "proration": "none"})
    assert (refused.value.code, refused.value.field) == ("NOT_FOR_THIS_PLAN", "params.trial_days")


@pytest.fixture
def merchant(db):
    return Client(token=admit(PartyKind.MERCHANT).token)


def plan_of(merchant, adjustments, model="fixed", params='{"kind": "one_off", "currency": "CNY", "price": "100"}'):
    given = {"nameZh": "优惠", "nameEn": "Discounted", "modelKey": model, "params": params, "adjustments": json.dumps(adjustments)}
    return merchant.mutate("planCreate", "plan { adjustments }", **given, idempotencyKey=shop.key())


def test_a_plan_keeps_its_adjustments(merchant):
    assert plan_of(merchant, {"discount_ppm": 100_000})["plan"] == {"adjustments": '{"discount_ppm": 100000}'}


@pytest.mark.parametrize(
    ("adjustments", "model", "params", "field"),
    [
        ({"minimum": "x"}, "fixed", '{"kind": "one_off", "currency": "CNY", "price": "100"}', ["adjustments", "minimum"]),
        ({"minimum": "1"}, "fixed", '{"kind": "one_off", "currency": "CNY", "price": "1.001"}', ["params", "price"]),
    ],
)
def test_a_refusal_names_its_part_of_the_plan(merchant, adjustments, model, params, field):
    refused = plan_of(merchant, adjustments, model, params)
    assert [(error.code, error.field) for error in refused.user_errors] == [("PRICING_REFUSED", field)]


ON_TOP = st.fixed_dictionaries(
    {},
    optional={
        "discount_ppm": st.integers(0, 1_000_000),
        "free_amount": st.sampled_from(["0", "0.01", "5", "120"]),
        "minimum": st.sampled_from(["0", "0.05", "9", "90"]),
        "maximum": st.sampled_from(["90", "100", "1000"]),
    },
)
VOLUME = {"mode": "volume", "currency": "CNY", "unit": "call", "tiers": [{"up_to": "15", "unit_price": "10"}, {"unit_price": "5"}]}


def standing_of(key, on_top, number=0):
    """The claims about a model's example with adjustments on top: how each stands, by property."""
    example = [each for each in model_at(key).examples if each.verb in (Verb.QUOTE, Verb.RATE)][number]
    quote = model_at(key).run(example.verb, params=example.params, inputs=example.inputs)
    return {claim.property: claim.standing for claim in adjusted(quote, read_adjustments(on_top, quote.currency)).claims}


@pytest.mark.parametrize("on_top", [{"discount_ppm": 1}, {"free_amount": "1"}, {"minimum": "900"}, {"maximum": "1"}])
def test_of_a_bargain_nothing_is_claimed_that_an_adjustment_may_break(on_top):
    """A discount takes the price below the floor, a least amount above what it is worth to the buyer."""
    assert set(standing_of("bargain", on_top)) == {"lines_sum"}
    assert "rational" in "".join(standing_of("bargain", {}))


def test_a_regulated_price_with_a_least_amount_is_said_to_be_neither_within_its_cap_nor_free_for_welfare():
    broken = {posted.PRICE_WITHIN_CAP, posted.PUBLIC_USE_FREE}
    assert set(standing_of("ceiling", {"discount_ppm": 9})) == set(standing_of("ceiling", {}))
    assert set(standing_of("ceiling", {})) - set(standing_of("ceiling", {"minimum": "9"})) == broken
    example = model_at("ceiling").examples[1]
    free = model_at("ceiling").run(Verb.QUOTE, params=example.params, inputs=example.inputs)
    assert (free.amount_minor, adjusted(free, {"minimum": "9"}).amount_minor) == (0, 900)


def test_a_free_allowance_leaves_no_claim_of_splitting_to_any_model():
    for key, gone in {
        "model_noise": {information.NOISE_SUBADDITIVE},
        "privacy": {information.COMBINATIONS_SUBADDITIVE},
        "query": {information.BUNDLE_SUBADDITIVE, information.NEVER_CHARGED_TWICE},
        "fixed": {charges.SUBADDITIVE},
    }.items():
        assert gone <= set(standing_of(key, {}))
        assert set(standing_of(key, {})) - set(standing_of(key, {"free_amount": "1"})) == gone, key


@pytest.mark.parametrize("on_top", [{"discount_ppm": 1}, {"minimum": "1"}, {"maximum": "99"}])
def test_adjusted_prices_of_queries_are_not_said_to_meet_their_points_or_to_add_up_over_orders(on_top):
    left = set(standing_of("query", {}, 1)) - set(standing_of("query", on_top, 1))
    assert left == {information.NEVER_CHARGED_TWICE, information.PRICE_POINTS}


@given(ON_TOP)
def test_a_counterexample_of_a_volume_tariff_is_one_between_the_prices_that_are_charged(on_top):
    on_top = read_adjustments(on_top, CNY)
    prices = {
        quantity: adjusted(model_at("metered").run(Verb.QUOTE, params=VOLUME, inputs={"quantity": str(quantity)}), on_top)
        for quantity in (15, 16)
    }
    falls = prices[15].amount_minor > prices[16].amount_minor
    stated = [claim for claim in prices[15].claims if claim.property == charges.MONOTONE]
    assert [claim.standing for claim in stated] == ([Standing.NOT_HELD] if falls else [])
    for claim in stated:
        assert {name: claim.witness[name] for name in ("less", "more")} == {"less": "15", "more": "16"}
        told = [Money.parse(claim.witness[f"{name}_charge"], CNY).minor for name in ("less", "more")]
        assert told == [prices[15].amount_minor, prices[16].amount_minor]
