"""A right's chain of title in one file: packed through the door, proven in a process of its own, and forged every way."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from django.test import Client as DjangoClient
from django.test import override_settings

from listings.resources.paper_services import source_statement_file
from registry.base import clock
from registry.base.actor import PartyKind
from registry.base.signing import Algorithm, multikey
from registry.certificates.models import Certificate
from registry.certificates.revoking import certificate_revocation_propose, certificate_revoke
from registry.certificates.selectors import issuer_keys
from registry.filings.content import Limits, Source
from registry.log import verifier
from registry.log.canonical import canonical
from registry.log.integrator import integrate
from registry.log.models import Disclosure, SignedCheckpoint, Timestamp
from registry.log.selectors import verifier_key
from registry.log.verifier import Trust
from registry.rights.models import Grant
from registry.rights.services import hold_lift, hold_place
from registry.rights.states import HoldKind
from tests.marketplace.screening import market as m
from tests.registry.log.deal_log import repacked
from tests.support import trade
from tests.support.filings import CLEAN, Office, certified, jump
from tests.support.gateway import RecordingGateway
from tests.support.graphql import Client, global_id
from tests.support.parties import admit, colleague
from tests.support.tsa import Authority, Forger

SM2 = "17" * 32
EVIDENCE = "query($id: ID!) { rightEvidence(grantId: $id) { path sha256 size timestamped } }"


@dataclass(frozen=True)
class Chain:
    """A right of use in a product, that was made under a right of use in a resource."""

    world: trade.World
    office: Office
    maker: trade.Trader
    refiner: trade.Trader
    source: Grant
    licence: Grant
    product: Grant
    right: Grant


def stated(owner, thing):
    given = {"statement": "Own sensors", "evidence_sha256": m.DIGEST, "idempotency_key": m.key()}
    source_statement_file(actor=owner.party.actor, object_id=thing.pk, **given)
    return thing


def registered(office, owner, assessment=CLEAN, **changes):
    """The right to operate what the owner filed, examined, publicised, deposited and certified."""
    filing = certified(replace(office, merchant=owner.party), assessment, **changes)
    stated(owner, filing.object)
    return Grant.objects.get(filing_id=filing.pk, kind="OPERATE")


@pytest.fixture(scope="module")
def chain_once(market):
    with trade.acting() as recorder, override_settings(EGRET_SM2_KEY=SM2):
        of = replace(market, gateway=recorder)
        registrar = admit(PartyKind.REGISTRAR, name="Registrar")
        office = Office(registrar, registrar.actor, colleague(registrar), of.seller.party)
        maker, refiner = (trade.trader(PartyKind.MERCHANT, PartyKind.BUYER, name=name, by=of.institution) for name in ("Maker", "Refiner"))
        source = registered(office, of.seller)
        licence = trade.licensed(of, of.seller, source.object, maker)
        product = registered(
            office, maker, replace(CLEAN, derived_substantive=True), object_kind="PRODUCT", source_kind="DERIVED", situation="DERIVED",
            limits=Limits(resale=True), made_from=(Source(licence.object_id, licence.pk),),
        )  # fmt: skip
        right = trade.licensed(of, maker, product.object, refiner, months=6)
        trade.relay()
        return Chain(of, office, maker, refiner, source, licence, product, right)


@pytest.fixture
def chain(chain_once, rolled_back, settings):
    settings.DEMO_CLOCK, settings.EGRET_SM2_KEY = True, SM2
    return replace(chain_once, world=replace(chain_once.world, gateway=RecordingGateway()))


def fetched(grant, party):
    return DjangoClient().get(f"/rights/{grant.pk}/evidence.zip", headers={"Authorization": f"Bearer {party.token}"})


def bundle(chain, grant=None, party=None):
    answer = fetched(grant or chain.right, party or chain.refiner.party)
    assert answer.status_code == 200, answer.content
    return answer.content


def believed(**given):
    return Trust(**{"log_keys": (verifier_key(),), **given})


def found(content, **given):
    return [(problem.file, problem.english) for problem in verifier.verify(content, believed(**given)).problems]


def sm2_issuer():
    (key,) = (each for each in issuer_keys() if each.algorithm is Algorithm.SM2_SM3)
    return multikey(key)


def schemas(content):
    entries = {name: raw for name, raw in verifier.unzip(content).items() if name.startswith("entries/")}
    return sorted(json.loads(raw)["schema"] for raw in entries.values())


WHOLE = sorted(
    ["certificate.issued", "deal.signed", "filing.deposited", "object.registered"] * 2 + ["right.granted"] * 4 + ["key.registered"] * 3
)


def test_a_right_over_two_deals_and_two_filings_is_proven_in_a_process_of_its_own(chain, tmp_path):
    content = bundle(chain)
    assert schemas(content) == WHOLE
    (tmp_path / "right.zip").write_bytes(content)
    issuer = multikey(issuer_keys()[0])
    asked = ("--log-key", verifier_key(), "--issuer-key", issuer, "--issuer-sm2-key", sm2_issuer())
    command = [sys.executable, "-I", verifier.__file__, "right.zip", *asked, "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    said = json.loads(done.stdout)
    assert (done.returncode, said["problems"], done.stderr) == (0, [], b"")
    numbers = sorted(Certificate.objects.values_list("number", flat=True))
    proven = [english for english, _ in said["proven"]]
    assert f"the certificates {', '.join(numbers)} are signed by an issuer that you trust, and say what the log registered" in proven
    ends = f"{chain.right.valid.upper} is the first day on which the right is no longer in force, and 0 holds are in force"
    assert f"by the entries shown, {ends}" in proven
    assert any(english.startswith(f"the right {chain.right.pk} was granted as claimed") for english in proven)
    assert f"the certificates {', '.join(numbers)} are signed with SM2, too, by an issuer that you trust" in proven
    for number in numbers:
        served = DjangoClient().get(f"/certificates/{number}.sm2.json").json()
        assert verifier.unzip(content)[f"certificates/{number}.sm2.json"] == canonical(served)
    assert len(proven) == len(verifier.CHECKS["right"]) - 3  # no witness, no authority and no second key of the log was named
    assert any(english.startswith("that nothing else happened: a proof shows what is in the log, not") for english, _ in said["not_proven"])
    claims = json.loads(verifier.unzip(content)["right.json"])
    assert claims == {
        "format": "egret-right", "version": 1, "right": str(chain.right.pk), "object": str(chain.product.object_id), "kind": "USE",
        "holder": str(chain.refiner.id), "exclusive": False, "valid_from": str(chain.right.valid.lower),
        "valid_until": str(chain.right.valid.upper), "holds": [],
    }  # fmt: skip


def test_the_same_evidence_is_the_same_file_and_anybody_who_is_signed_in_gets_it_without_terms(chain):
    assert bundle(chain) == bundle(chain)
    shown = {}
    parties = (chain.refiner.party, chain.maker.party, chain.world.seller.party, chain.world.other.party, chain.world.regulator)
    for name, party in zip(("holder", "licensor", "source", "stranger", "regulator"), parties, strict=True):
        content = bundle(chain, party=party)
        assert found(content) == []
        shown[name] = sorted(each["path"] for each in json.loads(verifier.unzip(content)["disclosures.json"]))
    facts, terms = ["name", "name", "summary", "summary"], ["income_share_ppm", "terms"]
    assert shown["stranger"] == facts
    assert shown["regulator"] == sorted(facts + 4 * terms)
    assert shown["holder"] == sorted(facts + terms)
    assert shown["licensor"] == sorted(facts + 3 * terms)
    assert shown["source"] == sorted(facts + 2 * terms)
    answers = [DjangoClient().get(f"/rights/{chain.right.pk}/evidence.zip", headers=head) for head in ({}, {"Authorization": "Bearer x"})]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert fetched(Grant(pk=chain.product.object_id), chain.refiner.party).status_code == 404
    assert DjangoClient().post(f"/rights/{chain.right.pk}/evidence.zip").status_code == 405


def test_graphql_says_where_it_is_and_what_it_is(chain):
    content = bundle(chain)
    said = chain.refiner.client.query(EVIDENCE, id=global_id(chain.right))["rightEvidence"]
    size = SignedCheckpoint.objects.latest("size").size
    path = f"/rights/{chain.right.pk}/evidence.zip"
    assert said == {"path": path, "sha256": trade.digest(content), "size": str(size), "timestamped": False}
    for token, given, code in (
        (chain.refiner.party.token, global_id(chain.product.object), "INVALID_ID"),
        (chain.refiner.party.token, "nonsense", "INVALID_ID"),
        (None, global_id(chain.right), "NOT_FOUND"),
    ):
        assert Client(token=token).query(EVIDENCE, id=given).codes == [code]


def test_a_first_right_rests_on_its_filing_alone(chain):
    content = bundle(chain, chain.source, chain.world.seller.party)
    assert schemas(content) == ["certificate.issued", "filing.deposited", "object.registered", "right.granted"]
    assert found(content) == []


def test_endings_and_holds_are_in_it_and_what_waits_for_the_log_is_not_left_out(chain):
    before = bundle(chain)
    hold = hold_place(
        actor=chain.office.first, object_id=chain.source.object_id, kind=HoldKind.NOTICE, reason="Claimed", idempotency_key="h"
    )
    assert fetched(chain.right, chain.refiner.party).json()["error"]["code"] == "EVIDENCE_NOT_READY"
    integrate()
    content = bundle(chain)
    assert (schemas(content), found(content)) == (sorted([*WHOLE, "hold.placed"]), [])
    assert json.loads(verifier.unzip(content)["right.json"])["holds"] == [str(hold.pk)]
    hold_lift(actor=chain.office.first, hold_id=hold.pk, reason="Settled", expected_version=1, idempotency_key="l")
    integrate()
    trade.end_right(chain.licence, days=30)
    assert fetched(chain.right, chain.refiner.party).status_code == 409
    integrate()
    content = bundle(chain)
    assert (schemas(content), found(content)) == (sorted([*WHOLE, "hold.placed", "hold.lifted", "right.ended"]), [])
    claims = json.loads(verifier.unzip(content)["right.json"])
    assert (claims["holds"], claims["valid_until"]) == ([], str(m.today() + timedelta(days=30)))
    assert found(before) == []  # it says up to which size of the log it was made
    for right in (chain.source, chain.licence, chain.product):
        assert found(bundle(chain, right)) == []


def test_a_right_that_ended_before_it_began_says_so(chain):
    trade.end_right(chain.product)
    integrate()
    content = bundle(chain)
    assert found(content) == []
    assert json.loads(verifier.unzip(content)["right.json"])["valid_until"] == str(m.today())


def test_an_erased_value_is_not_shown_and_spoils_nothing(chain):
    Disclosure.objects.filter(path="summary").delete()
    assert found(bundle(chain)) == []


def test_the_newest_timestamped_checkpoint_is_taken(chain):
    authority = Authority.simulated()
    checkpoint = SignedCheckpoint.objects.latest("size")
    token = Forger(authority, at=f"{clock.now():%Y%m%d%H%M%SZ}").answer(checkpoint.note.encode())
    Timestamp.objects.create(size=checkpoint.size, token=token, authority="CN=Simulated timestamp authority", at=clock.now())
    content = bundle(chain)
    assert found(content, tsa_roots=authority.root.pem) == []
    assert "timestamp.tsr" in verifier.unzip(content)
    said = chain.refiner.client.query(EVIDENCE, id=global_id(chain.right))["rightEvidence"]
    assert (said["timestamped"], said["size"]) == (True, str(checkpoint.size))


def edited(content, name, change):
    def rewrite(members):
        value = json.loads(members[name])
        change(value)
        members[name] = canonical(value)

    return repacked(content, rewrite)


@pytest.mark.parametrize("name", ["right", "object", "kind", "holder", "exclusive", "valid_from", "valid_until", "holds"])
def test_each_claim_must_be_the_logs(chain, name):
    other = {"kind": "OPERATE", "exclusive": True, "valid_from": "2020-01-01", "valid_until": "2040-01-01", "holds": [str(chain.maker.id)]}
    forged = edited(bundle(chain), "right.json", lambda claims: claims.update({name: other.get(name, str(chain.world.other.id))}))
    assert {file for file, _ in found(forged)} & {"right.json", "manifest.json"}


def test_each_entry_that_is_left_out_is_missed_or_said_not_to_be_provable(chain):
    content = bundle(chain)
    for name in [each for each in verifier.unzip(content) if each.startswith("entries/")]:
        index = int(name[8:-5])

        def drop(members, name=name, index=index):
            del members[name], members[f"proofs/{index}.json"]
            kept = [each for each in json.loads(members["disclosures.json"]) if each["index"] != index]
            members["disclosures.json"] = canonical(kept)

        assert found(repacked(content, drop)) != [], verifier.unzip(content)[name]


def test_an_entry_of_another_right_has_no_place_in_it(chain):
    content, more = bundle(chain, chain.source, chain.world.seller.party), verifier.unzip(bundle(chain))
    for name in [each for each in more if each.startswith("entries/") and each not in verifier.unzip(content)]:

        def add(members, name=name):
            members.update({each: more[each] for each in (name, name.replace("entries", "proofs"))})

        idle = (name, "has nothing to do with this deal or right")
        uncertified = json.loads(more[name])["schema"] == "certificate.issued"
        assert (idle in found(repacked(content, add))) is not uncertified, more[name]
        assert found(repacked(content, add)) != []


def test_disclosures_are_what_was_sealed_and_terms_lie_within_each_other(chain):
    content = bundle(chain, party=chain.world.regulator)
    altered = edited(
        content, "disclosures.json", lambda all_: next(e for e in all_ if e["path"] == "terms")["value"]["scope"].update(territory="US")
    )
    assert any(file == "disclosures.json" and "was altered" in text for file, text in found(altered))
    assert verifier.narrower(chain.right.scope, chain.product.scope) is True
    assert verifier.narrower(chain.product.scope, chain.right.scope) is False


def certificate_of(content):
    return min(name for name in verifier.unzip(content) if verifier.CERTIFICATE.fullmatch(name))


def test_a_certificate_is_the_one_that_the_log_registered_and_the_issuer_signed(chain):
    content, issuer = bundle(chain), multikey(issuer_keys()[0])
    name = certificate_of(content)
    stranger = "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
    assert found(content, issuer_keys=(stranger, issuer)) == []
    assert {text for _, text in found(content, issuer_keys=(stranger,))} == {"is not signed by an issuer that you trust"}
    assert found(content, issuer_keys=(f"{issuer[:-1]}!",)) == [("--issuer-key", "says nothing that can be followed here: z6Mk...")]
    for change in (
        lambda vc: vc["credentialSubject"]["object"].update(name="Another"),
        lambda vc: vc["credentialSubject"].update(number="EGR-202611-9999"),
        lambda vc: vc["credentialSubject"]["rights"].clear(),
        lambda vc: vc["credentialSubject"].update(rights=None),
        lambda vc: vc.update(credentialSubject=[]),
        lambda vc: vc.update(extra=1),
        lambda vc: vc["proof"].update(extra="1"),
        lambda vc: vc["proof"].update(proofValue=vc["proof"]["proofValue"][:-1] + "1"),
        lambda vc: vc["proof"].update(created="2020-01-01T00:00:00Z"),
        lambda vc: vc["proof"].update(cryptosuite="eddsa-rdfc-2022"),
        lambda vc: vc.pop("proof"),
    ):
        problems = found(edited(content, name, change), issuer_keys=(issuer,))
        assert name in {file for file, _ in problems}, problems
    for raw in (b"", b"[]", b"{}", b"null", b'"x"', b"1"):
        assert found(repacked(content, lambda members, raw=raw: members.update({name: raw})), issuer_keys=(issuer,)) != []
    assert (name, "is missing") in found(repacked(content, lambda members: members.pop(name)))
    moved = repacked(content, lambda members: members.update({"certificates/EGR-202601-0001.json": members[name]}))
    assert ("certificates/EGR-202601-0001.json", "has nothing to do with this deal or right") in found(moved)
    bare = bundle(chain, chain.licence)
    assert found(bare, issuer_keys=(issuer,)) == []


def test_each_byte_of_a_bundle_of_a_right_counts(chain):
    content, issuer, sm2 = bundle(chain), multikey(issuer_keys()[0]), sm2_issuer()
    for name, data in verifier.unzip(content).items():
        for place in range(0, len(data), max(1, len(data) // (9 if ".sm2." in name else 25))):
            raw = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            asked = {"issuer_keys": (issuer,)} | ({"issuer_sm2_keys": (sm2,)} if ".sm2." in name else {})
            problems = found(repacked(content, lambda members, name=name, raw=raw: members.update({name: raw})), **asked)
            assert problems or name == "manifest.json", (name, place)


def test_the_deals_evidence_has_the_certificates_of_its_rights(chain):
    of = chain.world
    shelf = trade.shelved(of.seller, registered(chain.office, of.seller).object, price="10.00")
    with trade.acting() as recorder:
        made = trade.settled(replace(of, gateway=recorder), shelf=shelf)
        answer = DjangoClient().get(f"/deals/{made.uuid}/evidence.zip", headers={"Authorization": f"Bearer {of.buyer.party.token}"})
    assert certificate_of(answer.content).startswith("certificates/EGR-")
    assert found(answer.content, issuer_keys=(multikey(issuer_keys()[0]),), issuer_sm2_keys=(sm2_issuer(),)) == []


def revoked(office, right):
    """The number of the certificate of a first holder's right, revoked as issued in error."""
    certificate = Certificate.objects.get(filing_id=right.filing_id)
    stated = {"reason": "Wrong holder", "evidence_sha256": m.DIGEST, "idempotency_key": m.key()}
    proposed = certificate_revocation_propose(actor=office.first, certificate_id=certificate.pk, **stated)
    certificate_revoke(actor=office.second, revocation_id=proposed.pk, expected_version=1, idempotency_key=m.key())
    integrate()
    return certificate.number


