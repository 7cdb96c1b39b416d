"""Certificates signed by a key that lies in a device: issued, refused whole while the device is away, and issued when it is back."""

import json
import time

import pytest

from registry.base.actor import SYSTEM
from registry.base.signing import CannotSign
from registry.base.signing.pkcs11 import REST_SECONDS
from registry.certificates.data_integrity import check_proof
from registry.certificates.models import Certificate, Counter, IssuerKey
from registry.certificates.selectors import certificate_check
from registry.filings.states import State
from registry.filings.tasks import run_once
from registry.log.integrator import integrate
from registry.log.models import Outbox
from tests.support.filings import certified, deposited, office
from tests.support.softhsm import softhsm

pytestmark = pytest.mark.django_db


@pytest.fixture
def device(tmp_path, settings, monkeypatch):
    made = softhsm(tmp_path)
    monkeypatch.setenv("SOFTHSM2_CONF", made.environment["SOFTHSM2_CONF"])
    settings.DEMO_CLOCK = True
    settings.EGRET_CERTIFICATE_KEY = ""
    settings.EGRET_CERTIFICATE_SIGNER = made.uri()
    return made


def test_a_device_signs_and_is_waited_for(device, client, snapshot):
    of = office()
    certificate = certified(of).certificate
    (key,) = (row.key for row in IssuerKey.objects.all())
    check_proof(json.loads(client.get(f"/certificates/{certificate.number}.json").content), key)
    assert client.get("/certificates/status/revocation/1").status_code == 200

    filing = deposited(of, name="While the device is away")
    integrate()
    tokens = device.folder / "tokens"
    tokens.rename(device.folder / "away")
    tokens.mkdir()
    before = snapshot(Certificate, Counter, Outbox)
    with pytest.raises(CannotSign, match="there is no token 'egret' in the device"):
        run_once()
    assert snapshot(Certificate, Counter, Outbox) == before
    answer = client.get("/certificates/status/revocation/1")
    assert (answer.status_code, "egret" in answer.json()["detail"]) == (503, False)
    assert [method["id"] for method in client.get("/.well-known/did.json").json()["verificationMethod"]]  # what was signed stays verifiable
    assert certificate_check(actor=SYSTEM, number=certificate.number).signature_valid is True

    time.sleep(REST_SECONDS)
    tokens.rmdir()
    (device.folder / "away").rename(tokens)
    run_once()
    filing.refresh_from_db()
    assert filing.state == State.CERTIFIED
    assert certificate_check(actor=SYSTEM, number=filing.certificate.number).signature_valid is True
