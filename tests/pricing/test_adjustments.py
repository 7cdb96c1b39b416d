"""A free allowance, a discount, a least and a most on top of any price, and trial days of a subscription."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines import texts
from pricing.engines.adjustments import adjusted, read_adjustments
from pricing.engines.catalogue import model_at
from pricing.engines.checkers import charges
from pricing.engines.errors import InputError
from pricing.engines.model import Verb
from pricing.engines.result import Quote, Standing, canonical
from pricing.money import CNY, CURRENCIES
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


CEILING, QUERY, SHARE = (model_at(key).examples[0] for key in ("ceiling", "query", "income_share"))


def put_on(model, example, **on_top):
    quote = model_at(model).run(example.verb, params=example.params, inputs=example.inputs)
    return quote, adjusted(quote, read_adjustments(on_top, CNY))


@pytest.mark.parametrize(
    ("model", "example", "lost"),
    [
        ("ceiling", CEILING, {"caps_within_revenue", "price_within_cap", "public_use_free", "claw_back_conserves"}),
        ("query", QUERY, {"never_charged_twice", "price_points"}),
        ("income_share", SHARE, {"share_within_income"}),
    ],
)
def test_nothing_is_claimed_of_an_adjusted_price_that_the_adjustment_can_break(model, example, lost):
    before, after = put_on(model, example, minimum="999999.99")
    claimed, kept = ({claim.property for claim in quote.claims} for quote in (before, after))
    assert after.amount_minor == 99_999_999
    assert claimed - kept == lost & claimed != set()
    assert kept <= {"monotone", "subadditive", "bundle_monotone", "bundle_subadditive", "information_monotone", "lines_sum"}


def test_a_least_amount_would_break_what_an_income_share_promises():
    _, after = put_on("income_share", SHARE, minimum="2000")
    income = int(after.lines[0].quantity * 100)
    assert charges.share_within_income(after.amount_minor, income) == {"share": 200_000, "income": 119_055}


def test_what_was_shown_false_stays_said_of_the_price_before():
    tiers = [{"up_to": "5", "unit_price": "5"}, {"up_to": "10", "unit_price": "4"}, {"unit_price": "3"}]
    quote = model_at("metered").run(Verb.QUOTE, params={**METERED, "mode": "volume", "tiers": tiers}, inputs={"quantity": "5"})
    found = {claim.property: claim for claim in quote.claims}["monotone"]
    said = {claim.property: claim for claim in adjusted(quote, {"discount_ppm": 1}).claims}["monotone"]
    assert (found.standing, said.standing) == (Standing.NOT_HELD, Standing.NOT_HELD)
    assert said.witness == {**found.witness, "of": "the price before adjustments"}


@given(
    st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)),
    st.integers(0, 1_000_000),
    st.tuples(st.integers(0, 5_000), st.integers(0, 5_000)).map(sorted),
)
def test_discount_and_limits_never_make_a_whole_dearer_than_its_parts(parts, ppm, limits):
    least, most = (f"{limit // 100}.{limit % 100:02}" for limit in limits)
    on_top = read_adjustments({"discount_ppm": ppm, "minimum": least, "maximum": most}, CNY)

    def charged(minor):
        price = {"kind": "one_off", "currency": "CNY", "price": f"{minor // 100}.{minor % 100:02}"}
        return adjusted(model_at("fixed").run(Verb.QUOTE, params=price, inputs={}), on_top).amount_minor

    assert charged(sum(parts)) <= charged(parts[0]) + charged(parts[1])


def test_a_claim_is_said_with_its_standing_in_each_languages_own_marks():
    claim = quoted(10).claims[0]
    assert texts.claim_text(claim, "en") == "Using more never costs less (before rounding): proven for every input"
    assert texts.claim_text(claim, "zh") == "用量增加，费用不减（取整前）：对任何输入均已证明"


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
