"""Finds entries that waited too long for their place, without being misled by a business clock that jumps forward.

A leaf says when it was made by the market's business clock. A demo market raises that clock, so two instants in the log may lie days
apart though seconds passed; it never lowers it. Two comparisons are sound under it, and both only ever err towards silence.

Among entries: one that stands behind later ones waited at least as long as business time ran meanwhile *without leaps*. A step from one
entry to the next of more than the limit may be a jump as well as silence, so it counts as no time. An entry that waited across such a
step is not noticed here. (Several jumps, each shorter than the limit, within one transaction would be taken for time.)

Against the monitor's own clock: at its last look no checkpoint covered the entry, so it waited from its own time to that look. Business
time runs ahead of real time, never behind, so this too is a lower bound; while the clock runs ahead, nothing is noticed here.
"""

from __future__ import annotations

from collections import deque
from typing import Final

LEAPS_MAX: Final = 64
SECOND: Final = 1_000_000


class Lateness:
    """Instants are microseconds since 1970.

    Attributes:
        latest: the latest instant read so far; None before the first.
        leaps: the last steps forward beyond the limit, each from one instant to another, oldest first.
    """

    def __init__(self, *, limit_seconds: int, latest: int | None = None, leaps: list[tuple[int, int]] | None = None) -> None:
        """Begin, or go on with what was remembered."""
        self.limit = limit_seconds * SECOND
        self.latest = latest
        self.leaps: deque[tuple[int, int]] = deque(leaps or (), maxlen=LEAPS_MAX)

    def behind(self, at: int) -> int:
        """How long this entry waited behind those read before it, if that is beyond the limit, else 0; remembers the entry."""
        if self.latest is None or at >= self.latest:
            if self.latest is not None and at - self.latest > self.limit:
                self.leaps.append((self.latest, at))
            self.latest = at
            return 0
        waited = self.latest - at
        for before, after in self.leaps:
            waited -= max(0, after - max(at, before))
        if len(self.leaps) == LEAPS_MAX and at < self.leaps[0][0]:
            waited -= self.leaps[0][0] - at  # there may have been leaps that are forgotten
        return waited if waited > self.limit else 0

    def waited(self, at: int, looked: int | None) -> int:
        """How long this entry had waited at a look that did not find it covered, if that is beyond the limit, else 0."""
        return looked - at if looked is not None and looked - at > self.limit else 0
