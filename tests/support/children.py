"""Child processes of tests: each is reaped when its test ends, however that ends, and nobody waits for one without a limit."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any, Final

SECONDS: Final = 180.0
"""What one step of a child may take: a few seconds as a rule, and a machine may be many times slower while others work on it."""


@contextlib.contextmanager
def ending(process: subprocess.Popen[Any], *, politely: bool = False) -> Iterator[subprocess.Popen[Any]]:
    """A process for the length of a block, at whose end it is killed and reaped, with its whole group if it leads one.

    Args:
        process: started by the test.
        politely: ask it to end first; that it does within ``SECONDS`` is part of the test.

    Raises:
        subprocess.TimeoutExpired: it did not end when it was asked to; it is gone all the same.
    """
    leads = _leads(process)
    try:
        yield process
    finally:
        try:
            if politely:
                process.terminate()
                process.wait(SECONDS)
        finally:
            if leads:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait(SECONDS)
            for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def next_line(process: subprocess.Popen[str]) -> str:
    """The next line that a process prints, empty at its end; one that prints none within ``SECONDS`` is killed."""
    alarm = threading.Timer(SECONDS, process.kill)  # no thread is left when this returns: other tests fork
    alarm.start()
    try:
        assert process.stdout is not None
        return process.stdout.readline()
    finally:
        alarm.cancel()
        alarm.join()


def _leads(process: subprocess.Popen[Any]) -> bool:
    try:
        return os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return False
