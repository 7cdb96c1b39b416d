"""Certificates: issued after the deposit is in the log, numbered by month, checkable by anyone who has the key."""

import base64
import hashlib
import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import Forbidden
from registry.base.ids import uuid7
from registry.base.signing import Algorithm, Ed25519Signer, PublicKey, multikey
from registry.certificates import services
from registry.certificates.data_integrity import BadProof, check_proof, signing_input
from registry.certificates.errors import MonthExhausted, NotYetLogged
from registry.certificates.models import Certificate, CertificateSignature, Counter, IssuerKey, StatedRight, StatusList, Suite
from registry.certificates.selectors import certificate_check, credential_of
from registry.certificates.services import certificate_issue
from registry.certificates.signing import signature_holds, signatures_over, signatures_store
from registry.log.canonical import canonical
from registry.log.checkpoint import open_checkpoint
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.merkle import leaf_hash, verify_inclusion
from registry.log.models import Entry, LogState, Outbox
from registry.rights.models import Grant
from registry.rules.calendar import china_date
from tests.support.events import waiting
from tests.support.filings import certified, deposited, door, jump, office, sql
from tests.support.graphql import Client
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
CHECK = """
query($number: String!) {
  certificateVerify(number: $number) {
    certificate { number statement credential sha256 signatures { suite keyId publicKey value } object { name } }
    signatureValid deposit { schema body } proof { index size hashes note }
  }
}
"""


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def test_the_statement_says_what_was_deposited(settings):
    of = office()
    filing = certified(of)
    certificate = filing.certificate
    statement = json.loads(bytes(certificate.statement))
    number = f"EGR-{china_date(clock.now()):%Y%m}-0001"
    assert canonical(statement) == bytes(certificate.statement)
    assert certificate.sha256 == hashlib.sha256(bytes(certificate.statement)).hexdigest()
    assert statement["@context"] == ["https://www.w3.org/ns/credentials/v2", f"{settings.EGRET_PUBLIC_URL}/contexts/certificate-v1"]
    assert statement["id"] == f"{settings.EGRET_PUBLIC_URL}/certificates/{number}"
    assert statement["issuer"]["id"] == "did:web:127.0.0.1%3A8000"
    assert [name["@language"] for name in statement["issuer"]["name"]] == ["zh", "en"]
    assert statement["validFrom"] == certificate.issued_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert statement["validUntil"] == f"{filing.valid_until}T16:00:00Z"  # the end of the last day in China
    subject = statement["credentialSubject"]
    assert (subject["number"], subject["filing"]) == (number, filing.pk.urn)
    assert subject["object"]["identifier"] == filing.object.identifier
    assert subject["holder"]["uscc"] == of.merchant.organisation.uscc
    assert subject["deposit"]["event"] == filing.deposit_event.urn
    assert [(right["kind"], right["valid_from"], right["last_day"]) for right in subject["rights"]] == [
        (kind, filing.valid_from.isoformat(), filing.valid_until.isoformat()) for kind in ("HOLD", "OPERATE", "USE")
    ]
    assert {right["grant"] for right in subject["rights"]} == {grant.urn for grant in Grant.objects.values_list("pk", flat=True)}
    assert {row.grant_id for row in StatedRight.objects.filter(certificate=certificate)} == {grant.pk for grant in Grant.objects.all()}
    assert subject["note"]["en"].startswith("Evidence of registration")
    assert "并非国家数据产权登记凭证" in subject["note"]["zh"]
    published = f"{settings.EGRET_PUBLIC_URL}/certificates/status"
    assert [
        (entry["statusPurpose"], entry["statusListIndex"], entry["statusListCredential"]) for entry in statement["credentialStatus"]
    ] == [(purpose, str(certificate.status_index), f"{published}/{purpose}/1") for purpose in ("revocation", "suspension")]


def test_an_outsider_checks_signature_and_place_in_the_log_without_trusting_the_server():
    of = office()
    filing = certified(of)
    shown = door(of.merchant).query(CHECK, number=filing.certificate.number)["certificateVerify"]
    assert shown["signatureValid"] is True
    certificate = shown["certificate"]
    (signature,) = certificate["signatures"]
    assert signature["suite"] == "eddsa-jcs-2022"
    credential = json.loads(certificate["credential"])
    check_proof(credential, PublicKey(Algorithm.ED25519, base64.b64decode(signature["publicKey"])))
    assert {name: value for name, value in credential.items() if name != "proof"} == json.loads(certificate["statement"])
    proof, body = shown["proof"], shown["deposit"]["body"].encode()
    checkpoint, _ = open_checkpoint(proof["note"].encode(), log=environment_keys(LogState.objects.get().log_id)[0].verifier)
    verify_inclusion(
        index=int(proof["index"]),
        size=int(proof["size"]),
        leaf=leaf_hash(body),
        proof=[base64.b64decode(hashed) for hashed in proof["hashes"]],
        root=checkpoint.root,
    )
    assert credential["credentialSubject"]["deposit"]["index"] == proof["index"]
    told = json.loads(body)
    assert (told["schema"], told["data"]["object"]) == ("filing.deposited", str(filing.object_id))


