"""Signed notes, checkpoints and tiles: our own round trips, every refusal, and the golden log of another implementation."""

from base64 import b64encode

import pytest

from registry.log.checkpoint import BadCheckpoint, Checkpoint, open_checkpoint, sign_checkpoint
from registry.log.frontier import Frontier
from registry.log.merkle import EMPTY_ROOT, Tree, leaf_hash
from registry.log.note import BadNote, Signature, Signer, Verifier, open_note, parse_note, sign_note
from registry.log.tiles import BadTile, Tile, decode_bundle, encode_bundle, entries_path, split_tile, tiles_between
from registry.log.verifier import Refused, key_of
from registry.log.verifier import open_checkpoint as open_alone
from tests.support.shared import shared

LOG = Signer.of_seed("log.example/one", b"\x01" * 32)
WITNESS = Signer.of_seed("witness.example", b"\x02" * 32)
TEXT = "log.example/one\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
GOLDEN_KEY = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx"


def test_a_verifier_key_is_read_and_written_and_its_id_checked():
    assert str(Verifier.parse(GOLDEN_KEY)) == GOLDEN_KEY
    assert Verifier.parse(str(LOG.verifier)) == LOG.verifier
    assert "seed" not in repr(LOG)
    for wrong in (
        "",
        "name",
        GOLDEN_KEY.replace("33d7b496", "33d7b497"),
        GOLDEN_KEY.replace("example", "examplf"),
        GOLDEN_KEY[:-1],
        GOLDEN_KEY.replace("+AeH", "+AuH"),
        f"a b+{'00' * 4}+{b64encode(b'x' * 33).decode()}",
    ):
        with pytest.raises(BadNote):
            Verifier.parse(wrong)


def test_a_note_is_signed_and_opened_and_unknown_signers_are_ignored():
    written = str(sign_note(TEXT, [LOG, WITNESS])).encode()
    note, signed = open_note(written, [LOG.verifier])
    assert (note.text, signed) == (TEXT, (LOG.verifier,))
    assert open_note(written, [WITNESS.verifier, LOG.verifier])[1] == (LOG.verifier, WITNESS.verifier)
    assert str(note).encode() == written
    with pytest.raises(BadNote, match="no trusted key signed"):
        open_note(written, [Signer.of_seed("other.example", b"\x03" * 32).verifier])


def test_a_bad_signature_by_a_known_key_condemns_the_note_even_beside_a_good_one():
    good = sign_note(TEXT, [LOG, WITNESS])
    bad = Signature(name=WITNESS.name, key_id=WITNESS.verifier.key_id, signature=b"\x00" * 64)
    broken = f"{TEXT}\n{good.signatures[0].line}{bad.line}".encode()
    assert open_note(broken, [LOG.verifier])[1] == (LOG.verifier,)
    with pytest.raises(BadNote, match=r"signature of witness\.example is bad"):
        open_note(broken, [LOG.verifier, WITNESS.verifier])


def test_a_hundred_signatures_are_read_and_no_more():
    signers = [Signer.of_seed(f"witness-{number}", bytes([number]) * 32) for number in range(99)]
    written = str(sign_note(TEXT, [LOG, *signers]))
    assert len(open_note(written.encode(), [LOG.verifier, *(each.verifier for each in signers)])[1]) == 100
    with pytest.raises(BadNote, match="at most 100"):
        parse_note((written + WITNESS.sign(TEXT).line).encode())
    for count in ([], [LOG, WITNESS, *signers]):
        with pytest.raises(BadNote, match="1 to 100"):
            sign_note(TEXT, count)


