"""Admission, identity, affiliation: who is let in, by whom, and what nobody may do for themselves."""

from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.base.actor import ANONYMOUS, SYSTEM, PartyKind, scopes_for
from registry.base.errors import Affiliated, BadInput, Forbidden, IdempotencyMismatch, NotFound, Unauthenticated
from registry.base.models import IdempotencyKey
from registry.log.models import Disclosure, Outbox
from registry.parties.errors import AlreadyDeclared, AlreadyVerified, CreditCodeInvalid, CreditCodeTaken, NotYoursToDeclare, OneOperator
from registry.parties.models import Affiliation, ApiKey, Membership, Organisation, Person
from registry.parties.selectors import affiliated, require_unaffiliated
from registry.parties.services import affiliation_declare, organisation_admit, organisation_verify
from tests.support.events import waiting, waiting_bytes
from tests.support.parties import LICENCE, admit, credit_code, verify

pytestmark = pytest.mark.django_db
MERCHANT, BUYER, INSTITUTION, REGULATOR, OPERATOR = (
    PartyKind.MERCHANT,
    PartyKind.BUYER,
    PartyKind.INSTITUTION,
    PartyKind.REGULATOR,
    PartyKind.OPERATOR,
)
TABLES = (Organisation, Person, Membership, ApiKey, Affiliation, Outbox, Disclosure, IdempotencyKey)


def events():
    return waiting()


@pytest.fixture
def operator():
    return admit(OPERATOR, name="Operator").actor


def form(**changes):
    return {
        "kinds": [MERCHANT],
        "name_zh": "厦门示例航空数据有限公司",
        "name_en": "Sample Airport Data",
        "uscc": "91330100799655058B",
        "country": "CN",
        "first_person_name": "张三",
        "idempotency_key": "k1",
    } | changes


def test_the_operator_admits_a_merchant_whose_first_person_gets_every_scope_of_a_merchant(operator):
    Outbox.objects.all().delete()
    organisation, person, secret = organisation_admit(actor=operator, **form())
    assert (organisation.kinds, organisation.uscc, organisation.verified_at) == (["MERCHANT"], "91330100799655058B", None)
    key = ApiKey.objects.get(person=person)
    assert set(key.scopes) == scopes_for(frozenset({MERCHANT}))
    assert secret.startswith(f"egret_live_{key.lookup}_")
    assert [event["schema"] for event in events()] == ["organisation.admitted", "person.added", "api_key.issued"]
    assert events()[0]["data"] == {
        "organisation": str(organisation.pk),
        "kinds": ["MERCHANT"],
        "name_zh": "厦门示例航空数据有限公司",
        "name_en": "Sample Airport Data",
        "uscc": "91330100799655058B",
        "country": "CN",
    }


def test_a_persons_name_stands_nowhere_in_the_open(operator):
    organisation_admit(actor=operator, **form(first_person_name="Zhang Unique"))
    with connection.cursor() as cursor:
        for table in ("registry_parties_person", "registry_log_outbox", "registry_log_disclosure", "registry_base_idempotencykey"):
            cursor.execute(
                f"SELECT count(*) FROM {table} AS t WHERE t::text ILIKE '%%Zhang%%' OR t::text LIKE %s", ["%" + b"Zhang".hex() + "%"]
            )
            assert cursor.fetchone() == (0,), table
    assert all(b"Zhang" not in body for body in waiting_bytes())


