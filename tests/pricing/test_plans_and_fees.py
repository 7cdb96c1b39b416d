"""Plans and fee schedules through the API: who may make them, what is refused, what never changes."""

import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from pricing.fees.models import PublishedSchedule
from pricing.plans.models import Plan
from registry.base import clock
from registry.base.actor import SCOPES, PartyKind
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from tests.support.graphql import Client, UserError
from tests.support.parties import admit

pytestmark = pytest.mark.django_db

ONE_OFF = {"kind": "one_off", "currency": "CNY", "price": "1200.00"}


def plan_input(**changed: object) -> dict[str, object]:
    given = {"nameZh": "一次性", "nameEn": "One-off", "modelKey": "fixed", "params": json.dumps(ONE_OFF), "idempotencyKey": "k1"}
    return given | changed


@pytest.fixture
def merchant() -> Client:
    return Client(token=admit(PartyKind.MERCHANT).token)


@pytest.fixture
def operator() -> Client:
    return Client(token=admit(PartyKind.OPERATOR).token)


def test_a_merchant_picks_a_model_and_its_parameters(merchant):
    made = merchant.mutate("planCreate", fields="plan { modelKey modelVersion currency params }", **plan_input())
    assert made["plan"] == {
        "modelKey": "fixed",
        "modelVersion": 1,
        "currency": "CNY",
        "params": json.dumps(Plan.objects.get().params, ensure_ascii=False, sort_keys=True),
    }


def test_the_same_key_makes_one_plan_and_another_input_is_refused(merchant):
    first = merchant.mutate("planCreate", fields="plan { id }", **plan_input())
    again = merchant.mutate("planCreate", fields="plan { id }", **plan_input())
    other = merchant.mutate("planCreate", fields="plan { id }", **plan_input(nameEn="Another"))
    assert first["plan"] == again["plan"]
    assert other.user_errors == [UserError(code="IDEMPOTENCY_MISMATCH", field=["idempotencyKey"])]
    assert Plan.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"params": "{"}, "BAD_INPUT", ["params"]),
        ({"params": "[1]"}, "BAD_INPUT", ["params"]),
        ({"params": json.dumps(ONE_OFF)[:-1] + ', "more": 1.5}'}, "PRICING_REFUSED", ["params", "more"]),
        ({"params": json.dumps(ONE_OFF)[:-1] + ', "more": 1e999}'}, "BAD_INPUT", ["params"]),
        ({"params": json.dumps(ONE_OFF)[:-1] + ', "more": NaN}'}, "BAD_INPUT", ["params"]),
        ({"params": json.dumps(ONE_OFF | {"price": 12.5})}, "PRICING_REFUSED", ["params", "price"]),
        ({"params": '{"a":' * 65 + "1" + "}" * 65}, "BAD_INPUT", ["params"]),
        ({"params": None}, "BAD_INPUT", ["params"]),
        ({"params": json.dumps(ONE_OFF | {"price": "-1"})}, "PRICING_REFUSED", ["params", "price"]),
        ({"params": json.dumps(ONE_OFF | {"price": "1.001"})}, "PRICING_REFUSED", ["params", "price"]),
        ({"params": json.dumps(ONE_OFF | {"currency": "XXX"})}, "PRICING_REFUSED", ["params", "currency"]),
        ({"params": json.dumps({"kind": "one_off", "currency": "CNY"})}, "PRICING_REFUSED", ["params", "price"]),
        ({"modelKey": "nonsense"}, "PRICING_REFUSED", ["params"]),
        ({"nameZh": " "}, "BAD_INPUT", ["nameZh"]),
        ({"nameEn": "x" * 81}, "BAD_INPUT", ["nameEn"]),
        ({"idempotencyKey": ""}, "BAD_INPUT", ["idempotencyKey"]),
    ],
)
def test_bad_parameters_name_the_field_and_leave_nothing(merchant, snapshot, changed, code, field):
    before = snapshot(Plan, IdempotencyKey, Outbox)
    refused = merchant.mutate("planCreate", **plan_input(**changed))
    assert refused.user_errors == [UserError(code=code, field=field)]
    assert snapshot(Plan, IdempotencyKey, Outbox) == before


def test_a_share_of_income_takes_nothing_on_top_since_its_deal_would_not_read_it(merchant, snapshot):
    before = snapshot(Plan, IdempotencyKey, Outbox)
    share = {"modelKey": "income_share", "params": '{"currency": "CNY", "share_ppm": 300000}', "adjustments": '{"minimum": "100.00"}'}
    refused = merchant.mutate("planCreate", **plan_input(**share))
    assert refused.user_errors == [UserError(code="PRICING_REFUSED", field=["adjustments"])]
    assert snapshot(Plan, IdempotencyKey, Outbox) == before


def test_a_buyer_makes_no_plan(snapshot):
    buyer = Client(token=admit(PartyKind.BUYER).token)
    before = snapshot(Plan, Outbox)
    assert buyer.mutate("planCreate", **plan_input()).codes == ["FORBIDDEN"]
    assert snapshot(Plan, Outbox) == before


