"""Witness, cosignature, policy and proof file: what each accepts, every refusal, and a race that must not roll a witness back."""

import fcntl
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.log import witness as witness_module
from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.cosignature import WitnessKey, WitnessSigner
from registry.log.merkle import InvalidProof, Tree, leaf_hash
from registry.log.note import BadNote, Signer, sign_note
from registry.log.policy import BadPolicy, parse_policy
from registry.log.tlog_proof import BadProofFile, TlogProof
from registry.log.witness import PROOF_MAX, SIZE_TYPE, Witness

LOG = Signer.of_seed("log.example/watched", b"\x01" * 32)
OTHER = Signer.of_seed("log.example/other", b"\x02" * 32)
US = WitnessSigner("witness.example/w1", b"\x03" * 32)
LEAVES = [leaf_hash(str(number).encode()) for number in range(300)]
TREE = Tree(LEAVES)
NOW = 1_790_000_000


def checkpoint(size, *, tree=TREE, key=LOG):
    return sign_checkpoint(Checkpoint(key.name, size, tree.root(size)), [key])


def asked(old, size, *, tree=TREE, proof=None, key=LOG):
    lines = tree.consistency_proof(old, size) if proof is None else proof
    return b"".join([f"old {old}\n".encode(), *(b64encode(each) + b"\n" for each in lines), b"\n", checkpoint(size, tree=tree, key=key)])


@pytest.fixture
def witness(tmp_path):
    return Witness(US, {LOG.name: [LOG.verifier]}, tmp_path)


def told(answer):
    return answer.status.value, answer.body, answer.content_type == SIZE_TYPE


def test_a_checkpoint_that_continues_the_last_one_is_cosigned_and_anybody_can_check_it(witness, tmp_path):
    for old, size in ((0, 5), (5, 5), (5, 256), (256, 300)):
        answer = witness.add_checkpoint(asked(old, size), seconds=NOW)
        assert answer.status is HTTPStatus.OK
        note = checkpoint(size) + answer.body.encode()
        assert open_checkpoint(note, log=LOG.verifier, witnesses=[US.key])[1] == (LOG.verifier, US.key)
    again = Witness(US, {LOG.name: [LOG.verifier]}, tmp_path)
    assert told(again.add_checkpoint(asked(5, 256), seconds=NOW)) == (409, "300\n", True)


def test_every_refusal_has_its_status_and_changes_nothing(witness):
    assert witness.add_checkpoint(asked(0, 5), seconds=NOW).status is HTTPStatus.OK
    other = Tree([leaf_hash(b"other"), *LEAVES[1:]])
    forged = Signer.of_seed(LOG.name, b"\x09" * 32)
    refused = {
        404: [asked(0, 5, key=OTHER)],
        403: [asked(5, 6, key=forged)],
        409: [asked(0, 6), asked(4, 6), asked(5, 5, tree=other, proof=[])],
        422: [
            *(asked(5, 6, tree=other), asked(5, 6, proof=[]), asked(5, 5, proof=[bytes(32)])),
            b"old 0\n\n" + str(sign_note(f"{LOG.name}\n0\n{b64encode(bytes(32)).decode()}\n", [LOG])).encode(),
        ],
        400: [
            *(b"", b"old 5\n", b"old 05\n\n" + checkpoint(6), b"old -1\n\n" + checkpoint(6), b"old 5\nnot base64\n\n" + checkpoint(6)),
            *(b"old 5\n" + b64encode(b"short") + b"\n\n" + checkpoint(6), b"old 7\n\n" + checkpoint(6), b"old 5\n\nno note"),
            *(asked(5, 6, proof=[bytes(32)] * (PROOF_MAX + 1)), "old 5\n\u00e9\n\n".encode() + checkpoint(6)),
            b"old 5\n\n" + str(sign_note(f"{LOG.name}\n6\n\u00e9\n", [LOG])).encode(),
            b"old 5\n\n" + checkpoint(6) + b"x" * 100_000,
        ],
    }
    for status, bodies in refused.items():
        for body in bodies:
            assert witness.add_checkpoint(body, seconds=NOW).status.value == status, body[:60]
    assert told(witness.add_checkpoint(asked(0, 6), seconds=NOW)) == (409, "5\n", True)
    assert not told(witness.add_checkpoint(asked(5, 5, tree=other, proof=[]), seconds=NOW))[2]  # no size would help the client
    assert witness.add_checkpoint(asked(5, 6), seconds=NOW).status is HTTPStatus.OK