def test_a_repeated_call_returns_the_first_organisation_and_no_secret(operator, snapshot):
    first = organisation_admit(actor=operator, **form())
    before = snapshot(*TABLES)
    assert organisation_admit(actor=operator, **form()) == (first.organisation, first.person, None)
    with pytest.raises(IdempotencyMismatch):
        organisation_admit(actor=operator, **form(first_person_name="李四"))
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"uscc": "91330100799655058C"}, CreditCodeInvalid, ("uscc",)),
        ({"uscc": None}, BadInput, ("uscc",)),
        ({"kinds": []}, BadInput, ("kinds",)),
        ({"kinds": ["PIRATE"]}, BadInput, ("kinds",)),
        ({"kinds": [OPERATOR]}, OneOperator, ("kinds",)),
        ({"country": "cn"}, BadInput, ("country",)),
        ({"name_zh": "", "name_en": " "}, BadInput, ("nameZh",)),
        ({"name_zh": "a" * 201}, BadInput, ("nameZh",)),
        ({"name_en": "a\x00b"}, BadInput, ("nameEn",)),
        ({"first_person_name": ""}, BadInput, ("firstPersonName",)),
        ({"first_person_authority_sha256": "ab"}, BadInput, ("firstPersonAuthoritySha256",)),
        ({"idempotency_key": ""}, BadInput, ("idempotencyKey",)),
    ],
)
def test_bad_input_is_named_by_its_field_and_admits_nobody(operator, snapshot, changes, error, field):
    before = snapshot(*TABLES)
    with pytest.raises(error) as refusal:
        organisation_admit(actor=operator, **form(**changes))
    assert refusal.value.field == field
    assert snapshot(*TABLES) == before


def test_a_credit_code_is_admitted_once(operator, snapshot):
    organisation_admit(actor=operator, **form())
    before = snapshot(*TABLES)
    with pytest.raises(CreditCodeTaken):
        organisation_admit(actor=operator, **form(idempotency_key="k2"))
    assert snapshot(*TABLES) == before


def test_an_organisation_abroad_needs_no_credit_code(operator):
    organisation = organisation_admit(actor=operator, **form(uscc=None, country="SG")).organisation
    assert (organisation.uscc, organisation.country) == (None, "SG")


@pytest.mark.parametrize("kind", [kind for kind in PartyKind if kind is not OPERATOR])
def test_only_the_operator_admits(kind, snapshot):
    actor = admit(kind).actor
    before = snapshot(*TABLES)
    with pytest.raises(Forbidden):
        organisation_admit(actor=actor, **form())
    assert snapshot(*TABLES) == before


def test_a_market_has_one_operator(operator, snapshot):
    before = snapshot(*TABLES)
    with pytest.raises(OneOperator):
        organisation_admit(actor=SYSTEM, **form(kinds=[OPERATOR]))
    assert snapshot(*TABLES) == before


def test_an_institution_verifies_an_identity_once():
    merchant, institution = admit(MERCHANT), admit(INSTITUTION)
    Outbox.objects.all().delete()
    organisation = verify(merchant, by=institution)
    assert (organisation.verified_by_id, organisation.identity_document_sha256) == (institution.person.pk, LICENCE)
    event = events()[0]
    assert (event["schema"], event["data"]["organisation"], list(event["data"]["document_sha256"])) == (
        "organisation.verified",
        str(organisation.pk),
        ["_h"],
    )
    with pytest.raises(AlreadyVerified):
        verify(merchant, by=institution)
    assert len(events()) == 1


def test_nobody_verifies_themselves_or_their_kin(snapshot):
    institution, merchant = admit(INSTITUTION), admit(MERCHANT)
    affiliation_declare(
        actor=institution.actor,
        organisation_id=merchant.organisation.pk,
        other_id=institution.organisation.pk,
        basis="CONTROL",
        idempotency_key="k",
    )
    before = snapshot(*TABLES)
    for party in (institution, merchant):
        with pytest.raises(Affiliated):
            verify(party, by=institution)
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize("kind", [kind for kind in PartyKind if kind is not INSTITUTION])
def test_only_an_institution_verifies(kind):
    with pytest.raises(Forbidden):
        verify(admit(MERCHANT), by=admit(kind))


def test_the_platform_itself_verifies_nobody():
    with pytest.raises(Forbidden):
        organisation_verify(actor=SYSTEM, organisation_id=admit(MERCHANT).organisation.pk, document_sha256=LICENCE, idempotency_key="k")


