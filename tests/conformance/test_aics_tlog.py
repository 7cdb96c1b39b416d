"""aics-tlog, a reader and writer of such logs that nobody here wrote: it reads ours unchanged, and we read what it builds."""

import hashlib
from base64 import b64decode, b64encode
from pathlib import Path

import pytest

from registry.log.audit import Audit
from registry.log.checkpoint import BadCheckpoint, open_checkpoint
from registry.log.cosignature import WitnessKey
from registry.log.merkle import InvalidProof, Tree, leaf_hash, verify_consistency, verify_inclusion
from registry.log.note import Verifier
from registry.log.policy import parse_policy
from registry.log.selectors import leaf_bytes, proof_of
from registry.log.tiles import entries_path, tiles_between
from registry.log.tlog_proof import TlogProof, tlog_proof
from tests.conformance.peer import ask, command
from tests.conformance.served import WITNESS, folder, grow, market
from tests.registry.log.published import KEY, written

NAME, PYTHON = "aics_reads", 12
ACCEPTED = [True, False, False]
"""The entry with its proof; another entry; a changed proof."""


def aics(*arguments: object):
    return command(NAME, "aics_tlog", *map(str, arguments), least=PYTHON)


def digest(entries):
    return hashlib.sha256(b"".join(len(entry).to_bytes(4, "big") + entry for entry in entries)).hexdigest()


def put(path: Path, files):
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


