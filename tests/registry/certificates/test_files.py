"""What verifiers fetch without a key: the issuer's keys, secured credentials, SM2 signatures, terms; and what OpenSSL says of one."""

import json
import shutil
import subprocess
from base64 import b64encode

import pytest

from registry.base.actor import SYSTEM
from registry.base.signing import Algorithm, PublicKey, from_base58btc
from registry.certificates.data_integrity import check_proof
from registry.certificates.selectors import certificate_check
from registry.log.canonical import canonical
from tests.support.filings import certified, office

pytestmark = pytest.mark.django_db
SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
VC_TERMS = {  # of the credentials' own context, as far as a certificate uses them
    *("@context", "id", "type", "issuer", "name", "validFrom", "validUntil", "credentialSubject", "credentialStatus", "proof"),
    *("statusPurpose", "statusListIndex", "statusListCredential", "@language", "@value"),
    *("cryptosuite", "created", "verificationMethod", "proofPurpose", "proofValue"),
}


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


def terms(value):
    if isinstance(value, dict):
        for name, item in value.items():
            yield name
            yield from terms(item) if name != "note" else ()
    elif isinstance(value, list):
        for item in value:
            yield from terms(item)


def test_an_outsider_verifies_a_credential_from_nothing_but_public_addresses(client):
    certificate = certified(office()).certificate
    answer = client.get(f"/certificates/{certificate.number}.json")
    assert (answer.status_code, answer["Content-Type"], answer["Access-Control-Allow-Origin"]) == (200, "application/vc", "*")
    credential = json.loads(answer.content)
    did = client.get("/.well-known/did.json").json()
    assert did["id"] == credential["issuer"]["id"] == "did:web:127.0.0.1%3A8000"
    (method,) = [each for each in did["verificationMethod"] if each["id"] == credential["proof"]["verificationMethod"]]
    assert (method["type"], method["controller"]) == ("Multikey", did["id"])
    assert method["id"] in did["assertionMethod"]
    key = PublicKey(Algorithm.ED25519, from_base58btc(method["publicKeyMultibase"]).removeprefix(b"\xed\x01"))
    assert canonical(check_proof(credential, key)) == bytes(certificate.statement)


def test_every_term_of_a_credential_is_defined(client):
    certificate = certified(office()).certificate
    credential = json.loads(client.get(f"/certificates/{certificate.number}.json").content)
    address = credential["@context"][1].removeprefix("http://127.0.0.1:8000")
    answer = client.get(address)
    assert answer["Content-Type"] == "application/ld+json"
    ours = answer.json()["@context"]
    assert set(terms(credential)) - VC_TERMS - set(ours) == set()
    assert set(credential["type"]) - {"VerifiableCredential"} <= set(ours)
    assert VC_TERMS.isdisjoint(ours)  # what the credentials' own context protects may not be defined again


def test_an_sm2_signature_stands_beside_it_over_the_same_bytes_and_openssl_accepts_it(client, settings, tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not on this machine")
    settings.EGRET_SM2_KEY = bytes(range(1, 33)).hex()
    certificate = certified(office()).certificate
    told = client.get(f"/certificates/{certificate.number}.sm2.json").json()
    secured = json.loads(client.get(f"/certificates/{certificate.number}.json").content)
    statement = canonical({name: value for name, value in secured.items() if name != "proof"})
    pem = b64encode(SPKI + bytes.fromhex(told["public_key"])).decode()
    (tmp_path / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{pem[:64]}\n{pem[64:]}\n-----END PUBLIC KEY-----\n")
    (tmp_path / "signature").write_bytes(bytes.fromhex(told["signature"]))

    def verified(message):
        (tmp_path / "message").write_bytes(message)
        under = ["-sigopt", f"distid:{told['user_id']}"]
        command = ["openssl", "dgst", "-sm3", "-verify", "key.pem", "-signature", "signature", *under, "message"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0

    assert verified(told["context"].encode() + statement)
    assert not verified(statement)
    assert not verified(told["context"].encode() + statement.replace(b"HOLD", b"SOLD"))
    assert certificate_check(actor=SYSTEM, number=certificate.number).signature_valid is True
    listed = [each["publicKeyMultibase"] for each in client.get("/.well-known/did.json").json()["verificationMethod"]]
    assert [from_base58btc(text)[:2] for text in listed] == [b"\xed\x01", b"\x86\x24"]


def test_what_is_not_there_is_a_typed_404_and_nothing_is_written(client):
    certificate = certified(office()).certificate
    for path in (f"/certificates/{certificate.number}.sm2.json", "/certificates/EGR-202601-9999.json"):
        answer = client.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
        assert answer.json()["status"] == 404
        assert (answer["Cache-Control"], answer["Access-Control-Allow-Origin"]) == ("no-store", "*")
    assert client.get("/certificates/EGR-20260-0001.json").status_code == 404
    assert client.post(f"/certificates/{certificate.number}.json").status_code == 405


def test_nothing_personal_leaves(client):
    of = office()
    certificate = certified(of).certificate
    shown = client.get(f"/certificates/{certificate.number}.json").content.decode()
    people = [of.merchant.person, of.registrar.person]
    assert not any(str(person.pk) in shown for person in people)
    assert "Head of" not in shown  # what these people are called
