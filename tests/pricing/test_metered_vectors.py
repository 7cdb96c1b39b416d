"""The metered tariff gives the numbers that Stripe, Lago and OpenMeter publish in their own documents and tests."""

from decimal import Decimal
from fractions import Fraction

import pytest

from pricing.engines.metered import METERED
from pricing.engines.model import Verb


def tiers(*rows, name="unit_price"):
    """Return tiers from (up to, price, flat) rows; None has no upper end."""
    return [{**({} if up_to is None else {"up_to": up_to}), name: price, "flat": flat} for up_to, price, flat in rows]


def plan(mode, **more):
    return {"mode": mode, "currency": "KWD", **more}


def charged(params, inputs):
    """Return the exact charge before rounding: the lines say it. The amount must be that number rounded half to even."""
    quote = METERED.run(Verb.RATE, params=params, inputs=inputs)
    exact = sum(line.quantity * line.unit_price for line in quote.lines)
    assert quote.amount_minor == round(exact * 1000)
    return exact


STRIPE = plan("volume", tiers=tiers(("5", "7", "0"), ("10", "6.5", "0"), (None, "6", "0")))
STRIPE_OLD = tiers(("5", "5", "0"), ("10", "4", "0"), ("15", "3", "0"), ("20", "2", "0"), (None, "1", "0"))
LAGO_GRADUATED = plan("graduated", tiers=tiers(("10", "10", "2"), ("20", "5", "3"), (None, "5", "3")))
LAGO_DECIMAL = plan("graduated", decimals=2, tiers=tiers(("0.1", "10", "0"), ("1", "5", "0"), (None, "2", "0")))
LAGO_VOLUME = plan("volume", decimals=1, negative_usage="zero", tiers=tiers(("100", "2", "10"), ("200", "1", "0"), (None, "0.5", "50")))
LAGO_DOCS_VOLUME = plan(
    "volume", tiers=tiers(("10000", "0.0010", "10"), ("50000", "0.0008", "10"), ("100000", "0.0006", "10"), (None, "0.0004", "10"))
)
OPEN_GRADUATED = tiers(("5", "0", "100"), ("10", "0", "50"), ("15", "5", "0"), (None, "1", "0"))
OPEN_VOLUME = plan("volume", tiers=tiers(("5", "0", "100"), ("10", "0", "150"), ("15", "10", "0"), (None, "5", "0")))


def package(price, size, **more):
    return plan("package", price=price, size=size, **more)


@pytest.mark.parametrize(
    ("params", "quantity", "expected"),
    [
        *((STRIPE, quantity, charge) for quantity, charge in [("1", "7"), ("5", "35"), ("6", "39")]),
        (plan("graduated", tiers=STRIPE_OLD), "6", "29"),
        *((plan("volume", tiers=STRIPE_OLD), q, c) for q, c in [("1", "5"), ("5", "25"), ("6", "24"), ("20", "40"), ("25", "25")]),
        *((LAGO_GRADUATED, q, c) for q, c in [("0", "2"), ("1", "12"), ("10", "102"), ("11", "110"), ("12", "115"), ("21", "163")]),
        (LAGO_DECIMAL, "0.05", "0.5"),
        (LAGO_DECIMAL, "0.5", "3.0"),
        *(
            (LAGO_VOLUME, q, c)
            for q, c in [
                ("-5", "0"),
                ("0", "10"),
                ("1", "12"),
                ("100", "210"),
                ("100.5", "100.5"),
                ("101", "101"),
                ("200", "200"),
                ("210", "155"),
                ("300", "200"),
            ]
        ),
        (LAGO_DOCS_VOLUME, "65000", "49"),
        (package("100", "10"), "121", "1300"),
        (package("100", "10", free_units="10"), "121", "1200"),
        (package("100", "10", free_units="200"), "121", "0"),
        (package("5", "100", free_units="100"), "201", "10"),
        (plan("graduated", tiers=OPEN_GRADUATED), "22", "182"),
        *(
            (OPEN_VOLUME, q, c)
            for q, c in [("0", "100"), ("3", "100"), ("5", "100"), ("14", "140"), ("15", "150"), ("16", "80"), ("100", "500")]
        ),
        (package("15", "10"), "0", "0"),
        (package("15", "10"), "10", "15"),
        (package("15", "10", minimum="100"), "0", "100"),
    ],
)
def test_published_quantities(params, quantity, expected):
    assert charged(params, {"quantity": quantity}) == Fraction(Decimal(expected))


def test_prorated_usage_is_rated_at_the_tier_of_the_full_usage():
    assert charged(LAGO_VOLUME, {"quantity": "198.6", "tier_quantity": "300"}) == Fraction("149.3")


FOUR = ["50", "100", "250", "400"]
LIMITED = {"event_minimum": "1.75", "event_maximum": "12"}
THREE = ["10", "80", "10000"]


@pytest.mark.parametrize(
    ("terms", "events", "expected"),
    [
        ({"percent": "1.3", "fixed": "2", "free_events": 3, "free_amount": "250"}, FOUR, "11.15"),
        ({"percent": "1.3", "fixed": "2", "free_events": 3}, FOUR, "7.2"),
        ({"percent": "1.3", "fixed": "2"}, FOUR, "18.4"),
        ({"percent": "0", "fixed": "2"}, FOUR, "8"),
        ({"percent": "2.9"}, ["4"], "0.116"),
        ({"percent": "2.99"}, THREE, "301.691"),
        ({"percent": "2.99", **LIMITED}, THREE, "16.142"),
        ({"percent": "2.99", "fixed": "2", **LIMITED}, THREE, "18.691"),
        ({"percent": "2.99", "free_events": 2, **LIMITED}, THREE, "12"),
        ({"percent": "2.99", "free_amount": "30", **LIMITED}, THREE, "13.794"),
        ({"percent": "2.99", "free_events": 3, "free_amount": "10000", **LIMITED}, THREE, "2.691"),
        ({"percent": "100"}, ["0.70", "0.55", "2.20"], "3.45"),
    ],
)
def test_published_percentages(terms, events, expected):
    assert charged(plan("percentage", **terms), {"events": events}) == Fraction(expected)


def test_published_graduated_percentage_one_transaction_after_another():
    params = plan("graduated_percentage", tiers=tiers(("1000", "1", "200"), ("10000", "2", "300"), (None, "3", "400"), name="percent"))
    first = METERED.run(Verb.RATE, params=params, inputs={"quantity": "500"})
    second = METERED.run(Verb.RATE, params=params, inputs={"quantity": "550", "prior": {"quantity": "500"}})
    third = METERED.run(Verb.RATE, params=params, inputs={"quantity": "4000", "prior": {"quantity": "1050"}})
    assert [quote.amount_minor for quote in (first, second, third)] == [205_000, 306_000, 80_000]


@pytest.mark.parametrize(
    ("limits", "inputs", "expected"),
    [
        ({}, {"quantity": "10", "prior": {"quantity": "12"}}, 22_000),
        ({"minimum": "1000"}, {"quantity": "0", "prior": {"quantity": "5", "billed": "100"}}, 900_000),
        ({"maximum": "170"}, {"quantity": "10", "prior": {"quantity": "12", "billed": "160"}}, 10_000),
    ],
)
def test_published_bills_within_a_period(limits, inputs, expected):
    quote = METERED.run(Verb.RATE, params=plan("graduated", tiers=OPEN_GRADUATED, **limits), inputs=inputs)
    assert quote.amount_minor == expected
    assert quote.lines[-1].code == "BILLED_BEFORE"
