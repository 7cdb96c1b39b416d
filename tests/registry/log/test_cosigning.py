"""The log shows its checkpoints to witnesses: a cosigned checkpoint, one that is away, one that lags, one that lies."""

import threading
from datetime import timedelta
from uuid import uuid4
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from django.db import DatabaseError, connection, transaction

from registry.base.actor import SYSTEM
from registry.log import cosigning
from registry.log.checkpoint import open_checkpoint
from registry.log.cosignature import WitnessSigner
from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.models import Cosignature, LogState, SignedCheckpoint
from registry.log.schemas import declare
from registry.log.selectors import proof_of
from registry.log.services import record
from registry.log.tasks import cosign_once
from registry.log.witness import Witness
from registry.log.witness_server import application

declare("test.witnessed", public=("number",))

pytestmark = pytest.mark.django_db
KEYS = [WitnessSigner(f"witness.example/w{number}", bytes([number]) * 32) for number in (1, 2)]


class Quiet(WSGIRequestHandler):
    def log_message(self, *_args):
        """Say nothing."""


def happen(count=1):
    event = [record("test.witnessed", subject=("Test", uuid4()), actor=SYSTEM, public={"number": n}, sealed={}) for n in range(count)][-1]
    integrate()
    return event


@pytest.fixture
def log():
    happen()
    return environment_keys(LogState.objects.get().log_id)[0].verifier


@pytest.fixture
def serve():
    """Serve WSGI applications on free ports; returns each one's address."""
    running = []

    def start(served):
        server = make_server("127.0.0.1", 0, served, handler_class=Quiet)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def believe(log, settings, tmp_path, monkeypatch):
    """Write the policy: these addresses, for the first keys in turn."""
    monkeypatch.setattr(cosigning, "EVERY", timedelta(0))
    monkeypatch.setattr(cosigning, "PAUSE_SECONDS", 0.0)
    cosigning._failed_at.clear()

    def write(*urls):
        lines = [f"log {log}", *(f"witness w{at} {key.key} {url}" for at, (key, url) in enumerate(zip(KEYS, urls, strict=False)))]
        (tmp_path / "policy").write_text("\n".join([*lines, "quorum none", ""]))
        settings.EGRET_LOG_POLICY = str(tmp_path / "policy")

    return write


def witness(log, folder, key=KEYS[0]):
    return application(Witness(key, {log.name: [log]}, folder), now=lambda: 1_790_000_000)


def signers(log):
    """Return who signed the published checkpoint, and its size."""
    note = LogFiles.of(LogState.objects.get().log_id).read("checkpoint")
    checkpoint, keys = open_checkpoint(note, log=log, witnesses=[each.key for each in KEYS])
    return checkpoint.size, {key.name for key in keys} - {log.name}


def test_without_a_policy_nobody_is_asked(log):
    assert (cosign_once(), signers(log)) == (0, (1, set()))


def test_two_witnesses_cosign_and_their_lines_stand_in_the_file_and_in_every_proof(log, serve, believe, tmp_path):
    believe(*(serve(witness(log, tmp_path / key.name[-2:], key)) for key in KEYS))
    names = {key.name for key in KEYS}
    assert (cosign_once(), signers(log)) == (2, (1, names))
    assert cosign_once() == 0
    event = happen(300)
    assert signers(log) == (301, set())
    assert (cosign_once(), signers(log)) == (2, (301, names))
    proof = proof_of(event)
    assert len(open_checkpoint(proof.note.encode(), log=log, witnesses=[each.key for each in KEYS])[1]) == 3
    assert Cosignature.objects.count() == 4


def test_a_line_that_could_not_be_shown_while_the_integrator_was_at_work_is_shown_afterwards(log, serve, believe, tmp_path, monkeypatch):
    believe(serve(witness(log, tmp_path / "w1")))
    with monkeypatch.context() as busy:
        busy.setattr(cosigning, "try_lock", lambda: False)
        assert (cosign_once(), signers(log)) == (1, (1, set()))
    assert (cosign_once(), signers(log)) == (0, (1, {KEYS[0].name}))
    with monkeypatch.context() as idle:
        idle.setattr(cosigning, "try_lock", lambda: pytest.fail("what is shown is left alone"))
        assert cosign_once() == 0


def test_a_witness_that_is_away_holds_nobody_up_and_is_caught_up_later(log, serve, believe, tmp_path):
    believe(serve(witness(log, tmp_path / "w1")), "http://127.0.0.1:1")
    assert (cosign_once(), signers(log)) == (1, (1, {KEYS[0].name}))
    happen(5)
    assert cosign_once() == 1
    believe(serve(witness(log, tmp_path / "w1")), serve(witness(log, tmp_path / "w2", KEYS[1])))
    assert (cosign_once(), signers(log)) == (1, (6, {key.name for key in KEYS}))


def test_a_witness_that_has_seen_more_than_we_remember_tells_us_its_size(log, serve, believe, tmp_path):
    believe(serve(witness(log, tmp_path / "w1")))
    happen(4)
    assert cosign_once() == 1
    happen(4)
    with transaction.atomic():
        cosign_once()
        transaction.set_rollback(True)  # we forget that it has seen size 9
    happen(1)
    assert (cosign_once(), signers(log)) == (1, (10, {KEYS[0].name}))


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"\xff", KEYS[1].cosign("other\n", seconds=1).line.encode(), b"x" * 100_000])
@pytest.mark.parametrize("status", ["200 OK", "409 Conflict", "500 Error", "302 Found"])
def test_whatever_a_witness_answers_the_checkpoint_stands(log, serve, believe, answer, status):
    def lying(_environ, start):
        start(status, [("Content-Length", str(len(answer)))])
        return [answer]

    believe(serve(lying))
    before = LogFiles.of(LogState.objects.get().log_id).read("checkpoint")
    assert cosign_once() == 0
    assert LogFiles.of(LogState.objects.get().log_id).read("checkpoint") == before
    assert not Cosignature.objects.exists()


def test_a_witness_that_does_not_cosign_is_left_alone_for_a_while(log, serve, believe, monkeypatch):
    asked = []

    def refusing(_environ, start):
        asked.append(1)
        start("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]

    believe(serve(refusing))
    monkeypatch.setattr(cosigning, "PAUSE_SECONDS", 30.0)
    assert [cosign_once() for _ in range(5)] == [0] * 5
    assert len(asked) == 1
    cosigning._failed_at = {key: at - 31 for key, at in cosigning._failed_at.items()}
    assert (cosign_once(), len(asked)) == (0, 2)


def test_a_newer_checkpoint_is_not_put_back_by_cosignatures_of_an_older_one(log, serve, believe, tmp_path):
    older = SignedCheckpoint.objects.get()
    happen(3)
    cosigning._show(older)
    assert signers(log) == (4, set())


def test_cosignatures_can_be_neither_changed_nor_deleted(log, serve, believe, tmp_path):
    believe(serve(witness(log, tmp_path / "w1")))
    cosign_once()
    for statement in ("UPDATE registry_log_cosignature SET line = 'x'", "DELETE FROM registry_log_cosignature"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
