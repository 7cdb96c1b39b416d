"""Names every relay once, and runs them on threads where there is no Celery."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

from django.db import close_old_connections, connections
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)

RELAYS: Final[Sequence[str]] = (
    "registry.log.tasks.run_once",
    "registry.log.tasks.cosign_once",
    "registry.log.tasks.timestamp_once",
    "registry.filings.tasks.run_once",
    "pricing.rounds.tasks.run_once",
    "pricing.splits.tasks.run_once",
    "pricing.advice.tasks.run_once",
    "listings.resources.tasks.run_once",
    "settlement.payments.tasks.run_once",
    "marketplace.delivery.tasks.run_once",
    "marketplace.deals.tasks.run_once",
)
"""Dotted names of functions without arguments that do one bounded batch of due work and return how many items they took."""

IDLE_SECONDS: Final = 0.2
LONGEST_PAUSE_SECONDS: Final = 30.0

Relay = Callable[[], int]


class RelayThreads:
    """One thread for each relay, until told to stop."""

    def __init__(self, names: Sequence[str] = RELAYS) -> None:
        """Load the relays.

        Raises:
            ImportError: a name leads nowhere.
        """
        self._stop = threading.Event()
        relays = {name: import_string(name) for name in names}
        self._threads = [threading.Thread(target=self._loop, args=(name, relay), name=name) for name, relay in relays.items()]

    def start(self) -> None:
        """Start every thread."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, seconds: float) -> list[str]:
        """Let every relay end its batch, wait so long for all together, and return the names of those that did not end."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=seconds / len(self._threads))
        return [thread.name for thread in self._threads if thread.is_alive()]

    def _loop(self, name: str, relay: Relay) -> None:
        failures = 0
        while not self._stop.is_set():
            try:
                close_old_connections()
                taken = relay()
                failures, pause = 0, 0.0 if taken else IDLE_SECONDS
            except Exception:  # a relay must outlive whatever a batch meets; the work itself counts its tries
                pause = min(IDLE_SECONDS * 2**failures, LONGEST_PAUSE_SECONDS)
                failures += 1
                logger.exception("relay %s failed %d times in a row; next try in %.1f s", name, failures, pause)
                connections.close_all()
            self._stop.wait(pause)
        connections.close_all()
