"""The one meter: an action counts once, at once or later, and what was counted never changes."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction

from marketplace.delivery.models import Entitlement, MeterEvent, MeterKey
from marketplace.delivery.services import COUNT_MAX, meter
from marketplace.delivery.states import MeterKind
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.errors import BadInput, IdempotencyMismatch
from registry.base.ids import uuid7
from tests.listings import shop
from tests.marketplace.delivery.bought import bought
from tests.support.graphql import Client as GraphQL
from tests.support.graphql import global_id
from tests.support.parties import admit
from tests.support.rows import snapshot

METER = (MeterKey, MeterEvent)


def test_a_call_counts_its_units_once(db):
    case = bought(mode="API")
    first = meter(entitlement_id=case.entitlement.pk, action_key="call 1", kind=MeterKind.CALL, units=25, size=4096)
    again = meter(entitlement_id=case.entitlement.pk, action_key="call 1", kind=MeterKind.CALL, units=25, size=4096)
    assert (first.first, again.first, again.event) == (True, False, first.event)
    row = MeterEvent.objects.get()
    assert (row.kind, row.units, row.bytes, row.action_key, row.deal_id) == ("CALL", 25, 4096, "call 1", case.grant.deal_id)


def test_one_action_key_of_two_entitlements_is_two_actions(db):
    for case in (bought(mode="API"), bought(mode="API")):
        assert meter(entitlement_id=case.entitlement.pk, action_key="k", kind=MeterKind.CALL, units=1).first
    assert MeterEvent.objects.count() == 2


@pytest.mark.parametrize("other", [{"units": 2}, {"kind": MeterKind.FILE}])
def test_an_action_counted_as_one_use_is_not_counted_as_another(db, other):
    case = bought(mode="API")
    use = {"entitlement_id": case.entitlement.pk, "action_key": "k", "kind": MeterKind.CALL, "units": 1}
    meter(**use)
    before = snapshot(*METER)
    with pytest.raises(IdempotencyMismatch):
        meter(**{**use, **other})
    assert snapshot(*METER) == before


@pytest.mark.parametrize(
    "wrong", [{"units": 0}, {"units": -1}, {"units": COUNT_MAX + 1}, {"size": -1}, {"action_key": ""}, {"action_key": "k" * 256}]
)
def test_what_cannot_be_counted_is_refused(db, wrong):
    case = bought(mode="API")
    with pytest.raises(BadInput):
        meter(**{"entitlement_id": case.entitlement.pk, "action_key": "k", "kind": MeterKind.CALL, "units": 1, **wrong})
    assert snapshot(*METER) == {"marketplace_delivery.MeterKey": [], "marketplace_delivery.MeterEvent": []}


def test_eight_at_once_count_one(committed_db):
    case = bought(mode="API")

    def count(_number):
        try:
            return meter(entitlement_id=case.entitlement.pk, action_key="k", kind=MeterKind.CALL, units=3).first
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(count, range(8))) == [False] * 7 + [True]
    assert (MeterKey.objects.count(), [row.units for row in MeterEvent.objects.all()]) == (1, [3])


def test_the_database_counts_nothing_without_its_key(db):
    case = bought(mode="API")
    event = MeterEvent(
        id=uuid7(), entitlement_id=case.entitlement.pk, deal_id=uuid4(), action_key="k", kind="CALL", units=1, bytes=0, at=clock.now()
    )
    with pytest.raises(DatabaseError, match="counted under its own key"), transaction.atomic():
        event.save(force_insert=True)
    assert MeterEvent.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE marketplace_delivery_meterevent SET units = 2",
        "DELETE FROM marketplace_delivery_meterevent",
        "UPDATE marketplace_delivery_meterkey SET action_key = 'other'",
        "DELETE FROM marketplace_delivery_meterkey",
        "DELETE FROM marketplace_delivery_entitlement",
        "UPDATE marketplace_delivery_entitlement SET deal_id = id",
        "UPDATE marketplace_delivery_entitlement SET valid = '[2000-01-01,2100-01-01)'",
    ],
)
def test_what_was_written_stays_even_for_the_owner(db, statement):
    case = bought(mode="API")
    meter(entitlement_id=case.entitlement.pk, action_key="k", kind=MeterKind.CALL, units=1)
    before = snapshot(*METER, Entitlement)
    for role in ("egret_app", "egret_owner"):
        with pytest.raises(DatabaseError, match=r"append-only|permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {role}; {statement}")
    assert snapshot(*METER, Entitlement) == before


def test_events_lie_in_the_partition_of_their_year(db):
    case = bought(mode="API")
    event = meter(entitlement_id=case.entitlement.pk, action_key="k", kind=MeterKind.CALL, units=1).event
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM marketplace_delivery_meterevent WHERE id = %s", [event.pk])
        year = clock.now().year
        assert cursor.fetchone() == (f"marketplace_delivery_meterevent_{year if 2026 <= year <= 2030 else 'other'}",)


def test_past_months_of_use_are_priced_under_other_plans(db, settings):
    settings.DEMO_CLOCK = True
    holder = admit(PartyKind.BUYER)
    case = bought(mode="API", ends=200, buyer=holder.organisation)
    counts = {"entitlement_id": case.entitlement.pk, "kind": MeterKind.CALL}
    for month, units in enumerate((600, 400, 2_000)):
        if month != 1:
            clock.advance(to=clock.now().replace(day=1) + timedelta(days=32))
        meter(action_key=f"call {month}", units=units, **counts)
    merchant = GraphQL(token=admit(PartyKind.MERCHANT).token)
    tiers = [{"up_to": "1000", "unit_price": "2"}, {"unit_price": "1.5"}]
    plan = shop.plan(merchant, json.dumps({"mode": "graduated", "currency": "CNY", "unit": "call", "tiers": tiers}), "metered")
    points = "outlooks { points { usage amount { amount } } }"
    asked = f"query($e: ID!, $p: [ID!]!) {{ usageComparison(entitlementId: $e, planIds: $p) {{ {points} }} }}"
    (outlook,) = GraphQL(token=holder.token).query(asked, e=global_id(case.entitlement), p=[plan])["usageComparison"]["outlooks"]
    assert [(json.loads(point["usage"])["quantity"], point["amount"]["amount"]) for point in outlook["points"]] == [
        ("1000", "2000.00"),
        ("2000", "3500.00"),
    ]
    stranger = GraphQL(token=admit(PartyKind.BUYER).token)
    assert stranger.query(asked, e=global_id(case.entitlement), p=[plan]).codes == ["NOT_FOUND"]
