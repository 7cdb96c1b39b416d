"""Search finds what is on the market and nothing else; the open list says how open data is, and what it once said."""

from datetime import date, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction

from listings.catalogue.models import OpenListEntry
from listings.catalogue.selectors import open_list_status
from registry.base import clock
from registry.base.actor import PartyKind
from registry.log.models import Outbox
from tests.listings.shop import CSV, door, drafted, events, key, measured, offer, plan, publish, ready
from tests.marketplace.screening import market as m
from tests.support.graphql import UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
SEARCH = """query S($text: String, $industry: String, $delivery: Delivery, $first: Int = 10, $after: String) {
  catalogue(text: $text, industry: $industry, delivery: $delivery, first: $first, after: $after) {
    totalCount nodes { productVersion { titleEn } } pageInfo { endCursor hasNextPage } } }"""
ENTRY = "entry { id title openType conditions validFrom validUntil withdrawnAt object { id } }"
FROM, UNTIL = date(2027, 1, 1), date(2028, 1, 1)


@pytest.fixture
def bureau():
    return admit(PartyKind.PUBLIC_BODY, name="Open data bureau")


@pytest.fixture
def clerk(bureau):
    return door(bureau)


def listed(of=None, **given):
    """A market whose object is listed with one offer, by version texts as given."""
    of = of or m.market()
    seller = door(of.seller)
    listing = drafted(seller, of.registered, **given)
    offer(seller, listing, plan(seller), delivery="FILE" if "asset" in given else "GRANT")["offer"]
    assert publish(seller, listing, 2)["listing"]["state"] == "LISTED"
    return of, listing


def found(client, **given):
    return sorted(node["productVersion"]["titleEn"] for node in client.query(SEARCH, **given)["catalogue"]["nodes"])


def test_search_finds_what_is_listed_by_every_word_in_either_language():
    of, _ = listed(title_en="Hourly delays", descriptionZh="按小时统计的航班延误", descriptionEn="100% of departures")
    listed(title_en="Weather_notes", descriptionEn="Station log")
    draft = m.market()
    drafted(door(draft.seller), draft.registered, title_en="Hourly secrets")
    buyer = door(of.buyer)
    assert found(buyer) == ["Hourly delays", "Weather_notes"]
    assert found(buyer, text="HOURLY") == ["Hourly delays"]
    assert found(buyer, text="延误") == ["Hourly delays"]
    assert found(buyer, text="departures hourly") == ["Hourly delays"]
    assert found(buyer, text="departures station") == []
    assert found(door(draft.seller), text="secrets") == []


@pytest.mark.parametrize(
    ("text", "titles"), [("%", ["Hourly delays"]), ("_", ["Weather_notes"]), ("\\", []), ("'; --", []), ("h_urly", [])]
)
def test_what_like_takes_for_a_pattern_is_searched_as_it_is_written(text, titles):
    of, _ = listed(title_en="Hourly delays", descriptionEn="100% of departures")
    listed(title_en="Weather_notes")
    assert found(door(of.buyer), text=text) == titles


def test_search_narrows_by_industry_and_delivery():
    of = m.market()
    asset = ready(door(of.seller), CSV, of.registered)
    listed(of, asset=asset, title_en="With a file")
    listed(title_en="A right alone")
    buyer = door(of.buyer)
    assert found(buyer, industry="G56") == ["A right alone", "With a file"]
    assert found(buyer, industry="M74") == []
    assert found(buyer, delivery="FILE") == ["With a file"]
    assert found(buyer, delivery="GRANT") == ["A right alone"]
    assert found(buyer, delivery="API") == []


def test_a_listing_that_is_stopped_or_has_no_open_offer_is_not_found():
    (of, listing), (other, empty) = listed(title_en="Stopped"), listed(title_en="Empty")
    buyer, seller = door(of.buyer), door(other.seller)
    stop = {"listingId": listing, "reason": "x", "expectedVersion": 3, "idempotencyKey": key()}
    door(of.seller).mutate("listingSuspend", "listing { id }", **stop)["listing"]
    assert found(buyer) == ["Empty"]
    only = buyer.query("query L($id: ID!) { node(id: $id) { ... on Listing { offers { id } } } }", id=empty)["node"]["offers"][0]["id"]
    seller.mutate("offerWithdraw", "offer { id }", offerId=only, expectedVersion=1, idempotencyKey=key())["offer"]
    assert found(buyer) == []


