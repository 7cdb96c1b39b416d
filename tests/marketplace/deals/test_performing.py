"""The file arrives whole and as contracted, and is accepted by word or by silence; what the rules or the registers stop, waits."""

from datetime import timedelta

import pytest

from marketplace.deals.models import Deal
from marketplace.deals.services import deal_delivered, deal_funded, inspection_ended
from marketplace.delivery.models import Entitlement
from registry.base.models import IdempotencyKey, Work
from registry.log.models import Outbox
from settlement.escrow.models import Escrow
from tests.support import trade
from tests.support.events import acted
from tests.support.graphql import Client, UserError
from tests.support.moving import advance

WRITTEN = (Deal, Entitlement, Outbox, IdempotencyKey)


@pytest.fixture
def of(delivered):
    return delivered.world


def test_the_whole_file_starts_the_inspection_period(delivered):
    row = delivered.deal
    assert (row.state, row.version) == ("DELIVERED", 5)
    assert row.inspection_until_at - row.delivered_at == timedelta(days=7)
    (told,) = trade.told("deal.delivered")
    assert told["data"] == {"deal": str(delivered.uuid), "sha256": delivered.shelf.sha256}
    timer = Work.objects.get(topic="deals.inspection")
    assert (timer.state, timer.due_at) == ("WAITING", row.inspection_until_at)


def test_the_file_may_be_fetched_again_and_is_delivered_once(delivered):
    before = delivered.deal
    assert trade.fetched(delivered) == delivered.shelf.content
    trade.relay()
    deal_delivered(deal_id=delivered.uuid, sha256=delivered.shelf.sha256)
    assert (delivered.deal.version, delivered.deal.inspection_until_at) == (before.version, before.inspection_until_at)
    assert len(trade.told("deal.delivered")) == 1


def test_the_buyer_accepts_by_naming_the_hash_of_what_arrived(of, delivered):
    said = trade.accept(delivered, receivedSha256=delivered.shelf.sha256.upper(), idempotencyKey="a", expectedVersion=5)["deal"]
    assert (said["state"], said["version"]) == ("ACCEPTED", 6)
    assert delivered.deal.accepted_at is not None
    (told,) = trade.told("deal.accepted")
    assert acted(told)["organisation"] == str(of.buyer.id)
    again = trade.accept(delivered, receivedSha256=delivered.shelf.sha256.upper(), idempotencyKey="a", expectedVersion=5)
    assert again["deal"] == said
    assert len(trade.told("deal.accepted")) == 1


def test_another_hash_than_the_contracts_is_not_accepted(delivered, snapshot):
    before = snapshot(*WRITTEN)
    for other in (trade.digest(b"another file"), "", "0" * 64, delivered.shelf.sha256[:-1], delivered.shelf.sha256 + " ", "哈希"):
        refused = trade.accept(delivered, receivedSha256=other)
        assert refused.user_errors == [UserError(code="FILE_DIFFERS", field=["receivedSha256"])], other
    assert snapshot(*WRITTEN) == before


def test_what_was_accepted_is_not_accepted_again(delivered, snapshot):
    assert trade.accept(delivered).ok
    before = snapshot(*WRITTEN)
    assert trade.accept(delivered).codes == ["ILLEGAL_TRANSITION"]
    assert trade.accept(delivered, expectedVersion=5).codes == ["STALE_VERSION"]
    assert snapshot(*WRITTEN) == before


def test_silence_until_the_end_of_the_inspection_period_is_acceptance(delivered):
    until = delivered.deal.inspection_until_at
    advance(to=until - timedelta(minutes=5))
    trade.relay()
    assert delivered.deal.state == "DELIVERED"
    advance(to=until + timedelta(seconds=1))
    trade.relay()
    assert (delivered.deal.state, delivered.deal.version) == ("ACCEPTED", 6)
    (told,) = trade.told("deal.accepted")
    assert acted(told) == {"person": None, "organisation": None}
    inspection_ended(deal_id=delivered.uuid)
    assert delivered.deal.version == 6


def test_the_end_of_the_inspection_period_changes_nothing_that_was_accepted(delivered):
    assert trade.accept(delivered).ok
    advance(to=delivered.deal.inspection_until_at + timedelta(seconds=1))
    trade.relay()
    assert (delivered.deal.state, delivered.deal.version, len(trade.told("deal.accepted"))) == ("ACCEPTED", 6, 1)
    assert Work.objects.get(topic="deals.inspection").state == "DONE"


def test_a_complaint_of_the_delivery_holds_the_money_back_beyond_the_inspection_period(of, delivered):
    given = {"subjectId": delivered.id, "text": "Half the rows are missing", "idempotencyKey": "c"}
    assert of.buyer.client.mutate("complaintFile", "complaint { id }", **given).ok
    advance(to=delivered.deal.inspection_until_at + timedelta(seconds=1))
    trade.relay()
    assert trade.settle(delivered).user_errors == [UserError(code="SCREENING_BLOCKED", rule="ST-01")]
    assert (delivered.deal.state, Escrow.objects.get().state) == ("ACCEPTED", "FUNDED")


def test_only_the_buyer_accepts(of, delivered, snapshot):
    before = snapshot(*WRITTEN)
    for client, code in (
        (of.seller.client, "NOT_A_SIDE"),
        (of.other.client, "NOT_FOUND"),
        (Client(token=of.institution.token), "FORBIDDEN"),
        (Client(token=of.regulator.token), "FORBIDDEN"),
        (Client(), "UNAUTHENTICATED"),
    ):
        assert delivered.step(client, "dealAccept", receivedSha256=delivered.shelf.sha256).codes == [code]
    assert trade.accept(delivered, expectedVersion=4).user_errors == [UserError(code="STALE_VERSION", field=["expectedVersion"])]
    assert trade.accept(delivered, dealId=of.flat.object).user_errors == [UserError(code="INVALID_ID", field=["dealId"])]
    assert snapshot(*WRITTEN) == before


def test_money_that_arrived_is_noted_once(delivered):
    before = delivered.deal
    deal_funded(deal_id=delivered.uuid)
    assert (delivered.deal.version, len(trade.told("deal.funded"))) == (before.version, 1)
