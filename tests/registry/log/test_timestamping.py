"""The log has its checkpoints timestamped: by OpenSSL's authority, and by every bad one, which leaves nothing behind."""

import subprocess
import threading
import time
from datetime import timedelta
from uuid import uuid4

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

from registry.base import clock
from registry.base.actor import SYSTEM
from registry.log import asking, timestamping, verifier
from registry.log.gathering import best_checkpoint
from registry.log.integrator import integrate
from registry.log.models import Cosignature, SignedCheckpoint, Timestamp
from registry.log.schemas import declare
from registry.log.services import record
from registry.log.tasks import timestamp_once
from registry.log.timestamping import BadTimestamp, checked
from tests.support.tsa import STAMPING, Authority, Certified, Forger, answering, certified, openssl_authority, served

declare("test.stamped", public=("number",))

pytestmark = pytest.mark.django_db
HONEST = Authority.simulated()
MESSAGE = b"log.example/one\n1\nAAAA\n\n- log.example/one BBBB\n"


def happen(count=1):
    for number in range(count):
        record("test.stamped", subject=("Test", uuid4()), actor=SYSTEM, public={"number": number}, sealed={})
    integrate()


@pytest.fixture
def ask(settings, tmp_path, monkeypatch):
    """Name the authority at an address, and the root that it is judged by."""
    monkeypatch.setattr(timestamping, "PAUSE_SECONDS", 0.0)
    timestamping._failed_at.clear()

    def name(url, root=HONEST.root):
        (tmp_path / "roots.pem").write_bytes(root.pem)
        settings.EGRET_TSA_URL, settings.EGRET_TSA_ROOTS = url, str(tmp_path / "roots.pem")

    return name


@pytest.fixture
def authority(tmp_path, ask):
    """OpenSSL's authority, asked from now on."""
    with openssl_authority(tmp_path, HONEST) as url:
        ask(url)
        yield url


def sizes():
    return sorted(Timestamp.objects.values_list("size", flat=True))


def test_without_an_authority_nobody_is_asked_and_without_roots_nothing_is_believed(settings):
    happen()
    assert (timestamp_once(), sizes()) == (0, [])
    settings.EGRET_TSA_URL = "http://127.0.0.1:1/tsr"
    with pytest.raises(ImproperlyConfigured, match="EGRET_TSA_ROOTS"):
        timestamp_once()


@pytest.mark.parametrize("key", [None, rsa.generate_private_key(65537, 2048)], ids=["ecdsa", "rsa"])
def test_openssl_stamps_the_note_as_the_log_signed_it_and_three_programs_agree(tmp_path, ask, key):
    by = HONEST if key is None else Authority.simulated(key=key)
    happen()
    with openssl_authority(tmp_path, by) as url:
        ask(url, by.root)
        assert (timestamp_once(), sizes()) == (1, [1])
    row, note = Timestamp.objects.get(), SignedCheckpoint.objects.get().note
    assert row.authority == "CN=Simulated timestamp authority"
    stamp = verifier.read_stamp(bytes(row.token))
    assert verifier.authority_of(stamp, by.root.pem) == row.authority
    assert abs(stamp.at - clock.now()) < timedelta(minutes=5)
    (tmp_path / "note").write_text(note)
    (tmp_path / "stored.tsr").write_bytes(bytes(row.token))
    command = ["openssl", "ts", "-verify", "-data", "note", "-in", "stored.tsr", "-CAfile", "root.pem"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30, check=False).stdout == b"Verification: OK\n"
    (tmp_path / "note").write_text(note.replace("\n1\n", "\n2\n"))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30, check=False).returncode == 1


def test_a_growing_log_is_stamped_once_a_minute_and_a_quiet_one_once_more(authority, monkeypatch):
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    happen()
    assert timestamp_once() == 1
    happen(2)
    assert [timestamp_once(), timestamp_once()] == [0, 0]
    now += timestamping.EVERY
    assert [timestamp_once(), timestamp_once()] == [1, 0]
    now += 10 * timestamping.EVERY
    assert (timestamp_once(), sizes()) == (0, [1, 3])


def test_the_newest_checkpoint_that_a_witness_cosigned_is_stamped_so_that_a_bundle_has_both(authority):
    for _ in range(3):
        happen()
    Cosignature.objects.create(size=2, witness="w", line="l", at=clock.now())
    assert (timestamp_once(), sizes()) == (1, [2])


def test_a_bundle_is_packed_under_what_proves_most():
    for _ in range(8):
        happen()
    for newest, least, plain in ((False, 3, 3), (True, 3, 8)):
        assert best_checkpoint(least, newest=newest).size == plain
    for size, witness in ((4, "a"), (5, "a"), (5, "b"), (6, "a"), (6, "b"), (2, "a"), (2, "b"), (2, "c")):
        Cosignature.objects.create(size=size, witness=witness, line=witness, at=clock.now())
    assert (best_checkpoint(3, newest=False).size, best_checkpoint(3, newest=True).size) == (5, 6)
    for size in (3, 4, 7):
        Timestamp.objects.create(size=size, token=b"t", authority="a", at=clock.now())
    assert (best_checkpoint(3, newest=False).size, best_checkpoint(3, newest=True).size) == (4, 4)
    assert (best_checkpoint(5, newest=False).size, best_checkpoint(8, newest=True).size) == (7, 8)
    assert best_checkpoint(9, newest=True) is None


