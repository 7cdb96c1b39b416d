"""Products, versions, listings and offers: made by their owner, judged before they are listed, stopped by owner or order."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from listings.products.errors import NotCleared
from listings.products.listing_services import listing_list, listing_refer
from listings.products.models import Listing, Offer, Product, ProductVersion
from listings.products.states import TRANSITIONS, State
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.errors import IllegalTransition, NotFound, StaleVersion
from registry.log.models import Outbox
from registry.rules_store.models import Verdict
from tests.listings.shop import CSV, door, drafted, events, key, measured, offer, plan, publish, ready, version
from tests.marketplace.screening import market as m
from tests.support.graphql import UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
TABLES = (Product, ProductVersion, Listing, Offer, Outbox)
LISTING = "listing { state version contentVersion ordered reason }"


@pytest.fixture
def of():
    return m.market()


@pytest.fixture
def seller(of):
    return door(of.seller)


@pytest.fixture
def listing(of, seller):
    """A listing on the market, with one offer of a right alone; its version is 3."""
    made = drafted(seller, of.registered)
    offer(seller, made, plan(seller))["offer"]
    assert publish(seller, made, 2)["listing"]["state"] == "LISTED"
    return made


def move(client, name, listing, expected, **given):
    return client.mutate(
        name, LISTING, listingId=listing, expectedVersion=expected, idempotencyKey=given.pop("idempotencyKey", key()), **given
    )


def row():
    return Listing.objects.get()


def test_a_product_is_its_object_and_there_is_one(of, seller, snapshot):
    made = seller.mutate("productCreate", "product { id object { id } }", objectId=of.registered, idempotencyKey="k")["product"]
    assert made["object"] == {"id": global_id(of.registered)}
    assert Product.objects.get().pk == of.registered.pk
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    before = snapshot(*TABLES)
    assert seller.mutate("productCreate", "product { id }", objectId=of.registered, idempotencyKey="k")["product"]["id"] == made["id"]
    assert seller.mutate("productCreate", "product { id }", objectId=of.registered, idempotencyKey="k2").codes == ["PRODUCT_EXISTS"]
    assert stranger.mutate("productCreate", "product { id }", objectId=of.registered, idempotencyKey="k").codes == ["NOT_FOUND"]
    assert door(of.buyer).mutate("productCreate", "product { id }", objectId=of.registered, idempotencyKey="k").codes == ["FORBIDDEN"]
    assert snapshot(*TABLES) == before


def test_a_change_makes_a_new_version_with_its_file_and_what_was_measured(of, seller):
    asset = ready(seller, CSV, of.registered)
    profile, sample = measured(seller, asset)
    version(seller, of.registered)
    shown = "productVersion { number titleZh descriptionEn asset { id } profile { id } sample { id } }"
    given = {"productId": Product.objects.get(), "titleZh": " 航班 ", "titleEn": "Flights", "descriptionEn": "By day"}
    second = seller.mutate("productVersionAdd", shown, assetId=asset, sampleId=sample, idempotencyKey="k", **given)["productVersion"]
    assert second == {
        "number": 2,
        "titleZh": "航班",
        "descriptionEn": "By day",
        "asset": {"id": asset},
        "profile": {"id": profile},
        "sample": {"id": sample},
    }
    assert [event["data"]["number"] for event in events("product.versioned")] == [1, 2]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        Product.objects.update(created_at=clock.now())


def test_a_version_delivers_a_file_of_its_own_object_only(of, seller, snapshot):
    loose, own = ready(seller), ready(seller, CSV, of.registered)
    other = m.market()
    foreign = ready(door(other.seller), CSV, other.registered)
    _, sample = measured(door(other.seller), foreign)
    product = seller.mutate("productCreate", "product { id }", objectId=of.registered, idempotencyKey="k")["product"]["id"]
    before = snapshot(*TABLES)
    given = {"productId": product, "titleZh": "航班", "titleEn": "Flights", "idempotencyKey": "k"}
    for asset in (loose, foreign):
        refused = seller.mutate("productVersionAdd", "productVersion { id }", assetId=asset, **given)
        assert refused.user_errors == [UserError("ASSET_NOT_OF_PRODUCT", field=["assetId"])]
    for more in ({"assetId": own, "sampleId": sample}, {"sampleId": sample}):
        assert seller.mutate("productVersionAdd", "productVersion { id }", **given, **more).codes == ["SAMPLE_NOT_OF_ASSET"]
    for wrong in ({"titleZh": " "}, {"titleEn": "x" * 201}, {"descriptionZh": "x" * 4001}):
        assert seller.mutate("productVersionAdd", "productVersion { id }", **{**given, **wrong}).codes == ["BAD_INPUT"]
    assert snapshot(*TABLES) == before


def test_one_version_has_one_listing_alive(of, seller):
    made = version(seller, of.registered)
    first = seller.mutate("listingDraft", "listing { id state version }", productVersionId=made, idempotencyKey="k")["listing"]
    assert (first["state"], first["version"]) == ("DRAFT", 1)
    again = seller.mutate("listingDraft", "listing { id }", productVersionId=made, idempotencyKey="k2")
    assert again.user_errors == [UserError("LISTING_EXISTS", message="This version has a listing that is DRAFT.")]
    assert move(seller, "listingDelist", first["id"], 1, reason="Withdrawn")["listing"]["state"] == "DELISTED"
    assert seller.mutate("listingDraft", "listing { id }", productVersionId=made, idempotencyKey="k3").ok


def test_an_offer_raises_the_content_that_a_verdict_must_judge(of, seller):
    made = drafted(seller, of.registered)
    scope_shown = "scope { derive export territory purposes } purposes"
    shown = f"offer {{ right termMonths exclusive delivery state {scope_shown} listing {{ version contentVersion }} }}"
    scope = {"derive": True, "territory": "CN-350200", "purposes": ["research"]}
    added = offer(seller, made, plan(seller), fields=shown, scope=scope, exclusive=True)["offer"]
    assert added == {
        "right": "USE",
        "termMonths": 12,
        "exclusive": True,
        "delivery": "GRANT",
        "state": "OPEN",
        "scope": {"derive": True, "export": False, "territory": "CN-350200", "purposes": ["research"]},
        "purposes": ["research"],
        "listing": {"version": 2, "contentVersion": 2},
    }
    (event,) = events("offer.added")
    assert event["data"]["scope"]["territory"] == "CN-350200"
    assert event["data"]["content_version"] == 2
    assert offer(seller, made, plan(seller), expected=1).codes == ["STALE_VERSION"]


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"right": "OPERATE"}, "BAD_INPUT", ["right"]),
        ({"termMonths": 0}, "BAD_INPUT", ["termMonths"]),
        ({"termMonths": 241}, "BAD_INPUT", ["termMonths"]),
        ({"scope": {"territory": "Mars"}}, "BAD_INPUT", ["scope", "territory"]),
        ({"scope": {"purposes": ["x" * 65]}}, "BAD_INPUT", ["scope", "purposes"]),
        ({"delivery": "FILE"}, "DELIVERY_MISMATCH", ["delivery"]),
        ({"delivery": "API"}, "DELIVERY_MISMATCH", ["delivery"]),
        ({"expected": 2}, "STALE_VERSION", ["expectedVersion"]),
    ],
)
def test_a_bad_offer_leaves_nothing(of, seller, changed, code, field, snapshot):
    made, by = drafted(seller, of.registered), plan(seller)
    before = snapshot(*TABLES)
    assert offer(seller, made, by, **changed).user_errors == [UserError(code, field=field)]
    assert snapshot(*TABLES) == before


def test_the_plan_and_the_listing_are_the_owners(of, seller, snapshot):
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    made, foreign = drafted(seller, of.registered), plan(stranger)
    before = snapshot(*TABLES)
    assert offer(seller, made, foreign).user_errors == [UserError("NOT_FOUND", field=["planId"])]
    assert offer(stranger, made, foreign).user_errors == [UserError("NOT_FOUND", field=["listingId"])]
    assert snapshot(*TABLES) == before
    theirs = Offer(
        listing=row(), plan_id=m.offered(m.market()).plan_id, right="USE", term_months=1, exclusive=False,
        scope=m.USE.stored(), delivery="GRANT", added_at=clock.now(),
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="not the owner's"), transaction.atomic():
        theirs.save()


def test_an_offer_with_a_file_delivers_it(of, seller):
    made, by = drafted(seller, of.registered, asset=ready(seller, CSV, of.registered)), plan(seller)
    assert offer(seller, made, by, delivery="GRANT").codes == ["DELIVERY_MISMATCH"]
    assert offer(seller, made, by, delivery="FILE")["offer"]["listing"] == {"version": 2, "contentVersion": 2}
    assert offer(seller, made, by, delivery="API", expected=2)["offer"]["listing"] == {"version": 3, "contentVersion": 3}


def test_offers_are_few(of, seller):
    made, by = drafted(seller, of.registered), plan(seller)
    for number in range(1, 21):
        assert offer(seller, made, by, expected=number).ok
    assert offer(seller, made, by, expected=21).codes == ["TOO_MANY_OFFERS"]


def test_what_is_listed_takes_no_new_offer(seller, listing, snapshot):
    by = plan(seller)
    before = snapshot(*TABLES)
    assert offer(seller, listing, by, expected=3).user_errors == [UserError("CONTENT_FIXED", field=["listingId"])]
    assert snapshot(*TABLES) == before
    with pytest.raises(IntegrityError, match="keeps its content"), transaction.atomic():
        Listing.objects.update(content_version=7)


def test_listing_needs_a_passing_verdict_on_its_very_content(of, seller, snapshot):
    made = drafted(seller, of.registered)
    offer(seller, made, plan(seller))["offer"]
    publish(seller, made, 2)["listing"]
    verdict = Verdict.objects.get()
    move(seller, "listingSuspend", made, 3, reason="New offer")["listing"]
    assert offer(seller, made, plan(seller), expected=4).ok
    before = snapshot(*TABLES)
    assert move(seller, "listingResume", made, 5).codes == ["NOT_CLEARED"]
    with pytest.raises(NotCleared):
        listing_list(actor=of.seller.actor, listing_id=row().pk, verdict_id=verdict.pk, expected_version=5)
    with pytest.raises(IntegrityError, match="no passing verdict"), transaction.atomic():
        Listing.objects.update(state="LISTED", reason="", listed_at=clock.now())
    assert snapshot(*TABLES) == before
    assert publish(seller, made, 5)["listing"] == {"id": made, "state": "LISTED", "version": 6}


def test_a_verdict_on_another_listing_or_one_that_expired_lists_nothing(of, seller, listing):
    other = m.market()
    strange = drafted(door(other.seller), other.registered)
    offer(door(other.seller), strange, plan(door(other.seller)))["offer"]
    target, verdict = Listing.objects.get(product_version__product=other.registered.pk), Verdict.objects.get()
    with pytest.raises(NotCleared):
        listing_list(actor=other.seller.actor, listing_id=target.pk, verdict_id=verdict.pk, expected_version=2)
    mine = Listing.objects.get(pk=verdict.subject_id)
    move(seller, "listingSuspend", listing, 3, reason="Pause")["listing"]
    late = {"state": "LISTED", "reason": "", "verdict": verdict, "listed_at": verdict.expires_at + timedelta(seconds=1)}
    with pytest.raises(IntegrityError, match="no passing verdict"), transaction.atomic():
        Listing.objects.filter(pk=mine.pk).update(**late)


def test_a_listing_without_an_open_offer_lists_nothing(seller, listing):
    only = Offer.objects.get()
    withdrawn = seller.mutate("offerWithdraw", "offer { state version }", offerId=only, expectedVersion=1, idempotencyKey="k")["offer"]
    assert withdrawn == {"state": "WITHDRAWN", "version": 2}
    assert seller.mutate("offerWithdraw", "offer { state }", offerId=only, expectedVersion=2, idempotencyKey="k2").codes == [
        "ILLEGAL_TRANSITION"
    ]
    move(seller, "listingSuspend", listing, 3, reason="Empty")["listing"]
    assert move(seller, "listingResume", listing, 4).codes == ["NOTHING_OFFERED"]
    assert row().content_version == 2


def test_its_owner_suspends_and_resumes_it(of, seller, listing, snapshot):
    suspended = move(seller, "listingSuspend", listing, 3, reason="Repair", idempotencyKey="s")["listing"]
    assert suspended == {"state": "SUSPENDED", "version": 4, "contentVersion": 2, "ordered": False, "reason": "Repair"}
    assert move(seller, "listingSuspend", listing, 3, reason="Repair", idempotencyKey="s")["listing"] == suspended
    stranger = door(admit(PartyKind.MERCHANT, name="Stranger"))
    before = snapshot(*TABLES)
    assert move(seller, "listingSuspend", listing, 4, reason="Again").codes == ["ILLEGAL_TRANSITION"]
    assert move(seller, "listingResume", listing, 3).codes == ["STALE_VERSION"]
    assert move(stranger, "listingResume", listing, 4).codes == ["NOT_FOUND"]
    assert move(door(of.buyer), "listingSuspend", listing, 4, reason="No").codes == ["FORBIDDEN"]
    assert snapshot(*TABLES) == before
    resumed = move(seller, "listingResume", listing, 4)["listing"]
    assert resumed == {"state": "LISTED", "version": 5, "contentVersion": 2, "ordered": False, "reason": ""}
    assert [event["schema"] for event in events("listing.listed", "listing.suspended", "listing.resumed")] == [
        "listing.listed",
        "listing.suspended",
        "listing.resumed",
    ]


def test_what_the_regulator_stopped_only_the_regulator_lets_go_on(of, seller, listing, snapshot):
    regulator = door(of.regulator)
    assert move(regulator, "listingSuspend", listing, 3, reason="Complaint")["listing"]["ordered"] is True
    before = snapshot(*TABLES)
    assert move(seller, "listingResume", listing, 4).codes == ["ORDERED_SUSPENSION"]
    assert publish(seller, listing, 4).codes == ["ORDERED_SUSPENSION"]
    assert move(regulator, "listingSuspend", listing, 4, reason="Twice").codes == ["ILLEGAL_TRANSITION"]
    assert snapshot(*TABLES) == before
    assert move(regulator, "listingResume", listing, 4)["listing"]["state"] == "LISTED"


def test_an_order_may_be_put_on_what_its_owner_suspended(of, seller, listing):
    move(seller, "listingSuspend", listing, 3, reason="Repair")["listing"]
    ordered = move(door(of.regulator), "listingSuspend", listing, 4, reason="Complaint")["listing"]
    assert (ordered["ordered"], ordered["reason"], ordered["version"]) == (True, "Complaint", 5)
    assert move(seller, "listingResume", listing, 5).codes == ["ORDERED_SUSPENSION"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 401])
def test_a_stop_is_explained(seller, listing, reason):
    assert move(seller, "listingSuspend", listing, 3, reason=reason).user_errors == [UserError("BAD_INPUT", field=["reason"])]
    assert row().state == "LISTED"


def test_what_is_taken_down_never_comes_back(of, seller, listing):
    assert move(seller, "listingDelist", listing, 3, reason="Sold out")["listing"]["state"] == "DELISTED"
    for name, given in (("listingResume", {}), ("listingSuspend", {"reason": "x"}), ("listingDelist", {"reason": "x"})):
        assert move(seller, name, listing, 4, **given).codes == ["ILLEGAL_TRANSITION"]
    with pytest.raises(IllegalTransition):
        listing_refer(actor=of.seller.actor, listing_id=row().pk, verdict_id=Verdict.objects.get().pk, expected_version=4)


def test_screening_calls_for_the_owner_or_a_regulator_only(of, listing):
    buyer, verdict = of.buyer.actor, Verdict.objects.get()
    with pytest.raises(NotFound):
        listing_refer(actor=buyer, listing_id=row().pk, verdict_id=verdict.pk, expected_version=3)
    with pytest.raises(StaleVersion):
        listing_list(actor=of.regulator.actor, listing_id=row().pk, verdict_id=verdict.pk, expected_version=1)


def test_a_draft_is_its_owners_and_what_was_listed_stays_readable(of, seller):
    made = drafted(seller, of.registered)
    offer(seller, made, plan(seller))["offer"]
    buyer = door(of.buyer)
    read = (
        "query L($id: ID!) { node(id: $id) { ... on Listing { state productVersion { titleEn } offers { termMonths plan { nameEn } } } } }"
    )
    assert buyer.query(read, id=made)["node"] is None
    assert buyer.query("{ listings(first: 5) { totalCount } }")["listings"] == {"totalCount": 0}
    assert door(of.regulator).query(read, id=made)["node"]["state"] == "DRAFT"
    publish(seller, made, 2)["listing"]
    shown = {"productVersion": {"titleEn": "Flights by day"}, "offers": [{"termMonths": 12, "plan": {"nameEn": "One-off"}}]}
    assert buyer.query(read, id=made)["node"] == {"state": "LISTED", **shown}
    move(seller, "listingDelist", made, 3, reason="Sold out")["listing"]
    assert buyer.query(read, id=made)["node"] == {"state": "DELISTED", **shown}


def test_every_state_has_its_row_in_the_table_of_transitions():
    assert set(TRANSITIONS) == set(State)
    assert TRANSITIONS[State.DELISTED] == frozenset()
