"""What options add to a verification: witnesses, a timestamp authority, several log keys; asked for and absent is as wrong as forged."""

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.log import verifier
from registry.log.canonical import canonical
from registry.log.cosignature import WitnessSigner
from registry.log.evidence import pack
from registry.log.note import Signer
from registry.log.verifier import Trust
from tests.registry.log.deal_log import LOG, VKEY, Beside, Deal, found, repacked
from tests.support.tsa import (
    CERTIFICATE_V2,
    CONTENT_TYPE,
    SIGNING_TIME,
    STAMPING,
    TST_INFO,
    Authority,
    Certified,
    Forger,
    attribute,
    certified,
    der,
    integer,
    oid,
    sequence,
)

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SEEN_AT = int(NOW.timestamp()) - 3600
WITNESSES = [WitnessSigner(f"witness.example/w{number}", bytes([0x30 + number]) * 32) for number in range(4)]
KEYS = tuple(str(each.key) for each in WITNESSES)
TSA = Authority.simulated()
ROOTS = TSA.root.pem


def cosigned(*signers, at=SEEN_AT):
    return lambda body: "".join(each.cosign(body, seconds=at).line for each in signers)


def bundle(*signers, forger=Forger(TSA), at=SEEN_AT):  # noqa: B008 it is frozen
    return Deal().bundle(beside=Beside(cosigned(*signers, at=at), forger.answer if forger else lambda _: None))


def trust(**given):
    return Trust(**{"log_keys": (VKEY,), "now": NOW, **given})


def unproven(content, **given):
    report = verifier.verify(content, trust(**given))
    assert report.problems == []
    return [english for english, _ in report.unproven]


WHOLE = bundle(*WITNESSES[:3])
HISTORY, TIME, STAMP = (verifier.UNSHOWN[name][0] for name in ("history", "time", "stamp"))


def test_without_options_witnesses_and_timestamp_are_read_and_named_as_not_proven():
    said = unproven(WHOLE)
    assert (HISTORY in said, STAMP in said, TIME in said) == (True, True, False)
    assert TIME in unproven(bundle(forger=None))


def test_with_options_both_move_to_what_is_proven():
    report = verifier.verify(WHOLE, trust(witnesses=KEYS[:3], tsa_roots=ROOTS))
    assert report.problems == []
    said = [english for english, _ in report.proven]
    assert said[2] == (
        "up to that size the log has one history for all who rely on the witnesses that you trust and that cosigned it"
        " (witness.example/w0, witness.example/w1, witness.example/w2)"
    )
    assert said[3] == (
        "every event happened before 2026-11-24T04:00:00+00:00, says CN=Simulated timestamp authority;"
        " when exactly, is the platform's own word"
    )
    assert not {HISTORY, TIME, STAMP} & {english for english, _ in report.unproven}
    assert all("{" not in text for pair in report.proven + report.unproven for text in pair)


@pytest.mark.parametrize(
    ("keys", "quorum", "problem"),
    [
        (KEYS[:3], None, None),
        (KEYS, "3", None),
        (KEYS, "1", None),
        (KEYS, None, ("checkpoint", "3 of the trusted witnesses cosigned it, which does not make up the quorum 4")),
        (KEYS[3:], "1", ("checkpoint", "0 of the trusted witnesses cosigned it, which does not make up the quorum 1")),
        (KEYS, "0", ("--quorum", "says nothing that can be followed here: 0")),
        (KEYS, "-1", ("--quorum", "says nothing that can be followed here: -1")),
        (KEYS, "5", ("--quorum", "says nothing that can be followed here: 5")),
        (KEYS, "9" * 30, ("--quorum", f"says nothing that can be followed here: {'9' * 30}")),
        (KEYS, "all", ("--quorum", "says nothing that can be followed here: all")),
        ((), "1", ("--quorum", "says nothing that can be followed here: 1")),
        ((KEYS[0], KEYS[0]), "2", ("--witness", "does not list each item once, in order")),
        ((VKEY,), "1", ("--witness", "is not an Ed25519 verifier key <name>+<id>+<base64>")),
        (("\x1b[2J",), "1", ("--witness", "is not an Ed25519 verifier key <name>+<id>+<base64>")),
    ],
)
def test_a_quorum_is_so_many_of_the_trusted_witnesses(keys, quorum, problem):
    problems = found(WHOLE, trust(witnesses=keys, quorum=quorum))
    assert (problem in problems) if problem else problems == []