def test_pages_follow_each_other_newest_first():
    markets = [listed(title_en=f"Product {number}")[0] for number in range(3)]
    buyer = door(markets[0].buyer)
    first = buyer.query(SEARCH, first=2)["catalogue"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"]) == (3, True)
    assert [node["productVersion"]["titleEn"] for node in first["nodes"]] == ["Product 2", "Product 1"]
    assert found(buyer, first=2, after=first["pageInfo"]["endCursor"]) == ["Product 0"]


def test_a_search_has_limits_and_needs_a_key():
    of, _ = listed()
    for text in ("x" * 101, "a " * 9):
        assert door(of.buyer).query(SEARCH, text=text).codes == ["BAD_INPUT"]
    assert door(of.buyer).query(SEARCH, first=101).codes == ["BAD_INPUT"]


def test_a_buyer_reads_profile_sample_and_offers_of_what_it_found():
    of = m.market()
    seller = door(of.seller)
    asset = ready(seller, CSV, of.registered)
    _, sample = measured(seller, asset)
    listed(of, asset=asset, sample=sample)
    shown = door(of.buyer).query(
        """{ catalogue(first: 1) { nodes { productVersion {
             profile { rows columns { name type } } sample { header rows } product { object { name owner { nameEn } } } }
             offers { delivery plan { modelKey params } } } } }"""
    )["catalogue"]["nodes"][0]
    assert shown["productVersion"]["profile"]["columns"][1] == {"name": "flights", "type": "INTEGER"}
    assert shown["productVersion"]["sample"]["rows"] == [["2013-01-01", "842", "calm"], ["2013-01-02", "943", ""]]
    assert shown["productVersion"]["product"]["object"] == {"name": "Flights", "owner": {"nameEn": "Seller"}}
    assert [(each["delivery"], each["plan"]["modelKey"]) for each in shown["offers"]] == [("FILE", "fixed")]


def published(client, *, title="Opening hours", open_type="UNCONDITIONAL", **given):
    stated = {"title": title, "openType": open_type, "validFrom": FROM, "validUntil": UNTIL, "idempotencyKey": key(), **given}
    return client.mutate("openListPublish", ENTRY, **stated)


def test_an_entry_is_published_by_a_public_body_for_a_period(clerk, bureau):
    of = m.market()
    entry = published(clerk, title="  Terminal　opening hours ", objectId=of.registered, idempotencyKey="k")["entry"]
    assert entry == {
        "id": global_id(OpenListEntry.objects.get()),
        "title": "Terminal opening hours",
        "openType": "UNCONDITIONAL",
        "conditions": "",
        "validFrom": "2027-01-01",
        "validUntil": "2028-01-01",
        "withdrawnAt": None,
        "object": {"id": global_id(of.registered)},
    }
    (event,) = events("open_list.published")
    assert event["data"]["publisher"] == str(bureau.organisation.pk)
    status = {day: open_list_status(object_id=of.registered.pk, on=day) for day in (FROM - timedelta(days=1), FROM, UNTIL)}
    assert list(status.values()) == ["NOT_LISTED", "UNCONDITIONAL", "NOT_LISTED"]
    assert open_list_status(title="terminal opening hours", on=FROM) == "NOT_LISTED"
    assert open_list_status(title="Terminal  opening hours", on=FROM) == "UNCONDITIONAL"


def test_the_least_open_of_several_entries_counts(clerk):
    published(clerk, open_type="CONDITIONAL", conditions="Apply first")["entry"]
    published(door(admit(PartyKind.PUBLIC_BODY, name="Second bureau")), open_type="AUTHORISED_ONLY")["entry"]
    assert open_list_status(title="Opening hours", on=FROM) == "AUTHORISED_ONLY"
    with pytest.raises(ValueError, match="an object or a title"):
        open_list_status(on=FROM)


def test_one_thing_has_one_entry_at_a_time(clerk, snapshot):
    of = m.market()
    published(clerk, objectId=of.registered)["entry"]
    before = snapshot(OpenListEntry, Outbox)
    assert published(clerk, validFrom=UNTIL - timedelta(days=1), validUntil=None).user_errors == [
        UserError("ALREADY_OPEN", field=["validFrom"])
    ]
    assert published(clerk, title="Another title", objectId=of.registered).codes == ["ALREADY_OPEN"]
    assert snapshot(OpenListEntry, Outbox) == before
    assert published(clerk, validFrom=UNTIL, validUntil=None)["entry"]["validUntil"] is None


def test_a_withdrawal_ends_what_the_list_says_and_not_what_it_said(clerk, snapshot):
    entry = published(clerk)["entry"]["id"]
    known = clock.now()
    other = door(admit(PartyKind.PUBLIC_BODY, name="Second bureau"))
    assert other.mutate("openListWithdraw", ENTRY, entryId=entry, idempotencyKey="k").codes == ["NOT_FOUND"]
    assert clerk.mutate("openListWithdraw", ENTRY, entryId=entry, idempotencyKey="k")["entry"]["withdrawnAt"] is not None
    assert clerk.mutate("openListWithdraw", ENTRY, entryId=entry, idempotencyKey="k").ok
    assert clerk.mutate("openListWithdraw", ENTRY, entryId=entry, idempotencyKey="k2").codes == ["ALREADY_WITHDRAWN"]
    assert open_list_status(title="Opening hours", on=FROM) == "NOT_LISTED"
    assert open_list_status(title="Opening hours", on=FROM, known_at=known) == "UNCONDITIONAL"
    read = "query O($on: Date, $at: DateTime) { openList(first: 5, on: $on, knownAt: $at) { totalCount } }"
    assert clerk.query(read, on=FROM)["openList"] == {"totalCount": 0}
    assert clerk.query(read, on=FROM, at=known)["openList"] == {"totalCount": 1}
    assert published(clerk)["entry"]["withdrawnAt"] is None
    assert [event["schema"] for event in events("open_list.published", "open_list.withdrawn")] == [
        "open_list.published",
        "open_list.withdrawn",
        "open_list.published",
    ]


def test_an_entry_changes_only_by_being_closed(clerk):
    published(clerk)["entry"]
    row, later = OpenListEntry.objects.get(), clock.now() + timedelta(hours=1)
    for changed in ({"recorded": (row.recorded.lower, None)}, {"recorded": (row.recorded.lower - timedelta(days=1), later)}):
        with pytest.raises(IntegrityError, match="closing recorded"), transaction.atomic():
            OpenListEntry.objects.update(**changed)
    OpenListEntry.objects.update(recorded=(row.recorded.lower, later))
    with pytest.raises(IntegrityError, match="closing recorded"), transaction.atomic():
        OpenListEntry.objects.update(recorded=(row.recorded.lower, later + timedelta(hours=1)))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"title": "　"}, ["title"]),
        ({"title": "x" * 201}, ["title"]),
        ({"open_type": "CONDITIONAL"}, ["conditions"]),
        ({"conditions": "Apply first"}, ["conditions"]),
        ({"validUntil": FROM}, ["validUntil"]),
    ],
)
def test_a_bad_entry_leaves_nothing(clerk, changed, field, snapshot):
    before = snapshot(OpenListEntry, Outbox)
    assert published(clerk, **changed).user_errors == [UserError("BAD_INPUT", field=field)]
    assert snapshot(OpenListEntry, Outbox) == before


def test_a_merchant_opens_nothing(snapshot):
    merchant = door(admit(PartyKind.MERCHANT, name="Merchant"))
    before = snapshot(OpenListEntry, Outbox)
    assert published(merchant).codes == ["FORBIDDEN"]
    assert snapshot(OpenListEntry, Outbox) == before


def test_the_regulator_may_publish_and_withdraw_anybodys_entry(clerk):
    regulator = door(admit(PartyKind.REGULATOR, name="Bureau"))
    entry = published(clerk)["entry"]["id"]
    withdrawn = regulator.mutate("openListWithdraw", ENTRY, entryId=entry, idempotencyKey="k")["entry"]["withdrawnAt"]
    assert datetime.fromisoformat(withdrawn) <= clock.now()
    assert published(regulator, open_type="NOT_OPEN")["entry"]["openType"] == "NOT_OPEN"
