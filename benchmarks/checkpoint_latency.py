"""Claim: at 500 events a second, 99 of 100 are under a published checkpoint within 500 ms of their commit.

The integrator runs in a process of its own with its real pause of 200 ms. Events come at their times whether or not earlier ones are done,
by ``record()`` in transactions of their own; when one is covered is what a reader of the published checkpoint sees.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from benchmarks.claim import Absolute, Better, Claim, Contest
from benchmarks.relay import FORK, drained, integrating
from marketplace.relays import IDLE_SECONDS
from registry.base.actor import SYSTEM
from registry.base.ids import uuid7
from registry.log.files import LogFiles
from registry.log.integrator import integrate
from registry.log.models import Leaf, LogState
from registry.log.schemas import declare
from registry.log.services import record
from registry.log.tiles import CHECKPOINT_PATH

OFFERED: Final = 500
SECONDS: Final = 20
CLIENTS: Final = 4
LOOK_SECONDS: Final = 0.002
LATEST_SECONDS: Final = 60.0
KEPT: Final = 0.95
"""Part of the offered events that must really have been committed per second, or there is nothing to say."""
FSYNCS: Final = 20

declare("bench.happened", public=("number", "stated"), sealed=("amount",))


def happen(number: int) -> UUID:
    """Record one event of the usual size in a transaction of its own."""
    with transaction.atomic():
        return record(
            "bench.happened",
            subject=("Bench", uuid7()),
            actor=SYSTEM,
            public={"number": number, "stated": "x" * 120},
            sealed={"amount": "1"},
        )


def offer(place: int, begin: float) -> list[tuple[UUID, float]]:
    """One client's share of the events, each at its time; when each was committed, on the monotonic clock of this machine."""
    committed = []
    for number in range(place, OFFERED * SECONDS, CLIENTS):
        time.sleep(max(0.0, begin + number / OFFERED - time.monotonic()))
        event = happen(number)
        committed.append((event, time.monotonic()))
    return committed


class Watch(threading.Thread):
    """Reads the published checkpoint again and again, as an outsider would, and keeps when it first saw each size."""

    def __init__(self) -> None:
        """Look at this market's own log."""
        super().__init__(daemon=True)
        self._files = LogFiles.of(LogState.objects.get().log_id)
        self.sizes: list[int] = []
        self.seen: list[float] = []
        self.ended = threading.Event()

    def run(self) -> None:
        """Look until told to end."""
        while not self.ended.wait(LOOK_SECONDS):
            size = int((self._files.read(CHECKPOINT_PATH) or b"\n0").split(b"\n", 2)[1])
            if not self.sizes or size > self.sizes[-1]:
                self.seen.append(time.monotonic())
                self.sizes.append(size)


def latency_p99() -> float:
    """Milliseconds from commit to coverage that 99 of 100 events stay below.

    Raises:
        RuntimeError: the events could not be offered at their rate.
    """
    drained()
    connections.close_all()
    watch = Watch()
    watch.start()
    connections.close_all()
    begin = time.monotonic() + 0.5
    with FORK.Pool(CLIENTS) as pool:
        committed = [each for part in pool.starmap(offer, [(place, begin) for place in range(CLIENTS)]) for each in part]
    rate = len(committed) / (max(at for _, at in committed) - begin)
    drained()
    places = dict(Leaf.objects.filter(entry__in=[event for event, _ in committed]).values_list("entry", "index"))
    end = time.monotonic() + LATEST_SECONDS
    while watch.sizes[-1] <= max(places.values()) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    watch.ended.set()
    watch.join()
    if rate < KEPT * OFFERED:
        message = f"only {rate:.0f} of {OFFERED} events a second were committed: this machine is too busy for the claim"
        raise RuntimeError(message)
    waits = sorted(watch.seen[bisect_right(watch.sizes, places[event])] - at for event, at in committed)
    return waits[int(0.99 * len(waits))] * 1e3


def period_and_fsync() -> float:
    """The least that a log with this pause can do for the unluckiest event: one whole pause and one write that reaches the disk."""
    with tempfile.NamedTemporaryFile() as file:
        began = time.perf_counter()
        for _ in range(FSYNCS):
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
        return (IDLE_SECONDS + (time.perf_counter() - began) / FSYNCS) * 1e3


@contextmanager
def contest(_plain: str) -> Iterator[Contest]:
    """The market's own path from commit to checkpoint."""
    happen(0)
    integrate()
    with integrating():
        yield Contest(ours=latency_p99, limit=period_and_fsync)
        connections.close_all()


CLAIM: Final = Claim(
    says="At 500 events a second, 99 of 100 are under a published checkpoint within 500 ms of their commit.",
    unit="ms",
    better=Better.LOWER,
    goal=Absolute(500, scaled_by="node_hashes_per_s"),
    open=contest,
)
