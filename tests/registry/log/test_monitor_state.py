"""The monitor's state file: whole or refused, of this log or refused, and small."""

import json
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.log.monitor.monitor import Monitor
from registry.log.monitor.seen import Seen
from registry.log.monitor.state import BadState, load, save
from registry.log.note import Signer
from tests.registry.log.published import KEY, written
from tests.registry.log.story import market

ELSEWHERE = Signer.of_seed("log.example/elsewhere", bytes(32))
THIEF = Signer.of_seed(KEY.name, b"\x09" * 32)


@pytest.fixture
def saved(tmp_path):
    story = market()
    monitor = Monitor([KEY.verifier])
    monitor.advance(written(len(story.leaves), entries=story.leaves).get, now=1_800_000_000.0)
    save(monitor, tmp_path / "state")
    return tmp_path / "state"


def opened(path, *keys):
    return load(path, [key.verifier for key in keys or (KEY,)], late_seconds=60)


def rewritten(path, change):
    """Change the content and put the right digest over it, as whoever may write the file can."""
    head, _, body = path.read_bytes().partition(b"\n")
    content = json.loads(body)
    change(content)
    body = json.dumps(content).encode()
    path.write_bytes(json.dumps(json.loads(head) | {"sha256": sha256(body).hexdigest()}).encode() + b"\n" + body)


def test_what_is_saved_is_what_is_loaded_and_no_draft_stays(saved):
    before = saved.read_bytes()
    save(opened(saved), saved)
    assert saved.read_bytes() == before
    assert [path.name for path in saved.parent.iterdir()] == ["state"]


def test_a_file_of_nothing_but_brackets_is_no_state(saved):
    body = b"[" * 100_000
    head = json.loads(saved.read_bytes().partition(b"\n")[0]) | {"sha256": sha256(body).hexdigest()}
    for content in (b"[" * 4_000 + b"\n", json.dumps(head).encode() + b"\n" + body):
        saved.write_bytes(content)
        with pytest.raises(BadState, match="is no state of a monitor"):
            opened(saved)


def test_the_draft_of_a_run_that_was_killed_is_written_over(saved):
    (saved.parent / ".state.draft").write_bytes(b"x" * 1_000_000)
    save(opened(saved), saved)
    assert [path.name for path in saved.parent.iterdir()] == ["state"]
    opened(saved)


def test_the_state_of_another_log_is_refused(saved):
    with pytest.raises(BadState, match=r"belongs to the log log\.example/audited, not to log\.example/elsewhere"):
        opened(saved, ELSEWHERE)


@pytest.mark.parametrize("number", range(40))
def test_an_altered_or_cut_state_is_refused_and_stays_as_it_is(saved, number):
    whole = saved.read_bytes()
    at = number * len(whole) // 40
    for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :], whole[:at] + b"x" + whole[at:]):
        saved.write_bytes(damaged)
        with pytest.raises(BadState):
            opened(saved)
        assert saved.read_bytes() == damaged


def test_a_state_whose_entries_no_trusted_key_signed_is_refused(saved):
    with pytest.raises(BadState, match="no trusted key has signed"):
        opened(saved, THIEF)
    rewritten(saved, lambda content: content["frontier"][1].__setitem__(0, "00" * 32 * content["frontier"][0]))
    with pytest.raises(BadState, match="no trusted key has signed"):
        opened(saved)


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.pop("rights"),
        lambda content: content.update(frontier=[5, []]),
        lambda content: content.update(seen="AAAA"),
        lambda content: content.update(rights=[[1, 99, "USE", 1, None, False, 1, 2, True]]),
        lambda content: content.update(keys=[["nonsense"]]),
        lambda content: content.update(note=5),
    ],
    ids=["missing", "frontier", "ids", "place", "key", "note"],
)
def test_a_state_of_another_form_is_refused_in_one_line(saved, change):
    rewritten(saved, change)
    with pytest.raises(BadState):
        opened(saved)


@given(numbers=st.lists(st.integers(0, 2**128 - 1), max_size=3_000))
def test_ids_are_remembered_each_once(numbers):
    seen, plain = Seen(), set()
    for number in numbers + numbers[:10]:
        assert seen.add(number) == (number not in plain)
        plain.add(number)
    again = Seen.of(seen.kept())
    assert again.count == len(plain)
    assert not any(again.add(number) for number in plain)
