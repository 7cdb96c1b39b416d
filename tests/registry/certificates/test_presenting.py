"""The holder shows a certificate in part: what they chose and no more, to be checked with the published key; nobody else gets one."""

import json
from datetime import timedelta

import pytest

from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.signing import Algorithm, PublicKey, from_base58btc
from registry.certificates.models import IssuerKey
from registry.certificates.presenting import CONCEALED, KIND, PADDED_TO
from registry.certificates.sd_jwt import BadToken, present, verify
from registry.log.models import Outbox
from registry.rights.services import hold_place
from registry.rights.states import HoldKind
from tests.support.events import waiting
from tests.support.filings import certified, door, key, office
from tests.support.graphql import Client
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
ASK = "query($number: String!, $reveal: [String!]) { certificateSdJwt(number: $number, reveal: $reveal) }"
EVERY = {
    *("number", "sha256", "filing", "deposit", "credentialStatus"),
    *("object.id", "object.identifier", "object.name", "object.summary", "holder.id", "holder.name_zh", "holder.name_en", "holder.uscc"),
    *(f"rights.{place}.{name}" for place in range(3) for name in ("grant", "scope")),
}


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


@pytest.fixture
def of():
    return office()


def published_key(client):
    (method,) = client.get("/.well-known/did.json").json()["verificationMethod"]
    return PublicKey(Algorithm.ED25519, from_base58btc(method["publicKeyMultibase"])[2:])


def asked(of, certificate, **given):
    return door(of.merchant).query(ASK, number=certificate.number, **given)["certificateSdJwt"]


def test_the_holder_shows_what_they_choose_and_the_rest_stays_hidden(of, client):
    filing = certified(of)
    whole = asked(of, filing.certificate)
    statement = json.loads(bytes(filing.certificate.statement))
    subject = statement["credentialSubject"]
    everything = verify(whole, published_key(client), kind=KIND, at=clock.now())
    for name in ("number", "object", "holder", "rights", "filing", "deposit", "note"):
        assert everything[name] == subject[name]
    assert everything["sha256"] == filing.certificate.sha256
    assert everything["credentialStatus"] == statement["credentialStatus"]
    assert len(whole[:-1].split("~")) == 1 + len(EVERY)
    assert (everything["iss"], everything["register_status"]["state"]) == (statement["issuer"]["id"], "VALID")

    shown = verify(asked(of, filing.certificate, reveal=["holder.name_en"]), published_key(client), kind=KIND, at=clock.now())
    assert shown["holder"] == {"name_en": of.merchant.organisation.name_en}
    assert shown["object"] == {"kind": "RESOURCE"}
    assert [set(right) for right in shown["rights"]] == [{"kind", "exclusive", "valid_from", "last_day"}] * 3
    assert not {"number", "sha256", "filing", "deposit", "credentialStatus"} & set(shown)

    nothing = present(whole, ())
    said = nothing + json.dumps(verify(nothing, published_key(client), kind=KIND, at=clock.now()))
    for secret in (filing.certificate.number, subject["object"]["name"], subject["holder"]["uscc"], str(filing.pk), str(filing.object_id)):
        assert secret not in said


def test_it_lives_for_a_day(of, client):
    whole = asked(of, certified(of).certificate)
    verify(whole, published_key(client), kind=KIND, at=clock.now() + timedelta(hours=23))
    with pytest.raises(BadToken, match="not valid at this time"):
        verify(whole, published_key(client), kind=KIND, at=clock.now() + timedelta(days=1, seconds=1))


def test_there_are_more_hashes_than_any_part_has_claims():
    assert all(len(names) < PADDED_TO[part] for part, names in CONCEALED.items())


def test_nobody_but_the_holder_gets_one_and_nothing_is_written(of, snapshot):
    number = certified(of).certificate.number
    strangers = [door(of.registrar), *(Client(token=admit(kind).token) for kind in (PartyKind.MERCHANT, PartyKind.REGULATOR))]
    before = snapshot(IssuerKey, Outbox)
    for stranger in strangers:
        assert stranger.query(ASK, number=number).codes == ["NOT_THE_HOLDER"]
    assert Client().query(ASK, number=number).codes == ["UNAUTHENTICATED"]
    assert strangers[0].query(ASK, number="EGR-202601-0009").codes == ["NOT_FOUND"]
    assert snapshot(IssuerKey, Outbox) == before


def test_a_name_that_nothing_has_is_refused(of):
    certificate = certified(of).certificate
    holder = door(of.merchant)
    for reveal in (["holder"], ["rights.9.scope"], ["object.name", "iss"], [""], [str(number) for number in range(200)]):
        assert holder.query(ASK, number=certificate.number, reveal=reveal).codes == ["BAD_INPUT"]
    assert holder.query(ASK, number=certificate.number, reveal=[]).codes == []


def test_a_certificate_that_is_not_valid_is_not_given_out(of):
    certificate = certified(of).certificate
    regulator = admit(PartyKind.REGULATOR).actor
    hold_place(actor=regulator, object_id=certificate.object_id, kind=HoldKind.COURT, reason="seen", idempotency_key=key())
    assert door(of.merchant).query(ASK, number=certificate.number).codes == ["CERTIFICATE_NOT_VALID"]


def test_a_new_key_is_introduced_before_its_first_token_leaves(of, settings):
    certificate = certified(of).certificate
    settings.EGRET_CERTIFICATE_KEY = "11" * 32
    asked(of, certificate)
    asked(of, certificate)
    assert IssuerKey.objects.count() == 2
    told = [event["schema"] for event in waiting()]
    assert told.count("certificate.key_introduced") == 2  # once for each key


def test_without_the_key_the_holder_is_told_so(of, settings):
    certificate = certified(of).certificate
    settings.EGRET_CERTIFICATE_KEY = ""
    assert door(of.merchant).query(ASK, number=certificate.number).codes == ["SIGNER_AWAY"]
