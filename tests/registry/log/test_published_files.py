"""The log over HTTP, for anybody: every file as tlog-tiles has it, each entry's proof, and what a seal hides from whom."""

import json
from uuid import uuid4

import pytest
from django.test import Client

from registry.base.actor import SYSTEM, PartyKind
from registry.log import selectors
from registry.log.audit import Audit
from registry.log.integrator import integrate
from registry.log.keys import environment_keys
from registry.log.merkle import leaf_hash
from registry.log.models import Entry, LogState
from registry.log.policy import parse_policy
from registry.log.schemas import declare
from registry.log.selectors import proof_of, verifier_key
from registry.log.services import erase, record
from registry.log.tlog_proof import TlogProof, tlog_proof
from tests.support.filings import door
from tests.support.parties import admit

declare("test.served", public=("number",))
declare("test.sealed", public=(), sealed=("price",))

pytestmark = pytest.mark.django_db


def get(path):
    return Client().get(f"/log/{LogState.objects.get().log_id}/{path}")


def read(path):
    answer = get(path)
    assert answer.status_code in {200, 404}
    return answer.content if answer.status_code == 200 else None


@pytest.fixture
def log():
    for number in range(300):
        record("test.served", subject=("Test", uuid4()), actor=SYSTEM, public={"number": number}, sealed={})
    integrate()
    return environment_keys(LogState.objects.get().log_id)[0].verifier


def test_an_outsider_audits_the_log_over_http(log):
    audit = Audit(read, log)
    assert [len(block.entries) for block in audit.blocks()] == [256, 44]
    assert audit.findings == []


def test_the_checkpoint_is_kept_for_seconds_and_a_tile_for_ever(log):
    checkpoint, tile, bundle = get("checkpoint"), get("tile/0/000"), get("tile/entries/001.p/44")
    assert (checkpoint["Content-Type"], checkpoint["Cache-Control"]) == ("text/plain; charset=utf-8", "public, max-age=2")
    for answer in (tile, bundle):
        assert answer["Content-Type"] == "application/octet-stream"
        assert "immutable" in answer["Cache-Control"]
    assert len(tile.content) == 8192


@pytest.mark.parametrize(
    "path",
    [
        *("", "tile", "tile/0", "tile/0/1", "tile/0/0000", "tile/8/000", "tile/0/002", "tile/0/000.p/0", "tile/0/001.p/45", "tile/-1/000"),
        *("tile/entries/../../checkpoint", "../checkpoint", "tile/0/x000/000", "checkpoint/", "tile/0/000/", "%2e%2e/checkpoint"),
    ],
)
def test_what_is_no_file_of_the_log_is_not_found(log, path):
    assert get(path).status_code == 404


def test_another_log_and_another_method_are_refused(log):
    assert Client().get(f"/log/{uuid4()}/checkpoint").status_code == 404
    assert Client().get("/log/------------------------------------/tile/0/000").status_code == 404
    assert Client().post(f"/log/{LogState.objects.get().log_id}/checkpoint").status_code == 405


def test_an_entrys_proof_file_proves_it_to_who_trusts_the_log(log, monkeypatch):
    monkeypatch.setattr(selectors, "LEAVES_MAX", 70)  # the tree is read in five parts
    entry = Entry.objects.order_by("id")[150]
    proof = proof_of(entry.pk)
    file = bytes(tlog_proof(index=proof.index, path=proof.hashes, note=proof.note))
    policy = parse_policy(f"log {verifier_key()}\nquorum none\n".encode())
    TlogProof.parse(file).verify(leaf_hash(bytes(entry.body)), policy)


def test_what_an_entry_seals_is_disclosed_to_who_recorded_it_and_to_regulators_alone():
    mine, rival, regulator = (admit(kind, name=str(kind)) for kind in (PartyKind.MERCHANT, PartyKind.BUYER, PartyKind.REGULATOR))
    event = record("test.sealed", subject=("Test", uuid4()), actor=mine.actor, public={}, sealed={"price": "12.00"})
    integrate()
    text = "query($kind: String) { logEntries(first: 5, schema: $kind) { nodes { body disclosed } } }"

    def told(party):
        return [node["disclosed"] for node in door(party).query(text, kind="test.sealed")["logEntries"]["nodes"]]

    whole = {"price": "12.00", "/actor": {"person": str(mine.actor.person), "organisation": str(mine.organisation.pk)}}
    assert [json.loads(each) for each in told(mine) + told(regulator)] == [whole, whole]
    assert told(rival) == []
    erase(event=event, path="price")
    assert json.loads(told(regulator)[0]) == {"/actor": whole["/actor"]}


def test_an_entry_is_on_record_at_once_and_says_when_outsiders_can_verify_it():
    regulator = admit(PartyKind.REGULATOR, name="regulator")
    record("test.sealed", subject=("Test", uuid4()), actor=regulator.actor, public={}, sealed={"price": "1.00"})
    text = "query($kind: String) { logEntries(first: 5, schema: $kind) { nodes { log { status index size } proof { index } } } }"

    def told():
        (node,) = door(regulator).query(text, kind="test.sealed")["logEntries"]["nodes"]
        return node

    assert told() == {"log": {"status": "REGISTERED", "index": None, "size": None}, "proof": None}
    added = integrate()
    place = told()
    assert place == {"log": {"status": "LOGGED", "index": place["proof"]["index"], "size": str(added)}, "proof": place["proof"]}