def test_timestamps_can_be_neither_changed_nor_deleted(authority):
    happen()
    timestamp_once()
    for statement in ("UPDATE registry_log_timestamp SET token = ''", "DELETE FROM registry_log_timestamp"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


@pytest.mark.parametrize(
    ("content", "status"),
    [(b"", "200 OK"), (b"nonsense", "200 OK"), (b"\x30\x80\x00\x00", "200 OK"), (b"\x30" * 1_000_000, "200 OK"), (b"", "500 Error")],
    ids=["empty", "garbage", "indefinite", "a megabyte", "500"],
)
def test_whatever_an_authority_answers_the_log_goes_on(ask, content, status):
    happen()
    with served(answering(content, status)) as url:
        ask(url)
        assert (timestamp_once(), sizes()) == (0, [])
    assert SignedCheckpoint.objects.count() == 1


def test_an_authority_that_gives_no_good_answer_is_left_alone_for_a_while(ask, monkeypatch):
    asked = []

    def refusing(environ, start):
        asked.append(environ["PATH_INFO"])
        start("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    happen()
    with served(refusing) as url:
        ask(url)
        monkeypatch.setattr(timestamping, "PAUSE_SECONDS", 30.0)
        assert [timestamp_once() for _ in range(5)] == [0] * 5
        assert asked == ["/tsr"]
        timestamping._failed_at = {key: at - 31 for key, at in timestamping._failed_at.items()}
        assert (timestamp_once(), len(asked)) == (0, 2)


def test_an_authority_that_talks_slowly_is_hung_up_on(ask, monkeypatch):
    """However it dawdles: before the answer, or between its bytes."""
    done = threading.Event()

    def silent(_environ, _start):
        done.wait(300)
        return [b""]

    def trickling(environ, start):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start("200 OK", [("Content-Length", "100000")])

        def slowly():
            while not done.wait(0.05):
                yield b"x"

        return slowly()

    happen()
    monkeypatch.setattr(timestamping, "TIMEOUT_SECONDS", 0.5)
    for application in (silent, trickling):
        with served(application) as url:
            ask(url)
            began = time.monotonic()
            assert (timestamp_once(), sizes()) == (0, [])
            assert time.monotonic() - began < 60
            done.set()
        done.clear()


@pytest.mark.parametrize("url", ["", "nonsense", "ftp://127.0.0.1/", "http://127.0.0.1:99999/", "http://[", "http://127.0.0.1:1/"])
def test_an_address_that_leads_nowhere_is_no_answer(url):
    assert asking.post(url, b"", content_type="text/plain", seconds=1.0, most=10) == (0, b"")


def test_an_answer_is_taken_whole_or_not_at_all():
    def without_length(environ, start):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start("200 OK", [])
        return [b"12345"]

    for application, most, found in (
        (answering(b"12345"), 5, (200, b"12345")),
        (answering(b"12345"), 4, (0, b"")),
        (without_length, 5, (200, b"12345")),
        (without_length, 4, (0, b"")),
        (answering(b"", "302 Found"), 5, (302, b"")),
    ):
        with served(application) as url:
            assert asking.post(url, b"body", content_type="text/plain", seconds=5.0, most=most) == found


@pytest.fixture(scope="module")
def asked():
    return TimestampRequestBuilder().data(MESSAGE).hash_algorithm(HashAlgorithm.SHA256).build()


def authority_with(**given) -> Authority:
    return Authority(HONEST.root, certified("Simulated", by=HONEST.root, **{"usage": STAMPING, **given}))


BAD = {
    "wrong imprint": lambda nonce: Forger(HONEST, nonce=nonce).answer(MESSAGE + b"x"),
    "wrong nonce": lambda nonce: Forger(HONEST, nonce=nonce + 1).answer(MESSAGE),
    "no nonce": lambda _: Forger(HONEST).answer(MESSAGE),
    "other root": lambda nonce: Forger(Authority.simulated(), nonce=nonce).answer(MESSAGE),
    "other root of the same name": lambda nonce: Forger(Authority.simulated(), nonce=nonce).answer(MESSAGE),
    "expired": lambda nonce: Forger(authority_with(days=(0, 30)), nonce=nonce).answer(MESSAGE),
    "not valid yet": lambda nonce: Forger(authority_with(days=(3000, 3030)), nonce=nonce).answer(MESSAGE),
    "no purpose": lambda nonce: Forger(authority_with(usage=None), nonce=nonce).answer(MESSAGE),
    "another purpose": lambda nonce: Forger(
        authority_with(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])), nonce=nonce
    ).answer(MESSAGE),
    "purpose not critical": lambda nonce: Forger(authority_with(critical=False), nonce=nonce).answer(MESSAGE),
    "one purpose more": lambda nonce: Forger(
        authority_with(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING])), nonce=nonce
    ).answer(MESSAGE),
    "in the future": lambda nonce: Forger(HONEST, nonce=nonce, at="20351124040000Z").answer(MESSAGE),
    "refused": lambda nonce: Forger(HONEST, nonce=nonce, status=2).answer(MESSAGE),
    "no certificate": lambda nonce: Forger(HONEST, nonce=nonce, chain=()).answer(MESSAGE),
    "signed by another key": lambda nonce: Forger(
        Authority(HONEST.root, Certified(HONEST.signer.certificate, Authority.simulated().signer.key)), nonce=nonce
    ).answer(MESSAGE),
}


@pytest.mark.parametrize("how", BAD)
def test_a_bad_answer_is_not_kept(asked, how):
    with pytest.raises(BadTimestamp):
        checked(BAD[how](asked.nonce), asked, MESSAGE, HONEST.root.pem)


def test_the_same_answer_without_the_flaw_is_kept(asked):
    assert checked(Forger(HONEST, nonce=asked.nonce).answer(MESSAGE), asked, MESSAGE, HONEST.root.pem) == "CN=Simulated timestamp authority"