def test_one_witness_under_two_names_or_with_two_lines_counts_once():
    again = WitnessSigner("other.example", WITNESSES[0].seed)
    twice = bundle(WITNESSES[0], WITNESSES[0], again, forger=None)
    assert found(twice, trust(witnesses=KEYS[:2], quorum="2")) == [
        ("checkpoint", "1 of the trusted witnesses cosigned it, which does not make up the quorum 2")
    ]
    assert ("--witness", "does not list each item once, in order") in found(twice, trust(witnesses=(KEYS[0], str(again.key)), quorum="2"))


def test_a_log_is_no_witness_of_itself():
    itself = WitnessSigner(LOG.name, b"\x01" * 32)
    content = bundle(itself, WITNESSES[0], forger=None)
    refused = [("--witness", "has a key of a log, which cannot be its own witness")]
    assert found(content, trust(witnesses=(str(itself.key), KEYS[0]), quorum="1")) == refused
    lines = f"log {VKEY}\nwitness own {itself.key}\nquorum own\n".encode()
    assert found(content, trust(log_keys=(), policy=lines)) == refused
    retired = Signer.of_seed(LOG.name, WITNESSES[0].seed)  # nor under a key that it signs with no more
    assert found(content, trust(log_keys=(VKEY, str(retired.verifier)), witnesses=KEYS[:1])) == refused


def test_a_cosignature_for_another_log_size_or_time_is_a_forgery():
    forged = ("checkpoint", "the signature of witness.example/w0 is wrong: text or signature was changed")

    def of(change):
        return Deal().bundle(beside=Beside(lambda body: WITNESSES[0].cosign(change(body), seconds=SEEN_AT).line))

    assert found(of(lambda body: body), trust(witnesses=KEYS[:1])) == []
    for change in (
        lambda body: body.replace("log.example/one", "log.example/two"),
        lambda body: body.replace("\n20\n", "\n21\n"),
        lambda body: body.replace("\n20\n", "\n" + "9" * 18 + "\n"),
    ):
        assert found(of(change), trust(witnesses=KEYS[:1])) == [forged]
    moved = WHOLE.replace(b"\xe2\x80\x94 witness.example/w0 ", b"\xe2\x80\x94 witness.example/w1 ")
    assert found(moved, trust(witnesses=KEYS[:1])) != []
    late = bundle(WITNESSES[0], at=int(NOW.timestamp()) + 600, forger=None)
    assert found(late, trust(witnesses=KEYS[:1]))[0][1].startswith("witness.example/w0 states a time that has not come yet")
    beyond = bundle(WITNESSES[0], at=2**63 - 1, forger=None)
    assert found(beyond, trust(witnesses=KEYS[:1]))[0][1].startswith("witness.example/w0 states a time that has not come yet")
    assert found(beyond, trust(witnesses=KEYS[:1], now=None)) == []

    def short(members):
        note = members["checkpoint"].decode().split("\n")
        raw = b64decode(note[-2].split(" ")[2])
        note[-2] = f"\u2014 {WITNESSES[0].name} {verifier.b64encode(raw[:8]).decode()}"
        members["checkpoint"] = "\n".join(note).encode()

    assert found(repacked(bundle(WITNESSES[0], forger=None), short), trust(witnesses=KEYS[:1])) == [forged]


def policy(*lines):
    return "\n".join([f"log {VKEY} https://log.example", *(f"witness w{at} {key}" for at, key in enumerate(KEYS)), *lines, ""]).encode()


