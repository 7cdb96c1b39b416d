"""The audit reads files alone: a sound log has no finding, and every flipped byte is named by its file and place."""

import random

import pytest

from registry.log.audit import Audit
from registry.log.frontier import Frontier
from registry.log.merkle import leaf_hash
from registry.log.note import Verifier
from tests.registry.log.published import KEY, written
from tests.support.shared import shared


def findings(files):
    return Audit(files.get, KEY.verifier).run()


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 700, 65_536, 66_000])
def test_a_sound_log_has_no_finding_and_gives_back_its_entries(size):
    files = written(size)
    audit = Audit(files.get, KEY.verifier)
    entries = [entry for block in audit.blocks() for entry in block.entries]
    assert (audit.findings, entries[-1], len(entries)) == ([], f"entry {size - 1}".encode(), size)


LOG = written(66_000)
NAMES = sorted(LOG)


@pytest.mark.parametrize("number", range(100))
def test_each_of_a_hundred_flipped_bytes_is_named_by_its_file_and_place(number):
    draw = random.Random(number)
    name = draw.choice([*NAMES, *["checkpoint", "tile/2/000.p/1", "tile/1/001.p/1", "tile/0/257.p/208", "tile/entries/257.p/208"] * 20])
    place = draw.randrange(len(LOG[name]))
    altered = bytearray(LOG[name])
    altered[place] ^= 1 << draw.randrange(8)
    found = findings({**LOG, name: bytes(altered)})
    assert found
    assert {finding.file for finding in found} == {name}
    if name.startswith("tile/") and not name.startswith("tile/entries/"):
        level, group = name.split("/")[1:3]
        start = int(group.split(".")[0].removeprefix("x")) * 256
        assert [finding.index for finding in found] == [start + place // 32], level
    elif name.startswith("tile/entries/"):
        assert entry_at(int(name.split("/")[2].split(".")[0]), place) in {finding.index for finding in found} | {None}


def entry_at(bundle, place):
    """Return the index of the entry that a byte of a bundle belongs to, its length included."""
    at = 0
    for index in range(bundle * 256, bundle * 256 + 256):
        at += 2 + len(f"entry {index}")
        if place < at:
            return index
    raise AssertionError


@pytest.mark.parametrize("name", ["checkpoint", "tile/2/000.p/1", "tile/0/100", "tile/entries/100", "tile/entries/257.p/208"])
def test_a_missing_file_is_named(name):
    found = findings({path: content for path, content in LOG.items() if path != name})
    assert [str(finding) for finding in found] == [f"{name}: is missing"]


def test_another_past_is_no_continuation():
    old = Frontier().extended([leaf_hash(b"another")] * 300)[0]
    audit = Audit(LOG.get, KEY.verifier, start=old)
    assert [finding.file for finding in audit.run()][-1] == "checkpoint"
    shorter = Audit(written(299).get, KEY.verifier, start=old)
    assert "cut or forked" in shorter.run()[0].reason


def test_a_partial_form_may_be_gone_where_the_full_one_is_there():
    small, large = written(300), written(600)
    files = {**large, **{name: small[name] for name in ("checkpoint", "tile/1/000.p/1")}}
    assert findings(files) == []


@pytest.mark.parametrize("size", range(16))
def test_the_log_that_another_program_wrote_has_no_finding(size):
    folder = shared("vectors", "tessera-log", "testdata", "log")
    log = Verifier.parse("example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx")

    def read(path):
        file = folder / (f"checkpoint.{size}" if path == "checkpoint" else path)
        return file.read_bytes() if file.exists() else None

    assert Audit(read, log).run() == []