def test_a_certificate_revoked_as_issued_in_error_is_not_handed_out_as_evidence(chain):
    gone = revoked(chain.office, chain.source)
    content, issuer = bundle(chain), multikey(issuer_keys()[0])
    (left,) = Certificate.objects.exclude(number=gone).values_list("number", flat=True)
    names = [name for name in verifier.unzip(content) if name.startswith("certificates/")]
    assert names == [f"certificates/{left}.json", f"certificates/{left}.sm2.json"]
    assert schemas(content).count("certificate.issued") == 1
    assert found(content, issuer_keys=(issuer,)) == []


def test_the_deals_evidence_has_the_certificates_that_counted_when_it_was_settled(chain):
    of = chain.world
    right = registered(chain.office, of.seller, name="2014 New York departures")
    shelf = trade.shelved(of.seller, right.object, price="10.00")
    with trade.acting() as recorder:
        made = trade.settled(replace(of, gateway=recorder), shelf=shelf)
    jump(clock.now() + timedelta(seconds=1))
    gone = revoked(chain.office, right)
    address, head = f"/deals/{made.uuid}/evidence.zip", {"Authorization": f"Bearer {of.buyer.party.token}"}
    assert certificate_of(DjangoClient().get(address, headers=head).content) == f"certificates/{gone}.json"
    with trade.acting() as recorder:
        later = trade.settled(replace(of, gateway=recorder), shelf=shelf)
        content = DjangoClient().get(f"/deals/{later.uuid}/evidence.zip", headers=head).content
    assert [name for name in verifier.unzip(content) if name.startswith("certificates/")] == []
    assert found(content) == []
