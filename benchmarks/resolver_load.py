"""Puts a bounded load on a server of this machine, in a process of its own: so many GET requests on so many kept connections."""

from __future__ import annotations

import json
import random
import re
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

LENGTH: Final = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
OK: Final = b"HTTP/1.1 200 "
PERCENT: Final = 99
SECONDS_MAX: Final = 60
RECEIVED: Final = 65_536


@dataclass
class Client:
    """One connection and the request that it waits for."""

    connection: socket.socket
    began: float = 0.0
    got: bytes = b""
    waits: list[float] = field(default_factory=list)
    failed: int = 0

    def send(self, request: bytes) -> None:
        """Ask the next."""
        self.began, self.got = time.perf_counter(), b""
        self.connection.sendall(request)

    def receive(self) -> bool:
        """Take what has come; whether the answer is whole.

        Raises:
            ConnectionError: the server hung up.
        """
        part = self.connection.recv(RECEIVED)
        if not part:
            raise ConnectionError("the server hung up")
        self.got += part
        head = self.got.find(b"\r\n\r\n")
        length = LENGTH.search(self.got[: head + 2]) if head >= 0 else None
        if length is None or len(self.got) < head + 4 + int(length[1]):
            return False
        self.waits.append(time.perf_counter() - self.began)
        self.failed += not self.got.startswith(OK)
        return True


def _came(port: int, first: bytes) -> Client:
    """A client that has had its first answer, which does not count: clients come one after the other, not in one instant."""
    client = Client(socket.create_connection(("127.0.0.1", port), timeout=SECONDS_MAX))
    client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.send(first)
    while not client.receive():
        pass
    client.waits.clear()
    return client


def load(port: int, paths: list[str], *, requests: int, connections: int) -> dict[str, float]:
    """Requests a second and the wait of the slowest hundredth, in milliseconds, over random paths.

    Raises:
        TimeoutError: it took longer than ``SECONDS_MAX``.
        ConnectionError: the server hung up.
    """
    draw = random.Random(time.time_ns())  # noqa: S311 no secret: which are asked for
    queue = [f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() for path in draw.choices(paths, k=requests + connections)]
    clients = [_came(port, queue.pop()) for _ in range(connections)]
    with selectors.DefaultSelector() as ready:
        began = time.perf_counter()
        for client in clients:
            ready.register(client.connection, selectors.EVENT_READ, client)
            client.send(queue.pop())
        left = requests
        while left:
            for key, _ in ready.select(SECONDS_MAX):
                client = key.data
                if client.receive():
                    left -= 1
                    if queue:
                        client.send(queue.pop())
            if time.perf_counter() - began > SECONDS_MAX:
                raise TimeoutError
        passed = time.perf_counter() - began
    waits = sorted(wait for client in clients for wait in client.waits)
    for client in clients:
        client.connection.close()
    failed = sum(client.failed for client in clients)
    return {"per_second": requests / passed, "p99_ms": waits[len(waits) * PERCENT // 100] * 1e3, "failed": failed}


if __name__ == "__main__":
    _, given_port, file, count, width = sys.argv
    print(json.dumps(load(int(given_port), Path(file).read_text().split(), requests=int(count), connections=int(width))))
