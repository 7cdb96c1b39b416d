"""Nobody holds an exclusive right beside another, and nobody grants more than they have."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import DatabaseError

from registry.base.actor import PartyKind
from registry.base.errors import BadInput, Forbidden, NotFound
from registry.log.models import Outbox
from registry.rights.errors import AlreadyRegistered, NotCovered, RightTaken
from registry.rights.models import Grant, RegisteredObject
from registry.rights.scope import FULL, Scope
from registry.rights.selectors import coverage, held
from registry.rights.services import grant_register
from registry.rights.states import Right
from tests.registry.rights.world import DERIVING, END, START, actor, first, licence, organisation, registered

LATER = date(2028, 1, 1)


@pytest.fixture
def airport(db):
    return organisation(name="Airport")


@pytest.fixture
def merchant(db):
    return organisation(name="Merchant")


@pytest.fixture
def flights(airport):
    return registered(airport)


@pytest.fixture
def operate(flights):
    return first(flights)


def refused(snapshot, error, call):
    before = snapshot(Grant, RegisteredObject, Outbox)
    with pytest.raises(error) as caught:
        call()
    assert snapshot(Grant, RegisteredObject, Outbox) == before
    return caught.value


def test_three_rights_are_independent(flights, airport, merchant):
    first(flights, Right.HOLD, exclusive=True)
    first(flights, Right.OPERATE, holder=merchant, exclusive=True)
    assert held(airport.pk, flights.pk, Right.HOLD, START) is not None
    assert held(airport.pk, flights.pk, Right.OPERATE, START) is None
    assert held(merchant.pk, flights.pk, Right.OPERATE, START).exclusive


def test_an_exclusive_right_excludes_a_second_holder_and_says_until_when(flights, operate, merchant, snapshot):
    licence(operate, merchant, start=START, end=LATER, exclusive=True)
    error = refused(snapshot, RightTaken, lambda: licence(operate, organisation(), start=date(2027, 6, 1), end=END))
    assert error.params == {"kind": "USE", "taken_from": "2027-01-01", "taken_until": "2028-01-01"}
    assert error.field == ("validFrom",)
    assert licence(operate, organisation(), start=LATER, end=END, exclusive=True).lane.lower == 0


def test_rights_that_are_not_exclusive_coexist_and_keep_an_exclusive_one_out(operate, merchant, snapshot):
    lanes = [licence(operate, organisation()).lane.lower for _ in range(3)]
    assert lanes == [0, 1, 2]
    refused(snapshot, RightTaken, lambda: licence(operate, merchant, exclusive=True))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"start": START - timedelta(days=1)}, "TERM"),
        ({"end": END + timedelta(days=1)}, "TERM"),
        ({"kind": Right.HOLD}, "KIND"),
        ({"scope": replace(DERIVING, resale=True)}, "SCOPE"),
        ({"scope": replace(DERIVING, export=True)}, "SCOPE"),
        ({"scope": replace(DERIVING, territory="SG")}, "SCOPE"),
        ({"scope": replace(DERIVING, territory="WORLD")}, "SCOPE"),
        ({"scope": replace(DERIVING, purposes=())}, "SCOPE"),
        ({"scope": replace(DERIVING, purposes=("A", "C"))}, "SCOPE"),
    ],
)
def test_a_licence_stays_within_the_right_it_rests_on(flights, merchant, snapshot, change, reason):
    parent = first(flights, scope=Scope(derive=True, provide_derived=True, sublicense=True, territory="CN", purposes=("A", "B")))
    given = {"scope": replace(DERIVING, purposes=("A",)), **change}
    error = refused(snapshot, NotCovered, lambda: licence(parent, merchant, **given))
    assert (error.params["reason_code"], error.field) == (reason, ("parentId",))
    assert licence(parent, merchant, scope=replace(DERIVING, territory="CN-350200", purposes=("B",))).kind == "USE"


def test_a_use_right_is_granted_on_only_with_sublicensing(operate, merchant, snapshot):
    plain = licence(operate, merchant, scope=DERIVING)
    assert refused(snapshot, NotCovered, lambda: licence(plain, organisation())).params["reason_code"] == "KIND"
    wide = licence(operate, merchant, scope=replace(DERIVING, sublicense=True))
    below = licence(wide, organisation())
    assert (below.parent_id, below.licensor_id) == (wide.pk, merchant.pk)
    error = refused(snapshot, NotCovered, lambda: licence(wide, merchant, Right.OPERATE))
    assert error.params["reason_code"] == "KIND"


def test_a_licence_rests_on_a_right_in_the_same_object(operate, airport, merchant, snapshot):
    other = registered(airport)
    assert refused(snapshot, NotCovered, lambda: licence(operate, merchant, of=other)).params["reason_code"] == "OTHER_OBJECT"


def test_without_operate_nothing_can_be_licensed(flights, merchant, snapshot):
    first(flights, Right.HOLD)
    use = first(flights, Right.USE, scope=replace(FULL, sublicense=False))
    assert refused(snapshot, NotCovered, lambda: licence(use, merchant)).params["reason_code"] == "KIND"
    found = coverage(flights.owner_id, flights.pk, START, END)
    assert (found.operate, found.until, found.covers) == (None, None, False)


def test_coverage_names_the_right_and_its_end(operate, flights):
    found = coverage(flights.owner_id, flights.pk, START, END)
    assert (found.operate, found.until, found.covers, found.disputed) == (operate, END, True, False)
    assert not coverage(flights.owner_id, flights.pk, START, END + timedelta(days=1)).covers


def test_only_registrars_register_first_rights_and_only_its_parties_a_licence(flights, operate, airport, merchant, snapshot):
    given = {"object_id": flights.pk, "valid_from": START, "valid_until": END, "exclusive": False, "scope": DERIVING}
    own = {**given, "kind": Right.OPERATE, "holder_id": merchant.pk, "parent_id": None, "filing_id": uuid4()}
    licensed = {**given, "kind": Right.USE, "holder_id": merchant.pk, "parent_id": operate.pk, "deal_id": uuid4()}
    refused(snapshot, Forbidden, lambda: grant_register(actor=actor(airport), **own))
    refused(snapshot, Forbidden, lambda: grant_register(actor=actor(organisation()), **licensed))
    assert grant_register(actor=actor(organisation(PartyKind.REGISTRAR)), **own).licensor_id is None
    assert grant_register(actor=actor(merchant), **licensed).licensor_id == airport.pk


@pytest.mark.parametrize(
    "change",
    [{"valid_until": START}, {"income_share_ppm": 1}, {"income_share_ppm": -1}, {"filing_id": None}, {"deal_id": uuid4()}],
)
def test_input_that_no_register_could_hold_is_refused(flights, airport, snapshot, change):
    given = {
        "object_id": flights.pk,
        "kind": Right.USE,
        "holder_id": airport.pk,
        "parent_id": None,
        "valid_from": START,
        "valid_until": END,
    }
    registrar = actor(organisation(PartyKind.REGISTRAR))
    whole = {**given, "exclusive": False, "scope": FULL, "filing_id": uuid4(), **change}
    refused(snapshot, BadInput, lambda: grant_register(actor=registrar, **whole))


def test_unknown_parties_objects_and_rights_are_not_found(flights, operate, merchant, snapshot):
    for change in ({"holder_id": uuid4()}, {"object_id": uuid4()}, {"parent_id": uuid4(), "filing_id": None, "deal_id": uuid4()}):
        given = {
            "object_id": flights.pk,
            "kind": Right.USE,
            "holder_id": merchant.pk,
            "parent_id": None,
            "valid_from": START,
            "valid_until": END,
            "exclusive": False,
            "scope": FULL,
            "filing_id": uuid4(),
            **change,
        }
        refused(snapshot, NotFound, lambda given=given: grant_register(actor=actor(organisation(PartyKind.REGISTRAR)), **given))


def test_a_deal_gets_its_right_once(flights, operate, merchant, snapshot):
    given = {
        "object_id": flights.pk,
        "kind": Right.USE,
        "holder_id": merchant.pk,
        "parent_id": operate.pk,
        "valid_from": START,
        "valid_until": END,
        "exclusive": False,
        "scope": DERIVING,
        "deal_id": uuid4(),
    }
    grant_register(actor=actor(merchant), **given)
    refused(snapshot, AlreadyRegistered, lambda: grant_register(actor=actor(merchant), **given))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registry_rights_grant SET valid = daterange('2027-01-01', '2040-01-01')",
        "UPDATE registry_rights_grant SET recorded = tstzrange(lower(recorded) - interval '1 day', NULL)",
        "UPDATE registry_rights_grant SET recorded = 'empty'",
        "DELETE FROM registry_rights_grant",
        "TRUNCATE registry_rights_grant CASCADE",
        "UPDATE registry_rights_registeredobject SET registered_at = now()",
        "UPDATE registry_rights_registeredobject SET owner_id = id",
        "DELETE FROM registry_rights_registeredobject",
    ],
)
def test_the_database_changes_no_record(operate, snapshot, statement):
    before = snapshot(Grant, RegisteredObject)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert snapshot(Grant, RegisteredObject) == before


def insert_copy(**changes):
    columns = [field.column for field in Grant._meta.concrete_fields]
    given = {"id": "fresh.id", "origin_id": "fresh.id", "filing_id": "gen_random_uuid()", "lane": "int4range(7, 8)", **changes}
    chosen = ", ".join(given.get(name, f"old.{name}") for name in columns)
    source = "registry_rights_grant old, (SELECT gen_random_uuid() id) fresh"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO registry_rights_grant ({', '.join(columns)}) SELECT {chosen} FROM {source}")


@pytest.mark.parametrize(
    ("column", "value", "constraint"),
    [
        ("scope", "'{\"derive\": true}'", "grant_scope_formed"),
        ("lane", "'empty'", "grant_lane_formed"),
        ("lane", "int4range(0, 5)", "grant_lane_formed"),
        ("lane", "int4range(NULL, 5)", "grant_lane_formed"),
        ("lane", "int4range(0, NULL)", "grant_lanes_apart"),
        ("valid", "daterange('2027-01-01', NULL)", "grant_term_bounded"),
        ("valid", "'empty'", "grant_term_bounded"),
        ("recorded", "tstzrange(NULL, NULL)", "grant_recorded_from"),
        ("recorded", "tstzrange(now(), now() + interval '1 day')", "grant_covered"),
        ("kind", "'LOAN'", "grant_kind_known"),
        ("income_share_ppm", "1", "grant_filed_or_licensed"),
        ("deal_id", "gen_random_uuid()", "grant_filed_or_licensed"),
        ("filing_id", "NULL", "grant_filed_or_licensed"),
        ("filing_id", "old.filing_id", "grant_once_per_basis"),
        ("origin_id", "old.id", "grant_covered"),
        ("parent_id", "old.id", "grant_covered"),
    ],
)
def test_the_database_takes_no_malformed_right(operate, column, value, constraint):
    with pytest.raises(IntegrityError) as caught:
        insert_copy(**{column: value})
    assert caught.value.__cause__.diag.constraint_name == constraint
    assert Grant.objects.count() == 1


def test_the_database_takes_a_well_formed_copy(operate):
    insert_copy()
    assert Grant.objects.count() == 2
