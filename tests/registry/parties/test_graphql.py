"""The parties room through the front door: GraphQL over HTTP with API keys."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.base import clock
from registry.base.actor import PartyKind, scopes_for
from registry.log.models import Outbox
from registry.parties.models import Affiliation, ApiKey, Membership, Organisation, Person, SectorPermit, SigningKey
from registry.parties.selectors import actor_for_token
from tests.support.graphql import Client, UserError
from tests.support.parties import AUTHORITY, LICENCE, admit, proof, register_key, text

pytestmark = pytest.mark.django_db
TABLES = (Organisation, Person, Membership, ApiKey, SigningKey, SectorPermit, Affiliation, Outbox)
ADMISSION = {
    "kinds": ["MERCHANT"],
    "nameZh": "厦门示例航空数据有限公司",
    "nameEn": "Sample Airport Data",
    "uscc": "91330100799655058B",
    "country": "CN",
    "firstPersonName": "张三",
    "firstPersonAuthoritySha256": AUTHORITY,
    "idempotencyKey": "k1",
}


def client_of(party):
    return Client(token=party.token)


@pytest.fixture
def operator():
    return client_of(admit(PartyKind.OPERATOR))


@pytest.fixture
def merchant():
    return admit(PartyKind.MERCHANT, name="Merchant")


def test_an_admitted_merchant_reads_who_it_is(operator):
    admitted = operator.mutate("organisationAdmit", "organisation { id kinds nameZh uscc verifiedAt } person { name } secret", **ADMISSION)
    assert admitted["organisation"]["kinds"] == ["MERCHANT"]
    assert admitted["person"] == {"name": None}  # the operator is no colleague
    viewer = Client(token=admitted["secret"]).query("{ viewer { organisation { id nameZh } person { name } scopes } }")["viewer"]
    assert viewer == {
        "organisation": {"id": admitted["organisation"]["id"], "nameZh": "厦门示例航空数据有限公司"},
        "person": {"name": "张三"},
        "scopes": sorted(scopes_for(frozenset({PartyKind.MERCHANT}))),
    }
    assert Client().query("{ viewer { scopes } }")["viewer"] is None


def test_a_repeated_admission_shows_no_secret(operator, snapshot):
    first = operator.mutate("organisationAdmit", "organisation { id } secret", **ADMISSION)
    before = snapshot(*TABLES)
    again = operator.mutate("organisationAdmit", "organisation { id } secret", **ADMISSION)
    assert (again["organisation"], again["secret"]) == (first["organisation"], None)
    assert operator.mutate("organisationAdmit", **ADMISSION | {"nameEn": "Other"}).codes == ["IDEMPOTENCY_MISMATCH"]
    assert snapshot(*TABLES) == before


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (
            {"uscc": "91330100799655058C"},
            UserError(code="CREDIT_CODE_INVALID", field=["uscc"], remedy="Copy all 18 characters from the business licence."),
        ),
        ({"uscc": None}, UserError(code="BAD_INPUT", field=["uscc"])),
        ({"kinds": ["OPERATOR"]}, UserError(code="ONE_OPERATOR", field=["kinds"])),
        ({"idempotencyKey": ""}, UserError(code="BAD_INPUT", field=["idempotencyKey"])),
    ],
    ids=["check character", "no credit code", "operator", "no key"],
)
def test_a_refused_admission_says_what_to_do_and_changes_nothing(operator, snapshot, changes, error):
    before = snapshot(*TABLES)
    assert operator.mutate("organisationAdmit", **ADMISSION | changes).user_errors == [error]
    assert snapshot(*TABLES) == before


def test_who_may_not_admit_is_refused_and_changes_nothing(merchant, snapshot):
    before = snapshot(*TABLES)
    assert client_of(merchant).mutate("organisationAdmit", **ADMISSION).codes == ["FORBIDDEN"]
    assert Client().mutate("organisationAdmit", **ADMISSION).codes == ["UNAUTHENTICATED"]
    wrong = merchant.token[:-1] + ("a" if merchant.token[-1] != "a" else "b")
    assert Client(token=wrong).query("{ viewer { scopes } }").codes == ["UNAUTHENTICATED"]
    assert snapshot(*TABLES) == before


def test_people_and_keys_of_ones_own_organisation(merchant):
    client = client_of(merchant)
    added = client.mutate("personAdd", "person { id name }", name="李四", mayBind=True, authoritySha256=AUTHORITY, idempotencyKey="p")
    assert added["person"]["name"] == "李四"
    issued = client.mutate(
        "apiKeyIssue",
        "apiKey { id scopes person { name } lastUsedOn } secret",
        personId=added["person"]["id"],
        scopes=["contract:sign", "key:manage"],
        expiresAt=clock.now() + timedelta(days=30),
        idempotencyKey="i",
    )
    assert issued["apiKey"]["scopes"] == ["contract:sign", "key:manage"]
    assert issued["apiKey"]["person"] == {"name": "李四"}
    deputy = actor_for_token(issued["secret"])
    assert deputy.organisation == merchant.organisation.pk
    assert client.query("{ people(first: 5) { totalCount nodes { name } } apiKeys(first: 5) { totalCount } }").data == {
        "people": {"totalCount": 2, "nodes": [{"name": "李四"}, {"name": "Head of Merchant"}]},
        "apiKeys": {"totalCount": 2},
    }
    assert client.mutate("apiKeyRevoke", "apiKey { revokedAt }", keyId=issued["apiKey"]["id"], idempotencyKey="r")["apiKey"]["revokedAt"]
    assert Client(token=issued["secret"]).query("{ viewer { scopes } }").codes == ["UNAUTHENTICATED"]


def test_a_key_beyond_ones_own_scopes_is_refused(merchant, snapshot):
    before = snapshot(*TABLES)
    answer = client_of(merchant).mutate(
        "apiKeyIssue", personId=merchant.person, scopes=["screening:decide"], expiresAt=clock.now() + timedelta(days=1), idempotencyKey="i"
    )
    assert answer.user_errors == [
        UserError(
            code="SCOPE_NOT_ALLOWED",
            field=["scopes"],
            message="A key of this organisation, issued with yours, cannot carry: screening:decide.",
        )
    ]
    assert snapshot(*TABLES) == before


def test_a_signing_key_is_registered_and_seen_by_whoever_must_verify(merchant):
    client, private = client_of(merchant), Ed25519PrivateKey.generate()
    public = text(private.public_key().public_bytes_raw())
    registered = client.mutate(
        "signingKeyRegister",
        "signingKey { id publicKey person { name } }",
        publicKey=public,
        proof=text(proof(private, merchant.actor)),
        authoritySha256=AUTHORITY,
        idempotencyKey="s",
    )
    assert registered["signingKey"]["person"] == {"name": "Head of Merchant"}
    buyer = client_of(admit(PartyKind.BUYER))
    document = "query($id: ID!) { node(id: $id) { ... on Organisation { signingKeys { publicKey revokedAt person { name } } } } }"
    organisation = client.query("{ viewer { organisation { id } } }")["viewer"]["organisation"]["id"]
    assert buyer.query(document, id=organisation)["node"] == {"signingKeys": [{"publicKey": public, "revokedAt": None, "person": None}]}
    revoked = client.mutate("signingKeyRevoke", "signingKey { revokedAt }", keyId=registered["signingKey"]["id"], idempotencyKey="r")
    assert revoked["signingKey"]["revokedAt"]


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"publicKey": "%%"}, "BAD_INPUT", "publicKey"),
        ({"proof": "AAAA"}, "POSSESSION_NOT_PROVED", "proof"),
        ({"publicKey": "AAAA"}, "SIGNING_KEY_UNACCEPTABLE", "publicKey"),
        ({"authoritySha256": "0" * 64}, "NO_AUTHORITY", "authoritySha256"),
    ],
)
def test_an_unproved_signing_key_is_refused(merchant, snapshot, changes, code, field):
    private = Ed25519PrivateKey.generate()
    sound = {
        "publicKey": text(private.public_key().public_bytes_raw()),
        "proof": text(proof(private, merchant.actor)),
        "authoritySha256": AUTHORITY,
        "idempotencyKey": "s",
    }
    before = snapshot(*TABLES)
    assert client_of(merchant).mutate("signingKeyRegister", **sound | changes).user_errors == [UserError(code=code, field=[field])]
    assert snapshot(*TABLES) == before


def test_an_institution_verifies_and_checks_what_others_filed(merchant):
    institution, client = client_of(admit(PartyKind.INSTITUTION)), client_of(merchant)
    filed = client.mutate(
        "sectorPermitFile",
        "sectorPermit { id accepted }",
        sector="WEATHER",
        number="1",
        validFrom="2026-01-01",
        validUntil="2030-01-01",
        documentSha256=LICENCE,
        idempotencyKey="f",
    )
    assert filed["sectorPermit"]["accepted"] is None
    checked = institution.mutate(
        "sectorPermitCheck", "sectorPermit { accepted }", permitId=filed["sectorPermit"]["id"], accepted=True, idempotencyKey="c"
    )
    assert checked["sectorPermit"] == {"accepted": True}
    verified = institution.mutate(
        "organisationVerify",
        "organisation { verifiedAt identityDocumentSha256 }",
        organisationId=merchant.organisation,
        documentSha256=LICENCE,
        idempotencyKey="v",
    )
    assert verified["organisation"]["verifiedAt"]
    assert verified["organisation"]["identityDocumentSha256"] == LICENCE
    seen = "{ organisations(first: 9, kind: MERCHANT) { nodes { identityDocumentSha256 sectorPermits { number } } } }"
    assert client_of(admit(PartyKind.BUYER)).query(seen)["organisations"]["nodes"] == [
        {"identityDocumentSha256": None, "sectorPermits": [{"number": "1"}]}
    ]


def test_kin_cannot_verify_each_other(merchant, snapshot):
    institution = admit(PartyKind.INSTITUTION)
    declared = client_of(institution).mutate(
        "affiliationDeclare",
        "affiliation { basis }",
        organisationId=merchant.organisation,
        otherId=institution.organisation,
        basis="CONTROL",
        idempotencyKey="a",
    )
    assert declared["affiliation"] == {"basis": "CONTROL"}
    before = snapshot(*TABLES)
    refused = client_of(institution).mutate(
        "organisationVerify", organisationId=merchant.organisation, documentSha256=LICENCE, idempotencyKey="v"
    )
    assert refused.codes == ["AFFILIATED"]
    assert snapshot(*TABLES) == before


def test_an_id_of_another_type_is_told(merchant, snapshot):
    before = snapshot(*TABLES)
    refused = client_of(merchant).mutate(
        "apiKeyIssue", personId=merchant.organisation, scopes=["key:manage"], expiresAt=clock.now() + timedelta(days=1), idempotencyKey="i"
    )
    assert refused.user_errors == [UserError(code="INVALID_ID", field=["personId"])]
    assert snapshot(*TABLES) == before


def test_a_page_of_organisations_with_their_keys_takes_a_fixed_number_of_queries(merchant, django_assert_num_queries):
    client = client_of(merchant)
    for _ in range(4):
        register_key(admit(PartyKind.MERCHANT).actor)
    client.query("{ viewer { scopes } }")  # the day's first use is noted
    document = "{ organisations(first: 10) { nodes { signingKeys { publicKey organisation { nameEn } } sectorPermits { number } } } }"
    with django_assert_num_queries(5):  # key, organisations, signing keys, their organisations, permits
        assert len(client.query(document)["organisations"]["nodes"]) == 5
