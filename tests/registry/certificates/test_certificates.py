"""Certificates: issued after the deposit is in the log, numbered by month, checkable by anyone who has the key."""

import base64
import hashlib
import json
from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, IntegrityError, connection, transaction

from registry.base import clock
from registry.base.actor import SYSTEM, PartyKind
from registry.base.errors import Forbidden
from registry.certificates import services
from registry.certificates.errors import MonthExhausted, NotYetLogged
from registry.certificates.models import Certificate, Counter
from registry.certificates.selectors import certificate_check
from registry.certificates.services import certificate_issue
from registry.certificates.statements import CONTEXT
from registry.log.canonical import canonical
from registry.log.checkpoint import open_checkpoint
from registry.log.integrator import integrate
from registry.log.merkle import leaf_hash, verify_inclusion
from registry.log.models import LogState, Outbox
from registry.log.publication import signer
from registry.rights.models import Grant
from registry.rules.calendar import china_date
from tests.support.filings import certified, deposited, door, jump, office, sql
from tests.support.graphql import Client
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
CHECK = """
query($number: String!) {
  certificateVerify(number: $number) {
    certificate { number statement sha256 signature publicKey object { name } }
    signatureValid deposit { schema body } proof { index size hashes note }
  }
}
"""


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def test_the_statement_says_what_was_deposited():
    of = office()
    filing = certified(of)
    certificate = filing.certificate
    statement = json.loads(bytes(certificate.statement))
    assert canonical(statement) == bytes(certificate.statement)
    assert certificate.sha256 == hashlib.sha256(bytes(certificate.statement)).hexdigest()
    assert {name: statement[name] for name in ("number", "filing", "issued_at")} == {
        "number": f"EGR-{china_date(clock.now()):%Y%m}-0001",
        "filing": str(filing.pk),
        "issued_at": certificate.issued_at.isoformat(),
    }
    assert statement["object"]["identifier"] == filing.object.identifier
    assert statement["holder"]["uscc"] == of.merchant.organisation.uscc
    assert statement["deposit"]["event"] == str(filing.deposit_event)
    assert [(right["kind"], right["valid_from"], right["last_day"]) for right in statement["rights"]] == [
        (kind, filing.valid_from.isoformat(), filing.valid_until.isoformat()) for kind in ("HOLD", "OPERATE", "USE")
    ]
    assert {right["grant"] for right in statement["rights"]} == set(map(str, Grant.objects.values_list("pk", flat=True)))
    assert statement["note"]["en"].startswith("Evidence of registration")
    assert "并非国家数据产权登记凭证" in statement["note"]["zh"]


def test_an_outsider_checks_signature_and_place_in_the_log_without_trusting_the_server():
    of = office()
    filing = certified(of)
    shown = door(of.merchant).query(CHECK, number=filing.certificate.number)["certificateVerify"]
    assert shown["signatureValid"] is True
    certificate = shown["certificate"]
    public_key = Ed25519PublicKey.from_public_bytes(base64.b64decode(certificate["publicKey"]))
    public_key.verify(base64.b64decode(certificate["signature"]), b"egret-certificate-v1\n" + certificate["statement"].encode())
    proof, body = shown["proof"], shown["deposit"]["body"].encode()
    checkpoint, _ = open_checkpoint(proof["note"].encode(), log=signer(LogState.objects.get().log_id).verifier)
    verify_inclusion(
        index=int(proof["index"]),
        size=int(proof["size"]),
        leaf=leaf_hash(body),
        proof=[base64.b64decode(hashed) for hashed in proof["hashes"]],
        root=checkpoint.root,
    )
    assert json.loads(certificate["statement"])["deposit"]["index"] == proof["index"]
    told = json.loads(body)
    assert (told["schema"], told["data"]["object"]) == ("filing.deposited", str(filing.object_id))


def test_nobody_signed_in_sees_nothing_and_an_unknown_number_is_null():
    filing = certified(office())
    assert Client().query(CHECK, number=filing.certificate.number)["certificateVerify"] is None
    assert Client(token=admit(PartyKind.BUYER).token).query(CHECK, number="EGR-202601-0001")["certificateVerify"] is None


def test_a_byte_changed_is_told():
    filing = certified(office())
    altered = bytes(filing.certificate.statement).replace(b'"HOLD"', b'"SOLD"')
    with pytest.raises(InvalidSignature):
        Ed25519PublicKey.from_public_bytes(bytes(filing.certificate.public_key)).verify(
            bytes(filing.certificate.signature), CONTEXT + altered
        )


def test_a_certificate_of_another_key_is_not_valid_here(settings):
    filing = certified(office())
    settings.EGRET_CERTIFICATE_KEY = "11" * 32
    assert certificate_check(actor=SYSTEM, number=filing.certificate.number).signature_valid is False


def test_one_event_tells_number_and_digest():
    filing = certified(office())
    told = [json.loads(bytes(row.body)) for row in Outbox.objects.all()]
    (issued,) = [event for event in told if event["schema"] == "certificate.issued"]
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


@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 'EGR-202601-0001'", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
def test_a_certificate_never_changes(statement, snapshot):
    certified(office())
    before = snapshot(Certificate)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format("registry_certificates_certificate"))
    assert snapshot(Certificate) == before


def test_the_database_refuses_a_filing_certified_without_a_certificate(snapshot):
    filing = deposited(office())
    before = snapshot(Certificate)
    with pytest.raises(IntegrityError, match="filing_certified"), transaction.atomic():
        sql("UPDATE registry_filings_filing SET state = 'CERTIFIED' WHERE id = %s", filing.pk)
    assert snapshot(Certificate) == before
