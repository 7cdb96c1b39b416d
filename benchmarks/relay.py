"""Runs the log's relay beside a measurement, as ``serve`` runs it: its own process, its real pause of 200 ms."""

from __future__ import annotations

import multiprocessing
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.db import connections

from marketplace.relays import RelayThreads
from registry.log.models import Outbox

LOG: Final = "registry.log.tasks.run_once"
DRAINED_SECONDS: Final = 60.0
STOP_SECONDS: Final = 20.0
FORK: Final = multiprocessing.get_context("fork")
"""So that a child has the settings, keys and folders of the house."""


@contextmanager
def integrating() -> Iterator[None]:
    """Keep an integrator running in a process of its own."""
    connections.close_all()
    child = FORK.Process(target=_integrate, daemon=True)
    child.start()
    try:
        yield
    finally:
        child.terminate()
        child.join(STOP_SECONDS)


def _integrate() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    relays = RelayThreads([LOG])
    relays.start()
    while not stop.wait(1.0):
        pass
    relays.stop(seconds=STOP_SECONDS)


def drained() -> None:
    """Wait until the integrator has taken everything from the outbox.

    Raises:
        TimeoutError: it did not within a minute.
    """
    end = time.monotonic() + DRAINED_SECONDS
    while Outbox.objects.exists():
        if time.monotonic() > end:
            message = f"the outbox was not empty after {DRAINED_SECONDS:.0f} s"
            raise TimeoutError(message)
        time.sleep(0.05)
