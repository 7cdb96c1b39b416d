"""Plans side by side: prices, worst case, the owner's net, one picture; nothing is stored."""

import json
import time
from xml.etree import ElementTree as ET

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.computations.models import Computation
from pricing.engines.catalogue import catalogue
from pricing.plans import chart as chart_room
from pricing.plans import comparing
from pricing.plans.comparing import PLANS_MAX, USAGES_MAX
from pricing.quotes.models import Quote
from registry.base.actor import PartyKind
from registry.log.models import Outbox
from tests.listings import shop
from tests.support.graphql import Client, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
ASKED = "outlooks { plan { id } worst { amount } points { usage amount { amount } net { amount } refused } } chart"
COMPARE = f"""query C($plans: [ID!]!, $usages: [String!]!, $institution: ID) {{
  planComparison(planIds: $plans, usages: $usages, institutionId: $institution) {{ {ASKED} }} }}"""
VOLUME = {"mode": "volume", "currency": "CNY", "unit": "call", "tiers": [{"up_to": "15", "unit_price": "10"}, {"unit_price": "5"}]}
GRADUATED = {"mode": "graduated", "currency": "CNY", "unit": "call", "tiers": [{"unit_price": "7.5"}]}
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def merchant():
    return Client(token=admit(PartyKind.MERCHANT).token)


def metered(client, params):
    return shop.plan(client, json.dumps(params), "metered")


def uses(*quantities):
    return [json.dumps({"quantity": str(quantity)}) for quantity in quantities]


def test_every_use_is_priced_under_every_plan_and_the_worst_is_named(merchant, snapshot):
    plans = [metered(merchant, VOLUME), metered(merchant, GRADUATED)]
    before = snapshot(Quote, Computation, Outbox)
    compared = merchant.query(COMPARE, plans=plans, usages=uses(15, 16))["planComparison"]
    assert [outlook["plan"]["id"] for outlook in compared["outlooks"]] == plans
    assert [[point["amount"]["amount"] for point in outlook["points"]] for outlook in compared["outlooks"]] == [
        ["150.00", "80.00"],
        ["112.50", "120.00"],
    ]
    assert [outlook["worst"]["amount"] for outlook in compared["outlooks"]] == ["150.00", "120.00"]
    assert [point["net"] for point in compared["outlooks"][0]["points"]] == [None, None]
    assert snapshot(Quote, Computation, Outbox) == before


def test_the_owner_sees_the_net_after_every_fee_and_nobody_else_does(merchant):
    rates = {"platformPpm": 20_000, "institutionPpm": 10_000, "gatewayPpm": 0, "gatewayFixedMinor": "0"}
    Client(token=admit(PartyKind.OPERATOR).token).mutate("feeSchedulePublish", idempotencyKey="k", **rates)
    house, plan = admit(PartyKind.INSTITUTION, name="House").organisation, metered(merchant, GRADUATED)
    given = {"plans": [plan], "usages": uses(100), "institution": global_id(house)}
    (mine,) = merchant.query(COMPARE, **given)["planComparison"]["outlooks"]
    assert [(point["amount"]["amount"], point["net"]["amount"]) for point in mine["points"]] == [("750.00", "727.50")]
    (theirs,) = Client(token=admit(PartyKind.BUYER).token).query(COMPARE, **given)["planComparison"]["outlooks"]
    assert [(point["amount"]["amount"], point["net"]) for point in theirs["points"]] == [("750.00", None)]


def test_more_uses_ask_the_database_nothing_more(merchant, django_assert_max_num_queries):
    rates = {"platformPpm": 20_000, "institutionPpm": 10_000, "gatewayPpm": 0, "gatewayFixedMinor": "0"}
    Client(token=admit(PartyKind.OPERATOR).token).mutate("feeSchedulePublish", idempotencyKey="k", **rates)
    house, plans = admit(PartyKind.INSTITUTION, name="House").organisation, [metered(merchant, GRADUATED), metered(merchant, VOLUME)]
    with CaptureQueriesContext(connection) as few:
        merchant.query(COMPARE, plans=plans, usages=uses(1), institution=global_id(house))
    with django_assert_max_num_queries(len(few)):
        answer = merchant.query(COMPARE, plans=plans, usages=uses(*range(1, 41)), institution=global_id(house))
    assert all(point["net"] for outlook in answer["planComparison"]["outlooks"] for point in outlook["points"])


def test_a_use_that_a_model_refuses_is_said_and_the_others_are_priced(merchant):
    compared = merchant.query(COMPARE, plans=[metered(merchant, GRADUATED)], usages=[*uses(2), '{"quantity": "-1"}', "{}"])[
        "planComparison"
    ]
    (outlook,) = compared["outlooks"]
    assert [point["amount"] and point["amount"]["amount"] for point in outlook["points"]] == ["15.00", None, None]
    assert [point["refused"] for point in outlook["points"]] == [None, "Must not be negative.", "This field is required."]


