"""The register of price ceilings says what one unit of public data may cost on a day, and what it once said of that day."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from listings.catalogue.models import PriceCeiling
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.models import IdempotencyKey
from registry.log.models import Outbox
from registry.parties.models import Affiliation
from registry.parties.services import affiliation_declare
from registry.rights.scope import Scope
from registry.rights.states import Right
from tests.listings.shop import door, events, key
from tests.marketplace.screening import market as m
from tests.support.graphql import Client, UserError, global_id
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
ROW = """priceCeiling { id unit ceiling { minorUnits currency } trial document documentSha256 validFrom validUntil closedAt
  object { id } setBy { id } replaces { id } }"""
LIST = """query C($object: ID, $on: Date, $at: DateTime) {
  priceCeilings(first: 10, object: $object, on: $on, knownAt: $at) { totalCount nodes { ceiling { minorUnits } validFrom validUntil } } }"""
WRITTEN = (PriceCeiling, Outbox, IdempotencyKey)
FROM, UNTIL, MIDDLE = date(2027, 1, 1), date(2029, 1, 1), date(2028, 1, 1)


@pytest.fixture
def operated():
    """Public data under authorised operation."""
    return m.register(admit(PartyKind.MERCHANT, name="Operator"), **m.AUTHORISED)


@pytest.fixture
def bureau():
    return admit(PartyKind.PUBLIC_BODY, name="Price bureau")


@pytest.fixture
def clerk(bureau):
    return door(bureau)


def put(client, registered, minor="100000", **given):
    """One priceCeilingSet; `given` replaces any input."""
    stated = {"objectId": registered, "unit": "CALL", "ceilingMinor": minor, "currency": "CNY", "document": "Xiamen price 2027-1"}
    stated |= {"documentSha256": m.DIGEST, "validFrom": FROM, "validUntil": UNTIL, "idempotencyKey": key()}
    return client.mutate("priceCeilingSet", ROW, **{**stated, **given})


def close(client, ceiling, **given):
    return client.mutate("priceCeilingClose", ROW, **{"ceilingId": ceiling, "idempotencyKey": key(), **given})


def said(client, **given):
    """What the register says: the ceiling, its first day and the day after its last."""
    nodes = client.query(LIST, **given)["priceCeilings"]["nodes"]
    return sorted((int(each["ceiling"]["minorUnits"]), each["validFrom"], each["validUntil"]) for each in nodes)


def test_a_public_body_sets_what_one_unit_may_cost(operated, bureau, clerk):
    made = put(clerk, operated, trial=True, document="  Xiamen price 2027-1 ", documentSha256=m.DIGEST.upper(), idempotencyKey="k")
    assert made["priceCeiling"] == {
        "id": global_id(PriceCeiling.objects.get()),
        "unit": "CALL",
        "ceiling": {"minorUnits": "100000", "currency": "CNY"},
        "trial": True,
        "document": "Xiamen price 2027-1",
        "documentSha256": m.DIGEST,
        "validFrom": "2027-01-01",
        "validUntil": "2029-01-01",
        "closedAt": None,
        "object": {"id": global_id(operated)},
        "setBy": {"id": global_id(bureau.organisation)},
        "replaces": None,
    }
    (event,) = events("price_ceiling.set")
    assert event["data"] == {
        "ceiling": str(PriceCeiling.objects.get().pk),
        "set_by": str(bureau.organisation.pk),
        "object": str(operated.pk),
        "unit": "CALL",
        "ceiling_minor": "100000",
        "currency": "CNY",
        "trial": True,
        "document": "Xiamen price 2027-1",
        "document_sha256": m.DIGEST,
        "valid_from": "2027-01-01",
        "valid_until": "2029-01-01",
        "replaces": None,
        "kept": None,
    }


def test_a_repeated_request_sets_one_ceiling(operated, clerk):
    first = put(clerk, operated, idempotencyKey="k")
    assert put(clerk, operated, idempotencyKey="k")["priceCeiling"] == first["priceCeiling"]
    assert put(clerk, operated, "1", idempotencyKey="k").codes == ["IDEMPOTENCY_MISMATCH"]
    assert len(events("price_ceiling.set")) == 1


def test_everybody_signed_in_reads_the_register_by_object_and_day(operated, clerk):
    put(clerk, operated)["priceCeiling"]
    put(clerk, m.register(admit(PartyKind.MERCHANT, name="Another"), **m.AUTHORISED), "7")["priceCeiling"]
    buyer = door(admit(PartyKind.BUYER, name="Buyer"))
    assert said(buyer, object=global_id(operated)) == [(100_000, "2027-01-01", "2029-01-01")]
    assert [len(said(buyer, on=day)) for day in (FROM - timedelta(days=1), FROM, UNTIL)] == [0, 2, 0]
    assert said(Client()) == []


def test_a_day_has_one_ceiling_for_an_object_a_unit_and_a_currency(operated, clerk, snapshot):
    put(clerk, operated)["priceCeiling"]
    another = door(admit(PartyKind.PUBLIC_BODY, name="Second bureau"))
    before = snapshot(*WRITTEN)
    for days in (
        {},
        {"validFrom": UNTIL - timedelta(days=1), "validUntil": None},
        {"validFrom": MIDDLE, "validUntil": MIDDLE + timedelta(days=1)},
    ):
        assert put(clerk, operated, "1", **days).user_errors == [
            UserError("CEILING_OVERLAPS", field=["validFrom"], remedy="Replace that ceiling, close it, or set one for a period outside it.")
        ]
    assert put(another, operated, "1").codes == ["CEILING_OVERLAPS"]
    assert snapshot(*WRITTEN) == before
    for given in ({"unit": "DEAL"}, {"currency": "HKD"}, {"validFrom": UNTIL, "validUntil": None}):
        assert put(clerk, operated, "1", **given).ok


def test_a_closed_ceiling_is_no_longer_said_and_still_was(operated, clerk, snapshot):
    ceiling = put(clerk, operated)["priceCeiling"]["id"]
    known = clock.now()
    closed = close(clerk, ceiling, idempotencyKey="k")["priceCeiling"]
    assert closed["closedAt"] is not None
    assert close(clerk, ceiling, idempotencyKey="k")["priceCeiling"] == closed
    (event,) = events("price_ceiling.closed")
    assert (event["data"]["ceiling"], event["data"]["object"]) == (str(PriceCeiling.objects.get().pk), str(operated.pk))
    before = snapshot(*WRITTEN)
    assert close(clerk, ceiling).user_errors == [UserError("ALREADY_CLOSED", field=["ceilingId"])]
    assert put(clerk, operated, replacesId=ceiling).user_errors == [UserError("ALREADY_CLOSED", field=["replacesId"])]
    assert snapshot(*WRITTEN) == before
    assert said(clerk, on=FROM) == []
    assert said(clerk, on=FROM, at=known) == [(100_000, "2027-01-01", "2029-01-01")]
    assert put(clerk, operated, "90000").ok


def test_a_later_ceiling_takes_the_place_of_an_earlier_one_from_its_first_day_on(operated, bureau, clerk):
    old = put(clerk, operated, validUntil=None)["priceCeiling"]["id"]
    known = clock.now()
    new = put(clerk, operated, "80000", replacesId=old, validFrom=MIDDLE, validUntil=None)["priceCeiling"]
    assert (new["ceiling"]["minorUnits"], new["replaces"]) == ("80000", {"id": old})
    assert said(clerk) == [(80_000, "2028-01-01", None), (100_000, "2027-01-01", "2028-01-01")]
    assert said(clerk, at=known) == [(100_000, "2027-01-01", None)]
    kept = PriceCeiling.objects.get(ceiling_minor=100_000, recorded__upper_inf=True)
    closed = PriceCeiling.objects.get(ceiling_minor=100_000, recorded__upper_inf=False)
    assert kept.recorded.lower == closed.recorded.upper == PriceCeiling.objects.get(ceiling_minor=80_000).recorded.lower
    assert (kept.set_by_id, kept.document_sha256, kept.replaces_id) == (bureau.organisation.pk, m.DIGEST, closed.pk)
    assert [(event["data"]["replaces"], event["data"]["kept"]) for event in events("price_ceiling.set")] == [
        (None, None),
        (str(closed.pk), str(kept.pk)),
    ]


def test_a_ceiling_that_replaces_all_days_of_another_keeps_none_of_them(operated, clerk):
    old = put(clerk, operated)["priceCeiling"]["id"]
    assert put(clerk, operated, "80000", replacesId=old)["priceCeiling"]["replaces"] == {"id": old}
    assert said(clerk) == [(80_000, "2027-01-01", "2029-01-01")]
    assert events("price_ceiling.set")[1]["data"]["kept"] is None


def test_only_the_same_kind_of_ceiling_is_replaced(operated, clerk, snapshot):
    old = put(clerk, operated)["priceCeiling"]["id"]
    other = m.register(admit(PartyKind.MERCHANT, name="Another"), **m.AUTHORISED)
    second = put(clerk, operated, validFrom=UNTIL, validUntil=None)["priceCeiling"]["id"]
    before = snapshot(*WRITTEN)
    for registered, given in ((operated, {"unit": "DEAL"}), (operated, {"currency": "HKD"}), (other, {})):
        assert put(clerk, registered, replacesId=old, **given).user_errors == [UserError("BAD_INPUT", field=["replacesId"])]
    assert put(clerk, operated, replacesId=second, validFrom=MIDDLE).user_errors == [UserError("CEILING_OVERLAPS", field=["validFrom"])]
    assert snapshot(*WRITTEN) == before


def test_a_ceiling_is_for_public_data_under_authorised_operation_and_what_is_made_from_it(operated, clerk, snapshot):
    own = m.register(admit(PartyKind.MERCHANT, name="Seller"))
    before = snapshot(*WRITTEN)
    assert put(clerk, own).user_errors == [UserError("NOT_UNDER_AUTHORISATION", field=["objectId"])]
    assert put(clerk, global_id(own)[:-2]).codes == ["INVALID_ID"]
    assert snapshot(*WRITTEN) == before
    maker = admit(PartyKind.MERCHANT, name="Maker")
    licence = m.licensed(operated.grants.get(kind=Right.OPERATE), maker, scope=Scope(derive=True, provide_derived=True, territory="CN"))
    assert put(clerk, m.register(maker, licence, days=30)).ok


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"ceilingMinor": "-1"}, ["ceilingMinor"]),
        ({"currency": "XXQ"}, ["currency"]),
        ({"currency": "cny"}, ["currency"]),
        ({"document": " "}, ["document"]),
        ({"document": "x" * 201}, ["document"]),
        ({"documentSha256": "abc"}, ["documentSha256"]),
        ({"validUntil": FROM}, ["validUntil"]),
        ({"validUntil": FROM - timedelta(days=1)}, ["validUntil"]),
        ({"idempotencyKey": ""}, ["idempotencyKey"]),
    ],
)
def test_a_bad_ceiling_leaves_nothing(operated, clerk, changed, field, snapshot):
    before = snapshot(*WRITTEN)
    assert put(clerk, operated, **changed).user_errors == [UserError("BAD_INPUT", field=field)]
    assert snapshot(*WRITTEN) == before


@pytest.mark.parametrize("changed", [{"unit": "YARD"}, {"ceilingMinor": "1.5"}, {"ceilingMinor": str(2**63)}, {"validFrom": "soon"}])
def test_what_the_schema_does_not_take_is_malformed(operated, clerk, changed, snapshot):
    before = snapshot(*WRITTEN)
    assert put(clerk, operated, **changed).codes == ["BAD_QUERY"]
    assert snapshot(*WRITTEN) == before


def test_nobody_but_a_public_body_or_the_regulator_keeps_the_register(operated, clerk, snapshot):
    ceiling = put(clerk, operated)["priceCeiling"]["id"]
    users = {kind: door(admit(kind, name=kind.value.title())) for kind in PartyKind}
    before = snapshot(*WRITTEN)
    for kind in set(PartyKind) - {PartyKind.PUBLIC_BODY, PartyKind.REGULATOR}:
        assert put(users[kind], operated, validFrom=UNTIL, validUntil=None).codes == ["FORBIDDEN"]
        assert close(users[kind], ceiling).codes == ["FORBIDDEN"]
    assert put(Client(), operated).codes == ["UNAUTHENTICATED"]
    assert close(Client(), ceiling).codes == ["UNAUTHENTICATED"]
    other = users[PartyKind.PUBLIC_BODY]
    assert close(other, ceiling).user_errors == [UserError("NOT_FOUND", field=["ceilingId"])]
    assert put(other, operated, replacesId=ceiling).user_errors == [UserError("NOT_FOUND", field=["replacesId"])]
    assert snapshot(*WRITTEN) == before
    assert close(users[PartyKind.REGULATOR], ceiling)["priceCeiling"]["closedAt"] is not None
    assert put(users[PartyKind.REGULATOR], operated).ok


def test_no_body_sets_or_closes_a_ceiling_of_its_own_or_of_an_affiliate(bureau, clerk, snapshot):
    owner = admit(PartyKind.MERCHANT, PartyKind.PUBLIC_BODY, name="Both")
    own = m.register(owner, **m.AUTHORISED)
    ceiling = put(clerk, own)["priceCeiling"]["id"]
    affiliation_declare(
        actor=owner.actor,
        organisation_id=owner.organisation.pk,
        other_id=bureau.organisation.pk,
        basis=Affiliation.Basis.COMMON_CONTROL,
        idempotency_key=key(),
    )
    before = snapshot(*WRITTEN)
    for body in (clerk, door(owner)):
        assert put(body, own, validFrom=UNTIL, validUntil=None).codes == ["AFFILIATED"]
    assert close(clerk, ceiling).codes == ["AFFILIATED"]
    assert snapshot(*WRITTEN) == before


def test_a_ceiling_changes_only_by_being_closed(operated, clerk):
    put(clerk, operated)["priceCeiling"]
    row, later = PriceCeiling.objects.get(), clock.now() + timedelta(hours=1)
    with pytest.raises(IntegrityError, match="closing recorded"), transaction.atomic():
        PriceCeiling.objects.update(recorded=(row.recorded.lower - timedelta(days=1), later))
    PriceCeiling.objects.update(recorded=(row.recorded.lower, later))
    with pytest.raises(IntegrityError, match="closing recorded"), transaction.atomic():
        PriceCeiling.objects.update(recorded=(row.recorded.lower, later + timedelta(hours=1)))
