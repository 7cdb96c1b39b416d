"""Measures the machine in the same round as a claim, so that a number can be read on a machine that is not the reference."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from registry.log.merkle import node_hash

SECONDS: Final = 0.3
"""How long each measure runs: long enough for some hundred commits, short enough for every round."""

BATCH: Final = 1_000
CLIENTS: Final = 8


class Calibration:
    """The measures of one machine: node hashes on one core, durable one-row commits by one and by eight clients, bare round trips."""

    def __init__(self, url: str) -> None:
        """Make the table that the commits go to, in an empty database of the run's own."""
        self.url = url
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS calibration (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea)")

    def measure(self) -> dict[str, float]:
        """Measure everything once. About two seconds."""
        return {
            "node_hashes_per_s": node_hashes_per_s(),
            "commits_1_client_per_s": self._per_second(_insert, clients=1),
            f"commits_{CLIENTS}_clients_per_s": self._per_second(_insert, clients=CLIENTS),
            "select_1_per_s": self._per_second(_select_1, clients=1),
        }

    def _per_second(self, call: Callable[[psycopg.Connection], None], *, clients: int) -> float:
        with _connected(self.url, clients) as connections:
            counts = [0] * clients
            start = threading.Barrier(clients + 1)
            end: list[float] = []

            def work(place: int) -> None:
                start.wait()
                deadline = time.perf_counter() + SECONDS
                while time.perf_counter() < deadline:
                    call(connections[place])
                    counts[place] += 1
                end.append(time.perf_counter())

            threads = [threading.Thread(target=work, args=(place,)) for place in range(clients)]
            for thread in threads:
                thread.start()
            start.wait()
            began = time.perf_counter()
            for thread in threads:
                thread.join()
        return sum(counts) / (max(end) - began)


def node_hashes_per_s() -> float:
    """SHA-256 node hashes (two children of 32 bytes and a prefix) of one core in a second."""
    left, right, done = bytes(32), bytes(32), 0
    began = time.perf_counter()
    while (passed := time.perf_counter() - began) < SECONDS:
        for _ in range(BATCH):
            node_hash(left, right)
        done += BATCH
    return done / passed


@contextmanager
def _connected(url: str, clients: int) -> Iterator[list[psycopg.Connection]]:
    connections = [psycopg.connect(url, autocommit=True, connect_timeout=10) for _ in range(clients)]
    try:
        yield connections
    finally:
        for connection in connections:
            connection.close()


def _insert(connection: psycopg.Connection) -> None:
    connection.execute("INSERT INTO calibration (body) VALUES (%s)", [b"\0" * 100])


def _select_1(connection: psycopg.Connection) -> None:
    connection.execute("SELECT 1").fetchone()
