"""Whatever bytes a reader of the log is given: its answer or its own typed refusal, never another exception, and within its time."""

import contextlib
import time
from base64 import b64encode
from itertools import combinations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from registry.log.allowance import Allowance
from registry.log.audit import FINDINGS_MAX, Audit
from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.cosignature import WitnessKey, WitnessSigner
from registry.log.merkle import InvalidProof, Tree, leaf_hash
from registry.log.note import BadNote, Signer, Verifier, open_note, parse_note, sign_note
from registry.log.policy import BadPolicy, parse_policy
from registry.log.tiles import BadTile, decode_bundle, encode_bundle, readable_entries, split_tile
from registry.log.tlog_proof import BadProofFile, TlogProof
from registry.log.verifier import Refused, key_of
from registry.log.verifier import open_checkpoint as open_alone
from registry.log.witness import Witness
from tests.registry.log.published import KEY, written

SEEN = WitnessSigner("witness.example/w1", b"\x07" * 32)
TREE = Tree(leaf_hash(f"entry {number}".encode()) for number in range(700))
BODY = Checkpoint(KEY.name, 700, TREE.root()).body
NOTE = sign_checkpoint(Checkpoint(KEY.name, 700, TREE.root()), [KEY]) + SEEN.cosign(BODY, seconds=1).line.encode()
POLICY = f"log {KEY.verifier} https://log.example\nwitness w1 {SEEN.key}\ngroup g any w1\nquorum g\n".encode()
PROOF = bytes(TlogProof(300, tuple(TREE.inclusion_proof(300)), NOTE, b"extra"))
REQUEST = b"".join(
    [b"old 300\n", *(b64encode(each) + b"\n" for each in TREE.consistency_proof(300)), b"\n", NOTE],
)


def near(*good):
    """Draw a byte string like one of these: cut, spliced with another, bytes put in its place, or anything at all."""
    pieces = st.sampled_from(
        [
            b"\n",
            b"\n\n",
            b" ",
            b"+",
            b"=",
            b"\x00",
            b"\xff",
            b"\xc3\xa9",
            "\u2014 ".encode(),
            b"9" * 5000,
            b"-1",
            b"old 0",
            b"none",
            b"group",
        ]
    )

    @st.composite
    def changed(draw):
        data = draw(st.sampled_from(good))
        for _ in range(draw(st.integers(1, 4))):
            at, until = sorted((draw(st.integers(0, len(data))), draw(st.integers(0, len(data)))))
            data = data[:at] + draw(pieces | st.binary(max_size=40)) + (data[at:] if draw(st.booleans()) else data[until:])
        return data

    return changed() | st.binary(max_size=200)


def only(refusals, read, data):
    """Read; a typed refusal is fine, and anything else that is raised fails the test."""
    began = time.monotonic()
    with contextlib.suppress(refusals):
        read(data)
    assert time.monotonic() - began < 60


@settings(max_examples=400)
@given(near(NOTE))
@example(f"{BODY}\n\u2014 {KEY.name} \u00e9\n".encode())
def test_notes_and_checkpoints(data):
    only(BadNote, parse_note, data)
    only(BadNote, lambda given: open_note(given, [KEY.verifier, SEEN.key]), data)
    only(BadCheckpoint, lambda given: open_checkpoint(given, log=KEY.verifier, witnesses=[SEEN.key]), data)
    only(Refused, lambda given: open_alone(given, [key_of("--log-key", str(KEY.verifier), b"\x01")]), data)


@settings(max_examples=400)
@given(near(BODY.encode()))
@example(f"{KEY.name}\n1\n\u00e9\n".encode())
@example(f"{KEY.name}\n{2**63}\n{b64encode(bytes(32)).decode()}\n".encode())
def test_the_body_of_a_checkpoint_also_under_a_good_signature(data):
    text = data.decode("utf-8", "replace")
    only(BadCheckpoint, Checkpoint.parse, text)
    try:
        signed = str(sign_note(text, [KEY])).encode()
    except BadNote:
        return
    only(BadCheckpoint, lambda given: open_checkpoint(given, log=KEY.verifier), signed)
    only(Refused, lambda given: open_alone(given, [key_of("--log-key", str(KEY.verifier), b"\x01")]), signed)


@settings(max_examples=300)
@given(near(str(KEY.verifier).encode(), str(SEEN.key).encode()))
def test_keys(data):
    text = data.decode("utf-8", "surrogateescape")
    only(BadNote, Verifier.parse, text)
    only(BadNote, WitnessKey.parse, text)


@settings(max_examples=400)
@given(near(POLICY))
@example(b"group " + b"a " * 5000)
@example(POLICY.replace(b"log.example", b"log\xff.example"))
def test_policies(data):
    def follow(given):
        parse_policy(given).accept(NOTE)

    only((BadPolicy, BadCheckpoint), follow, data)


@settings(max_examples=400)
@given(near(PROOF))
@example(PROOF.replace(b"index 300\n", b"index 300\n\xff\n"))
@example(PROOF.replace(b"extra ", b"extra \xc3\xa9"))
def test_proof_files(data):
    policy = parse_policy(POLICY)
    only((BadProofFile, BadCheckpoint, InvalidProof), lambda given: TlogProof.parse(given).verify(leaf_hash(b"entry 300"), policy), data)