@pytest.mark.parametrize(
    ("lines", "holds"),
    [
        (("group all 3 w0 w1 w2", "quorum all"), True),
        (("group g all w0 w1 w2 w3", "quorum g"), False),
        (("group g any w3 w0", "quorum g"), True),
        (("group a 2 w0 w3", "group b any w1 w2", "group c any a b", "quorum c"), True),
        (("group a 2 w0 w3", "group b any w1 w2", "group c all a b", "quorum c"), False),
        (("quorum w1",), True),
        (("quorum w3",), False),
        (("# nobody", "", "quorum none"), True),
    ],
)
def test_a_policy_names_logs_witnesses_and_quorum(lines, holds):
    problems = found(WHOLE, trust(log_keys=(), policy=policy(*lines)))
    assert (problems == []) is holds
    assert ("history" in problems) is False
    if lines[-1] == "quorum none":
        assert HISTORY in unproven(WHOLE, log_keys=(), policy=policy(*lines))


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("quorum w9",),
        ("quorum w0", "quorum w1"),
        ("group g 0 w0", "quorum g"),
        ("group g -1 w0", "quorum g"),
        ("group g 2 w0", "quorum g"),
        ("group g 2 w0 w0", "quorum g"),
        ("group g 1 h", "group h 1 g", "quorum g"),
        ("group g 1 none", "quorum g"),
        ("group w0 1 w1", "quorum w0"),
        ("group a 1 w0", "group b 1 w0", "quorum b"),
        (f"witness again {KEYS[0]}", "quorum again"),
        (f"witness none {KEYS[0]}", "quorum none"),
        ("vote w0", "quorum w0"),
        ("log", "quorum w0"),
        ("witness w9", "quorum w0"),
        ("quorum w0 w1",),
        (f"log {KEYS[0]}", "quorum w0"),
        *((line, "quorum w0") for line in ("\x00", "\x1b[2J", "group", "group g", "group g 9999999999999999999 w0")),
    ],
)
def test_a_policy_that_cannot_be_followed_is_named(lines):
    problems = found(WHOLE, trust(log_keys=(), policy=policy(*lines)))
    assert [file for file, _ in problems] == ["--policy"] * len(problems)
    assert len(problems) >= 1
    assert all(text.isprintable() for _, text in problems)


def test_a_policy_stands_alone_and_is_text():
    assert found(WHOLE, trust(policy=policy("quorum w0"), witnesses=KEYS[:1]))[0][0] == "--policy"
    assert found(WHOLE, trust(policy=b"\xff"))[0] == ("--policy", "says nothing that can be followed here: UTF-8")
    assert found(WHOLE, trust(policy=b"#" * (verifier.OPTION_BYTES_MAX + 1)))[0][0] == "--policy"


def test_an_older_key_of_the_log_may_be_named_beside_the_new_one():
    new = Signer.of_seed(LOG.name, b"\x07" * 32)
    keys = (str(new.verifier), VKEY)
    assert found(WHOLE, trust(log_keys=keys)) == []
    assert found(Deal().bundle(new), trust(log_keys=keys)) == []
    stranger = Signer.of_seed("log.example/two", b"\x07" * 32)
    assert found(WHOLE, trust(log_keys=(str(stranger.verifier),))) != []
    assert found(WHOLE, trust(log_keys=(str(stranger.verifier), VKEY))) == []
    assert found(WHOLE, trust(log_keys=()))[0] == ("--log-key", "is missing")


def stamped(**changes):
    return found(bundle(forger=Forger(TSA).but(**changes)), trust(tsa_roots=ROOTS))


def in_answer(old, new):
    return {"rewrite": lambda answer: answer.replace(old, new)}


DER = "is no RFC 3161 answer in DER that is known here: "
AUTHORITY = "is not by an authority that the given roots vouch for: "
ONLY_SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
    key_cert_sign=True, crl_sign=False, encipher_only=False, decipher_only=False,
)  # fmt: skip
SMALL = rsa.generate_private_key(65537, 1024)  # noqa: S505 that is the flaw
LARGE = rsa.generate_private_key(65537, 2048)


