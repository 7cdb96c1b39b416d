"""sigstore-python judges entries of our log as if they stood in a Rekor: its own parser, its own key ring, its own Merkle verifier."""

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest

from registry.base.local_keys import OPTIONAL
from registry.log.checkpoint import open_checkpoint
from registry.log.merkle import Tree, leaf_hash
from registry.log.note import Verifier, parse_note, sign_note
from registry.log.selectors import leaf_bytes, proof_of
from tests.conformance.peer import ask
from tests.conformance.served import grow, market
from tests.registry.log.published import KEY, written

NAME, PYTHON = "sigstore_checks", 11


def judged(log: Verifier, entries):
    return ask(NAME, {"key": b64encode(log.key).decode(), "entries": entries}, least=PYTHON)


def told(log: Verifier, *, index, path, body, note):
    """An entry as sigstore's bundles have it; the log's id is the whole hash of which a note's key id is the beginning."""
    return {
        "index": index,
        "path": [b64encode(each).decode() for each in path],
        "body": b64encode(body).decode(),
        "note": note,
        "log_id": b64encode(sha256(log.name.encode() + b"\n\x01" + log.key).digest()).decode(),
    }


@pytest.mark.longest
def test_it_accepts_entries_of_the_log_that_a_market_serves_with_and_without_the_lines_below_its_own(committed_db, tmp_path):
    with market(committed_db.url, tmp_path) as served:
        grow(served, 40, 300)
        log = Verifier.parse(served.key)
        proofs = {event: proof_of(event) for event in served.events[::17]}
        entries = [
            told(log, index=proof.index, path=proof.hashes, body=leaf_bytes(event), note=proof.note) for event, proof in proofs.items()
        ]
        note = served.notes[-1].decode()
        checkpoint, _ = open_checkpoint(note.encode(), log=log)
        assert {each["note"] for each in entries} == {note}
        assert parse_note(note.encode()).signatures[0].key_id == b64decode(entries[0]["log_id"])[:4]
        text, *lines = note.split("\u2014 ")
        assert len(lines) == 2 + len(OPTIONAL.keys() & {"EGRET_LOG_SM2_KEY"})  # the log's, by SM2 where a market has it, the witness's
        shorter = [each | {"note": "\u2014 ".join([text, *lines[:kept]])} for each in entries for kept in range(1, len(lines))]
        assert judged(log, entries + shorter) == [""] * len(lines) * len(entries)
        assert checkpoint.size > 340


TREE = Tree(leaf_hash(f"entry {number}".encode()) for number in range(70_000))
NOTE = written(70_000)["checkpoint"].decode()


def sample(place, **changed):
    given = {"index": place, "path": TREE.inclusion_proof(place), "body": f"entry {place}".encode(), "note": NOTE}
    return told(KEY.verifier, **(given | changed))


def test_it_accepts_entries_of_a_log_of_seventy_thousand():
    places = [0, 1, 255, 256, 65_535, 65_536, 69_999, *range(100, 70_000, 997)]
    assert judged(KEY.verifier, [sample(index) for index in places]) == [""] * len(places)


PATH = TREE.inclusion_proof(300)
OTHER = written(70_001)["checkpoint"].decode()
FORGED = str(sign_note(OTHER.partition("\n\n")[0] + "\n", [type(KEY).of_seed(KEY.name, b"\x09" * 32)]))
WRONG = {
    "another entry": ({"body": b"entry 301"}, "inclusion proof contains invalid root hash"),
    "another place": ({"index": 301}, "inclusion proof contains invalid root hash"),
    "a hash less": ({"path": PATH[:-1]}, "inclusion proof has wrong size"),
    "a hash more": ({"path": [*PATH, PATH[0]]}, "inclusion proof has wrong size"),
    "a changed hash": ({"path": [bytes(32), *PATH[1:]]}, "inclusion proof contains invalid root hash"),
    "another size": ({"note": OTHER}, "inclusion proof contains invalid root hash"),
    "another key's signature": ({"note": FORGED}, "checkpoint: Signature not found"),
    "a changed root": ({"note": NOTE.replace("\n70000\n", "\n70001\n")}, "checkpoint: invalid signature"),
}


@pytest.fixture(scope="module")
def refusals():
    """What it says of each wrong entry, in one run."""
    return dict(zip(WRONG, judged(KEY.verifier, [sample(300, **changed) for changed, _ in WRONG.values()]), strict=True))


@pytest.mark.parametrize("case", WRONG)
def test_it_refuses_what_is_wrong_and_says_why(refusals, case):
    assert refusals[case].startswith(WRONG[case][1]), refusals[case]
