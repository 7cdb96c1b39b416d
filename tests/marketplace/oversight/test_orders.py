"""Orders halt an object at once and end only by another person; the figures and the refused attempts are the regulator's to read."""

import pytest

from listings.products.errors import OrderedSuspension
from listings.products.models import Listing
from marketplace.api.schema import market_schema
from marketplace.oversight.errors import AlreadyOrdered
from marketplace.oversight.models import Order
from marketplace.oversight.selectors import Counted, order_page, refused_access_page, statistics
from marketplace.oversight.services import order_issue, order_lift
from marketplace.screening.services import listing_publish, screen_listing
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.errors import Affiliated, BadInput, Forbidden, FourEyes, NotFound, StaleVersion
from registry.base.ids import uuid7
from registry.base.models import RefusedAccess
from registry.log.models import Outbox
from registry.parties.services import affiliation_declare
from registry.rights.models import Hold
from registry.rights.selectors import holds_on
from registry.rights.states import Right
from tests.marketplace.oversight.trouble import file, requested
from tests.marketplace.screening import market as m
from tests.support.graphql import Client, global_id
from tests.support.parties import admit, colleague

pytestmark = pytest.mark.django_db
market_schema()  # makes every node known, whose ids the client writes


@pytest.fixture
def listed():
    """A market whose listing is live."""
    of = m.market()
    listing = m.drafted(of)
    m.offered(of, draft=listing)
    listing_publish(actor=of.seller.actor, listing_id=listing.pk, expected_version=1, idempotency_key="p")
    return of, Listing.objects.get()


def issue(of, *, actor=None, object_id=None, reason="Complaints of harm", key=None):
    return order_issue(
        actor=actor or of.regulator.actor, object_id=object_id or of.registered.pk, reason=reason, idempotency_key=key or m.key()
    )


def lift(order, actor, *, version=1, reason="Mended"):
    return order_lift(actor=actor, order_id=order.pk, reason=reason, expected_version=version, idempotency_key=m.key())


def test_an_order_holds_the_object_and_suspends_its_listing_in_one_transaction(listed):
    of, listing = listed
    order = issue(of)
    assert [hold.pk for hold in holds_on(of.registered.pk)] == [order.hold_id]
    assert (order.hold.kind, order.state, order.kind) == ("ORDER", "IN_FORCE", "HALT")
    listing.refresh_from_db()
    assert (listing.state, listing.ordered) == ("SUSPENDED", True)
    assert screen_listing(actor=of.seller.actor, subject=m.listing(of)).outcome == "BLOCK"


def test_lifting_takes_another_person_and_lets_the_listing_go_on(listed):
    of, listing = listed
    order = issue(of)
    lifted = lift(order, colleague(of.regulator))
    assert (lifted.state, lifted.version) == ("LIFTED", 2)
    assert holds_on(of.registered.pk) == ()
    listing.refresh_from_db()
    assert (listing.state, listing.ordered) == ("LISTED", False)


def test_a_listing_whose_verdict_no_longer_passes_waits_for_a_regulator_to_have_it_screened(listed):
    of, listing = listed
    order = issue(of)
    screen_listing(actor=of.seller.actor, subject=m.listing(of))
    blocked = listing_publish(
        actor=of.regulator.actor, listing_id=listing.pk, expected_version=Listing.objects.get().version, idempotency_key="r"
    )
    assert (blocked.verdict.outcome, blocked.listing.state) == ("BLOCK", "SUSPENDED")
    lift(order, colleague(of.regulator))
    listing.refresh_from_db()
    assert (listing.state, listing.ordered) == ("SUSPENDED", True)
    with pytest.raises(OrderedSuspension):
        listing_publish(actor=of.seller.actor, listing_id=listing.pk, expected_version=listing.version, idempotency_key="s")
    again = listing_publish(actor=of.regulator.actor, listing_id=listing.pk, expected_version=listing.version, idempotency_key="t")
    assert again.listing.state == "LISTED"