def under(root=TSA.root, **given):
    return Authority(root, certified("Another", by=root, **{"usage": STAMPING, **given}))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({}, None),
        ({"v1": True}, None),
        ({"nonce": 7}, None),
        ({"authority": under(key=LARGE)}, None),
        ({"authority": under(key=ec.generate_private_key(ec.SECP384R1()))}, None),
        ({"at": "20261124040000.5Z"}, None),
        ({"chain": (TSA.signer.der, TSA.root.der)}, None),
        ({"status": 1}, f"{DER}status"),
        ({"attributes": lambda usual: [*usual, attribute(SIGNING_TIME, der(0x17, b"261124040000Z"))]}, None),
        ({"status": 2}, f"{DER}status"),
        ({"at": "20261124040000.50Z"}, f"{DER}time"),
        ({"at": "20261324040000Z"}, f"{DER}time"),
        ({"at": "20261124040000"}, f"{DER}time"),
        ({"at": "20261124040000+0800"}, f"{DER}time"),
        ({"at": "99991231235959Z", "more_info": sequence(integer(2**62))}, f"{DER}time"),
        ({"more_info": der(0xA1, sequence())}, f"{DER}tag a1"),
        ({"at": "20261124130000Z"}, "CN=Simulated timestamp authority states a time that has not come yet: 2026-11-24T13:00:00+00:00"),
        ({"at": "20251124040000Z"}, f"{AUTHORITY}CN=Simulated timestamp authority 2025-11-24T04:00:00+00:00"),
        ({"authority": under(days=(0, 30))}, f"{AUTHORITY}CN=Another 2026-11-24T04:00:00+00:00"),
        ({"authority": under(usage=None)}, f"{AUTHORITY}ExtensionNotFound"),
        ({"authority": under(critical=False)}, f"{AUTHORITY}extended key usage"),
        ({"authority": under(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]))}, f"{AUTHORITY}extended key usage"),
        (
            {"authority": under(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING]))},
            f"{AUTHORITY}extended key usage",
        ),
        ({"authority": under(key=SMALL)}, f"{AUTHORITY}key"),
        ({"authority": under(key=ec.generate_private_key(ec.SECP192R1()))}, f"{AUTHORITY}key"),
        ({"authority": under(more=ONLY_SIGNS_CERTIFICATES)}, f"{AUTHORITY}CN=Another"),
        ({"authority": under(more=x509.NameConstraints([x509.DNSName("a")], None))}, f"{AUTHORITY}CN=Another"),
        ({"authority": Authority.simulated()}, f"{AUTHORITY}no chain"),
        ({"authority": Authority(TSA.root, TSA.root)}, f"{AUTHORITY}ExtensionNotFound"),
        ({"authority": Authority(TSA.root, Certified(TSA.signer.certificate, Authority.simulated().signer.key))},
         "the signature of CN=Simulated timestamp authority is wrong: text or signature was changed"),
        ({"chain": ()}, f"{AUTHORITY}signer"),
        ({"chain": (TSA.root.der,)}, f"{AUTHORITY}signer"),
        ({"chain": (TSA.signer.der, TSA.signer.der)}, f"{AUTHORITY}signer"),
        ({"chain": (b"\x30\x00",)}, f"{AUTHORITY}ValueError"),
        ({"attributes": lambda usual: usual[1:]}, f"{DER}content type"),
        ({"attributes": lambda usual: [attribute(CONTENT_TYPE, oid("1.2.840.113549.1.7.1")), *usual[1:]]}, f"{DER}content type"),
        ({"attributes": lambda usual: [usual[0], usual[2]]}, "the signature of message digest is wrong: text or signature was changed"),
        ({"attributes": lambda usual: usual[:2]}, f"{DER}signing certificate"),
        ({"attributes": lambda usual: [*usual, usual[1]]}, f"{DER}attribute 2a864886f70d010904"),
        ({"attributes": lambda usual: [*usual, attribute(oid("1.2.3"), integer(1))]}, f"{DER}attribute 2a03"),
        ({"attributes": lambda usual: [attribute(CONTENT_TYPE, TST_INFO, TST_INFO), *usual[1:]]}, f"{DER}attribute 2a864886f70d010903"),
        ({"attributes": lambda usual: [*usual[:2], attribute(CERTIFICATE_V2, sequence(sequence(sequence(der(0x04, bytes(32))))))]},
         f"{AUTHORITY}signing certificate"),
        ({"rewrite": lambda answer: answer + b"\x00"}, f"{DER}length"),
        ({"rewrite": lambda answer: answer[:-1]}, f"{DER}length"),
        ({"rewrite": lambda answer: b"\x30\x80" + answer[4:] + b"\x00\x00"}, f"{DER}length"),
        ({"rewrite": lambda answer: b"\x30\x83\x00" + answer[2:]}, f"{DER}length"),
        ({"rewrite": lambda answer: b"\x30\x84\xff\xff\xff\xff" + answer[4:]}, f"{DER}length"),
        ({"rewrite": lambda _: b""}, f"{DER}length"),
        ({"rewrite": lambda _: b"\x30" * 100_000}, f"{DER}length"),
        ({"rewrite": lambda _: b"\x30\x00"}, f"{DER}no tag 30"),
        ({"rewrite": lambda _: b"\x1f\x81\x00"}, f"{DER}length"),
        ({"rewrite": lambda _: sequence(*[b"\x05\x00"] * 100)}, f"{DER}length"),
        (in_answer(integer(7), der(0x02, b"\x00\x07")), f"{DER}length"),
    ],
)  # fmt: skip
def test_a_timestamp_is_strict_der_by_an_authority_under_the_root_for_this_very_checkpoint(changes, text):
    problems = stamped(**changes)
    assert problems == ([] if text is None else [("timestamp.tsr", text)])