def test_a_plan_never_changes(merchant):
    merchant.mutate("planCreate", **plan_input())
    for statement in ("UPDATE pricing_plans_plan SET name_en = 'x'", "DELETE FROM pricing_plans_plan"):
        with pytest.raises(DatabaseError, match=r"permission denied|append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_every_model_is_offered_with_its_schema(merchant):
    models = merchant.query("{ pricingModels { key nameZh nameEn verbs descriptionJson } }")["pricingModels"]
    assert [model["key"] for model in models] == sorted(model["key"] for model in models)
    assert {"fixed", "metered", "income_share"} <= {model["key"] for model in models}
    assert all(json.loads(model["descriptionJson"])["examples"] for model in models)


def schedule_input(**changed: object) -> dict[str, object]:
    given = {"platformPpm": 20000, "institutionPpm": 10000, "gatewayPpm": 0, "gatewayFixedMinor": "0", "idempotencyKey": "k1"}
    return given | changed


def test_the_operator_publishes_fees_and_each_version_stays(operator):
    operator.mutate("feeSchedulePublish", fields="feeSchedule { number }", **schedule_input())
    second = operator.mutate(
        "feeSchedulePublish", fields="feeSchedule { number platformPpm }", **schedule_input(platformPpm=30000, idempotencyKey="k2")
    )
    assert second["feeSchedule"] == {"number": 2, "platformPpm": 30000}
    assert list(PublishedSchedule.objects.order_by("number").values_list("number", "platform_ppm")) == [(1, 20000), (2, 30000)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"platformPpm": -1}, ["platformPpm"]),
        ({"platformPpm": 1_000_001}, ["platformPpm"]),
        ({"platformPpm": 600_000, "institutionPpm": 600_000}, ["institutionPpm"]),
        ({"gatewayFixedMinor": "-1"}, ["gatewayFixedMinor"]),
        ({"effectiveFrom": "2020-01-01T00:00:00+00:00"}, ["effectiveFrom"]),
    ],
)
def test_impossible_fees_are_refused(operator, snapshot, changed, field):
    before = snapshot(PublishedSchedule, Outbox)
    assert operator.mutate("feeSchedulePublish", **schedule_input(**changed)).user_errors == [UserError(code="BAD_INPUT", field=field)]
    assert snapshot(PublishedSchedule, Outbox) == before


def test_a_repeat_of_the_call_after_its_fees_took_effect_is_the_first_result(operator, monkeypatch):
    effect = clock.now() + timedelta(hours=1)
    given = schedule_input(effectiveFrom=effect.isoformat())
    first = operator.mutate("feeSchedulePublish", "feeSchedule { id }", **given)
    monkeypatch.setattr(clock, "now", lambda: effect + timedelta(hours=1))
    again = operator.mutate("feeSchedulePublish", "feeSchedule { id }", **given)
    assert again.user_errors == []
    assert first["feeSchedule"] == again["feeSchedule"]


def test_a_merchant_publishes_no_fees(merchant, snapshot):
    before = snapshot(PublishedSchedule, Outbox)
    assert merchant.mutate("feeSchedulePublish", **schedule_input()).codes == ["FORBIDDEN"]
    assert snapshot(PublishedSchedule, Outbox) == before


VERSIONED = "plan { id series number params }"


def test_a_revision_is_the_next_version_and_the_former_stays_as_it_was(merchant):
    first = merchant.mutate("planCreate", fields=VERSIONED, **plan_input())["plan"]
    given = plan_input(params=json.dumps(ONE_OFF | {"price": "900.00"}), revisesId=first["id"], idempotencyKey="k2")
    second = merchant.mutate("planCreate", fields=VERSIONED, **given)["plan"]
    assert [(plan["series"], plan["number"]) for plan in (first, second)] == [(first["series"], 1), (first["series"], 2)]
    shown = merchant.query("query($id: ID!) { node(id: $id) { ... on Plan { params } } }", id=first["id"])["node"]
    assert json.loads(shown["params"])["price"] == "1200.00"


def test_only_the_newest_version_of_ones_own_plan_is_revised(merchant, snapshot):
    first = merchant.mutate("planCreate", fields="plan { id }", **plan_input())["plan"]["id"]
    merchant.mutate("planCreate", **plan_input(revisesId=first, idempotencyKey="k2"))
    other = Client(token=admit(PartyKind.MERCHANT, name="Other").token)
    before = snapshot(Plan, IdempotencyKey, Outbox)
    again = merchant.mutate("planCreate", **plan_input(revisesId=first, idempotencyKey="k3"))
    assert again.user_errors == [UserError(code="PLAN_REVISED", field=["revisesId"])]
    theirs = other.mutate("planCreate", **plan_input(revisesId=first, idempotencyKey="k4"))
    assert theirs.user_errors == [UserError(code="NOT_FOUND", field=["revisesId"])]
    assert snapshot(Plan, IdempotencyKey, Outbox) == before


def test_no_scope_that_makes_or_changes_a_price_is_open_to_the_platform_an_institution_a_registrar_or_a_regulator():
    pricing = {
        scope: kinds for scope, kinds in SCOPES.items() if scope.startswith("plan:") or scope in {"listing:write", "deal:sell", "deal:buy"}
    }
    neutral = {PartyKind.OPERATOR, PartyKind.INSTITUTION, PartyKind.REGISTRAR, PartyKind.REGULATOR}
    assert {scope: sorted(kinds & neutral) for scope, kinds in pricing.items()} == {scope: [] for scope in pricing}
    assert set(pricing) == {"plan:write", "plan:use", "plan:consent", "listing:write", "deal:sell", "deal:buy"}


@pytest.mark.parametrize(
    "kind", [PartyKind.OPERATOR, PartyKind.INSTITUTION, PartyKind.REGISTRAR, PartyKind.REGULATOR, PartyKind.PUBLIC_BODY]
)
def test_whoever_sells_nothing_sets_no_price(snapshot, kind):
    client = Client(token=admit(kind, name="Neutral").token)
    before = snapshot(Plan, Outbox)
    assert client.mutate("planCreate", **plan_input()).codes == ["FORBIDDEN"]
    assert snapshot(Plan, Outbox) == before
