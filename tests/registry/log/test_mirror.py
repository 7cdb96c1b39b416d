"""A mirror follows a log that grows, is sound by itself, and stays where it is when the log was altered, cut or forked."""

import pytest

from registry.base.storage import DurableFileStorage
from registry.log.audit import Audit
from registry.log.files import AlteredFile, LogFiles
from registry.log.merkle import leaf_hash
from registry.log.mirror import mirror
from registry.log.tiles import decode_bundle
from tests.registry.log.published import KEY, written


@pytest.fixture
def kept(tmp_path):
    return LogFiles(".", DurableFileStorage(location=tmp_path))


def entries(kept):
    audit = Audit(kept.read, KEY.verifier)
    found = [entry for block in audit.blocks() for entry in block.entries]
    assert audit.findings == []
    return found


def test_a_mirror_follows_a_growing_log_and_is_itself_a_sound_log(kept):
    for size in (3, 3, 255, 256, 700, 701):
        assert mirror(written(size).get, kept, KEY.verifier).findings == []
        assert entries(kept) == [f"entry {number}".encode() for number in range(size)]


def test_files_that_the_copy_has_outgrown_do_not_stay(kept, tmp_path):
    for size in (100, 200, 300, 600):
        mirror(written(size).get, kept, KEY.verifier)
    there = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert there == {*written(600), "tile/1/000.p/1"}  # that tile is not full yet
    assert len(entries(kept)) == 600


def test_only_what_is_new_is_read(kept):
    mirror(written(700).get, kept, KEY.verifier)
    asked = []
    files = written(900)
    mirror(lambda path: (asked.append(path), files.get(path))[1], kept, KEY.verifier)
    assert {path for path in asked if path.startswith("tile/entries")} == {"tile/entries/002", "tile/entries/003.p/132"}


def test_an_altered_cut_or_forked_log_leaves_the_mirror_as_it_was(kept, tmp_path):
    mirror(written(700).get, kept, KEY.verifier)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    altered = written(800)
    altered["tile/entries/003.p/32"] = altered["tile/entries/003.p/32"].replace(b"entry 790", b"entry 791")
    forked = written(800, entries=[f"other {number}".encode() for number in range(800)])
    for files, file in (
        (altered, "tile/entries/003.p/32"),
        (written(600), "checkpoint"),
        (forked, "checkpoint"),
        (written(700, entries=[b"x"] * 700), "checkpoint"),
    ):
        assert file in [finding.file for finding in mirror(files.get, kept, KEY.verifier).findings]
        assert {path: path.read_bytes() for path in before} == before
    assert mirror(written(800).get, kept, KEY.verifier).findings == []
    assert len(entries(kept)) == 800


@pytest.mark.parametrize(
    ("size", "bundle", "tile"), [(700, "tile/entries/000", "tile/0/000"), (150, "tile/entries/000.p/150", "tile/0/000.p/150")]
)
def test_an_entry_that_the_mirror_has_is_not_replaced_by_another(kept, size, bundle, tile):
    """Though bundle and tile agree, and the new entries lead from the copy's right edge to the signed root."""
    mirror(written(100).get, kept, KEY.verifier)
    files = written(size)
    files[bundle] = files[bundle].replace(b"entry 50", b"entry 05")
    files[tile] = files[tile].replace(leaf_hash(b"entry 50"), leaf_hash(b"entry 05"))
    found = mirror(files.get, kept, KEY.verifier).findings
    assert [(finding.file, finding.index, finding.code) for finding in found] == [(bundle, 50, "past"), (tile, 50, "past")]
    assert len(entries(kept)) == 100
    assert mirror(written(size).get, kept, KEY.verifier).findings == []
    assert len(entries(kept)) == size


def test_a_mirror_that_was_itself_altered_says_so(kept, tmp_path):
    mirror(written(700).get, kept, KEY.verifier)
    (tmp_path / "tile/0/002.p/188").write_bytes(bytes(188 * 32))
    with pytest.raises(AlteredFile, match="root of the checkpoint of size 700"):
        mirror(written(800).get, kept, KEY.verifier)
    assert decode_bundle((tmp_path / "tile/entries/002.p/188").read_bytes())[-1] == b"entry 699"