def test_a_size_of_zero_is_a_beginning(tmp_path):
    witness = Witness(US, {LOG.name: [LOG.verifier]}, tmp_path)
    assert witness.add_checkpoint(asked(0, 0), seconds=NOW).status is HTTPStatus.OK
    assert witness.add_checkpoint(asked(0, 7, proof=[bytes(32)]), seconds=NOW).status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert witness.add_checkpoint(asked(0, 7), seconds=NOW).status is HTTPStatus.OK


def test_of_requests_at_once_none_rolls_the_witness_back(witness):
    assert witness.add_checkpoint(asked(0, 1), seconds=NOW).status is HTTPStatus.OK
    sizes = range(2, 300, 3)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda size: witness.add_checkpoint(asked(1, size), seconds=NOW).status.value, sizes))
    assert sorted(set(answers)) == [200, 409]
    assert answers.count(200) == 1
    stands = witness.add_checkpoint(asked(0, 1), seconds=NOW)
    assert stands.body == f"{sizes[answers.index(200)]}\n"


def test_who_waits_too_long_for_a_turn_is_refused_and_served_later(witness, tmp_path, monkeypatch):
    assert witness.add_checkpoint(asked(0, 5), seconds=NOW).status is HTTPStatus.OK
    monkeypatch.setattr(witness_module, "LOCK_SECONDS", 0.1)
    (lock,) = tmp_path.glob("*.lock")
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = witness.add_checkpoint(asked(5, 256), seconds=NOW)
        assert (refused.status, refused.body) == (503, "other requests about this log are not done; ask again later\n")
    assert witness.add_checkpoint(asked(5, 256), seconds=NOW).status is HTTPStatus.OK


def test_a_cosignature_states_its_time_and_a_changed_one_is_refused():
    body = Checkpoint(LOG.name, 5, TREE.root(5)).body
    signed = US.cosign(body, seconds=NOW)
    assert US.key.accepts(body, signed.signature)
    assert int.from_bytes(signed.signature[:8], "big") == NOW
    for changed in (b"\x00" * 8 + signed.signature[8:], signed.signature[:-1], b"\xff" * 8 + signed.signature[8:], b""):
        assert not US.key.accepts(body, changed)
    assert WitnessKey.parse(str(US.key)) == US.key
    for wrong in ("", str(LOG.verifier), str(US.key).replace("w1", "w2"), str(US.key)[:-4]):
        with pytest.raises(BadNote):
            WitnessKey.parse(wrong)
    with pytest.raises(BadNote):
        US.cosign(body, seconds=-1)


WITNESSES = [
    WitnessSigner(f"witness.example/{name}", bytes([number]) * 32) for number, name in enumerate(("x1", "x2", "x3", "y1", "y2"), 10)
]
POLICY = "\n".join(
    [
        "# whom we believe",
        f"log {LOG.verifier} https://log.example/watched",
        *(f"witness  {each.name[-2:]}\t{each.key}" for each in WITNESSES),
        *("group X 2 x1 x2 x3", "group Y any y1 y2", "group both all X Y", "  quorum both  ", ""),
    ]
)


def cosigned(names):
    note = checkpoint(300)
    body = note.partition(b"\n\n")[0].decode() + "\n"
    return note + "".join(each.cosign(body, seconds=NOW).line for each in WITNESSES if each.name[-2:] in names).encode()


