"""A real object-store server on this machine (moto), in an environment of its own, for tests that publish to it."""

import subprocess
from contextlib import contextmanager

import requests

from tests.conformance import peer
from tests.support.children import SECONDS, ending, next_line


class Store:
    """The address of the server, and a way to make it fail."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def fails(self, *, method="PUT", part="", status=500, seconds=0.0, times=1000):
        """From now on, fail or delay so many requests of this kind."""
        self._ask({"method": method, "part": part, "status": status, "seconds": seconds, "times": times})

    def heals(self):
        """Fail no more; returns how many requests met the fault or came after it."""
        seen = self._ask(None)["seen"]
        self._ask({"method": "-", "part": "", "status": 0, "seconds": 0, "times": 0})
        return seen

    def _ask(self, fault):
        address = f"{self.url}/_faults"
        answer = requests.get(address, timeout=SECONDS) if fault is None else requests.post(address, json=fault, timeout=SECONDS)
        return answer.json()


@contextmanager
def served():
    """Run the server; skip, with the reason, where its environment cannot be made."""
    command = [str(peer.python("moto_serves", least=11)), str(peer.PEERS / "moto_serves.py")]
    # it ends when its input does, so also when this process is killed
    with ending(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)) as server:
        yield Store(int(next_line(server)))
        server.stdin.close()
        server.wait(SECONDS)
