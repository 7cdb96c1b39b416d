"""Watches a log while it grows, by this machine's own clock: look after look, each kept in the state file before long."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from registry.log.allowance import GENEROUS, Allowance
from registry.log.audit import Read
from registry.log.findings import Finding
from registry.log.monitor.monitor import Monitor, Pass
from registry.log.monitor.papers import Paper, unlogged
from registry.log.monitor.state import load, save
from registry.log.note import Verifier
from registry.log.sm2_line import Sm2Key

TOLD_MAX: Final = 10_000
"""Findings of which is remembered that they were told, so that a log which stays broken is not told at every look."""
SAVING_SHARE: Final = 20
"""Saving takes at most one part in so many of the time: a state that takes long to write is written more rarely."""


class Watch:
    """One log under watch.

    Attributes:
        monitor: what is known of it.
    """

    def __init__(
        self,
        read: Read,
        keys: Sequence[Verifier],
        *,
        state: Path | None,
        late_seconds: int,
        papers: Sequence[Paper] = (),
        second: Sequence[Sm2Key] = (),
        allowance: Allowance = GENEROUS,
    ) -> None:
        """Begin, or go on from the state file.

        Args:
            read: gives the log's files.
            keys: of the log, from a source that is trusted.
            state: where to keep what is known; None to forget it.
            late_seconds: how long an entry may wait for its place.
            papers: certificates to be found in the log.
            second: SM2 keys of the log's second line, from such a source.
            allowance: how much one look may take.

        Raises:
            BadState: the state file is not to be gone on with.
        """
        self._read, self._keys, self._state, self._late, self._papers = read, keys, state, late_seconds, papers
        self._second, self._allowance = second, allowance
        self.monitor = self._begin()
        self._sound = self.monitor.frontier
        self._told: dict[Finding, None] = {}
        self._saved_size, self._saved_at, self._saving = self.monitor.frontier.size, time.monotonic(), 0.0

    def look(self, progress: Callable[[int, int], None]) -> tuple[Pass, list[Finding]]:
        """Read what is new; returns the reading, and those findings that were not told before.

        ``progress`` is told after each bundle how many entries were read, of how many. After an error the next look reads on from where
        this one broke off.

        Raises:
            TooMuch: there is more to read than one look may take.
            AlteredFile: a file is longer than any of a log.
            OSError: the log could not be reached, or the state not be written.
        """
        done = self.monitor.advance(self._read, now=time.time(), allowance=self._allowance, progress=progress)
        found = list(done.findings)
        if done.sound:
            self._sound = self.monitor.frontier
            found += unlogged(self._papers, self.monitor.filings.certificates) if self._papers else []
            if time.monotonic() - self._saved_at >= SAVING_SHARE * self._saving:
                self.keep()
        elif done.taken:
            self.monitor = self._begin()  # what was read is not the log; go back to what was kept, but follow only what continues it all
            self.monitor.further = self._sound
        fresh = [each for each in found if each not in self._told]
        if len(self._told) < TOLD_MAX:
            self._told.update(dict.fromkeys(fresh))
        return done, fresh

    def keep(self) -> None:
        """Write the state, if there is a file for it and anything new, and no look was broken off.

        Raises:
            OSError: it cannot be written.
        """
        if self._state is None or not self.monitor.whole or (self._state.exists() and self._saved_size == self.monitor.frontier.size):
            return
        began = time.monotonic()
        save(self.monitor, self._state)
        self._saved_at = time.monotonic()
        self._saving, self._saved_size = self._saved_at - began, self.monitor.frontier.size

    def _begin(self) -> Monitor:
        if self._state is not None and self._state.exists():
            return load(self._state, self._keys, late_seconds=self._late, second=self._second)
        return Monitor(self._keys, late_seconds=self._late, second=self._second)
