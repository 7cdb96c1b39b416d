"""Runs other people's programs, each in a pinned environment of its own; where one cannot be made, the test skips and says why."""

from __future__ import annotations

import fcntl
import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.peers import PeerFailed, python_of
from registry.base.embedded import var_directory

PEERS: Final = Path(__file__).resolve().parent / "peers"
RUN_SECONDS: Final = 300
MINORS: Final = range(11, 15)


def python(name: str, *, least: int) -> Path:
    """The Python of a peer's environment, made of a Python 3.``least`` or later of this machine.

    Raises:
        pytest.skip.Exception: there is no such Python here, or the environment cannot be made, for instance without a network.
    """
    made = _made(name, least)
    if isinstance(made, str):
        pytest.skip(made)
    return made


@functools.cache
def _made(name: str, least: int) -> Path | str:
    """The Python, or why there is none; tried once in a run."""
    interpreter = _interpreter(least)
    if interpreter is None:
        return f"{name} needs Python 3.{least} or later, which is not on this machine"
    folder = var_directory() / "peers"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:  # of two workers, one makes it
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return python_of(name, programs=PEERS, interpreter=interpreter)
        except (PeerFailed, subprocess.TimeoutExpired, OSError) as error:
            return f"the environment of {name} cannot be made: {str(error).strip().splitlines()[-1][:200]}"


def ask(name: str, job: dict[str, Any], *, least: int) -> Any:
    """Run ``peers/<name>.py`` with a JSON object on its standard input; returns what it prints."""
    told = _run([str(python(name, least=least)), str(PEERS / f"{name}.py")], text=json.dumps(job))
    assert told.returncode == 0, told.stderr[-3000:]
    return json.loads(told.stdout)


def command(name: str, module: str, *arguments: str, least: int) -> tuple[int, dict[str, Any]]:
    """Run a peer's own command line; returns its status and the JSON object that it prints."""
    told = _run([str(python(name, least=least)), "-m", module, *arguments])
    assert told.stdout, told.stderr[-3000:]
    return told.returncode, json.loads(told.stdout)


def _run(arguments: list[str], *, text: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "127.0.0.1"}  # nothing of ours: neither settings nor path
    return subprocess.run(arguments, input=text, env=environment, capture_output=True, text=True, timeout=RUN_SECONDS, check=False)


def _interpreter(least: int) -> str | None:
    if sys.version_info[1] >= least:
        return sys.executable
    for minor in MINORS:
        installed = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python"))
        for candidate in (shutil.which(f"python3.{minor}"), *installed):
            if minor >= least and candidate and _starts(str(candidate), minor):
                return str(candidate)
    return None


def _starts(candidate: str, minor: int) -> bool:
    check = f"import sys, venv; sys.exit(sys.version_info[:2] != (3, {minor}))"
    return subprocess.run([candidate, "-c", check], capture_output=True, check=False).returncode == 0
