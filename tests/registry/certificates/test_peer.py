"""A second implementation of the suite, in JavaScript, verifies what we publish, and refuses what was altered."""

import copy
import json

import pytest

from tests.support.filings import certified, office
from tests.support.node_programs import verify_by_peer

pytestmark = pytest.mark.django_db


def test_somebody_elses_program_verifies_our_credentials_from_the_published_keys(client, settings):
    settings.DEMO_CLOCK = True
    settings.EGRET_SM2_KEY = bytes(range(1, 33)).hex()  # beside it, an SM2 key in the same document disturbs nobody
    certificate = certified(office()).certificate
    did = json.loads(client.get("/.well-known/did.json").content)
    secured = json.loads(client.get(f"/certificates/{certificate.number}.json").content)
    lists = [json.loads(client.get(f"/certificates/status/{purpose}/1").content) for purpose in ("revocation", "suspension")]
    altered = copy.deepcopy(secured)
    altered["credentialSubject"]["holder"]["name_en"] = "Another"
    answers = verify_by_peer([secured, *lists, altered], did)
    assert [answer["verified"] for answer in answers] == [True, True, True, False], answers
    assert answers[-1]["why"] == ["Invalid signature."]
    disowned = copy.deepcopy(did)
    disowned["assertionMethod"] = []
    (answer,) = verify_by_peer([secured], disowned)
    assert answer["verified"] is False
    assert "not authorized by controller" in answer["why"][0]
