"""SM2 in the stand-alone verifier: its own arithmetic against two libraries, the log's second line, and the certificates' signatures."""

import json
import random
import shutil
import subprocess
import sys
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.base.signing import Ed25519Signer, Sm2Signer, is_signed, multikey
from registry.certificates.data_integrity import proof_options, signing_input, with_proof
from registry.certificates.statements import sm2_message
from registry.log import verifier
from registry.log.canonical import canonical
from registry.log.evidence import pack
from registry.log.note import Signer
from registry.log.sm2_line import KIND, Sm2Key, Sm2LineSigner
from registry.log.verifier import SM2_N, Trust
from tests.registry.log.deal_log import LOG, OBJECT, SELLER, SELLER_GRANT, VKEY, Beside, Deal, found, repacked, uuid

RANDOM = random.Random(20261126)  # keys of a test, the same at every run
NUMBER = "EGR-202611-0001"
PLAIN, DETACHED = f"certificates/{NUMBER}.json", f"certificates/{NUMBER}.sm2.json"
LINE, ISSUER, ISSUER_SM2 = Sm2LineSigner(LOG.name, Sm2Signer(b"\x17" * 32)), Ed25519Signer(b"\x18" * 32), Sm2Signer(b"\x19" * 32)
OTHER = Sm2Signer(b"\x1a" * 32)
LINE_KEY, OTHER_LINE = str(LINE.verifier), str(Sm2LineSigner(LOG.name, OTHER).verifier)
SM2_KEY, OTHER_KEY = multikey(ISSUER_SM2.public_key), multikey(OTHER.public_key)


def key():
    return Sm2Signer(RANDOM.randrange(1, SM2_N - 1).to_bytes(32, "big"))


def both(public, message, signature):
    """What the verifier says of a signature, which the library must say too."""
    point = verifier.point_of(public.raw)
    ours = point is not None and verifier.is_sm2_signed("--log-sm2-key", point, signature, message)
    assert is_signed(public, message, signature) is ours
    return ours


