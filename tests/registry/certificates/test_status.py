"""The status of certificates: it follows the register at the moment of use, in GraphQL and in the published lists, and never a copy."""

import hashlib
import json
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.graphql import to_global
from registry.base.ids import uuid7
from registry.base.signing import Algorithm, PublicKey, from_base58btc
from registry.certificates import services
from registry.certificates.bitstring import BadList, decode, encode, is_set
from registry.certificates.data_integrity import check_proof
from registry.certificates.models import STATUS_LIST_BITS, Certificate, CertificateRevocation, StatusList
from registry.certificates.status import places_set, status_of
from registry.identifiers.records import instant
from registry.identifiers.selectors import resolve
from registry.identifiers.values import CERT
from registry.log.integrator import integrate
from registry.log.models import Entry, Outbox
from registry.parties.models import Affiliation
from registry.rights.models import Grant
from registry.rights.selectors import held_objects, holds_on
from registry.rights.services import grant_revoke, hold_lift, hold_place, revocation_propose
from registry.rights.states import HoldKind
from registry.rules.calendar import china_date
from tests.registry.rights import world
from tests.support.filings import certified, door, jump, key, office
from tests.support.graphql import Client, UserError
from tests.support.parties import admit

pytestmark = pytest.mark.django_db
EVIDENCE = hashlib.sha256(b"minutes").hexdigest()
STATUS = "query($number: String!) { certificateVerify(number: $number) { status { state size reasons { cause event log { status } } } } }"
ALL_CLEAR = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA"
"""The list of 131,072 zeros printed in W3C Bitstring Status List 1.0."""


@pytest.fixture(autouse=True)
def demo_clock(settings):
    settings.DEMO_CLOCK = True


@pytest.fixture
def of():
    return office()


def published(client, certificate):
    """What the lists that the credential itself names say, checked as a stranger would."""
    said = {}
    did = client.get("/.well-known/did.json").json()
    keys = {method["id"]: from_base58btc(method["publicKeyMultibase"])[2:] for method in did["verificationMethod"]}
    credential = json.loads(client.get(f"/certificates/{certificate.number}.json").content)
    for entry in credential["credentialStatus"]:
        listed = json.loads(client.get(entry["statusListCredential"].removeprefix("http://127.0.0.1:8000")).content)
        document = check_proof(listed, PublicKey(Algorithm.ED25519, keys[listed["proof"]["verificationMethod"]]))
        subject = document["credentialSubject"]
        assert (document["id"], document["issuer"]) == (entry["statusListCredential"], credential["issuer"]["id"])
        assert (subject["type"], subject["statusPurpose"]) == ("BitstringStatusList", entry["statusPurpose"])
        assert document["validFrom"] <= f"{clock.now():%Y-%m-%dT%H:%M:%SZ}" < document["validUntil"]
        said[entry["statusPurpose"]] = is_set(decode(subject["encodedList"], STATUS_LIST_BITS), int(entry["statusListIndex"]))
    return said


def told(of, certificate):
    return door(of.merchant).query(STATUS, number=certificate.number)["certificateVerify"]["status"]


def end_right(of, grant, ends_on):
    row = revocation_propose(
        actor=of.first, grant_id=grant.pk, ends_on=ends_on, reason="lapsed", evidence_sha256=EVIDENCE, idempotency_key=key()
    )
    grant_revoke(actor=of.second, revocation_id=row.pk, expected_version=1, idempotency_key=key())


def test_a_fresh_certificate_is_valid_as_of_the_latest_checkpoint(of, client):
    certificate = certified(of).certificate
    assert published(client, certificate) == {"revocation": False, "suspension": False}
    shown = told(of, certificate)
    integrate()
    assert (shown["state"], shown["reasons"]) == ("VALID", [])
    assert 0 < int(shown["size"]) < int(told(of, certificate)["size"]) == Entry.objects.count()


def test_a_certificate_whose_right_ended_early_is_revoked_without_anybody_doing_more(of, client):
    filing, other = certified(of), certified(of, name="Another")
    grant = Grant.objects.get(object=filing.object, kind="OPERATE")
    end_right(of, grant, china_date(clock.now()) + timedelta(days=7))
    event = str(Grant.objects.get(origin=grant.pk, recorded__upper_inf=True).event_id)
    reason = {"cause": "RIGHT_CHANGED", "event": event}
    assert told(of, filing.certificate)["reasons"] == [{**reason, "log": {"status": "REGISTERED"}}]
    integrate()
    shown = told(of, filing.certificate)
    assert (shown["state"], shown["reasons"]) == ("REVOKED", [{**reason, "log": {"status": "LOGGED"}}])
    assert published(client, filing.certificate) == {"revocation": True, "suspension": False}
    assert published(client, other.certificate) == {"revocation": False, "suspension": False}