@pytest.mark.parametrize(
    "broken",
    [
        b"",
        b"\n\n",
        TEXT.encode(),
        f"{TEXT}\n".encode(),
        f"{TEXT}\n{LOG.sign(TEXT).line}"[:-1].encode(),
        f"{TEXT}\n{LOG.sign(TEXT).line}\n".encode(),
        f"{TEXT}\n{LOG.sign(TEXT).line}".replace("\u2014", "-").encode(),
        f"{TEXT}\n{LOG.sign(TEXT).line}".replace("=", "").encode(),
        f"{TEXT}\n{LOG.sign(TEXT).line}".replace("log.example/one ", "log.example+one ").encode(),
        f"{TEXT}\r\n\n{LOG.sign(TEXT).line}".encode(),
        f"{TEXT}\n\u2014 name AAAA\n".encode(),
        f"{TEXT}\n\u2014 {'n' * 201} AAAAAAAA\n".encode(),
        b"\xff" + f"{TEXT}\n{LOG.sign(TEXT).line}".encode(),
        b"x" * 1_000_001,
    ],
)
def test_a_malformed_note_is_refused(broken: bytes):
    with pytest.raises(BadNote):
        parse_note(broken)


def test_what_cannot_be_signed_is_refused():
    for text in ("", "\n", "no newline", "bell\a\n"):
        with pytest.raises(BadNote):
            LOG.sign(text)
    for name, seed in (("", b"\x01" * 32), ("a b", b"\x01" * 32), ("a+b", b"\x01" * 32), ("a", b"short")):
        with pytest.raises(BadNote):
            Signer.of_seed(name, seed)


def test_a_checkpoint_is_signed_by_its_log_and_says_who_else_signed():
    checkpoint = Checkpoint(origin=LOG.name, size=2, root=Tree([leaf_hash(b"a"), leaf_hash(b"b")]).root())
    written = sign_checkpoint(checkpoint, [LOG, WITNESS])
    assert open_checkpoint(written, log=LOG.verifier) == (checkpoint, (LOG.verifier,))
    both = open_checkpoint(written, log=LOG.verifier, witnesses=[WITNESS.verifier])
    assert both == (checkpoint, (LOG.verifier, WITNESS.verifier))
    with pytest.raises(BadCheckpoint, match="the log did not sign it"):
        open_checkpoint(sign_checkpoint(checkpoint, [WITNESS]), log=LOG.verifier, witnesses=[WITNESS.verifier])
    foreign = Signer.of_seed("log.example/two", b"\x01" * 32)
    with pytest.raises(BadCheckpoint, match=r"the origin is log\.example/one"):
        open_checkpoint(sign_checkpoint(checkpoint, [foreign]), log=foreign.verifier)
    with pytest.raises(BadCheckpoint, match="at most"):
        open_checkpoint(b"x" * 70_000, log=LOG.verifier)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "origin\n0\n",
        TEXT[:-1],
        f"{TEXT}extension\n",
        TEXT.replace("\n0\n", "\n00\n"),
        TEXT.replace("\n0\n", "\n+0\n"),
        TEXT.replace("\n0\n", "\n\u0661\n"),
        TEXT.replace("\n0\n", "\n9999999999999999999\n"),
        TEXT.replace("uFU=", "uFU"),
        TEXT.replace("uFU=", "uFV="),
        TEXT.replace("47DE", "47DF"),
        TEXT.replace("47DEQpj8HBSa", ""),
        f"\n{TEXT.partition(chr(10))[2]}",
    ],
)
def test_a_checkpoint_has_exactly_three_lines_in_one_form(body: str):
    assert Checkpoint.parse(TEXT) == Checkpoint(origin=LOG.name, size=0, root=EMPTY_ROOT)
    with pytest.raises(BadCheckpoint):
        Checkpoint.parse(body)


def test_tiles_have_the_paths_that_any_client_expects():
    assert entries_path(1234067) == "tile/entries/x001/x234/067"
    assert entries_path(0, 7) == "tile/entries/000.p/7"
    assert Tile(level=1, index=1000).path == "tile/1/x001/000"
    assert Tile(level=2, index=999, width=1).path == "tile/2/999.p/1"
    for wrong in (Tile(level=8, index=0), Tile(level=-1, index=0), Tile(level=0, index=-1), Tile(level=0, index=0, width=0)):
        with pytest.raises(BadTile):
            _ = wrong.path
    with pytest.raises(BadTile):
        entries_path(0, 257)


