"""Money that was taken never lies in a deal that can go nowhere: what stops the right is asked before, and what comes later passes."""

from datetime import timedelta

from listings.products.models import Offer
from marketplace.deals.models import Deal, DealRight
from marketplace.delivery.models import Entitlement
from registry.base import clock
from registry.base.models import IdempotencyKey, Work
from registry.log.models import Outbox
from registry.rights.models import Grant
from registry.rules_store.models import Verdict
from settlement.escrow.models import Escrow
from settlement.payments.models import Charge
from tests.listings import shop
from tests.marketplace.screening import market as m
from tests.support import trade
from tests.support.graphql import Client, UserError
from tests.support.moving import advance

HOUR = timedelta(hours=1, minutes=1)
WRITTEN = (Deal, DealRight, Escrow, Charge, Grant, Verdict, Work, Outbox, IdempotencyKey)


def hold(of, kind="COURT"):
    placed = {"objectId": of.flat.object, "kind": kind, "reason": "Seized", "idempotencyKey": shop.key()}
    return Client(token=of.regulator.token).mutate("holdPlace", "hold { id }", **placed)["hold"]["id"]


def lift(of, placed):
    given = {"holdId": placed, "reason": "Paid", "expectedVersion": 1, "idempotencyKey": shop.key()}
    assert Client(token=m.second(of.regulator)).mutate("holdLift", **given).ok


def later(by=HOUR):
    advance(to=clock.now() + by)
    trade.relay()


def exclusive(of):
    """A shelf with an exclusive licence on it, of an object that its owner uses itself."""
    thing = trade.registered(of.seller)
    asset = shop.ready(of.seller.client, shop.CSV, object_=thing)
    listing = shop.drafted(of.seller.client, thing, asset=asset)
    offer = trade.offered(of.seller, listing, 1, price="100.00", exclusive=True)
    assert shop.publish(of.seller.client, listing, 2)["listing"]["state"] == "LISTED"
    return trade.Shelf(of.seller, thing, listing, offer, shop.CSV)


def test_a_hold_after_the_charge_keeps_the_money_noted_and_the_right_waits_for_its_end(of):
    made = trade.asked(of)
    placed = hold(of)
    assert trade.announce(made) == 200
    trade.relay()
    assert (made.deal.state, Escrow.objects.get().state) == ("FUNDED", "FUNDED")
    assert not Grant.objects.filter(deal_id=made.uuid).exists()
    assert not Entitlement.objects.exists()
    for _ in range(15):  # longer than any retry of failed work
        later()
    lift(of, placed)
    later()
    assert Grant.objects.filter(deal_id=made.uuid).count() == 1
    assert Entitlement.objects.get().state == "OPEN"
    assert trade.fetched(made) == made.shelf.content
    trade.relay()
    assert trade.accept(made).ok
    assert trade.settle(made)["deal"]["state"] == "SETTLED"
    assert len(trade.told("deal.funded")) == 1


def test_what_opened_stopped_by_the_rules_opens_when_they_let_it(of):
    made = trade.asked(of)
    raised = {"objectId": of.flat.object, "matter": "HARM", "degree": "SUSPECTED", "reason": "Too precise", "idempotencyKey": "f"}
    regulator = Client(token=of.regulator.token)
    flag = regulator.mutate("flagRaise", "flag { id version }", **raised)["flag"]
    assert trade.announce(made) == 200
    trade.relay()
    assert (made.deal.state, Entitlement.objects.get().state) == ("FUNDED", "SUSPENDED")
    later()
    assert Entitlement.objects.get().state == "SUSPENDED"
    lifted = {"flagId": flag["id"], "reason": "Coarse enough", "expectedVersion": flag["version"], "idempotencyKey": "l"}
    assert Client(token=m.second(of.regulator)).mutate("flagLift", **lifted).ok
    later()
    assert Entitlement.objects.get().state == "OPEN"
    assert trade.fetched(made) == made.shelf.content


def test_nobody_looks_again_at_what_is_open(of):
    made = trade.funded(of)
    waiting = Work.objects.filter(topic="deals.opening", state="WAITING")
    assert not waiting.exists()
    verdicts = Verdict.objects.filter(subject_id=made.uuid).count()
    later()
    assert Verdict.objects.filter(subject_id=made.uuid).count() == verdicts


def test_an_exclusive_right_that_the_seller_uses_itself_is_not_charged(of, snapshot):
    made = trade.signed(of, shelf=exclusive(of))
    before = snapshot(*WRITTEN)
    assert trade.fund(made).codes == ["RIGHT_TAKEN"]
    assert snapshot(*WRITTEN) == before
    assert made.step(of.buyer.client, "dealCancel", reason="Cannot be had")["deal"]["state"] == "CANCELLED"


def test_a_right_that_the_seller_lost_is_not_charged(of, snapshot):
    made = trade.signed(of)
    for grant in Grant.objects.filter(object=of.flat.object, kind="OPERATE", recorded__upper_inf=True):
        trade.end_right(grant)
    before = snapshot(Deal, Escrow, Charge, Grant)
    assert UserError(code="SCREENING_BLOCKED", rule="PT-07") in trade.fund(made).user_errors
    assert snapshot(Deal, Escrow, Charge, Grant) == before


def test_asking_whether_a_right_can_be_granted_grants_nothing(of):
    made = trade.signed(of)
    assert trade.fund(made).ok
    assert not Grant.objects.filter(deal_id=made.uuid).exists()
    assert DealRight.objects.get().grant_id is None
    assert all(event["data"]["deal"] != str(made.uuid) for event in trade.told("right.granted"))


def test_a_bare_right_is_delivered_by_its_registration_and_accepted_by_the_contracts_hash(of):
    """Without a file there is nothing to fetch: what the buyer gets is the registered right that the contract states."""
    thing = trade.registered(of.seller)
    listing = shop.drafted(of.seller.client, thing)
    plan = shop.plan(of.seller.client)
    shop.offer(of.seller.client, listing, plan, delivery="GRANT", scope={"territory": "CN"})
    assert shop.publish(of.seller.client, listing, 2)["listing"]["state"] == "LISTED"
    made = trade.asked(of, shelf=trade.Shelf(of.seller, thing, listing, Offer.objects.latest("added_at"), b""))
    assert trade.announce(made) == 200
    trade.relay()
    row = made.deal
    assert (row.state, row.inspection_until_at - row.delivered_at) == ("DELIVERED", timedelta(days=7))
    (told,) = trade.told("deal.delivered")
    assert told["data"]["sha256"] == row.terms_hash
    assert trade.accept(made, receivedSha256="0" * 64).codes == ["FILE_DIFFERS"]
    assert trade.accept(made, receivedSha256=row.terms_hash)["deal"]["state"] == "ACCEPTED"
    assert trade.settle(made)["deal"]["state"] == "SETTLED"
