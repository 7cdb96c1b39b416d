"""A watch that lasts: a look that breaks off or meets a fork leaves neither false findings nor a forgotten past."""

import pytest

from registry.log.monitor.live import Watch
from registry.log.monitor.monitor import Monitor
from tests.registry.log.published import KEY, written
from tests.registry.log.story import Story, market, uid


def story(size, *, other=None):
    """A lawful story of this many entries, with another one in one place."""
    told = market()
    while len(told.leaves) < size:
        told.tell("listing.listed", listing=uid(f"{'other' if len(told.leaves) == other else 'listing'} {len(told.leaves)}"))
    return told


def files(told):
    return written(len(told.leaves), entries=told.leaves)


class Log:
    """Files that can be exchanged, and of which one can be made to fail once."""

    def __init__(self, files):
        self.files, self.asked, self.failing = files, [], {}

    def read(self, path):
        self.asked.append(path)
        if path in self.failing:
            raise self.failing.pop(path)
        return self.files.get(path)


def watching(log, state=None):
    return Watch(log.read, [KEY.verifier], state=state, late_seconds=60)


def look(watch):
    """Size and new findings, by code and file, of one look."""
    done, fresh = watch.look(lambda _read, _of: None)
    return done.size, done.sound, [(finding.code, finding.file) for finding in fresh]


@pytest.mark.parametrize("path", ["tile/entries/000", "tile/0/001", "tile/entries/002.p/88", "tile/1/000.p/2"])
def test_a_look_that_breaks_off_is_gone_on_with_and_accuses_nobody(path):
    log = Log(files(story(600)))
    log.failing[path] = ConnectionError("gone")
    watch = watching(log)
    with pytest.raises(ConnectionError):
        watch.look(lambda _read, _of: None)
    log.files |= files(story(700))  # the checkpoint that was begun with is finished first
    assert look(watch) == (600, True, [])
    assert look(watch) == (700, True, [])
    assert watch.monitor.ignored["listing.listed"] == 700 - len(market().leaves) + 1


def test_a_look_that_is_interrupted_is_not_kept(tmp_path):
    log, state = Log(files(story(600))), tmp_path / "state"
    log.failing["tile/entries/001"] = KeyboardInterrupt()
    watch = watching(log, state)
    with pytest.raises(KeyboardInterrupt):
        watch.look(lambda _read, _of: None)
    watch.keep()
    assert not state.exists()
    assert look(watching(log, state)) == (600, True, [])
    assert state.exists()


def test_a_checkpoint_that_is_away_for_a_moment_costs_no_second_reading():
    log = Log(files(story(600)))
    watch = watching(log)
    look(watch)
    note = log.files.pop("checkpoint")
    assert look(watch) == (0, False, [("missing", "checkpoint")])
    log.files["checkpoint"] = note
    assert look(watch) == (600, True, [])
    assert log.asked.count("tile/entries/000") == 1


def test_after_a_fork_only_what_continues_the_log_as_it_was_is_followed():
    log = Log(files(story(600)))
    watch = watching(log)
    assert look(watch) == (600, True, [])
    log.files = files(story(700, other=100))
    size, sound, fresh = look(watch)
    assert (size, sound, fresh[-1]) == (700, False, ("root", "checkpoint"))
    assert watch.monitor.frontier == Monitor([KEY.verifier]).frontier  # nothing was kept: it reads from the beginning
    log.files = files(story(650, other=100))
    assert look(watch) == (650, False, [("root", "checkpoint")])
    log.files = files(story(590))
    assert look(watch) == (590, False, [("cut", "checkpoint")])
    log.files = files(story(700))
    assert look(watch) == (700, True, [])


def test_a_story_of_its_own_is_not_taken_for_a_continuation():
    log = Log(files(story(600)))
    watch = watching(log)
    look(watch)
    other = Story()
    other.owned("else", "airport")
    log.files = files(other)
    assert look(watch) == (len(other.leaves), False, [("cut", "checkpoint")])
    assert watch.monitor.frontier.size == 600