def files_of(size):
    """Count the tiles of a log, and its bundles."""
    return len(list(tiles_between(0, size))), -(-size // 256)


@pytest.mark.longest
def test_it_reads_the_log_that_a_market_serves_and_its_witness_has_cosigned(committed_db, tmp_path):
    with market(committed_db.url, tmp_path) as served:
        grow(served, 5, 290, 1, 330)
        job = {"do": "read", "url": served.url, "key": served.key, "witnesses": [served.witness], "samples": 40}
        told = ask(NAME, job | {"older": [note.decode() for note in served.notes]}, least=PYTHON)
        audit = Audit(served.get, Verifier.parse(served.key))
        entries = [entry for block in audit.blocks() for entry in block.entries]
        assert audit.findings == []
        assert (told["size"], told["witnesses"], told["entries"]) == (len(entries), [WITNESS], digest(entries))
        assert (told["tiles"], told["bundles"]) == files_of(len(entries))
        assert told["included"] == [ACCEPTED] * 40
        sizes = [int(note.split(b"\n")[1]) for note in served.notes]
        assert len(set(sizes)) == 4
        # with the root of another size instead of its own, an older checkpoint is no beginning; the newest one's own root is its own
        assert told["consistent"] == [[size, True, size == sizes[-1]] for size in sizes]

        place = sizes[1] - 1
        source = ("--tiles", served.url, "--log-key", served.key)
        witnessed = ("--witness-key", served.witness, "--quorum", 1, "--max-age", 3600, "--timeout", 10)
        status, said = aics("verify-checkpoint", *source, *witnessed)
        assert (status, said["ok"], said["witnesses"]) == (0, True, [WITNESS])
        status, said = aics("verify-inclusion", *source, *witnessed, "--index", place, "--entry-out", tmp_path / "entry")
        assert (status, said["ok"], (tmp_path / "entry").read_bytes()) == (0, True, entries[place])
        (tmp_path / "old").write_bytes(served.notes[0])
        status, said = aics("verify-consistency", *source, "--old-checkpoint", tmp_path / "old")
        assert (status, said["ok"]) == (0, True)

        other = served.key.replace("+", "x+", 1)
        assert aics("verify-checkpoint", "--tiles", served.url, "--log-key", other)[0] == 1
        proofs = [proof_of(event) for event in served.events[:: len(served.events) // 20]]
        leaves = [leaf_hash(leaf_bytes(event)) for event in served.events[:: len(served.events) // 20]]
        root = open_checkpoint(proofs[0].note.encode(), log=Verifier.parse(served.key))[0].root
        shown = [
            [b64encode(leaf).decode(), proof.index, [b64encode(each).decode() for each in proof.hashes]]
            for leaf, proof in zip([*leaves, leaves[1]], [*proofs, proofs[0]], strict=True)
        ]
        job = {"do": "verify", "root": b64encode(root).decode(), "size": proofs[0].size, "proofs": shown}
        assert ask(NAME, job, least=PYTHON) == [True] * len(proofs) + [False]


def test_it_reads_a_log_of_seventy_thousand_entries_and_refuses_it_with_one_byte_changed(tmp_path):
    put(tmp_path, written(70_000))
    older = [written(size)["checkpoint"].decode() for size in (1, 256, 65_536, 65_537, 70_000)]
    with folder(tmp_path) as url:
        job = {"do": "read", "url": url, "key": str(KEY.verifier), "witnesses": [], "samples": 50, "older": older}
        told = ask(NAME, job, least=PYTHON)
        assert (told["size"], told["entries"]) == (70_000, digest(f"entry {number}".encode() for number in range(70_000)))
        assert (told["tiles"], told["bundles"]) == files_of(70_000)
        assert (tmp_path / "tile/2/000.p/1").exists()
        assert told["included"] == [ACCEPTED] * 50
        assert told["consistent"] == [[size, True, size == 70_000] for size in (1, 256, 65_536, 65_537, 70_000)]
        for name in ("tile/0/100", "tile/1/000", "tile/2/000.p/1", entries_path(200)):
            good = (tmp_path / name).read_bytes()
            (tmp_path / name).write_bytes(good[:20] + bytes([good[20] ^ 1]) + good[21:])
            refused = ask(NAME, job, least=PYTHON)["refused"]
            assert name.split("/", 2)[2] in refused or "right-edge" in refused, refused
            (tmp_path / name).write_bytes(good)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A log of 66,000 entries that the other program wrote in steps, and what it said of it."""
    path = tmp_path_factory.mktemp("built")
    job = {"do": "build", "folder": str(path), "name": "log.example/theirs", "witness": "witness.example/theirs", "samples": 60}
    return path, ask(NAME, job | {"sizes": [1, 255, 256, 257, 700, 65_536, 66_000]}, least=PYTHON)


def test_our_audit_reads_the_log_that_it_builds_and_its_files_are_ours_byte_for_byte(built):
    path, said = built

    def read(name):
        return (path / name).read_bytes() if (path / name).is_file() else None

    policy = parse_policy(f"log {said['key']}\nwitness w {said['witness']}\nquorum w\n".encode())
    audit = Audit(read, Verifier.parse(said["key"]), policy=policy)
    assert [entry for block in audit.blocks() for entry in block.entries] == [f"entry {number}".encode() for number in range(66_000)]
    assert audit.findings == []
    ours = {name: content for name, content in written(66_000).items() if name != "checkpoint"}
    assert {name: read(name) for name in ours} == ours


def test_we_accept_its_checkpoints_cosignatures_and_proofs_and_refuse_them_for_another(built):
    _, said = built
    log, witness = Verifier.parse(said["key"]), WitnessKey.parse(said["witness"])
    heads = {}
    for text in said["notes"]:
        checkpoint, signed = open_checkpoint(text.encode(), log=log, witnesses=[witness])
        assert signed == (log, witness)
        heads[checkpoint.size] = checkpoint
        with pytest.raises(BadCheckpoint):
            open_checkpoint(text.replace(f"\n{checkpoint.size}\n", f"\n{checkpoint.size + 1}\n").encode(), log=log)
    assert list(heads) == [1, 255, 256, 257, 700, 65_536, 66_000]
    last = heads[66_000]
    assert last.root == Tree(leaf_hash(f"entry {number}".encode()) for number in range(66_000)).root()
    for index, proof in said["included"]:
        path = [b64decode(each) for each in proof]
        verify_inclusion(index=index, size=last.size, leaf=leaf_hash(f"entry {index}".encode()), proof=path, root=last.root)
        with pytest.raises(InvalidProof):
            verify_inclusion(index=index, size=last.size, leaf=leaf_hash(b"other"), proof=path, root=last.root)
    for old, proof in said["consistent"]:
        sizes = {"old_size": old, "new_size": last.size}
        path = [b64decode(each) for each in proof]
        verify_consistency(**sizes, old_root=heads[old].root, new_root=last.root, proof=path)
        with pytest.raises(InvalidProof):
            verify_consistency(**sizes, old_root=last.root, new_root=last.root, proof=path)


def test_a_proof_file_made_of_its_proof_and_its_checkpoint_is_read_by_us(built):
    _, said = built
    policy = parse_policy(f"log {said['key']}\nwitness w {said['witness']}\nquorum w\n".encode())
    index, proof = said["included"][0]
    file = bytes(tlog_proof(index=index, path=[b64decode(each) for each in proof], note=said["notes"][-1]))
    TlogProof.parse(file).verify(leaf_hash(f"entry {index}".encode()), policy)
    with pytest.raises(BadCheckpoint):
        TlogProof.parse(file.replace(b"witness.example/theirs", b"witness.example/others")).verify(leaf_hash(b""), policy)