def test_growth_writes_only_new_tiles_and_never_hashes_a_partial_one_upwards():
    assert list(tiles_between(0, 255)) == [Tile(0, 0, 255)]
    assert list(tiles_between(255, 256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]
    assert list(tiles_between(256, 256)) == []
    assert list(tiles_between(256, 513)) == [Tile(0, 1, 256), Tile(0, 2, 1), Tile(1, 0, 2)]
    assert [tile for tile in tiles_between(65_535, 65_537) if tile.level] == [Tile(1, 0, 256), Tile(2, 0, 1)]
    with pytest.raises(BadTile):
        list(tiles_between(2, 1))


def test_bundles_and_tiles_are_cut_as_they_were_joined():
    entries = [b"", b"one", b"x" * 65_535]
    assert decode_bundle(encode_bundle(entries)) == entries
    assert encode_bundle([b"one", b"two"]) == b"\x00\x03one\x00\x03two"
    for wrong in ([], [b""] * 257, [b"x" * 65_536]):
        with pytest.raises(BadTile):
            encode_bundle(wrong)
    for wrong in (b"", b"\x00", b"\x00\x03on", b"\x00\x00" * 257):
        with pytest.raises(BadTile):
            decode_bundle(wrong)
    for wrong in (b"", b"x" * 31, b"x" * (257 * 32)):
        with pytest.raises(BadTile):
            split_tile(wrong)


@pytest.mark.parametrize("size", range(16))
def test_the_golden_log_of_tessera_is_ours_byte_for_byte(size: int):
    golden = shared("vectors", "tessera-log", "testdata", "log")
    key = Verifier.parse(GOLDEN_KEY)
    published = (golden / f"checkpoint.{size}").read_bytes()
    checkpoint, signed = open_checkpoint(published, log=key)
    assert (checkpoint.origin, checkpoint.size, signed) == (key.name, size, (key,))
    alone = open_alone(published, [key_of("", GOLDEN_KEY, b"\x01")])
    assert (alone.size, alone.root, [each.given for each in alone.signed_by]) == (size, checkpoint.root, [GOLDEN_KEY])
    entries = decode_bundle((golden / entries_path(0, 15)).read_bytes())[:size]
    tree = Tree(leaf_hash(entry) for entry in entries)
    assert tree.root() == checkpoint.root
    for tile in tiles_between(0, size):
        assert tree.nodes(8 * tile.level, tile.start, tile.start + tile.width) == (golden / tile.path).read_bytes()
        assert b"".join(split_tile((golden / tile.path).read_bytes())) == (golden / tile.path).read_bytes()
        assert encode_bundle(entries) == (golden / entries_path(tile.index, tile.width)).read_bytes()


def test_the_golden_log_of_tessera_grown_here_entry_by_entry_has_the_same_files_and_no_others():
    golden = shared("vectors", "tessera-log", "testdata", "log")
    entries = decode_bundle((golden / entries_path(0, 15)).read_bytes())
    frontier, files = Frontier(), {}
    for size in range(1, 16):
        frontier, tiles = frontier.extended([leaf_hash(entries[size - 1])])
        files |= {tile.path: content for tile, content in tiles}
        files[entries_path(0, size)] = encode_bundle(entries[:size])
        body = parse_note((golden / f"checkpoint.{size}").read_bytes()).text
        assert Checkpoint(GOLDEN_KEY.partition("+")[0], size, frontier.edge.root).body == body
    assert {str(path.relative_to(golden)): path.read_bytes() for path in (golden / "tile").rglob("*") if path.is_file()} == files
    assert len(files) == 30


def test_every_changed_byte_of_a_golden_checkpoint_is_refused_by_both_readers():
    published = (shared("vectors", "tessera-log", "testdata", "log") / "checkpoint.15").read_bytes()
    key = Verifier.parse(GOLDEN_KEY)
    for place in range(len(published)):
        broken = published[:place] + bytes([published[place] ^ 1]) + published[place + 1 :]
        with pytest.raises(BadCheckpoint):
            open_checkpoint(broken, log=key)
        with pytest.raises(Refused):
            open_alone(broken, [key_of("", GOLDEN_KEY, b"\x01")])