def test_a_chain_leads_through_certificates_that_may_sign_others():
    middle = certified("Middle", by=TSA.root, ca=True)
    end = certified("End", by=middle, usage=STAMPING)
    honest = {"authority": Authority(TSA.root, end), "chain": (end.der, middle.der)}
    assert stamped(**honest) == []
    assert stamped(**honest | {"chain": (end.der,)}) == [("timestamp.tsr", f"{AUTHORITY}no chain")]
    no_ca = certified("Middle", by=TSA.root)
    end = certified("End", by=no_ca, usage=STAMPING)
    assert stamped(authority=Authority(TSA.root, end), chain=(end.der, no_ca.der)) == [("timestamp.tsr", f"{AUTHORITY}CN=Middle")]
    narrow = certified("Narrow", ca=True, path_length=0)
    middle = certified("Middle", by=narrow, ca=True)
    end = certified("End", by=middle, usage=STAMPING)
    content = bundle(forger=Forger(Authority(narrow, end), chain=(end.der, middle.der)))
    assert found(content, trust(tsa_roots=narrow.pem)) == [("timestamp.tsr", f"{AUTHORITY}CN=Narrow")]
    old = certified("Old root", ca=True, days=(0, 30))
    end = certified("End", by=old, usage=STAMPING)
    assert found(bundle(forger=Forger(Authority(old, end))), trust(tsa_roots=old.pem))[0][1].startswith(f"{AUTHORITY}CN=Old root 2026")
    renewed = certified("Old root", ca=True, key=old.key)
    assert found(bundle(forger=Forger(Authority(old, end))), trust(tsa_roots=old.pem + renewed.pem)) == []
    web = certified("Web", by=TSA.root, ca=True, usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))
    stamps = certified("Stamps", by=TSA.root, ca=True, usage=STAMPING)
    free = certified("Free", by=TSA.root, ca=True, usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]))
    weak = certified("Weak", by=TSA.root, ca=True, key=SMALL)
    for middle, refused in ((stamps, None), (free, None), (web, "Web"), (weak, "Weak")):
        end = certified("End", by=middle, usage=STAMPING)
        problems = [("timestamp.tsr", f"{AUTHORITY}CN={refused}")] if refused else []
        assert stamped(authority=Authority(TSA.root, end), chain=(end.der, middle.der)) == problems
    loop = [certified("A", ca=True), certified("A", ca=True)]
    assert stamped(chain=(TSA.signer.der, *(each.der for each in loop))) == []


