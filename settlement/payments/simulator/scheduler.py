"""Does the simulator's later work (webhooks, payouts that arrive) on one background thread, in order of due time."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Scheduler:
    """A queue of actions with a due time on the monotonic clock. What it holds is bounded by the store's limit on objects."""

    def __init__(self, name: str) -> None:
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after this many seconds; actions due together keep their order."""
        with self._changed:
            heapq.heappush(self._queue, (time.monotonic() + seconds, next(self._order), action))
            self._changed.notify()

    def _next(self) -> Callable[[], None]:
        with self._changed:
            while not self._queue or self._queue[0][0] > time.monotonic():
                self._changed.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
            return heapq.heappop(self._queue)[2]

    def _run(self) -> None:
        while True:
            action = self._next()
            try:
                action()
            except Exception:  # noqa: BLE001 - see below; it is logged with its trace
                # One failed action must not end the thread that all later ones need.
                _log.exception("simulator: background action failed")
