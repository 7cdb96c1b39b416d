"""What may be megabytes long is read from the database only where somebody asks for it, and then costs what it weighs."""

import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.advice.tasks import run_once
from pricing.engines.catalogue import catalogue
from registry.base.actor import PartyKind
from registry.base.limits import COST_MAX, LONG_TEXT_COST
from tests.listings import shop
from tests.pricing.test_inputs import ONE_OFF, put, staged
from tests.support.graphql import Client
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
COST = catalogue()["cost"].examples[0]


@pytest.fixture
def merchant():
    """Has one of each: a plan, an advice, its computation, a file of inputs."""
    client = Client(token=admit(PartyKind.MERCHANT).token)
    put(staged(client, len(ONE_OFF))["uploadPath"], ONE_OFF)
    about, plan = shop.plan(client), shop.plan(client, json.dumps(COST.params), "cost")
    asked = {"aboutId": about, "planId": plan, "verb": "appraise", "inputs": json.dumps(COST.inputs), "appraiser": "A"}
    assert client.mutate("adviceRequest", **asked, valuedOn="2026-06-30", idempotencyKey="a").ok
    assert run_once() == 1
    return client


@pytest.mark.parametrize(
    ("asked", "column"),
    [
        ("plans(first: 9) { nodes { id nameEn } }", '"pricing_plans_plan"."params"'),
        ("advice(first: 9) { nodes { id about { nameEn } } }", '"pricing_plans_plan"."params"'),
        ("advice(first: 9) { nodes { id state } }", '"pricing_advice_advice"."inputs"'),
        ("computations(first: 9) { nodes { id amount { amount } } }", '"pricing_computations_computation"."inputs"'),
        ("computations(first: 9) { nodes { id amount { amount } } }", '"pricing_computations_computation"."answer"'),
        ("inputFiles(first: 9) { nodes { id sha256 } }", '"pricing_inputs_inputfile"."sealed"'),
        ("quotes(first: 9) { nodes { id amount { amount } } }", '"pricing_quotes_quote"."inputs"'),
    ],
)
def test_a_page_reads_no_long_column_that_nobody_asked_for(merchant, asked, column):
    with CaptureQueriesContext(connection) as made:
        assert merchant.query(f"{{ {asked} }}").errors == []
    table = column.split(".")[0]
    assert any(f"FROM {table}" in query["sql"] for query in made)
    assert not any(column in query["sql"] for query in made)


def test_what_is_asked_for_is_there(merchant):
    plans = merchant.query("{ plans(first: 9) { nodes { params modelKey } } }")["plans"]["nodes"]
    assert {plan["modelKey"]: json.loads(plan["params"])["currency"] for plan in plans} == {"fixed": "CNY", "cost": "CNY"}
    (computed,) = merchant.query("{ computations(first: 9) { nodes { inputs extras lines { code } } } }")["computations"]["nodes"]
    assert json.loads(computed["inputs"]) == COST.inputs
    assert json.loads(computed["extras"])
    assert computed["lines"]


@pytest.mark.parametrize("asked", ["plans(first: {}) {{ nodes {{ params }} }}", "computations(first: {}) {{ nodes {{ inputs }} }}"])
def test_one_request_asks_for_no_more_long_texts_than_fit_into_memory(merchant, asked):
    most = (COST_MAX - 1) // (LONG_TEXT_COST + 1)
    assert merchant.query(f"{{ {asked.format(most)} }}").errors == []
    assert merchant.query(f"{{ {asked.format(most + 1)} }}").codes == ["COST_EXCEEDED"]