def test_a_timestamp_of_another_checkpoint_or_of_the_body_alone_is_named():
    other = ("timestamp.tsr", "was given for something else than this checkpoint as its log signed it")
    for what in (lambda signed: signed.replace(b"\n20\n", b"\n21\n"), lambda signed: signed.partition(b"\n\n")[0] + b"\n"):
        content = Deal().bundle(beside=Beside(stamp=lambda signed, what=what: Forger(TSA).answer(what(signed))))
        assert found(content, trust(tsa_roots=ROOTS)) == [other]
        assert found(content) == [other]


def test_what_others_are_called_cannot_command_a_terminal():
    evil = Authority(TSA.root, certified("Evil \x1b[2J", by=TSA.root, usage=STAMPING))
    report = verifier.verify(bundle(forger=Forger(evil)), trust(tsa_roots=ROOTS))
    assert report.problems == []
    assert "says CN=Evil ?[2J;" in report.proven[2][0]
    assert all(text.isprintable() for pair in report.proven + report.unproven for text in pair)


def test_a_long_list_of_witnesses_is_not_cut_unseen():
    many = [WitnessSigner(f"witness.example/number-{number}", bytes([0x50 + number]) * 32) for number in range(12)]
    report = verifier.verify(bundle(*many, forger=None), trust(witnesses=tuple(str(each.key) for each in many)))
    assert report.problems == []
    assert report.proven[2][0].endswith("...)")


def test_what_an_option_asks_for_and_the_bundle_lacks_refuses_it():
    bare = bundle(forger=None)
    assert found(bare, trust(tsa_roots=ROOTS)) == [("timestamp.tsr", "is missing")]
    assert found(bare, trust(issuer_keys=("z6Mk",)))[0][0] == "--issuer-key"
    number = TSA.root.der.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x05", 1)  # X.509 has versions up to 3, written as 2
    version_6 = b"-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n" % b64encode(number)
    for roots in (b"", b"nonsense", ROOTS[:-40], b"\xff", version_6):
        assert found(WHOLE, trust(tsa_roots=roots)) == [("--tsa-root", "says nothing that can be followed here: PEM")]


def test_a_timestamp_covers_a_signature_of_the_log_and_a_log_that_changes_keys_has_two():
    other = ("timestamp.tsr", "was given for something else than this checkpoint as its log signed it")

    def reordered(members):
        text, _, tail = members["checkpoint"].decode().rpartition("\n\n")
        lines = tail.splitlines(keepends=True)
        members["checkpoint"] = f"{text}\n\n{''.join(lines[::-1])}".encode()

    assert found(repacked(WHOLE, reordered), trust(tsa_roots=ROOTS)) == [other]
    new = Signer.of_seed(LOG.name, b"\x07" * 32)
    old_line, new_line = (lambda body, each=each: str(each.sign(body).line) for each in (LOG, new))
    for first, second in ((LOG, new_line), (new, old_line)):
        for covered in (0, 1):

            def stamp(signed, covered=covered, second=second):
                body = signed.decode().rpartition("\n\n")[0] + "\n"
                return Forger(TSA).answer(signed + (second(body).encode() if covered else b""))

            content = Deal().bundle(first, Beside(second, stamp))
            assert found(content, trust(log_keys=(str(first.verifier),), tsa_roots=ROOTS)) == []
            late = found(content, trust(log_keys=(VKEY if first is new else str(new.verifier),), tsa_roots=ROOTS))
            assert (other in late) is not covered
    assert found(Deal().bundle(new, Beside(old_line))) == [("keys.txt", "text is not what deal.json, --log-key says")]


@pytest.mark.parametrize("raw", [b"", b"[]", b"1", b"null", b'"x"', b"{}"])
def test_a_certificate_that_no_entry_has_issued_is_named_whatever_it_holds(raw):
    name, issuer = "certificates/EGR-202601-0001.json", "z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw"
    problems = found(repacked(WHOLE, lambda members: members.update({name: raw})), trust(issuer_keys=(issuer,)))
    form = "is not JSON in its one canonical form" if raw == b"" else "/proof: unknown or missing fields: {}"
    assert problems == [(name, "has nothing to do with this deal or right"), (name, form)]