def test_the_picture_has_one_line_a_plan_and_escapes_its_name(merchant):
    given = {"nameZh": "一<b>", "nameEn": "One & <only>", "modelKey": "fixed", "params": shop.PRICE, "idempotencyKey": "k"}
    named = merchant.mutate("planCreate", "plan { id }", **given)["plan"]["id"]
    chart = merchant.query(COMPARE, plans=[named, shop.plan(merchant)], usages=['{"copies": 1}', '{"copies": 3}'])["planComparison"][
        "chart"
    ]
    picture = ET.fromstring(chart)  # noqa: S314 our own picture
    assert [len(line.attrib["points"].split()) for line in picture.iter(f"{SVG}polyline")] == [2, 2]
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert "One & <only>" in texts
    assert "Number of the use" in texts
    assert "1,500" in texts


def drawn(chart):
    """Return, of each line, the shares of the width and height of the axes at which its points stand, and all texts of the picture."""
    picture = ET.fromstring(chart)  # noqa: S314 our own picture
    lines = [[tuple(map(float, at.split(","))) for at in line.attrib["points"].split()] for line in picture.iter(f"{SVG}polyline")]
    return lines, [text.text for text in picture.iter(f"{SVG}text")]


def test_a_use_of_nothing_stands_at_zero(merchant):
    chart = merchant.query(COMPARE, plans=[metered(merchant, GRADUATED)], usages=uses(20, 0, 10))["planComparison"]["chart"]
    (line,), texts = drawn(chart)
    left, right = chart_room.LEFT, chart_room.WIDTH - chart_room.RIGHT
    assert [across for across, _ in line] == [left, (left + right) / 2, right]
    assert "Quantity" in texts


@pytest.mark.parametrize("refused", ["1e999999999", "1/0", "x" * 99, "-1"])
def test_a_quantity_that_no_model_prices_is_not_drawn_and_costs_nothing(merchant, refused):
    started = time.monotonic()
    compared = merchant.query(COMPARE, plans=[metered(merchant, GRADUATED)], usages=uses(100, refused, 300))["planComparison"]
    assert [point["amount"] is None for point in compared["outlooks"][0]["points"]] == [False, True, False]
    (line,), texts = drawn(compared["chart"])
    assert len(line) == 2
    assert {"Quantity", "100", "300"} <= set(texts)
    assert time.monotonic() - started < 2


def test_where_a_priced_use_states_no_quantity_all_are_drawn_by_their_number(merchant):
    params = {"currency": "CNY", "kind": "one_off", "price": "5.00"}
    compared = merchant.query(
        COMPARE, plans=[metered(merchant, GRADUATED), shop.plan(merchant, json.dumps(params))], usages=[*uses(1_000), '{"copies": 2}']
    )["planComparison"]
    lines, texts = drawn(compared["chart"])
    left, right = chart_room.LEFT, chart_room.WIDTH - chart_room.RIGHT
    assert [[across for across, _ in line] for line in lines] == [[left], [right]]
    assert "Number of the use" in texts


def test_long_numbers_and_names_make_the_picture_wider_and_every_tick_is_told_apart(merchant):
    plans = [{"nameZh": "数" * 80, "nameEn": "One\x01<two>", "modelKey": "metered", "params": json.dumps(GRADUATED | {"decimals": 1})}]
    (plan,) = [merchant.mutate("planCreate", "plan { id }", idempotencyKey="k", **each)["plan"]["id"] for each in plans]
    asked = {"plans": [plan], "usages": uses("9999999999.1", "9999999999.9")}
    chart = merchant.query(COMPARE, **asked)["planComparison"]["chart"]
    left, _, width, _ = map(int, ET.fromstring(chart).attrib["viewBox"].split())  # noqa: S314
    assert (left < 0, left + width) == (True, chart_room.WIDTH)
    _, texts = drawn(chart)
    assert {"9,999,999,999", "9,999,999,999.2", "80,000,000,000", "One <two>"} <= set(texts)
    chinese = Client(token=merchant.token, language="zh-hans").query(COMPARE, **asked)["planComparison"]["chart"]
    left, _, width, _ = map(int, ET.fromstring(chinese).attrib["viewBox"].split())  # noqa: S314
    assert left + width > chart_room.LEFT + 80 * 13