def test_who_may_not_order_or_lift_changes_nothing(listed, snapshot):
    of, _ = listed
    order = issue(of)
    kin = admit(PartyKind.REGULATOR, name="Kin")
    affiliation_declare(
        actor=kin.actor, organisation_id=kin.organisation.pk, other_id=of.seller.organisation.pk, basis="CONTROL", idempotency_key="a"
    )
    before = snapshot(Order, Hold, Listing, Outbox)
    for refusal, call in [
        (AlreadyOrdered, lambda: issue(of)),
        (Forbidden, lambda: issue(of, actor=of.seller.actor)),
        (Affiliated, lambda: issue(of, actor=kin.actor)),
        (NotFound, lambda: issue(of, object_id=order.pk)),
        (BadInput, lambda: issue(of, reason=" ")),
        (FourEyes, lambda: lift(order, of.regulator.actor)),
        (Forbidden, lambda: lift(order, of.seller.actor)),
        (StaleVersion, lambda: lift(order, colleague(of.regulator), version=3)),
    ]:
        with pytest.raises(refusal):
            call()
    assert snapshot(Order, Hold, Listing) == {name: rows for name, rows in before.items() if "Outbox" not in name}


def test_an_order_is_seen_by_the_owner_whom_it_binds_and_by_regulators(listed):
    of, _ = listed
    payload = Client(token=of.regulator.token).mutate(
        "orderIssue",
        "order { id kind state version object { id } hold { kind } regulator { id } }",
        objectId=of.registered,
        reason="Harm",
        idempotencyKey="o",
    )["order"]
    assert (payload["object"], payload["hold"]) == ({"id": global_id(of.registered)}, {"kind": "ORDER"})
    order = Order.objects.get()
    assert [list(order_page(actor=party.actor)) for party in (of.seller, of.regulator, of.buyer)] == [[order], [order], []]
    second = Client(token=m.second(of.regulator))
    lifted = second.mutate(
        "orderLift", "order { state liftReason }", orderId=order, reason="Mended", expectedVersion=1, idempotencyKey="l"
    )["order"]
    assert lifted == {"state": "LIFTED", "liftReason": "Mended"}


def test_statistics_count_what_the_tables_hold(listed):
    of, _ = listed
    other = m.market(rights=(Right.HOLD, Right.USE))
    screen_listing(actor=other.seller.actor, subject=m.listing(other))
    deal = requested(other, state="DELIVERED")
    requested_again = m.market()
    requested(requested_again)
    file(other, deal)
    found = statistics(actor=of.regulator.actor)
    assert found.listings == (Counted("DRAFT", 2), Counted("LISTED", 1))
    assert found.deals == (Counted("DELIVERED", 1), Counted("REQUESTED", 1))
    assert found.blocked == (Counted("PT-07", 1),)
    assert found.complaints == (Counted("RECEIVED", 1),)
    assert found.settled == ()
    with pytest.raises(Forbidden):
        statistics(actor=of.seller.actor)
    shown = Client(token=of.regulator.token).query("{ statistics { deals { code count } settled { currency amountMinor deals } } }")
    assert shown["statistics"] == {"deals": [{"code": "DELIVERED", "count": 1}, {"code": "REQUESTED", "count": 1}], "settled": []}


def test_refused_attempts_are_the_regulators_to_read_and_each_organisations_own():
    of = m.market()
    row = RefusedAccess.objects.create(
        at=clock.now(), organisation=of.seller.organisation.pk, code="FORBIDDEN", operation="statistics", request_id=uuid7()
    )
    assert [list(refused_access_page(actor=party.actor)) for party in (of.regulator, of.seller, of.buyer)] == [[row], [row], []]
    query = '{ refusedAccesses(first: 5, code: "FORBIDDEN") { totalCount nodes { code operation organisation { id } } } }'
    shown = Client(token=of.regulator.token).query(query)["refusedAccesses"]
    assert shown == {
        "totalCount": 1,
        "nodes": [{"code": "FORBIDDEN", "operation": "statistics", "organisation": {"id": global_id(of.seller.organisation)}}],
    }