ANSWER = verifier.unzip(WHOLE)["timestamp.tsr"]
NOTE = verifier.unzip(WHOLE)["checkpoint"]
ALL = trust(witnesses=KEYS[:3], tsa_roots=ROOTS)


def with_answer(raw):
    return repacked(WHOLE, lambda members: members.update({"timestamp.tsr": raw}))


def test_every_byte_of_a_timestamp_counts():
    for place in range(len(ANSWER)):
        for flip in (0x01, 0x80):
            raw = ANSWER[:place] + bytes([ANSWER[place] ^ flip]) + ANSWER[place + 1 :]
            problems = found(with_answer(raw), ALL)
            assert problems, place
            assert {file for file, _ in problems} == {"timestamp.tsr"}, (place, problems)
    for length in range(0, len(ANSWER), 7):
        assert found(with_answer(ANSWER[:length]), ALL) != []


def test_every_byte_of_a_cosigned_checkpoint_counts():
    for place in range(len(NOTE)):
        raw = NOTE[:place] + bytes([NOTE[place] ^ 1]) + NOTE[place + 1 :]
        problems = found(repacked(WHOLE, lambda members, raw=raw: members.update(checkpoint=raw)), ALL)
        unknown = NOTE.index(b"witness.example ") <= place < NOTE.index(b"witness.example/w0") - 4
        assert problems or unknown, place


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_is_done_to_a_timestamp_there_is_a_report(data):
    raw = bytearray(ANSWER)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(raw)))
        stop = data.draw(st.integers(start, min(len(raw), start + 40)))
        raw[start:stop] = data.draw(st.binary(max_size=40))
    report = verifier.verify(with_answer(bytes(raw)), ALL)
    assert report.verified is (bytes(raw) == ANSWER)
    assert all(problem.file == "timestamp.tsr" for problem in report.problems)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_whatever_stands_for_a_timestamp_there_is_a_report(raw):
    assert {problem.file for problem in verifier.verify(with_answer(raw), ALL).problems} == {"timestamp.tsr"}


STRAYS = ("certificates/EGR-202601-0001.json", "certificates/EGR-202601-0001.sm2.json", "entries/0.json", "proofs/0.json", "right.json")
TREES = {name: json.loads(raw) for name, raw in verifier.unzip(WHOLE).items() if name.endswith(".json")} | dict.fromkeys(STRAYS)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**53 - 1) | st.text(max_size=3) | st.sampled_from(["0", "2026-02-30", "A" * 43 + "="]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["proof", "index", "data", "_h"]), inner, max_size=2),
    max_leaves=4,
)


def places(value, path=()):
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, each in inner for place in places(each, (*path, key)))]


def with_other(value, path, other):
    if not path:
        return other
    changed = value.copy()
    changed[path[0]] = with_other(value[path[0]], path[1:], other)
    return changed


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_whatever_stands_anywhere_in_a_member_there_is_a_report_and_it_is_not_verified(data):
    name = data.draw(st.sampled_from(sorted(TREES)))
    path = data.draw(st.sampled_from(places(TREES[name])))
    raw = canonical(with_other(TREES[name], path, data.draw(ANY_JSON)))
    members = verifier.unzip(WHOLE) | {name: raw}
    content = pack(members) if name == "manifest.json" else repacked(WHOLE, lambda members: members.update({name: raw}))
    report = verifier.verify(content, trust(issuer_keys=("z6MktwupdmLXVVqTzCw4i46r4uGyosGXRnR3XjN4Zq7oMMsw",)))
    problems = [problem for problem in report.problems if problem.file != "certificates/"]  # there is none, and an issuer was named
    # Which accounts the ledger's moves name is not in the log, and said to be not proven.
    assert problems or content == WHOLE or (name == "deal.json" and path[0] == "moves" and path[-1] in {"move", "source", "destination"})


