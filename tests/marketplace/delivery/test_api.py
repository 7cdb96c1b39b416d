"""Delivery through the front door: who sees which entitlement, and the link that takes the file."""

import pytest

import marketplace.delivery.schema  # noqa: F401  # its node types name the ids that the tests send
from marketplace.delivery.models import Entitlement, MeterEvent, MeterKey
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from tests.marketplace.delivery.bought import CONTENT, bought, fetched, in_days
from tests.marketplace.delivery.test_stops import ordered
from tests.support.graphql import Client, UserError
from tests.support.parties import admit
from tests.support.rows import snapshot

pytestmark = pytest.mark.django_db

SHOWN = """{ entitlements(first: 10) { totalCount nodes {
  dealId mode state suspendedFor validFrom validUntil version
  holder { nameEn } object { name } grant { kind } meterEvents { kind units bytes }
} } meterEvents(first: 10) { totalCount } }"""


@pytest.fixture
def trade():
    seller, buyer = admit(PartyKind.MERCHANT, name="Seller"), admit(PartyKind.BUYER, name="Buyer")
    return bought(seller=seller.organisation, buyer=buyer.organisation), Client(token=seller.token), Client(token=buyer.token)


def test_the_buyer_asks_for_a_link_takes_the_file_and_sees_it_counted(trade):
    case, _, buyer = trade
    link = buyer.mutate("deliveryLink", fields="path expiresAt", entitlementId=case.entitlement, idempotencyKey="k1")
    assert fetched(link["path"]) == CONTENT
    answer = buyer.query(SHOWN)
    assert answer["meterEvents"] == {"totalCount": 1}
    assert answer["entitlements"] == {
        "totalCount": 1,
        "nodes": [
            {
                "dealId": str(case.grant.deal_id),
                "mode": "FILE",
                "state": "OPEN",
                "suspendedFor": None,
                "validFrom": in_days(0).isoformat(),
                "validUntil": in_days(30).isoformat(),
                "version": 1,
                "holder": {"nameEn": "Buyer"},
                "object": {"name": "Flights"},
                "grant": {"kind": "USE"},
                "meterEvents": [{"kind": "FILE", "units": "1", "bytes": "1572864"}],
            }
        ],
    }


def test_the_buyer_the_owner_the_institution_and_the_regulator_see_an_entitlement_and_nobody_else(trade):
    _, seller, buyer = trade
    kinds = (PartyKind.INSTITUTION, PartyKind.REGULATOR, PartyKind.REGISTRAR, PartyKind.MERCHANT, PartyKind.BUYER)
    others = [Client(token=admit(kind).token) for kind in kinds]
    seen = [each.query("{ entitlements(first: 1) { totalCount } }")["entitlements"]["totalCount"] for each in (seller, buyer, *others)]
    assert seen == [1, 1, 1, 1, 0, 0, 0]


def test_what_stops_a_delivery_is_an_error_of_the_user_and_changes_nothing(trade):
    case, seller, buyer = trade
    ordered(case.object.pk)
    models = (Entitlement, MeterEvent, MeterKey, IdempotencyKey, Outbox)
    before = snapshot(*models)
    answer = buyer.mutate("deliveryLink", fields="path", entitlementId=case.entitlement, idempotencyKey="k1")
    assert answer.user_errors == [UserError(code="OBJECT_HELD", field=["entitlementId"], remedy="Have whoever set the hold lift it.")]
    refused = seller.mutate("deliveryLink", fields="path", entitlementId=case.entitlement, idempotencyKey="k1")
    assert refused.user_errors == [UserError(code="NOT_HOLDER", field=["entitlementId"])]
    wrong = buyer.mutate("deliveryLink", fields="path", entitlementId=case.object, idempotencyKey="k1")
    assert wrong.user_errors == [UserError(code="INVALID_ID", field=["entitlementId"])]
    assert snapshot(*models) == before


def test_lists_take_a_state_and_a_deal(trade):
    case, _, buyer = trade
    bought(buyer=case.buyer, suspended=True)
    query = "query($state: EntitlementState, $deal: ID) { entitlements(first: 5, state: $state, deal: $deal) { nodes { suspendedFor } } }"
    assert buyer.query(query, state="SUSPENDED")["entitlements"]["nodes"] == [{"suspendedFor": "SCREENING"}]
    assert buyer.query(query, deal="nonsense").codes == ["INVALID_ID"]
    assert buyer.query(query, deal=to_global("Deal", case.grant.deal_id))["entitlements"]["nodes"] == [{"suspendedFor": None}]