def integer(number):
    raw = number.to_bytes((number.bit_length() + 8) // 8, "big")
    return bytes([2, len(raw)]) + raw


def der(*parts):
    body = b"".join(parts)
    return bytes([0x30, len(body)]) + body


def times(number, point=verifier.SM2_G):
    total = verifier.INFINITY
    for bit in f"{number:b}":
        total = verifier.doubled(total)
        total = verifier.added(total, point) if bit == "1" else total
    return total


class TestArithmetic:
    def test_what_the_library_signs_holds_for_its_message_and_key_alone(self):
        for length in range(24):
            ours, message = key(), RANDOM.randbytes(length)
            signature = ours.sign(message)
            assert both(ours.public_key, message, signature)
            assert not both(ours.public_key, message + b"\0", signature)
            assert not both(OTHER.public_key, message, signature)
            assert verifier.multikey_of(multikey(ours.public_key)) == verifier.point_of(ours.public_key.raw)

    def test_the_standards_example_holds(self):
        # GB/T 32918.5, annex A.2: the private key, the message, and the two numbers
        example = Sm2Signer(bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8"))
        r = 0xF5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3
        s = 0xB1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA
        assert both(example.public_key, b"message digest", der(integer(r), integer(s)))

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
    def test_what_openssl_signs_holds_under_the_one_user_id(self, tmp_path):
        def run(*arguments):
            return subprocess.run(["openssl", *arguments], cwd=tmp_path, capture_output=True, check=True, timeout=60).stdout

        (tmp_path / "message").write_bytes(b"message")
        for user, holds in ((verifier.SM2_USER_ID, True), (verifier.SM2_USER_ID, True), ("1234567812345679", False), ("", False)):
            run("genpkey", "-algorithm", "SM2", "-out", "key.pem")
            point = run("pkey", "-in", "key.pem", "-pubout", "-outform", "DER")[-verifier.POINT_BYTES :]
            signature = run("dgst", "-sm3", "-sign", "key.pem", *(["-sigopt", f"distid:{user}"] if user else []), "message")
            assert verifier.is_sm2_signed("", verifier.point_of(point), signature, b"message") is holds

    def test_sums_of_points_are_right_where_the_formula_has_its_exceptions(self):
        base, none = verifier.SM2_G, verifier.INFINITY
        opposite = (base[0], verifier.SM2_P - base[1], 1)
        assert (times(SM2_N)[2], verifier.added(base, opposite)[2], verifier.doubled(none)[2]) == (0, 0, 0)
        assert verifier.added(none, base) == verifier.added(base, none) == base
        assert verifier.added(base, base) == verifier.doubled(base)
        assert verifier.added(times(5), times(SM2_N - 5))[2] == 0

    def test_numbers_that_lead_to_infinity_are_refused(self):
        # with the key t⁻¹·(-s)·G, s·G + t·P is the point at infinity, whatever is signed
        r, s = 5, 7
        scalar = -s * pow(r + s, -1, SM2_N) % SM2_N
        assert not both(Sm2Signer(scalar.to_bytes(32, "big")).public_key, b"message", der(integer(r), integer(s)))

    def test_wrong_signatures_are_refused_by_both(self):
        ours = key()
        good = ours.sign(b"message")
        r, s = verifier.numbers_of(good)
        assert der(integer(r), integer(s)) == good
        wrong = {
            "r is 0": der(integer(0), integer(s)),
            "s is 0": der(integer(r), integer(0)),
            "both are 0": der(integer(0), integer(0)),
            "r is n": der(integer(SM2_N), integer(s)),
            "s is n": der(integer(r), integer(SM2_N)),
            "r beyond n": der(integer(r + SM2_N), integer(s)),
            "s beyond n": der(integer(r), integer(s + SM2_N)),
            "r and s are n": der(integer(r), integer(SM2_N - r)),
            "the other way round": der(integer(s), integer(r)),
            "r is negative": der(b"\x02\x01\xff", integer(s)),
            "a zero more": der(b"\x02" + bytes([integer(r)[1] + 1]) + b"\0" + integer(r)[2:], integer(s)),
            "a long length": b"\x30\x81" + good[1:],
            "no end": b"\x30\x80" + good[2:] + b"\0\0",
            "a third number": der(integer(r), integer(s), integer(1)),
            "one number": der(integer(r)),
            "a byte behind": good + b"\0",
            "a byte inside": der(integer(r), integer(s), b"\0"),
            "a byte less": good[:-1],
            "a set": b"\x31" + good[1:],
            "not in DER": r.to_bytes(32, "big") + s.to_bytes(32, "big"),
            "nothing": b"",
        }
        assert [what for what, signature in wrong.items() if both(ours.public_key, b"message", signature)] == []
        for place in range(0, len(good) * 8, 13):
            flipped = bytearray(good)
            flipped[place // 8] ^= 1 << place % 8
            assert not both(ours.public_key, b"message", bytes(flipped)), place

    def test_what_is_no_point_of_the_curve_is_no_key(self):
        raw = key().public_key.raw
        x, y = raw[1:33], raw[33:]
        big = (verifier.SM2_P + 1).to_bytes(32, "big")
        for wrong in (b"", b"\0", raw[:-1], raw + b"\0", b"\x05" + raw[1:], b"\x06" + raw[1:], b"\x04" + y + x, b"\x04" + bytes(64),
                      b"\x04" + big + y, b"\x04" + x + b"\xff" * 32, b"\x01" + x, b"\x02" + x[:-1], b"\x02" + b"\xff" * 32):  # fmt: skip
            assert verifier.point_of(wrong) is None
        beside = next(n for n in range(9) if pow(n**3 + verifier.SM2_A * n + verifier.SM2_B, verifier.SM2_P // 2, verifier.SM2_P) != 1)
        assert verifier.point_of(b"\x02" + beside.to_bytes(32, "big")) is None


@dataclass(frozen=True)
class Certificates:
    """A certificate of the seller's right, and what is beside it."""

    sm2: Sm2Signer | None = ISSUER_SM2

    def deal(self) -> tuple[Deal, dict]:
        right = {"grant": f"urn:uuid:{SELLER_GRANT}", "kind": "OPERATE", "exclusive": False, "valid_from": "2026-01-01"}
        subject = {"number": NUMBER, "object": {"id": f"urn:uuid:{OBJECT}"}, "holder": {"id": f"urn:uuid:{SELLER}"}}
        subject |= {"rights": [right | {"last_day": "2029-12-31"}], "filing": f"urn:uuid:{uuid(0xF)}"}
        stated = {"@context": ["https://www.w3.org/ns/credentials/v2"], "credentialSubject": subject}
        document = canonical(stated)
        options = proof_options(stated, method="did:web:egret.example#key", created="2026-11-24T00:00:00Z")
        files = {NUMBER: with_proof(stated, options, ISSUER.sign(signing_input(document, options)))}
        hashed = sha256(document).hexdigest()
        if self.sm2:
            public = self.sm2.public_key
            files[f"{NUMBER}.sm2"] = {
                "number": NUMBER, "algorithm": "SM2-SM3", "context": "egret-certificate-sm2-v1\n", "sha256": hashed,
                "user_id": "1234567812345678", "key_id": public.key_id, "public_key": public.raw.hex(),
                "signature": self.sm2.sign(sm2_message(document)).hex(),
            }  # fmt: skip
        deal = Deal()
        issued = {"certificate": uuid(0xC), "number": NUMBER, "filing": uuid(0xF), "object": OBJECT, "sha256": hashed}
        deal.events.append(("certificate.issued", issued, {}))
        return deal, files

    def bundle(self, *lines: Sm2LineSigner) -> bytes:
        deal, files = self.deal()
        return deal.bundle(beside=Beside(lambda body: "".join(each.sign(body).line for each in lines), certificates=files))


WHOLE = Certificates().bundle(LINE)
MEMBERS = verifier.unzip(WHOLE)
BARE = Certificates(sm2=None).bundle()
ALL = Trust((VKEY,), issuer_keys=(multikey(ISSUER.public_key),), log_sm2_keys=(LINE_KEY,), issuer_sm2_keys=(SM2_KEY,))


def line(*keys):
    return Trust((VKEY,), log_sm2_keys=keys)


def issuer(*keys):
    return Trust((VKEY,), issuer_sm2_keys=keys)


def with_member(name, raw):
    return repacked(WHOLE, lambda members: members.update({name: raw}))


def edited(change):
    value = json.loads(MEMBERS[DETACHED])
    change(value)
    return with_member(DETACHED, canonical(value))


def forged(**changed):
    return edited(lambda value: value.update(changed))


def said(report):
    return ([english for english, _ in pairs] for pairs in (report.proven, report.unproven))


class TestOptions:
    def test_the_two_files_state_the_same_forms(self):
        assert (verifier.SM2_KIND, verifier.SM2_CONTEXT.encode()) == (KIND, sm2_message(b""))

    def test_what_no_option_asks_for_is_named_as_not_proven(self):
        report = verifier.verify(WHOLE, Trust((VKEY,)))
        proven, unproven = said(report)
        assert report.problems == []
        assert not any("SM2" in text for text in proven)
        assert [text for text in unproven if "SM2" in text] == [
            "that the log signed with SM2, too: no --log-sm2-key was given",
            "what the SM2 signatures of certificates are worth: they have their form, but no --issuer-sm2-key was given",
        ]
        _, unproven = said(verifier.verify(BARE, Trust((VKEY,))))
        assert "that certificates are signed with SM2: no such signature is in the bundle" in unproven

    def test_the_command_line_proves_what_it_is_asked_for(self, tmp_path: Path):
        (tmp_path / "whole.zip").write_bytes(WHOLE)
        (tmp_path / "bare.zip").write_bytes(BARE)

        def run(bundle, *options):
            command = [sys.executable, "-I", verifier.__file__, bundle, "--log-key", VKEY, *options, "--json"]
            done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, timeout=60)
            assert done.stderr == b""
            told = json.loads(done.stdout)
            signed = [english for english, _ in told["proven"] if "SM2" in english]
            return done.returncode, [(each["file"], each["english"]) for each in told["problems"]], signed

        asked = ("--log-sm2-key", OTHER_LINE, "--log-sm2-key", LINE_KEY, "--issuer-sm2-key", OTHER_KEY, "--issuer-sm2-key", SM2_KEY)
        assert run("whole.zip", *asked) == (0, [], [
            "the log signed the same checkpoint with SM2, too, with a key that you trust",
            f"the certificates {NUMBER} are signed with SM2, too, by an issuer that you trust",
        ])  # fmt: skip
        code, problems, signed = run("bare.zip", "--log-sm2-key", LINE_KEY, "--issuer-sm2-key", SM2_KEY)
        assert (code, signed) == (1, [])
        assert problems == [
            ("checkpoint", f"has no second signature by the SM2 key of its log that you trust: {LINE_KEY}"[:280]),
            (PLAIN, "has no SM2 signature in the bundle"),
        ]

    @pytest.mark.parametrize(("trust", "file", "text"), [
        (line(OTHER_LINE), "checkpoint", "has no second signature by the SM2 key of its log that you trust: "),
        (line(VKEY), "--log-sm2-key", "is not an SM2 key of a log, <name>+<id>+<base64>"),
        (line(""), "--log-sm2-key", "is not an SM2 key of a log, <name>+<id>+<base64>"),
        (line(LINE_KEY[:-4]), "--log-sm2-key", "is not an SM2 key of a log, <name>+<id>+<base64>"),
        (line(str(Sm2Key(LOG.name, b"\x04" + bytes(64)))), "--log-sm2-key", "is not an SM2 key of a log, <name>+<id>+<base64>"),
        (Trust((LINE_KEY,)), "--log-key", "is not an Ed25519 verifier key <name>+<id>+<base64>"),
        (issuer(OTHER_KEY), DETACHED, "is not signed by an issuer that you trust"),
        (issuer(SM2_KEY, f"{SM2_KEY[:-1]}!"), "--issuer-sm2-key", "says nothing that can be followed here: "),
        (issuer(SM2_KEY[:-1]), "--issuer-sm2-key", "says nothing that can be followed here: "),
        (issuer(multikey(ISSUER.public_key)), "--issuer-sm2-key", "says nothing that can be followed here: "),
        (Trust((VKEY,), issuer_keys=(SM2_KEY,)), "--issuer-key", "says nothing that can be followed here: "),
    ])  # fmt: skip
    def test_a_key_that_is_not_theirs_or_none_refuses(self, trust, file, text):
        ((named, told),) = found(WHOLE, trust)
        assert (named, told.startswith(text)) == (file, True), told

    def test_a_log_that_changed_its_sm2_key_has_several_and_each_that_signed_must_have(self):
        second = Sm2LineSigner(LOG.name, OTHER)
        content = Certificates().bundle(LINE, second)
        assert found(content, line(LINE_KEY, OTHER_LINE)) == []
        text, blank, tail = verifier.unzip(content)["checkpoint"].decode().rpartition("\n\n")
        swapped = tail.replace(second.sign(f"{text}\n").line, "") + second.sign("another\n").line
        broken = repacked(content, lambda members: members.update(checkpoint=f"{text}{blank}{swapped}".encode()))
        wrong = ("checkpoint", "the signature of log.example/one, SM2 is wrong: text or signature was changed")
        assert wrong not in found(broken, line(LINE_KEY))
        assert wrong in found(broken, line(LINE_KEY, OTHER_LINE))

    def test_an_sm2_key_of_another_log_vouches_for_nothing_here(self):
        foreign = Sm2LineSigner("log.example/two", Sm2Signer(b"\x17" * 32))
        assert found(Certificates().bundle(foreign), line(str(foreign.verifier)))[0][0] == "checkpoint"

    def test_sm2_alone_proves_no_checkpoint(self):
        stranger = str(Signer.of_seed(LOG.name, b"\x66" * 32).verifier)
        assert ("checkpoint", f"is not signed by the trusted log key {stranger}") in found(
            WHOLE, Trust((stranger,), log_sm2_keys=(LINE_KEY,))
        )

    def test_certificates_that_are_asked_for_and_not_there_refuse(self):
        content = Deal().bundle()
        assert found(content, issuer(SM2_KEY)) == [("certificates/", "is missing")]

    def test_an_openssl_without_sm3_refuses_what_asks_for_sm2_and_nothing_else(self, monkeypatch):
        def no_sm3(_algorithm):
            raise UnsupportedAlgorithm("sm3 is not a supported hash on this backend")

        monkeypatch.setattr(hashes, "Hash", no_sm3)
        assert found(WHOLE) == []
        cannot = "cannot be followed on this machine: its OpenSSL has no SM3"
        assert found(WHOLE, ALL) == [("--log-sm2-key", cannot), ("--issuer-sm2-key", cannot)]


class TestForgeries:
    WRONG = {
        "another statement's hash": (forged(sha256="ab" * 32), f"sha256 is not what {PLAIN} says"),
        "another number": (forged(number="EGR-202611-0002"), f"number is not what {PLAIN} says"),
        "another user id": (forged(user_id="1234567812345679"), "/user_id: '1234567812345679' is no value that is known here"),
        "another context": (forged(context=""), "/context: '' is no value that is known here"),
        "another algorithm": (forged(algorithm="SM2-SHA256"), "/algorithm: 'SM2-SHA256' is no value that is known here"),
        "another id": (forged(key_id="0" * 16), "key_id is none: a point of the curve, its id, or two numbers in DER"),
        "a point off the curve": (
            forged(public_key="04" + "11" * 64), "public_key is none: a point of the curve, its id, or two numbers in DER",
        ),
        "no numbers": (forged(signature="30" * 8), "signature is none: a point of the curve, its id, or two numbers in DER"),
        "more": (forged(extra=1), "/: unknown or missing fields: extra"),
        "less": (edited(lambda value: value.pop("key_id")), "/: unknown or missing fields: key_id"),
        "an array": (with_member(DETACHED, b"[]"), "/: unknown or missing fields: {}"),
        "nothing": (with_member(DETACHED, b""), "is not JSON in its one canonical form"),
    }  # fmt: skip

    @pytest.mark.parametrize("what", WRONG)
    def test_one_that_lacks_its_form_is_refused_whether_asked_for_or_not(self, what):
        content, text = self.WRONG[what]
        assert (DETACHED, text) in found(content)
        assert (DETACHED, text) in found(content, ALL)

    def test_a_signature_is_no_others_and_over_no_other_statement(self):
        message = sm2_message(canonical({"another": "statement"}))
        wrong = [forged(signature=ISSUER_SM2.sign(message).hex())]
        public = OTHER.public_key
        theirs = Certificates(sm2=OTHER).bundle(LINE)
        wrong += [forged(signature=json.loads(verifier.unzip(theirs)[DETACHED])["signature"])]
        wrong += [forged(public_key=public.raw.hex(), key_id=public.key_id)]
        for content in (theirs, *wrong):
            assert found(content) == []  # it has its form; whose it is, nobody asked
            assert found(content, ALL) == [(DETACHED, "is not signed by an issuer that you trust")]

    def test_one_without_its_certificate_is_idle_and_no_other_name_is_known(self):
        stray = "certificates/EGR-202611-0002.sm2.json"
        assert found(with_member(stray, MEMBERS[DETACHED])) == [(stray, "has nothing to do with this deal or right")]
        for name in (f"certificates/{NUMBER}.sm3.json", f"certificates/{NUMBER}.sm2", f"{DETACHED}.json", "certificates/x.sm2.json"):
            ((file, text),) = found(pack(MEMBERS | {name: b"{}"}))
            assert (file, text) == (repr(name), "is no known member, or stands there twice")

    def test_a_changed_byte_is_found(self):
        data = MEMBERS[DETACHED]
        for place in range(0, len(data), 13):
            raw = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
            assert {file for file, _ in found(with_member(DETACHED, raw), ALL)} == {DETACHED}, place
        note = MEMBERS["checkpoint"]
        for place in range(note.rindex(b"log.example/one"), len(note), 11):
            raw = note[:place] + bytes([note[place] ^ 1]) + note[place + 1 :]
            assert "checkpoint" in {file for file, _ in found(with_member("checkpoint", raw), ALL)}, place

    @settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow], deadline=None)
    @given(st.data())
    def test_whatever_is_done_to_a_signature_there_is_a_report(self, data):
        raw = bytearray.fromhex(json.loads(MEMBERS[DETACHED])["signature"])
        for _ in range(data.draw(st.integers(1, 3))):
            start = data.draw(st.integers(0, len(raw)))
            raw[start : data.draw(st.integers(start, min(len(raw), start + 9)))] = data.draw(st.binary(max_size=9))
        content = forged(signature=bytes(raw).hex())
        report = verifier.verify(content, ALL)
        assert report.verified is (content == WHOLE)
        assert {problem.file for problem in report.problems} <= {DETACHED}
        text, _, _ = MEMBERS["checkpoint"].decode().rpartition("\n\n")
        line_of = b64encode(LINE.verifier.key_id + raw).decode()
        note = f"{text}\n\n{LOG.sign(f'{text}' + chr(10)).line}\u2014 {LOG.name} {line_of}\n"
        assert {problem.file for problem in verifier.verify(with_member("checkpoint", note.encode()), ALL).problems} == {"checkpoint"}