def test_nobody_signed_in_sees_nothing_and_an_unknown_number_is_null():
    filing = certified(office())
    assert Client().query(CHECK, number=filing.certificate.number)["certificateVerify"] is None
    assert Client(token=admit(PartyKind.BUYER).token).query(CHECK, number="EGR-202601-0001")["certificateVerify"] is None


def test_a_number_is_read_as_people_type_it_and_a_mistyped_one_is_told():
    of = office()
    number = certified(of).certificate.number
    for typed in (number.lower(), f" {number} ", "".join(chr(ord(each) + 0xFEE0) for each in number)):
        assert door(of.merchant).query(CHECK, number=typed)["certificateVerify"]["certificate"]["number"] == number
    for document in (CHECK, "query($number: String!) { certificateSdJwt(number: $number) }"):
        for typed in ("", "x", f"{number}0", number[:-1], "EGR-202613-0001", f"{number} {number}", "9" * 5000):
            answer = door(of.merchant).query(document, number=typed)
            assert (answer.status, answer.codes) == (200, ["INVALID_NUMBER"])
            assert answer.errors[0]["extensions"]["field"] == ["number"]


ALTERED = {
    "subject": lambda credential: credential["credentialSubject"]["holder"].update(name_en="Another"),
    "term": lambda credential: credential.update(validUntil="2099-01-01T00:00:00Z"),
    "added": lambda credential: credential.update(more="text"),
    "not canonical": lambda credential: credential.update(more=1.5),
    "context": lambda credential: credential["@context"].reverse(),
    "created": lambda credential: credential["proof"].update(created="2020-01-01T00:00:00Z"),
    "key": lambda credential: credential["proof"].update(verificationMethod="did:web:other.example#key-1"),
    "purpose": lambda credential: credential["proof"].update(proofPurpose="authentication"),
    "suite": lambda credential: credential["proof"].update(cryptosuite="eddsa-rdfc-2022"),
    "cut short": lambda credential: credential["proof"].update(proofValue=credential["proof"]["proofValue"][:-1]),
    "another base": lambda credential: credential["proof"].update(proofValue="u" + credential["proof"]["proofValue"][1:]),
    "endless": lambda credential: credential["proof"].update(proofValue="z" + "1" * 100_000),
    "no text": lambda credential: credential["proof"].update(proofValue=7),
    "no value": lambda credential: credential["proof"].pop("proofValue"),
    "no context": lambda credential: credential["proof"].pop("@context"),
    "no proof": lambda credential: credential.pop("proof"),
    "two proofs": lambda credential: credential.update(proof=[credential["proof"]] * 2),
}


def test_whatever_is_changed_in_a_credential_is_told():
    certificate = certified(office()).certificate
    key = certificate.signatures.get().key
    accepted = []
    for name, alter in ALTERED.items():
        credential = credential_of(certificate)
        alter(credential)
        with suppress(BadProof):
            check_proof(credential, key)
            accepted.append(name)
    assert accepted == []


def test_a_context_appended_later_is_cut_off_and_another_key_is_refused():
    filing = certified(office())
    credential, key = credential_of(filing.certificate), filing.certificate.signatures.get().key
    credential["@context"].append("https://other.example/context")
    assert canonical(check_proof(credential, key)) == bytes(filing.certificate.statement)
    with pytest.raises(BadProof):
        check_proof(credential, Ed25519Signer(bytes(32)).public_key)


def test_a_certificate_signed_by_a_key_that_the_log_does_not_know_is_not_valid_here():
    certificate = certified(office()).certificate
    assert certificate_check(actor=SYSTEM, number=certificate.number).signature_valid is True
    forged, stranger = json.loads(bytes(certificate.statement)), Ed25519Signer(bytes(32))
    forged["credentialSubject"]["number"] = "EGR-202601-0009"
    (signed,) = signatures_over(forged, clock.now())
    message = signing_input(canonical(forged), signed.proof)
    row = Certificate.objects.create(
        number="EGR-202601-0009",
        filing_id=uuid7(),
        object=certificate.object,
        deposit_event=certificate.deposit_event,
        statement=canonical(forged),
        sha256=hashlib.sha256(canonical(forged)).hexdigest(),
        status_list=certificate.status_list,
        status_index=certificate.status_index ^ 1,
        issued_at=clock.now(),
        event_id=uuid7(),
    )
    signatures_store(row, [replace(signed, key=stranger.public_key, value=stranger.sign(message))], clock.now())
    assert signature_holds(canonical(forged), row.signatures.get())
    assert certificate_check(actor=SYSTEM, number="EGR-202601-0009").signature_valid is False