def test_a_right_that_ended_before_it_was_certified_is_stated_as_it_is(of, client, monkeypatch):
    monkeypatch.setattr("registry.filings.tasks._certify", lambda: 0)
    filing = certified(of)
    grant = Grant.objects.get(object=filing.object, kind="OPERATE")
    end_right(of, grant, china_date(clock.now()) + timedelta(days=7))
    monkeypatch.undo()
    certificate = services.certificate_issue(
        actor=of.first, filing_id=filing.pk, object_id=filing.object_id, deposit_event=filing.deposit_event
    )
    rights = json.loads(bytes(certificate.statement))["credentialSubject"]["rights"]
    last_days = {right["kind"]: right["last_day"] for right in rights}
    assert last_days["OPERATE"] == (china_date(clock.now()) + timedelta(days=6)).isoformat() < last_days["HOLD"]
    assert status_of(certificate).state == "VALID"
    assert published(client, certificate) == {"revocation": False, "suspension": False}


@pytest.mark.parametrize("kind", list(HoldKind))
def test_a_hold_suspends_and_its_end_restores(of, client, kind):
    certificate = certified(of).certificate
    setter = admit(PartyKind.REGULATOR).actor
    hold = hold_place(actor=setter, object_id=certificate.object_id, kind=kind, reason="seen", idempotency_key=key())
    shown = told(of, certificate)
    assert (shown["state"], [reason["event"] for reason in shown["reasons"]]) == ("SUSPENDED", [str(hold.event_id)])
    assert published(client, certificate) == {"revocation": False, "suspension": True}
    hold_lift(actor=setter, hold_id=hold.pk, reason="over", expected_version=1, idempotency_key=key())
    assert told(of, certificate)["state"] == "VALID"
    assert published(client, certificate) == {"revocation": False, "suspension": False}


def test_a_term_that_is_over_is_told_and_the_credential_says_so_itself(of, client):
    filing = certified(of)
    jump(datetime.fromisoformat(json.loads(bytes(filing.certificate.statement))["validUntil"]))
    assert status_of(filing.certificate).state == "EXPIRED"
    assert published(client, filing.certificate) == {"revocation": False, "suspension": False}


@pytest.mark.parametrize("kind", list(HoldKind))
def test_the_objects_held_are_those_that_a_hold_blocks(kind):
    owner, maker = world.organisation(), world.organisation()
    source, apart = world.registered(owner), world.registered(owner)
    product = world.registered(maker, world.licence(world.first(source), maker))
    derived = world.registered(owner, world.licence(world.first(product, scope=world.DERIVING), owner))
    regulator = world.actor(world.organisation(PartyKind.REGULATOR))
    hold = hold_place(actor=regulator, object_id=source.pk, kind=kind, reason="seen", idempotency_key=key())
    blocked = {each.pk for each in (source, product, derived, apart) if holds_on(each.pk)}
    passed_on = {product.pk, derived.pk} if kind in {HoldKind.DISPUTE, HoldKind.COURT, HoldKind.ORDER} else set()
    assert held_objects() == blocked == {source.pk} | passed_on
    hold_lift(actor=regulator, hold_id=hold.pk, reason="over", expected_version=1, idempotency_key=key())
    assert held_objects() == set()


PROPOSE, REVOKE = "certificateRevocationPropose", "certificateRevoke"
SHOWN = "revocation { id state version certificate { number } log { status } }"


