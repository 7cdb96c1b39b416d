"""The metered tariff's claims are true, its bills of a period add up, and bad input is refused at its field."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.engines import tariff
from pricing.engines.checkers import charges
from pricing.engines.curve import Curve, Piece
from pricing.engines.errors import InputError
from pricing.engines.metered import METERED, claims_of
from pricing.engines.metered_plan import read_plan, whole_steps
from pricing.engines.model import Verb
from pricing.engines.result import Entry, Standing, exact_text

PRICES = st.decimals(0, 30, places=3).map(str)
FEW = 40


@st.composite
def tier_plans(draw, modes=("graduated", "volume")):
    """Draw small plans whose every usage up to 80 can be tried."""
    ends = draw(st.lists(st.integers(1, 15), max_size=4, unique=True).map(sorted))
    rows = [{"up_to": str(end), "unit_price": draw(PRICES), "flat": draw(PRICES)} for end in ends]
    rows.append({"unit_price": draw(PRICES), "flat": draw(PRICES)})
    params = {"mode": draw(st.sampled_from(modes)), "currency": "CNY", "tiers": rows, **draw(limits())}
    if params["mode"] == "volume" and draw(st.booleans()):
        params["lower_envelope"] = True
    return params


@st.composite
def limits(draw):
    least = draw(st.one_of(st.none(), st.integers(0, 60)))
    most = draw(st.one_of(st.none(), st.integers(least or 0, 200)))
    return {**({} if least is None else {"minimum": str(least)}), **({} if most is None else {"maximum": str(most)})}


@st.composite
def package_plans(draw):
    return {
        "mode": "package",
        "currency": "CNY",
        "size": str(draw(st.integers(1, 7))),
        "price": draw(PRICES),
        "free_units": str(draw(st.integers(0, 9))),
        **draw(limits()),
    }


def rate(params, **inputs):
    return METERED.run(Verb.RATE, params=params, inputs=inputs)


def claims(params):
    return {claim.property: claim for claim in claims_of(read_plan(METERED.validated_params(params)))}


def curve_of(params, *, closed=True):
    plan = read_plan(METERED.validated_params(params))
    curve = tariff.tier_curve(plan)
    commitments = plan.commitments if closed else plan.commitments.of_open_period()
    return tariff.committed(curve.lower_envelope() if plan.lower_envelope else curve, commitments)


@given(tier_plans(), st.integers(0, 60))
def test_the_lines_of_a_bill_and_the_curve_that_is_reasoned_about_agree(params, quantity):
    quote = rate(params, quantity=str(quantity))
    assert quote.amount_minor == round(curve_of(params).at(quantity) * 100)
    assert charges.lines_sum(quote) is None


def plain_tier_rows(plan, steps):
    """Write the rows of a graduated bill tier by tier: the definition, against which the rows written ahead are held."""
    rows, before = [], 0
    for index, tier in enumerate(plan.tiers):
        if index and steps <= before:
            break
        inside = (steps if tier.last is None else min(steps, tier.last)) - before
        words = {"tier": str(index + 1), "above": exact_text(Fraction(before, plan.steps_per_unit))}
        rows.append(Entry("TIER_UNITS", words, Fraction(inside, plan.steps_per_unit), tier.unit_price))
        if tier.flat:
            rows.append(Entry("TIER_FLAT", words, Fraction(1), tier.flat))
        before = tier.last or before
    return rows


@given(tier_plans(modes=("graduated",)), st.integers(0, 60))
def test_rows_written_ahead_are_the_rows_written_for_each_bill(params, steps):
    plan = read_plan(METERED.validated_params(params))
    assert tariff.graduated_entries(plan, tariff.TierRows.of(plan), steps) == plain_tier_rows(plan, steps)


@given(tier_plans(), st.lists(st.integers(0, 60), min_size=2, max_size=4))
def test_a_prepared_plan_bills_what_the_plan_read_afresh_bills(params, quantities):
    prepared = METERED.prepared(params)
    for quantity in quantities:
        asked = rate(params, quantity=str(quantity))
        assert prepared.run(Verb.RATE, inputs={"quantity": str(quantity)}).canonical() == asked.canonical()


@pytest.mark.parametrize(("text", "steps"), [("0", 0), ("12", 1200), ("12.3", 1230), ("12.340", 1234), ("-0.5", -50), ("-12.34", -1234)])
def test_a_quantity_is_read_in_whole_steps(text, steps):
    assert whole_steps(text, 100, "inputs.quantity") == steps


@given(tier_plans())
def test_the_tier_claims_are_what_trying_every_small_usage_shows(params):
    curve, said = curve_of(params), claims(params)
    for name, decided, tried in (
        ("monotone", charges.monotone(curve), charges.monotone_up_to(curve.at, 2 * FEW)),
        ("subadditive", charges.subadditive(curve), charges.subadditive_up_to(curve.at, 2 * FEW)),
    ):
        assert (said[name].standing is Standing.PROVEN) == (decided is None)
        if decided is None:
            assert tried is None
    fall, gain = charges.monotone(curve), charges.subadditive(curve)
    if fall:
        assert curve.at(fall["more"]) < curve.at(fall["less"])
        assert fall["more"] > fall["less"]
    if gain:
        assert curve.at(gain["one"] + gain["other"]) > curve.at(gain["one"]) + curve.at(gain["other"])


@given(package_plans())
def test_the_package_claims_are_what_trying_every_small_usage_shows(params):
    plan, said = read_plan(METERED.validated_params(params)), claims(params)

    def charge(steps):
        return tariff.package_charge(plan, steps)

    assert said["monotone"].standing is Standing.PROVEN
    assert charges.monotone_up_to(charge, FEW) is None
    subadditive = said.get("subadditive")
    if subadditive is not None and subadditive.standing is Standing.PROVEN:
        assert charges.subadditive_up_to(charge, 2 * FEW) is None
    elif subadditive is not None:
        one, other, together = (int(subadditive.witness[name]) for name in ("one", "other", "together"))
        assert one + other == together
        assert charge(together) > charge(one) + charge(other)
        assert Fraction(subadditive.witness["together_charge"]) == charge(together)


def test_a_package_curve_is_the_package_charge():
    params = {"mode": "package", "currency": "CNY", "size": "3", "price": "2.5", "free_units": "4", "minimum": "1", "maximum": "31"}
    plan = read_plan(METERED.validated_params(params))
    curve = tariff.package_curve(plan)
    assert [curve.at(steps) for steps in range(80)] == [tariff.package_charge(plan, steps) for steps in range(80)]


def test_a_volume_tariff_is_flagged_with_its_witness_and_the_lower_envelope_is_offered():
    rows = [
        {"up_to": "5", "unit_price": "0", "flat": "100"},
        {"up_to": "10", "unit_price": "0", "flat": "150"},
        {"up_to": "15", "unit_price": "10"},
        {"unit_price": "5"},
    ]
    params = {"mode": "volume", "currency": "CNY", "tiers": rows}
    quote = rate(params, quantity="15")
    fall = next(claim for claim in quote.claims if claim.property == "monotone")
    assert quote.amount_minor == 15_000
    assert fall.standing is Standing.NOT_HELD
    assert fall.witness == {"less": "15", "less_charge": "150", "more": "16", "more_charge": "80"}
    assert quote.extras == {"lower_envelope": {"amount_minor": "8000", "at_quantity": "16"}}
    envelope = {**params, "lower_envelope": True}
    capped = rate(envelope, quantity="15")
    assert (capped.amount_minor, capped.extras) == (8_000, {})
    assert [(line.code, line.amount_minor) for line in capped.lines] == [("VOLUME_UNITS", 15_000), ("LOWER_ENVELOPE", -7_000)]
    assert claims(envelope)["monotone"].standing is Standing.PROVEN


@given(st.one_of(tier_plans(), package_plans()), st.booleans())
def test_what_a_bill_claims_holds_of_every_small_bill_like_it(params, closed):
    prepared = METERED.prepared({**params, "currency": "KWD"})
    quotes = [prepared.run(Verb.RATE, inputs={"quantity": str(steps), "closes_period": closed}) for steps in range(FEW + 1)]
    charge = [sum(line.quantity * line.unit_price for line in quote.lines) for quote in quotes]
    said = {claim.property: claim for claim in quotes[-1].claims}
    tried = {
        "monotone": charges.monotone_up_to(charge.__getitem__, FEW),
        "subadditive": charges.subadditive_up_to(charge.__getitem__, FEW),
    }
    for name, found in tried.items():
        assert found is None or name not in said or said[name].standing is Standing.NOT_HELD


def test_a_minimum_that_hides_a_fall_hides_it_only_when_the_period_closes():
    rows = [{"up_to": "15", "unit_price": "10"}, {"unit_price": "5"}]
    params = {"mode": "volume", "currency": "CNY", "tiers": rows, "minimum": "1000"}
    closed, opened = (rate(params, quantity="15", closes_period=closes) for closes in (True, False))
    assert [claim.standing.value for claim in closed.claims] == ["proven", "proven", "checked"]
    assert (closed.extras, opened.extras) == ({}, {"lower_envelope": {"amount_minor": "8000", "at_quantity": "16"}})
    fall = next(claim for claim in opened.claims if claim.property == "monotone")
    assert fall.witness == {"less": "15", "less_charge": "150", "more": "16", "more_charge": "80"}


def test_nothing_is_claimed_of_a_bill_whose_tier_another_quantity_picks():
    rows = [{"up_to": "10", "unit_price": "1", "flat": "100"}, {"unit_price": "11"}]
    params = {"mode": "volume", "currency": "CNY", "tiers": rows}
    assert claims(params)["monotone"].standing is Standing.PROVEN
    bills = [rate(params, quantity="1", tier_quantity=reached) for reached in ("10", "11")]
    assert [bill.amount_minor for bill in bills] == [10_100, 1_100]
    assert [claim.property for bill in bills for claim in bill.claims] == ["lines_sum"] * 2


@pytest.mark.parametrize("more", [{"prior": {"quantity": "0", "billed": "10"}}, {"closes_period": False}, {"tier_quantity": "99"}])
def test_a_buyer_asking_for_a_quote_states_its_use_and_nothing_that_lowers_the_price(more):
    with pytest.raises(InputError) as refused:
        METERED.run(Verb.QUOTE, params=VOLUME, inputs={"quantity": "10", **more})
    assert (refused.value.code, refused.value.field) == ("UNKNOWN_FIELD", f"inputs.{next(iter(more))}")


def test_a_quote_for_less_than_nothing_is_refused_also_where_corrections_are_taken():
    params = {**PLAN, "negative_usage": "zero"}
    assert rate(params, quantity="-3").amount_minor == 0
    with pytest.raises(InputError) as refused:
        METERED.run(Verb.QUOTE, params=params, inputs={"quantity": "-3"})
    assert (refused.value.code, refused.value.field) == ("NEGATIVE", "inputs.quantity")


def test_a_volume_tariff_in_tenths_of_a_unit_falls_from_one_tenth_to_the_next():
    rows = [{"up_to": "1.5", "unit_price": "10"}, {"unit_price": "5"}]
    fall = claims({"mode": "volume", "currency": "CNY", "decimals": 1, "tiers": rows})["monotone"]
    assert fall.witness == {"less": "1.5", "less_charge": "15", "more": "1.6", "more_charge": "8"}


@given(tier_plans(modes=("volume",)), st.integers(0, 40))
def test_the_lower_envelope_is_the_least_charge_for_that_quantity_or_more(params, quantity):
    plain = {**params, "lower_envelope": False}
    curve = curve_of(plain)
    assert curve_of({**params, "lower_envelope": True}).at(quantity) == min(curve.at(step) for step in range(quantity, 80))


def bills_of(params):
    prepared = METERED.prepared(params)

    def bill(parts, at):
        prior = {"prior": {"quantity": str(sum(parts[:at]))}} if at else {}
        inputs = {"quantity": str(parts[at]), "closes_period": at == len(parts) - 1, **prior}
        return prepared.run(Verb.RATE, inputs=inputs).amount_minor

    return bill


AS_YOU_GO = st.one_of(
    tier_plans(modes=("graduated",)), tier_plans(modes=("volume",)).map(lambda plan: plan | {"lower_envelope": True}), package_plans()
)


@given(AS_YOU_GO, st.lists(st.integers(0, 12), min_size=1, max_size=5))
def test_the_bills_of_a_period_sum_to_one_bill_for_the_period(params, parts):
    assert charges.period_splits(bills_of(params), parts) is None


def test_bills_that_forget_the_usage_before_are_caught():
    params = {"mode": "graduated", "currency": "CNY", "tiers": [{"up_to": "10", "unit_price": "2"}, {"unit_price": "1"}]}
    bill = bills_of(params)
    assert charges.period_splits(bill, [8, 8]) is None
    assert charges.period_splits(lambda parts, at: bill([parts[at]], 0), [8, 8]) == {"parts": 3_200, "whole": 2_600}


@given(st.one_of(tier_plans(), package_plans()), st.integers(0, 60))
def test_commitments_clamp_the_bare_charge_of_a_closed_period(params, quantity):
    bare = {name: value for name, value in params.items() if name not in {"minimum", "maximum"}}
    least = int(params.get("minimum", "0")) * 100
    most = int(params["maximum"]) * 100 if "maximum" in params else None
    charged, alone = (bills_of(plan)([quantity], 0) for plan in (params, bare))
    assert charges.commitments_clamp(alone, charged, least, most) is None


def test_a_charge_outside_its_commitments_is_caught():
    assert charges.commitments_clamp(500, 1_000, 1_000, None) is None
    assert charges.commitments_clamp(500, 500, 1_000, None) == {"charged": 500, "expected": 1_000}
    assert charges.commitments_clamp(2_000, 2_000, 0, 1_500) == {"charged": 2_000, "expected": 1_500}


@given(st.lists(st.decimals(0, 500, places=2).map(str), min_size=2, max_size=8), st.integers(1, 7), limits())
def test_the_percentage_bills_of_a_period_sum_to_one_bill_for_the_period(events, cut, commitments):
    params = {
        "mode": "percentage",
        "currency": "CNY",
        "percent": "1.375",
        "fixed": "0.3",
        "event_minimum": "0.50",
        "event_maximum": "5.00",
        "free_events": 2,
        "free_amount": "100",
        **commitments,
    }
    first = rate(params, events=events[:cut], closes_period=False)
    second = rate(params, events=events[cut:], prior={"events": events[:cut]})
    assert first.amount_minor + second.amount_minor == rate(params, events=events).amount_minor


@st.composite
def percent_plans(draw):
    whole = st.integers(0, 60).map(str)
    least = draw(st.integers(0, 3))
    most = {"event_maximum": str(draw(st.integers(least, 20)))} if draw(st.booleans()) else {}
    free = {"free_events": draw(st.integers(1, 4))} if draw(st.booleans()) else {}
    allowance = {"free_amount": draw(whole)} if draw(st.booleans()) else {}
    rate_of = {"percent": draw(st.sampled_from(["0", "1.5", "120"])), "fixed": draw(PRICES), "event_minimum": str(least)}
    return {"mode": "percentage", "currency": "CNY", **rate_of, **most, **free, **allowance, **draw(limits())}


EVENTS = st.lists(st.integers(0, 60), max_size=5)


@given(percent_plans(), EVENTS, EVENTS, st.integers(0, 5), st.integers(1, 50))
def test_what_a_percentage_bill_claims_holds_of_events_that_are_added_raised_or_split(params, one, other, at, more):
    def charge(events):
        return sum(line.quantity * line.unit_price for line in rate(params, events=[str(event) for event in events]).lines)

    said = claims(params)
    raised = [event + more * (index == at) for index, event in enumerate(one)]
    assert said["monotone"].standing is Standing.PROVEN
    assert charge(one) <= min(charge(raised), charge([*one[:at], more, *one[at:]]), charge(one + other))
    if "subadditive" in said and said["subadditive"].standing is Standing.PROVEN:
        assert charge(one + other) <= charge(one) + charge(other)


def test_a_free_allowance_can_be_used_twice_and_the_witness_says_how():
    params = {"mode": "percentage", "currency": "CNY", "percent": "10", "free_events": 3}
    claim = claims(params)["subadditive"]
    assert claim.standing is Standing.NOT_HELD
    assert claim.witness == {
        "events": "3",
        "events_together": "6",
        "each": "1000",
        "one_charge": "0",
        "other_charge": "0",
        "together_charge": "300",
    }
    assert claims({"mode": "percentage", "currency": "CNY", "percent": "10"})["subadditive"].standing is Standing.PROVEN


def test_a_gain_from_buying_the_same_lot_twice_is_found_where_it_is_the_only_one():
    pieces = [(0, 5, "1", "0"), (6, 7, "2", "0"), (8, 12, "-0.4", "0.25"), (13, None, "2.6", "0")]
    curve = Curve.of([Piece(start, end, Fraction(base), Fraction(slope)) for start, end, base, slope in pieces])
    assert charges.subadditive(curve) == charges.subadditive_up_to(curve.at, 60) == {"one": 5, "other": 5}


def test_free_packages_are_flagged_even_where_a_minimum_hides_it_for_small_lots():
    params = {"mode": "package", "currency": "CNY", "size": "10", "price": "1", "free_units": "10", "minimum": "50"}
    claim = claims(params)["subadditive"]
    assert claim.standing is Standing.NOT_HELD
    assert claim.witness == {
        "one": "510",
        "other": "510",
        "together": "1020",
        "one_charge": "50",
        "other_charge": "50",
        "together_charge": "101",
    }


def test_the_minimum_of_a_period_is_owed_when_it_closes_and_not_before():
    params = {"mode": "graduated", "currency": "CNY", "tiers": [{"unit_price": "1"}], "minimum": "100"}
    open_bill = rate(params, quantity="30", closes_period=False)
    last_bill = rate(params, quantity="5", prior={"quantity": "30"})
    assert [(line.code, line.amount_minor) for line in open_bill.lines] == [("TIER_UNITS", 3_000)]
    assert [(line.code, line.amount_minor) for line in last_bill.lines] == [
        ("TIER_UNITS", 3_500),
        ("MINIMUM_COMMITMENT", 6_500),
        ("BILLED_BEFORE", -3_000),
    ]


def test_a_bill_is_rounded_once_half_to_even_and_its_rows_share_the_rounding():
    rows = [{"up_to": "1", "unit_price": "0.004"}, {"up_to": "2", "unit_price": "0.004"}, {"unit_price": "0.004"}]
    quote = rate({"mode": "graduated", "currency": "CNY", "tiers": rows}, quantity="3")
    assert [line.amount_minor for line in quote.lines] == [1, 0, 0]
    assert rate({"mode": "graduated", "currency": "CNY", "tiers": [{"unit_price": "0.005"}]}, quantity="1").amount_minor == 0
    assert rate({"mode": "graduated", "currency": "CNY", "tiers": [{"unit_price": "0.005"}]}, quantity="3").amount_minor == 2


PLAN = {"mode": "graduated", "currency": "CNY", "tiers": [{"up_to": "10", "unit_price": "1"}, {"unit_price": "0.5"}]}
VOLUME = {**PLAN, "mode": "volume"}
PERCENT = {"mode": "percentage", "currency": "CNY", "percent": "1"}


@pytest.mark.parametrize(
    ("params", "inputs", "code", "field"),
    [
        (PLAN, {"quantity": "-1"}, "NEGATIVE", "inputs.quantity"),
        (PLAN, {"quantity": "NaN"}, "NOT_FINITE", "inputs.quantity"),
        (PLAN, {"quantity": "Infinity"}, "NOT_FINITE", "inputs.quantity"),
        (PLAN, {"quantity": float("nan")}, "WRONG_TYPE", "inputs.quantity"),
        (PLAN, {"quantity": 3}, "WRONG_TYPE", "inputs.quantity"),
        (PLAN, {"quantity": "1.5"}, "OVER_PRECISE", "inputs.quantity"),
        (PLAN, {"quantity": "1.0000001"}, "OVER_PRECISE", "inputs.quantity"),
        (PLAN, {"quantity": "1" * 16}, "TOO_LARGE", "inputs.quantity"),
        (PLAN, {"quantity": "1e3"}, "NOT_A_NUMBER", "inputs.quantity"),
        (PLAN, {"quantity": "9" * 100_000}, "TOO_LARGE", "inputs.quantity"),
        (PLAN, {}, "REQUIRED", "inputs.quantity"),
        (PLAN, {"quantity": "1", "extra": 1}, "UNKNOWN_FIELD", "inputs.extra"),
        (PLAN, {"quantity": "1", "events": []}, "NOT_FOR_THIS_PLAN", "inputs.events"),
        (PLAN, {"quantity": "1", "tier_quantity": "2"}, "NOT_FOR_THIS_PLAN", "inputs.tier_quantity"),
        (VOLUME, {"quantity": "3", "tier_quantity": "2"}, "TOO_SMALL", "inputs.tier_quantity"),
        (VOLUME, {"quantity": "3", "prior": {"quantity": "2"}}, "NEEDS_WHOLE_PERIOD", "inputs.prior"),
        (PLAN, {"quantity": "3", "prior": {"quantity": "2", "billed": "999"}}, "BILLED_EXCEEDS_CHARGE", "inputs.prior.billed"),
        ({**PLAN, "negative_usage": "zero"}, {"quantity": "-1", "prior": {"quantity": "2"}}, "BILLED_EXCEEDS_CHARGE", "inputs.quantity"),
        (PLAN, {"quantity": "3", "prior": {"quantity": "2", "billed": "1.001"}}, "OVER_PRECISE", "inputs.prior.billed"),
        (PLAN, {"quantity": "3", "prior": {}}, "REQUIRED", "inputs.prior.quantity"),
        (PERCENT, {"quantity": "3"}, "NOT_FOR_THIS_PLAN", "inputs.quantity"),
        (PERCENT, {"events": ["1", "-2"]}, "NEGATIVE", "inputs.events.1"),
        (PERCENT, {"events": ["1.001"]}, "OVER_PRECISE", "inputs.events.0"),
        (PERCENT, {"events": ["1"] * 10_001}, "TOO_MANY", "inputs.events"),
        (PERCENT, {"events": ["1"] * 6_000, "prior": {"events": ["1"] * 6_000}}, "TOO_MANY", "inputs.events"),
        ({**PLAN, "mode": "magic"}, {"quantity": "1"}, "NOT_ALLOWED", "params.mode"),
        ({**PLAN, "currency": "XXQ"}, {"quantity": "1"}, "NOT_ALLOWED", "params.currency"),
        ({**PLAN, "tiers": []}, {"quantity": "1"}, "TOO_FEW", "params.tiers"),
        ({**PLAN, "tiers": [{"up_to": "1", "unit_price": "1"}] * 51}, {"quantity": "1"}, "TOO_MANY", "params.tiers"),
        ({**PLAN, "tiers": [{"up_to": "1", "unit_price": "1"}]}, {"quantity": "1"}, "TIERS_NOT_OPEN", "params.tiers.0.up_to"),
        (
            {**PLAN, "tiers": [{"up_to": "5", "unit_price": "1"}, {"up_to": "5", "unit_price": "1"}, {"unit_price": "1"}]},
            {"quantity": "1"},
            "TIERS_NOT_RISING",
            "params.tiers.1.up_to",
        ),
        ({**PLAN, "tiers": [{"unit_price": "-1"}]}, {"quantity": "1"}, "NEGATIVE", "params.tiers.0.unit_price"),
        ({**PLAN, "tiers": [{"unit_price": "0.0000000000001"}]}, {"quantity": "1"}, "OVER_PRECISE", "params.tiers.0.unit_price"),
        ({**PLAN, "minimum": "10", "maximum": "9"}, {"quantity": "1"}, "LIMITS_CROSSED", "params.maximum"),
        ({**PLAN, "minimum": "0.001"}, {"quantity": "1"}, "OVER_PRECISE", "params.minimum"),
        ({**PLAN, "unit": "a\0b"}, {"quantity": "1"}, "BAD_TEXT", "params.unit"),
        ({**PLAN, "unit": "\ud800"}, {"quantity": "1"}, "BAD_TEXT", "params.unit"),
        ({**PLAN, "decimals": 10**400}, {"quantity": "1"}, "TOO_LARGE", "params.decimals"),
        ({**PLAN, "decimals": True}, {"quantity": "1"}, "WRONG_TYPE", "params.decimals"),
        ({**PLAN, "tiers": [{"unit_price": "9" * 12}]}, {"quantity": "9" * 15}, "OVERFLOW", "inputs"),
    ],
)
def test_bad_input_is_refused_at_its_field(params, inputs, code, field):
    with pytest.raises(InputError) as refused:
        METERED.run(Verb.RATE, params=params, inputs=inputs)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.text("zh")
