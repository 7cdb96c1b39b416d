"""Claim: at 500 events a second, 99 of 100 are under a published checkpoint 500 ms after they were due.

The integrator runs in a process of its own with its real pause of 200 ms. Events are due at their times whether or not earlier ones are
done, and are committed by ``record()`` in transactions of their own; the wait counts from when an event was due, so that a machine that
cannot keep up fails. When an event is covered is what a reader of the published checkpoint sees. The wait from commit is printed beside.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
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
FSYNCS: Final = 20

declare("bench.happened", public=("number", "stated"), sealed=("amount",))


@dataclass(frozen=True, slots=True)
class Offered:
    """An event, when it was due and when it was committed, on the monotonic clock of this machine."""

    event: UUID
    due: float
    committed: float


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


def offer(place: int, begin: float) -> list[Offered]:
    """One client's share of the events, each at its time."""
    offered = []
    for number in range(place, OFFERED * SECONDS, CLIENTS):
        due = begin + number / OFFERED
        time.sleep(max(0.0, due - time.monotonic()))
        offered.append(Offered(happen(number), due, time.monotonic()))
    return offered


class Watch(threading.Thread):
    """Reads the published checkpoint again and again, as an outsider would, and keeps when it first saw each size."""

    def __init__(self) -> None:
        """Look at this market's own log."""
        super().__init__(daemon=True)
        self._files = LogFiles.of(LogState.objects.get().log_id)
        self.sizes: list[int] = []
        self.seen: list[float] = []
        self.ended = threading.Event()

    def wait_for(self, size: int) -> None:
        """Go on until that size is published, then end.

        Raises:
            TimeoutError: it was not within a minute.
        """
        end = time.monotonic() + LATEST_SECONDS
        while not self.sizes or self.sizes[-1] < size:
            if time.monotonic() > end:
                message = f"size {size} was not published within {LATEST_SECONDS:.0f} s"
                raise TimeoutError(message)
            time.sleep(LOOK_SECONDS)
        self.ended.set()
        self.join()

    def run(self) -> None:
        """Look until told to end."""
        while not self.ended.wait(LOOK_SECONDS):
            size = int((self._files.read(CHECKPOINT_PATH) or b"\n0").split(b"\n", 2)[1])
            if not self.sizes or size > self.sizes[-1]:
                self.seen.append(time.monotonic())
                self.sizes.append(size)


class Latency:
    """Measures in rounds, and keeps what is printed beside the claim."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self._from_commit: list[tuple[float, float]] = []
        self._rates: list[float] = []

    def p99(self) -> float:
        """Milliseconds from when an event was due to its coverage that 99 of 100 events stay below."""
        drained()
        connections.close_all()
        watch = Watch()
        watch.start()
        connections.close_all()  # a child must not share it
        begin = time.monotonic() + 0.5
        with FORK.Pool(CLIENTS) as pool:
            offered = [each for part in pool.starmap(offer, [(place, begin) for place in range(CLIENTS)]) for each in part]
        drained()
        places = dict(Leaf.objects.filter(entry__in=[each.event for each in offered]).values_list("entry", "index"))
        watch.wait_for(max(places.values()) + 1)
        covered = [watch.seen[bisect_right(watch.sizes, places[each.event])] for each in offered]
        waits = sorted(at - each.committed for at, each in zip(covered, offered, strict=True))
        self._from_commit.append((waits[len(waits) // 2] * 1e3, waits[int(0.99 * len(waits))] * 1e3))
        self._rates.append(len(offered) / (max(each.committed for each in offered) - begin))
        return sorted(at - each.due for at, each in zip(covered, offered, strict=True))[int(0.99 * len(waits))] * 1e3

    def beside(self) -> Mapping[str, float]:
        """Medians over the rounds: the wait from the commit, and how many events a second there really were."""
        return {
            "from_commit_p50_ms": round(median(p50 for p50, _ in self._from_commit), 1),
            "from_commit_p99_ms": round(median(p99 for _, p99 in self._from_commit), 1),
            "events_per_s": round(median(self._rates), 1),
        }


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
        latency = Latency()
        yield Contest(ours=latency.p99, limit=period_and_fsync, beside=latency.beside)
        connections.close_all()


CLAIM: Final = Claim(
    says="At 500 events a second, 99 of 100 are under a published checkpoint 500 ms after they were due, commit included.",
    unit="ms",
    better=Better.LOWER,
    goal=Absolute(500, scaled_by="node_hashes_per_s"),
    open=contest,
)