def test_a_new_key_is_introduced_by_an_event_and_the_old_one_stays_listed(settings, client):
    of = office()
    first = certified(of)
    settings.EGRET_CERTIFICATE_KEY = "11" * 32
    second = certified(of)
    keys = [multikey(filing.certificate.signatures.get().key) for filing in (first, second)]
    told = [json.loads(bytes(row.body)) for row in Entry.objects.filter(schema="certificate.key_introduced")]
    assert sorted(event["data"]["multikey"] for event in told) == sorted(keys)
    assert IssuerKey.objects.count() == 2
    assert [row["publicKeyMultibase"] for row in client.get("/.well-known/did.json").json()["verificationMethod"]] == keys
    for filing in (first, second):
        assert certificate_check(actor=SYSTEM, number=filing.certificate.number).signature_valid is True


def test_so_is_a_new_sm2_key(settings, client):
    of, filings = office(), []
    for scalar in ("17" * 32, "17" * 32, "18" * 32):
        settings.EGRET_SM2_KEY = scalar
        filings.append(certified(of))
    keys = [filing.certificate.signatures.get(suite=Suite.SM2_SM3).key for filing in filings[1:]]
    told = [json.loads(bytes(row.body))["data"] for row in Entry.objects.filter(schema="certificate.key_introduced").order_by("id")]
    sm2 = [(each["algorithm"], each["key_id"], each["multikey"]) for each in told if each["algorithm"] != "Ed25519"]
    assert sm2 == [("SM2-SM3", key.key_id, multikey(key)) for key in keys]  # each once, however much it signs
    listed = [row["publicKeyMultibase"] for row in client.get("/.well-known/did.json").json()["verificationMethod"]]
    assert [each for each in listed if not each.startswith("z6Mk")] == [multikey(key) for key in keys]
    assert all(certificate_check(actor=SYSTEM, number=filing.certificate.number).signature_valid for filing in filings)


def test_one_event_tells_number_and_digest():
    filing = certified(office())
    (issued,) = [event for event in waiting() if event["schema"] == "certificate.issued"]
    assert issued["data"] == {
        "certificate": str(filing.certificate_id),
        "number": filing.certificate.number,
        "filing": str(filing.pk),
        "object": str(filing.object_id),
        "sha256": filing.certificate.sha256,
    }


def test_nothing_is_issued_before_the_deposit_is_in_the_log(snapshot):
    filing = deposited(office())
    before = snapshot(Certificate, Counter, Outbox)
    with pytest.raises(NotYetLogged):
        certificate_issue(actor=SYSTEM, filing_id=filing.pk, object_id=filing.object_id, deposit_event=filing.deposit_event)
    assert snapshot(Certificate, Counter, Outbox) == before


def test_a_filing_has_one_certificate(snapshot):
    filing = certified(office())
    before = snapshot(Certificate, Counter, Outbox)
    again = certificate_issue(actor=SYSTEM, filing_id=filing.pk, object_id=filing.object_id, deposit_event=filing.deposit_event)
    assert again == filing.certificate
    assert snapshot(Certificate, Counter, Outbox) == before


def test_a_merchant_issues_nothing(snapshot):
    of = office()
    filing = deposited(of)
    integrate()
    before = snapshot(Certificate, Counter, Outbox)
    with pytest.raises(Forbidden):
        certificate_issue(actor=of.merchant.actor, filing_id=filing.pk, object_id=filing.object_id, deposit_event=filing.deposit_event)
    assert snapshot(Certificate, Counter, Outbox) == before


def test_numbers_run_within_a_month_of_china_and_start_again_in_the_next():
    of = office()
    jump(datetime(2026, 12, 28, 15, 59, tzinfo=UTC))
    assert certified(of).certificate.number[:10] in {"EGR-202701", "EGR-202612"}
    first = Counter.objects.get()
    assert services._next_number(first.month) == f"EGR-{first.month}-0002"
    assert services._next_number("203001") == "EGR-203001-0001"


def test_a_month_has_9999_numbers(snapshot):
    Counter.objects.create(month="202612", last=9999)
    before = snapshot(Counter)
    with pytest.raises(MonthExhausted), transaction.atomic():
        services._next_number("202612")
    assert snapshot(Counter) == before


TABLES = ["certificate", "certificatesignature", "statedright", "issuerkey", "statuslist"]
CHANGES = ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {} CASCADE"]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_certified_never_changes(table, change, snapshot):
    certified(office())
    before = snapshot(Certificate, CertificateSignature, StatedRight, IssuerKey, StatusList)
    column = "opened_at" if table == "statuslist" else "id"
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change.format(f"registry_certificates_{table}", column, column))
    assert snapshot(Certificate, CertificateSignature, StatedRight, IssuerKey, StatusList) == before


def test_the_database_refuses_a_filing_certified_without_a_certificate(snapshot):
    filing = deposited(office())
    before = snapshot(Certificate)
    with pytest.raises(IntegrityError, match="filing_certified"), transaction.atomic():
        sql("UPDATE registry_filings_filing SET state = 'CERTIFIED' WHERE id = %s", filing.pk)
    assert snapshot(Certificate) == before