@pytest.mark.parametrize(
    ("copies", "usages", "code"),
    [
        (0, uses(1), "BAD_INPUT"),
        (6, uses(1), "BAD_INPUT"),
        (1, [], "BAD_INPUT"),
        (1, uses(*range(51)), "BAD_INPUT"),
        (1, ["{"], "BAD_INPUT"),
    ],
    ids=["no plan", "six plans", "no use", "fifty-one uses", "no JSON"],
)
def test_limits_and_malformed_questions_are_refused(merchant, copies, usages, code):
    answer = merchant.query(COMPARE, plans=[metered(merchant, GRADUATED)] * copies, usages=usages)
    assert (answer.codes, answer.status < 500) == ([code], True)


def test_an_id_that_is_no_plans_is_refused(merchant):
    assert merchant.query(COMPARE, plans=["UGxhbjow"], usages=uses(1)).codes == ["INVALID_ID"]


def test_a_plan_that_prices_no_use_and_plans_of_two_currencies_are_refused(merchant):
    advising = shop.plan(merchant, json.dumps({"currency": "CNY", "horizon": 1000, "high": "100.00"}), "learn")
    assert merchant.query(COMPARE, plans=[advising], usages=uses(1)).codes == ["PRICES_NO_USE"]
    dollars = metered(merchant, GRADUATED | {"currency": "USD"})
    assert merchant.query(COMPARE, plans=[dollars, metered(merchant, GRADUATED)], usages=uses(1)).codes == ["BAD_INPUT"]


@pytest.mark.parametrize("model", ["bargain", "query"])
def test_what_a_seller_keeps_to_itself_is_not_found_out_by_trying_prices(merchant, model):
    example = catalogue()[model].examples[0]
    given = {"plans": [shop.plan(merchant, json.dumps(example.params), model)], "usages": [json.dumps(example.inputs)]}
    (mine,) = merchant.query(COMPARE, **given)["planComparison"]["outlooks"]
    assert mine["worst"] is not None
    refused = Client(token=admit(PartyKind.BUYER).token).query(COMPARE, **given)
    assert (refused.status, refused.codes) == (200, ["PLAN_UNDISCLOSED"])
    assert (
        refused.errors[0]["message"]
        == "Plan One-off has parameters that its owner keeps to itself, which prices tried here would give away."
    )


def test_what_a_seller_keeps_to_itself_is_shown_to_it_and_to_the_regulator_alone(merchant):
    plan = shop.plan(merchant, json.dumps({"rule": "nash", "currency": "CNY", "floor": "100.00"}), "bargain")
    shown = "query($id: ID!) { node(id: $id) { ... on Plan { params } } }"
    for reader, floor in (
        (merchant, "100.00"),
        (Client(token=admit(PartyKind.REGULATOR).token), "100.00"),
        (Client(token=admit(PartyKind.BUYER).token), None),
    ):
        assert json.loads(reader.query(shown, id=plan)["node"]["params"]).get("floor") == floor


def test_the_data_that_queries_are_sold_from_is_shown_to_nobody_but_its_seller_and_the_regulator(merchant):
    params = catalogue()["query"].examples[0].params
    plan = shop.plan(merchant, json.dumps(params), "query")
    shown = "query($id: ID!) { node(id: $id) { ... on Plan { params } } }"
    (table,) = params["tables"]
    for reader, expected in (
        (merchant, table),
        (Client(token=admit(PartyKind.REGULATOR).token), table),
        (Client(token=admit(PartyKind.BUYER).token), {name: value for name, value in table.items() if name != "csv"}),
    ):
        (read,) = json.loads(reader.query(shown, id=plan)["node"]["params"])["tables"]
        assert {name: read[name] for name in ("name", "csv") if name in read} == {
            name: expected[name] for name in ("name", "csv") if name in expected
        }
        assert [column["name"] for column in read["columns"]] == ["city", "people"]


def test_a_comparison_costs_all_its_prices_whatever_is_asked_of_it(merchant):
    asked = "query($plans: [ID!]!, $usages: [String!]!) { planComparison(planIds: $plans, usages: $usages) { chart } }"
    answer = merchant.query(asked, plans=[metered(merchant, GRADUATED)], usages=uses(1))
    assert answer.extensions["cost"]["requested"] == PLANS_MAX * USAGES_MAX


def test_a_comparison_that_takes_too_long_is_refused_and_says_so(merchant, monkeypatch):
    monkeypatch.setattr(comparing, "SECONDS", -1)
    answer = merchant.query(COMPARE, plans=[metered(merchant, GRADUATED)], usages=uses(1))
    assert (answer.status, answer.codes) == (200, ["COMPARISON_TOO_LONG"])
    assert answer.errors[0]["extensions"]["remedy"] == "Compare fewer uses or fewer plans at once."