@settings(max_examples=300)
@given(near(encode_bundle([b"one", b"", b"three" * 20]), b"\x00" * 600))
def test_tiles_and_bundles(data):
    only(BadTile, decode_bundle, data)
    only(BadTile, split_tile, data)
    entries = readable_entries(data)
    assert len(entries) <= 256
    assert sum(2 + len(entry) for entry in entries) <= len(data)


@settings(max_examples=200)
@given(near(REQUEST))
@example(REQUEST.replace(b"old 300\n", b"old 300\n\xff\n"))
@example(b"old 0\n\n" + str(sign_note(f"{KEY.name}\n6\n\u00e9\n", [KEY])).encode())
def test_requests_to_a_witness(tmp_path_factory, data):
    answer = Witness(SEEN, {KEY.name: [KEY.verifier]}, tmp_path_factory.getbasetemp() / "witness").add_checkpoint(data, seconds=1)
    assert answer.status in {200, 400, 403, 404, 409, 422}


LOG = written(700)
NAMES = sorted(LOG)


@st.composite
def corruptions(draw):
    """Draw one way to spoil one file of a log; the name of the file, and its bytes, or None for no file."""
    name = draw(st.sampled_from(NAMES))
    good = LOG[name]
    return name, draw(
        st.one_of(
            st.none(),
            st.binary(max_size=64),
            st.integers(0, len(good) - 1).map(lambda at: good[:at]),
            st.integers(0, len(good)).map(lambda at: good[at:] + good[:at]),
            st.binary(min_size=1, max_size=40).map(lambda more: good + more),
            st.just(good + good),
            st.sampled_from(NAMES).map(lambda other: LOG[other]),
            st.just(bytes(len(good))),
            st.tuples(st.integers(0, len(good) - 1), st.binary(min_size=1, max_size=40)).map(
                lambda drawn: good[: drawn[0]] + drawn[1] + good[drawn[0] + len(drawn[1]) :]
            ),
        )
    )


@settings(max_examples=1000)
@given(corruptions())
@example(("tile/entries/000", b""))
@example(("tile/entries/000", LOG["tile/entries/000"] + b"\x00"))
@example(("tile/0/002.p/188", LOG["tile/0/002.p/188"] + bytes(32)))
@example(("tile/1/000.p/2", LOG["tile/1/000.p/2"] * 2))
@example(("tile/0/000", LOG["tile/0/000"] * 2))
def test_every_way_to_spoil_one_file_is_named_by_that_file(corruption):
    name, spoilt = corruption
    files = {**LOG, name: spoilt}
    found = Audit(files.get, KEY.verifier).run()
    if spoilt == LOG[name]:
        assert found == []
        return
    assert {finding.file for finding in found} == {name}
    if name != "checkpoint" and spoilt is not None:
        assert all(finding.index is not None for finding in found)


@pytest.mark.parametrize(("one", "other"), list(combinations(NAMES, 2)))
def test_two_files_that_changed_places_are_both_named(one, other):
    found = {finding.file for finding in Audit(({**LOG, one: LOG[other], other: LOG[one]}).get, KEY.verifier).run()}
    if "checkpoint" in {one, other}:  # without it there is nothing to measure the rest by
        assert found == {"checkpoint"}
    elif "tile/1/000.p/2" in {one, other} or one.split("/", 2)[2] == other.split("/", 2)[2]:
        # what says which of bundle and tile is right was altered too, or neither is: what cannot be judged then is named as well
        assert {one, other} <= found
    else:
        assert found == {one, other}


@settings(max_examples=100)
@given(st.permutations(NAMES))
def test_files_in_any_other_order_are_no_sound_log(order):
    moved = {name: LOG[content] for name, content in zip(NAMES, order, strict=True)}
    assert bool(Audit(moved.get, KEY.verifier).run()) is (moved != LOG)


def test_a_log_that_signs_a_size_which_it_does_not_have_ends_the_audit():
    files = {"checkpoint": sign_checkpoint(Checkpoint(KEY.name, 2**62, bytes(32)), [KEY])}
    began = time.monotonic()
    found = Audit(files.get, KEY.verifier, allowance=Allowance(entries=2**62)).run()
    assert len(found) <= FINDINGS_MAX + 2
    assert "nothing more was read" in found[-1].reason
    assert time.monotonic() - began < 60


@pytest.mark.parametrize("number", range(len(SEEN.cosign(BODY, seconds=1).line.encode())))
def test_a_changed_byte_of_a_cosignature_is_named_by_who_asks_for_the_witness(number):
    line = len(SEEN.cosign(BODY, seconds=1).line.encode())
    place = len(NOTE) - line + number
    altered = NOTE[:place] + bytes([NOTE[place] ^ 1]) + NOTE[place + 1 :]
    audit = Audit(({**LOG, "checkpoint": altered}).get, KEY.verifier, policy=parse_policy(POLICY))
    assert [finding.file for finding in audit.run()] == ["checkpoint"]


def test_a_cosigned_log_is_sound_and_one_without_its_witness_is_not():
    policy = parse_policy(POLICY)
    assert Audit(({**LOG, "checkpoint": NOTE}).get, KEY.verifier, policy=policy).run() == []
    assert [finding.reason for finding in Audit(LOG.get, KEY.verifier, policy=policy).run()] == ["g has not witnessed it"]
    other = Signer.of_seed(KEY.name, b"\x08" * 32)
    assert Audit(({**LOG, "checkpoint": NOTE}).get, other.verifier, policy=policy).run()[0].reason == "no trusted key signed the note"