def test_the_command_line_takes_each_option_and_always_reports(tmp_path: Path):
    recent = datetime.now(UTC) - timedelta(hours=1)
    content = bundle(*WITNESSES[:2], forger=Forger(TSA, at=recent.strftime("%Y%m%d%H%M%SZ")), at=int(recent.timestamp()))
    (tmp_path / "bundle.zip").write_bytes(content)
    (tmp_path / "roots.pem").write_bytes(ROOTS)
    (tmp_path / "policy").write_bytes(policy("group both all w0 w1", "quorum both"))

    def run(*options):
        command = [sys.executable, "-I", "-X", "utf8", verifier.__file__, "bundle.zip", *options, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, encoding="utf-8")
        assert done.stderr == ""
        said = json.loads(done.stdout)
        return done.returncode, len(said["proven"]), [problem["file"] for problem in said["problems"]]

    log, root = ("--log-key", VKEY), ("--tsa-root", "roots.pem")
    seen = ("--witness", KEYS[0], "--witness", KEYS[1])
    count = len(verifier.CHECKS["deal"]) - 2  # SM2 has tests of its own
    assert run(*log) == (0, count - 3, [])
    assert run(*log, *root, *seen) == (0, count - 1, [])
    assert run("--policy", "policy", *root) == (0, count - 1, [])
    assert run(*log, *root, *seen, "--quorum", "1") == (0, count - 1, [])
    assert run(*log, *seen, "--quorum", "0")[::2] == (1, ["--quorum"])
    assert run(*log, "--policy", "absent")[::2] == (1, ["--policy"])
    assert run(*log, "--tsa-root", "bundle.zip")[::2] == (1, ["--tsa-root"])
    assert run(*log, "--tsa-root", ".")[::2] == (1, ["--tsa-root"])
    assert run(*log, "--issuer-key", "z6Mk")[::2] == (1, ["--issuer-key"])
    assert run() == (1, 1, ["--log-key"])
    assert run(*log, "--policy", ".")[::2] == (1, ["--policy"])


def test_no_file_beside_the_verifier_runs_in_place_of_pythons_own(tmp_path: Path):
    (tmp_path / "bundle.zip").write_bytes(WHOLE)
    (tmp_path / "roots.pem").write_bytes(ROOTS)
    alone = tmp_path / "verify.py"
    alone.write_bytes(Path(verifier.__file__).read_bytes())
    for name in ("argparse", "json", "selectors", "cryptography"):
        (tmp_path / f"{name}.py").write_text("print('VERIFIED by an attacker')\nraise SystemExit(0)\n")
    for program in (verifier.__file__, str(alone)):  # a room of ours has a module of the name selectors, too
        command = [sys.executable, program, "bundle.zip", "--log-key", VKEY, "--tsa-root", "roots.pem", "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, b"")
        assert json.loads(done.stdout)["verified"] is True


def test_a_bundle_that_cannot_be_read_is_not_called_missing(tmp_path: Path, capsysbinary):
    (tmp_path / "big.zip").write_bytes(bytes(verifier.BUNDLE_BYTES_MAX + 1))
    for path, text in ((tmp_path, "cannot be read"), (tmp_path / "big.zip", "is larger than 16777216 bytes"), ("\0", "cannot be read")):
        assert verifier.main([str(path), "--log-key", VKEY, "--json"]) == 1
        assert [problem["english"] for problem in json.loads(capsysbinary.readouterr().out)["problems"]] == [text]


def test_an_error_of_the_verifiers_own_is_not_blamed_on_the_bundle(tmp_path: Path, monkeypatch):
    def broken(*_: object) -> None:
        raise ValueError("a defect")

    (tmp_path / "bundle.zip").write_bytes(WHOLE)
    monkeypatch.setattr(verifier, "verify", broken)
    with pytest.raises(ValueError, match="a defect"):
        verifier.main([str(tmp_path / "bundle.zip"), "--log-key", VKEY])


def test_signature_lines_are_counted_before_any_is_read(monkeypatch):
    def lined(more):
        line = "\u2014 a AAAAAA==\n".encode()
        return repacked(bundle(forger=None), lambda members: members.update(checkpoint=members["checkpoint"] + line * more))

    malformed = ("checkpoint", "is not a signed checkpoint in its one form")
    assert (found(lined(98)), found(lined(99))) == ([], [malformed])
    monkeypatch.setattr(verifier, "Line", None)
    assert malformed in found(lined(99))