def test_a_certificate_issued_in_error_is_revoked_by_two_people_and_an_entry_in_the_log(of, client):
    certificate = certified(of).certificate
    first, second = door(of.registrar), door(of.registrar, of.second)
    given = {
        "certificateId": to_global("Certificate", certificate.pk),
        "reason": "wrong holder",
        "evidenceSha256": EVIDENCE,
        "idempotencyKey": "p",
    }
    proposed = first.mutate(PROPOSE, SHOWN, **given)["revocation"]
    assert first.mutate(PROPOSE, SHOWN, **given)["revocation"] == proposed
    assert (proposed["state"], proposed["log"], told(of, certificate)["state"]) == ("PROPOSED", None, "VALID")
    step = {"revocationId": proposed["id"], "expectedVersion": 1}
    done = second.mutate(REVOKE, SHOWN, **step, idempotencyKey="r")["revocation"]
    assert (done["state"], done["version"], done["certificate"]["number"]) == ("DONE", 2, certificate.number)
    assert second.mutate(REVOKE, SHOWN, **step, idempotencyKey="r")["revocation"] == done
    assert [reason["cause"] for reason in told(of, certificate)["reasons"]] == ["ISSUED_IN_ERROR"]
    assert published(client, certificate) == {"revocation": True, "suspension": False}
    (said,) = [json.loads(value.data) for value in resolve(certificate.object.identifier).values if value.kind == CERT]
    revoked_at = instant(CertificateRevocation.objects.get().decided_at)
    assert [(each["number"], each["revoked_at"]) for each in said["certificates"]] == [(certificate.number, revoked_at)]
    integrate()
    (entry,) = Entry.objects.filter(schema="certificate.revoked")
    (reason,) = told(of, certificate)["reasons"]
    assert (reason["event"], reason["log"]) == (str(entry.pk), {"status": "LOGGED"})
    leaf = json.loads(bytes(entry.body))["data"]
    assert (leaf["number"], leaf["certificate"], set(leaf["reason"])) == (certificate.number, str(certificate.pk), {"_h"})
    assert Grant.objects.filter(object=certificate.object, recorded__upper_inf=True).count() == 3  # the rights stay


def test_who_may_not_revoke_is_refused_and_nothing_changes(of, snapshot):
    certificate = certified(of).certificate
    registrar = door(of.registrar)
    given = {"certificateId": to_global("Certificate", certificate.pk), "reason": "wrong", "evidenceSha256": EVIDENCE}
    proposed = registrar.mutate(PROPOSE, SHOWN, **given, idempotencyKey="p")["revocation"]
    step = {"revocationId": proposed["id"], "idempotencyKey": "r"}
    second, outsiders = door(of.registrar, of.second), (Client(), door(of.merchant), Client(token=admit(PartyKind.REGULATOR).token))
    before = snapshot(CertificateRevocation, Outbox)
    assert registrar.mutate(REVOKE, **step, expectedVersion=1).user_errors == [UserError("FOUR_EYES", ["revocationId"])]
    assert second.mutate(REVOKE, **step, expectedVersion=7).user_errors == [UserError("STALE_VERSION", ["expectedVersion"])]
    for client in outsiders:
        assert not client.mutate(PROPOSE, **given, idempotencyKey="x").ok
        assert client.mutate(REVOKE, **step, expectedVersion=1).answer.codes in (["UNAUTHENTICATED"], ["FORBIDDEN"])
    for wrong, field in (({"reason": "  "}, "reason"), ({"evidenceSha256": "ab"}, "evidenceSha256")):
        assert registrar.mutate(PROPOSE, **given | wrong, idempotencyKey="y").user_errors == [UserError("BAD_INPUT", [field])]
    unknown = registrar.mutate(PROPOSE, **given | {"certificateId": "nonsense"}, idempotencyKey="z")
    assert unknown.user_errors == [UserError("INVALID_ID", ["certificateId"])]
    assert snapshot(CertificateRevocation, Outbox) == before


def test_a_registrar_does_not_decide_on_a_certificate_of_its_own(snapshot):
    of = office()
    certificate = certified(of).certificate
    a, b = sorted((of.registrar.organisation.pk, of.merchant.organisation.pk))
    Affiliation.objects.create(a_id=a, b_id=b, basis="CONTROL", declared_at=clock.now())
    before = snapshot(CertificateRevocation, Outbox)
    given = {
        "certificateId": to_global("Certificate", certificate.pk),
        "reason": "wrong",
        "evidenceSha256": EVIDENCE,
        "idempotencyKey": "p",
    }
    assert door(of.registrar).mutate(PROPOSE, **given).user_errors == [UserError("AFFILIATED")]
    assert snapshot(CertificateRevocation, Outbox) == before