def test_an_affiliation_holds_either_way_round_and_is_declared_once():
    one, other, third = admit(MERCHANT), admit(BUYER), admit(BUYER)
    a, b, c = (party.organisation.pk for party in (one, other, third))
    row = affiliation_declare(actor=other.actor, organisation_id=b, other_id=a, basis="COMMON_CONTROL", idempotency_key="k")
    assert (row.a_id, row.b_id) == (min(a, b), max(a, b))
    assert [affiliated(a, b), affiliated(b, a), affiliated(a, a), affiliated(a, c)] == [True, True, True, False]
    with pytest.raises(AlreadyDeclared):
        affiliation_declare(actor=one.actor, organisation_id=a, other_id=b, basis="CONTROL", idempotency_key="k")
    with pytest.raises(Affiliated):
        require_unaffiliated(one.actor, b)
    require_unaffiliated(third.actor, b)


def test_nobody_rids_themselves_of_an_authority_by_claiming_kinship(snapshot):
    merchant, buyer, regulator = admit(MERCHANT), admit(BUYER), admit(REGULATOR)
    ids = [party.organisation.pk for party in (merchant, buyer, regulator)]
    before = snapshot(*TABLES)
    for actor, pair in ((merchant.actor, (ids[0], ids[2])), (merchant.actor, (ids[1], ids[2]))):
        with pytest.raises(NotYoursToDeclare):
            affiliation_declare(actor=actor, organisation_id=pair[0], other_id=pair[1], basis="OTHER", idempotency_key="k")
    with pytest.raises(BadInput):
        affiliation_declare(actor=merchant.actor, organisation_id=ids[0], other_id=ids[0], basis="OTHER", idempotency_key="k")
    with pytest.raises(BadInput):
        affiliation_declare(actor=merchant.actor, organisation_id=ids[0], other_id=ids[1], basis="FRIENDS", idempotency_key="k")
    with pytest.raises(NotFound):
        affiliation_declare(actor=merchant.actor, organisation_id=ids[0], other_id=UUID(int=5), basis="OTHER", idempotency_key="k")
    assert snapshot(*TABLES) == before
    affiliation_declare(actor=regulator.actor, organisation_id=ids[0], other_id=ids[1], basis="KEY_PEOPLE", idempotency_key="k")
    assert affiliated(ids[0], ids[1])


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("UPDATE registry_parties_organisation SET name_en = 'x'", DatabaseError),
        (
            "UPDATE registry_parties_organisation SET verified_at = NULL, verified_by_id = NULL, identity_document_sha256 = NULL",
            DatabaseError,
        ),
        ("DELETE FROM registry_parties_organisation", DatabaseError),
        ("UPDATE registry_parties_membership SET may_bind = false, authority_sha256 = NULL", DatabaseError),
        ("DELETE FROM registry_parties_affiliation", DatabaseError),
        ("TRUNCATE registry_parties_person CASCADE", DatabaseError),
    ],
)
def test_the_register_of_parties_stays_as_it_was_written(statement, error, snapshot):
    verify(admit(MERCHANT), by=admit(INSTITUTION))
    before = snapshot(*TABLES)
    with pytest.raises(error), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    ("facts", "constraint"),
    [
        ({"uscc": "91330100799655058C"}, "organisation_uscc_checks"),
        ({"uscc": None}, "organisation_uscc_in_china"),
        ({"kinds": []}, "organisation_kinds_known"),
        ({"kinds": ["PIRATE"]}, "organisation_kinds_known"),
        ({"name_en": ""}, "organisation_named"),
        ({"country": "C1"}, "organisation_country_code"),
        ({"identity_document_sha256": LICENCE}, "organisation_verified_wholly"),
    ],
)
def test_the_database_refuses_what_no_service_would_write(facts, constraint):
    sound = {
        "kinds": ["BUYER"],
        "name_zh": "",
        "name_en": "A",
        "uscc": credit_code(),
        "country": "CN",
        "admitted_at": "2026-01-01T00:00:00Z",
    }
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Organisation.objects.create(**sound | facts)


def test_nobody_signed_in_sees_nobody():
    admit(MERCHANT)
    assert not Organisation.objects.visible_to(ANONYMOUS).exists()
    with pytest.raises(Unauthenticated):
        organisation_admit(actor=ANONYMOUS, **form())
