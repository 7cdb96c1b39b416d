"""Files of a durable storage: what a killed run left is cleared, and nothing that somebody else is writing."""

import fcntl
import os
import signal

import pytest

from registry.base import storage as base_storage
from registry.base.storage import DRAFT, DurableFileStorage, alone


def files(root):
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def killed_while_writing(root, contents):
    """Write in a child that is killed before the first file gets its name."""
    child = os.fork()
    if child == 0:
        base_storage.together = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        DurableFileStorage(location=root).create_all(contents)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL


@pytest.fixture
def left(tmp_path):
    """A storage with a file, and a folder in it with the drafts of a killed run."""
    DurableFileStorage(location=tmp_path).create_all({"tile/0": b"whole"})
    killed_while_writing(tmp_path, {"tile/1": b"one", "tile/2": b"two"})
    assert sum(DRAFT in name for name in files(tmp_path)) == 2
    return tmp_path


def test_the_next_process_clears_what_a_killed_one_left_where_it_writes(left):
    storage = DurableFileStorage(location=left)
    storage.create_all({"other/0": b"elsewhere"})
    assert sum(DRAFT in name for name in files(left)) == 2
    assert storage.create_all({"tile/0": b"not this", "tile/1": b"one"}) == {"tile/0"}
    assert files(left) == {"tile/0": b"whole", "tile/1": b"one", "other/0": b"elsewhere"}


def test_nothing_is_cleared_while_another_process_writes(left):
    handle = os.open(left, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_SH)
    DurableFileStorage(location=left).create_all({"tile/1": b"one"})
    os.close(handle)
    assert sum(DRAFT in name for name in files(left)) == 2
    DurableFileStorage(location=left).create_all({"tile/2": b"two"})
    assert files(left) == {"tile/0": b"whole", "tile/1": b"one", "tile/2": b"two"}


def test_of_two_who_want_to_be_alone_the_second_is_refused_and_may_try_again(tmp_path):
    file = tmp_path / "state"
    with alone(tmp_path), alone(file):
        for place in (tmp_path, file):
            with pytest.raises(BlockingIOError, match=f"another process is at work on {place}"), alone(place):
                pass
        DurableFileStorage(location=tmp_path).create_all({"name": b"whoever is alone may write"})
    with alone(tmp_path), alone(file):
        assert not file.exists()