def test_a_certificate_is_revoked_once(of):
    certificate = certified(of).certificate
    first, second = door(of.registrar), door(of.registrar, of.second)
    given = {"certificateId": to_global("Certificate", certificate.pk), "reason": "wrong", "evidenceSha256": EVIDENCE}
    rows = [first.mutate(PROPOSE, SHOWN, **given, idempotencyKey=name)["revocation"]["id"] for name in "ab"]
    assert second.mutate(REVOKE, revocationId=rows[0], expectedVersion=1, idempotencyKey="c").ok
    again = second.mutate(REVOKE, revocationId=rows[1], expectedVersion=1, idempotencyKey="d")
    assert again.user_errors == [UserError("ALREADY_REVOKED", ["revocationId"])]
    late = first.mutate(PROPOSE, **given, idempotencyKey="e")
    assert late.user_errors == [UserError("ALREADY_REVOKED", ["certificateId"])]
    done = second.mutate(REVOKE, revocationId=rows[0], expectedVersion=2, idempotencyKey="f")
    assert done.user_errors == [UserError("ILLEGAL_TRANSITION")]
    integrate()
    assert Entry.objects.filter(schema="certificate.revoked").count() == 1


def test_a_list_is_cached_by_its_etag_until_a_bit_or_the_minute_changes(of, client):
    certificate = certified(of).certificate
    now = clock.now()
    jump(now + timedelta(seconds=65 - now.timestamp() % 60))  # five seconds into a minute
    path = "/certificates/status/suspension/1"
    first = client.get(path)
    assert (first["Cache-Control"], first["Content-Type"]) == ("public, max-age=60", "application/vc")
    same = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (same.status_code, same.content) == (304, b"")
    hold_place(
        actor=admit(PartyKind.REGULATOR).actor,
        object_id=certificate.object_id,
        kind=HoldKind.COURT,
        reason="seen",
        idempotency_key=key(),
    )
    changed = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed["ETag"] != first["ETag"]) == (200, True)


@pytest.mark.parametrize("path", ["revocation/2", "suspension/99999999999", "revocation/0", "refresh/1", "revocation/1/x", "revocation/x"])
def test_there_is_no_such_list(of, client, path):
    certified(of)
    assert client.get(f"/certificates/status/{path}").status_code == 404


def test_without_a_key_a_list_is_refused_for_now_and_says_nothing_of_the_key(of, client, settings):
    certified(of)
    settings.EGRET_CERTIFICATE_KEY = ""
    answer = client.get("/certificates/status/revocation/1")
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert (answer["Retry-After"], answer["Cache-Control"]) == ("5", "no-store")
    assert "EGRET" not in answer.content.decode()


def test_places_are_drawn_once_each_and_a_full_list_is_followed_by_the_next(of, monkeypatch):
    certificate = certified(of).certificate
    monkeypatch.setattr(services, "STATUS_LIST_BITS", 4)
    places = [(certificate.status_list_id, certificate.status_index)]
    for _ in range(12):
        place = services._status_place(clock.now())
        places.append((place.list_number, place.index))
        number = len(places)
        Certificate.objects.create(
            number=f"EGR-209901-{number:04d}",
            filing_id=uuid7(),
            object=certificate.object,
            deposit_event=uuid7(),
            statement=b"{}",
            sha256="0" * 64,
            status_list_id=place.list_number,
            status_index=place.index,
            issued_at=clock.now(),
            event_id=uuid7(),
        )
    assert len(set(places)) == 13
    assert [number for number, _ in places[1:]] == sorted(number for number, _ in places[1:])
    assert StatusList.objects.count() == max(number for number, _ in places) >= 3


def test_the_standards_own_empty_list_reads_as_such():
    assert decode(ALL_CLEAR, STATUS_LIST_BITS) == bytes(STATUS_LIST_BITS // 8)


@given(st.sets(st.integers(0, 1023)))
def test_bits_are_where_they_were_set(places):
    text = encode(places, 1024)
    assert text == encode(sorted(places, reverse=True), 1024)
    content = decode(text, 1024)
    assert {place for place in range(1024) if is_set(content, place)} == places


def test_bit_zero_is_the_leftmost():
    assert decode(encode([0, 15], 16), 16) == b"\x80\x01"


@pytest.mark.parametrize(
    "text",
    ["", "z1", "u", "u????", "uAAAA", encode([], 16)[:-4], encode([], 8), encode([], 8_000_000), encode([], 16) + "AAAA"],
    ids=["nothing", "base58", "empty", "no base64", "no gzip", "cut short", "too short", "too long", "more after it"],
)
def test_what_is_no_list_of_sixteen_bits_is_refused(text):
    with pytest.raises(BadList):
        decode(text, 16)


@pytest.mark.parametrize("place", [-1, 16])
def test_a_place_outside_a_list_is_refused(place):
    with pytest.raises(BadList):
        is_set(bytes(2), place)


def test_places_set_of_no_list_are_none():
    assert places_set("revocation", 1) == places_set("suspension", 1) == []