@pytest.mark.parametrize(
    ("names", "enough"),
    [
        ({"x1", "x3", "y2"}, True),
        ({"x1", "x2", "x3", "y1"}, True),
        ({"x1", "y1", "y2"}, False),
        ({"x1", "x2", "x3"}, False),
        (set(), False),
    ],
)
def test_a_policy_believes_a_checkpoint_that_its_quorum_has_witnessed(names, enough):
    policy = parse_policy(POLICY.encode())
    if enough:
        assert policy.accept(cosigned(names)).size == 300
    else:
        with pytest.raises(BadCheckpoint, match="both has not witnessed it"):
            policy.accept(cosigned(names))


def test_a_policy_without_witnesses_believes_the_log_alone_and_no_other():
    policy = parse_policy(f"log {LOG.verifier}\nquorum none\n".encode())
    assert policy.accept(checkpoint(4)).size == 4
    with pytest.raises(BadCheckpoint):
        policy.accept(checkpoint(4, key=OTHER))
    with pytest.raises(BadCheckpoint, match="names no log"):
        parse_policy(b"quorum none").accept(checkpoint(4))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        *(
            ("", 1),
            ("quorum x", 1),
            ("quorum none\nquorum none", 2),
            ("quorum none extra", 1),
            ("log", 1),
            ("unknown a b", 1),
            ("log x", 1),
        ),
        *((f"log {LOG.verifier}\nlog {LOG.verifier}\nquorum none", 2), (f"log {US.key}", 1), (f"witness a {LOG.verifier}", 1)),
        *((f"witness a {US.key}\nwitness b {US.key}", 2), (f"witness none {US.key}", 1), (f"witness a {US.key}\ngroup a 1 a", 2)),
        *((f"witness a {US.key}\ngroup g {number} a", 2) for number in ("0", "2", "01", "-1", "some")),
        *((f"witness a {US.key}\ngroup g 1 b", 2), (f"witness a {US.key}\ngroup g 1 a\ngroup h 1 a", 3), ("quorum none\0", 1)),
    ],
)
def test_a_policy_that_cannot_be_followed_names_its_line(text, line):
    with pytest.raises(BadPolicy) as refused:
        parse_policy(text.encode())
    assert refused.value.line == line


@given(st.integers(0, 299), st.one_of(st.none(), st.binary(max_size=20)))
def test_a_proof_file_is_read_as_it_was_written_and_proves_one_leaf(index, extra):
    written = bytes(TlogProof(index, tuple(TREE.inclusion_proof(index)), checkpoint(300), extra))
    proof = TlogProof.parse(written)
    assert (bytes(proof), proof.index, proof.extra) == (written, index, extra)
    policy = parse_policy(f"log {LOG.verifier}\nquorum none\n".encode())
    proof.verify(LEAVES[index], policy)
    with pytest.raises(InvalidProof):
        proof.verify(LEAVES[index - 1], policy)


CHANGES = {
    "version": (b"@v1", b"@v2"),
    "spelling": (b"index 7", b"index 07"),
    "no index": (b"index 7\n", b""),
    "extra": (b"index 7", b"extra !\nindex 7"),
    "short hash": (b"\n\n", b"\nAAAA\n\n"),
    "one hash more": (b"\n\n", b"\n" + b"A" * 43 + b"=\n\n"),
    "no blank line": (b"\n\n", b"\n"),
    "another place": (b"index 7", b"index 8"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_is_no_proof_or_proves_something_else_is_refused(change):
    old, new = CHANGES[change]
    written = bytes(TlogProof(7, tuple(TREE.inclusion_proof(7)), checkpoint(300))).replace(old, new, 1)
    policy = parse_policy(f"log {LOG.verifier}\nquorum none\n".encode())
    with pytest.raises((BadProofFile, InvalidProof)):
        TlogProof.parse(written).verify(LEAVES[7], policy)
